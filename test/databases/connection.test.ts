import { execFileSync } from 'node:child_process'
import { parseEnv } from 'node:util'

import fc from 'fast-check'
import t from 'tap'

import { CONNECTION_FORMATS, formatConnection, PLACEHOLDER, type Address } from '../../src/databases/connection.js'

const address: Address = {
  host: 'db.cluster-x.eu-west-1.rds.amazonaws.com',
  port: 5432,
  database: 'temporal',
  username: 'postgres',
  password: null,
  clusterArn: 'arn:aws:rds:eu-west-1:000000000000:cluster:acme',
  secretArn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:acme-AbCdEf',
  region: 'eu-west-1'
}

/** More than AWS takes: a secret can be changed by hand. No line breaks, which a line cannot carry. */
const text = fc.string({ minLength: 1, unit: fc.constantFrom(...'aZ09-_.~ !"#$%&\'()*+,/:;<=>?@[\\]^`{|}é€') })
// Dots alone mean a folder in the path of a URL, however they are written.
const name = text.filter(each => !/^\.{1,2}$/.test(each))
const addresses = fc.record({ username: text, password: text, database: name }).map(odd => ({ ...address, ...odd }))

function readUri (uri: string): { username: string, password: string, database: string, url: URL } {
  const url = new URL(uri.replace(/^[a-z+]+:/, 'http:'))
  return {
    url,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1))
  }
}

for (const format of ['uri', 'prisma', 'sqlalchemy'] as const) {
  t.test(`${format} is read as it was meant`, async t => {
    fc.assert(fc.property(addresses, each => {
      const { username, password, database, url } = readUri(formatConnection(format, each))
      return username === each.username && password === each.password && database === each.database && url.hostname === each.host && url.port === '5432'
    }))
    t.match(formatConnection(format, address), /^postgresql(\+psycopg)?:\/\/postgres:<password>@db\.cluster-x.*:5432\/temporal\?.*sslmode=require/)
  })
}

t.test('jdbc is read as it was meant', async t => {
  fc.assert(fc.property(addresses, each => {
    const url = new URL(formatConnection('jdbc', each).replace('jdbc:postgresql:', 'http:'))
    return url.searchParams.get('user') === each.username && url.searchParams.get('password') === each.password && decodeURIComponent(url.pathname.slice(1)) === each.database
  }))
  t.equal(formatConnection('jdbc', address), 'jdbc:postgresql://db.cluster-x.eu-west-1.rds.amazonaws.com:5432/temporal?user=postgres&password=<password>&sslmode=require')
})

t.test('psql is what a shell reads, and can be gone on with', async t => {
  const script = 'psql () { printf "%s\\0" "$PGPASSWORD" "$PGSSLMODE" "$@"; }; '
  const readShell = (line: string): string[] => execFileSync('sh', ['-c', script + line], { encoding: 'utf8' }).split('\0').slice(0, -1)
  fc.assert(fc.property(addresses, each => {
    const words = readShell(`${formatConnection('psql', each)} -c 'select 1'`)
    return JSON.stringify(words) === JSON.stringify([each.password, 'require', '-h', each.host, '-p', '5432', '-U', each.username, '-d', each.database, '-c', 'select 1'])
  }), { numRuns: 50 })
  t.equal(formatConnection('psql', address), "PGSSLMODE=require PGPASSWORD='<password>' psql -h db.cluster-x.eu-west-1.rds.amazonaws.com -p 5432 -U postgres -d temporal")
})

t.test('env is what a .env file holds', async () => {
  // No quotes are left for what holds all three kinds, or a double quote and what is special between such.
  const isExpressible = (value: string): boolean => ["'", '"', '`'].some(mark => !value.includes(mark) && !(mark === '"' && value.includes('\\')))
  const readable = addresses.filter(({ username, password, database }) => [username, password, database].every(isExpressible))
  fc.assert(fc.property(readable, each => {
    const { PGUSER, PGPASSWORD, PGDATABASE, PGHOST, PGPORT, PGSSLMODE } = parseEnv(formatConnection('env', each))
    return PGUSER === each.username && PGPASSWORD === each.password && PGDATABASE === each.database && PGHOST === each.host && PGPORT === '5432' && PGSSLMODE === 'require'
  }))
})

t.test('data-api is where SQL goes without a connection', async t => {
  t.strictSame(JSON.parse(formatConnection('data-api', address)), { resourceArn: address.clusterArn, secretArn: address.secretArn, database: 'temporal', region: 'eu-west-1' })
})

t.test('a password that is not revealed is in none of them, and a person sees where it goes', async t => {
  for (const format of CONNECTION_FORMATS.filter(each => each !== 'data-api')) t.ok(formatConnection(format, address).includes(PLACEHOLDER), format)
})
