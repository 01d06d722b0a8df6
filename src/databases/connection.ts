/** The forms in which a connection can be had. */
export const CONNECTION_FORMATS = ['uri', 'psql', 'jdbc', 'env', 'prisma', 'sqlalchemy', 'data-api'] as const

export type ConnectionFormat = typeof CONNECTION_FORMATS[number]

/** Where a database is and who logs in. `password` is null unless it may be shown. */
export interface Address {
  host: string
  port: number
  database: string
  username: string
  password: string | null
  clusterArn: string
  secretArn: string
  region: string
}

/** What stands in for a password that is not revealed. */
export const PLACEHOLDER = '<password>'

/** One text per form, quoted and percent-encoded as the form needs; TLS is required in each. */
const formatters: Readonly<Record<ConnectionFormat, (address: Address) => string>> = {
  uri: address => uri('postgresql', address, { sslmode: 'require' }),
  psql: address => {
    const { host, port, username, database, password } = address
    const options = [['-h', host], ['-p', String(port)], ['-U', username], ['-d', database]].map(([flag, value]) => `${flag} ${shell(value ?? '')}`)
    return `PGSSLMODE=require PGPASSWORD=${quote(password ?? PLACEHOLDER)} psql ${options.join(' ')}`
  },
  jdbc: ({ host, port, database, username, password }) =>
    `jdbc:postgresql://${host}:${port}/${encodeURIComponent(database)}?user=${encodeURIComponent(username)}&password=${secret(password)}&sslmode=require`,
  env: ({ host, port, database, username, password }) => [
    ['PGHOST', host], ['PGPORT', String(port)], ['PGDATABASE', database], ['PGUSER', username], ['PGPASSWORD', password ?? PLACEHOLDER], ['PGSSLMODE', 'require']
  ].map(([name, value]) => `${name}=${dotenv(value ?? '')}\n`).join(''),
  prisma: address => uri('postgresql', address, { schema: 'public', sslmode: 'require' }),
  sqlalchemy: address => uri('postgresql+psycopg', address, { sslmode: 'require' }),
  'data-api': ({ clusterArn, secretArn, database, region }) =>
    JSON.stringify({ resourceArn: clusterArn, secretArn, database, region })
}

/** A connection in one of the forms. */
export function formatConnection (format: ConnectionFormat, address: Address): string {
  return formatters[format](address)
}

function uri (scheme: string, { host, port, database, username, password }: Address, options: Readonly<Record<string, string>>): string {
  return `${scheme}://${encodeURIComponent(username)}:${secret(password)}@${host}:${port}/${encodeURIComponent(database)}?${new URLSearchParams(options).toString()}`
}

/** The placeholder is not encoded: a person is to find it and put the password there. */
function secret (password: string | null): string {
  return password === null ? PLACEHOLDER : encodeURIComponent(password)
}

/** A word of a POSIX shell, quoted only when it must be. */
function shell (word: string): string {
  return /^[\w.-]+$/.test(word) ? word : quote(word)
}

function quote (word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** A value of a `.env` file. Nothing is expanded in single quotes, but they cannot hold one; not every reader knows backquotes. */
function dotenv (value: string): string {
  if (/^[\w.-]+$/.test(value)) return value
  const doubleLast = /[\\$]/.test(value)
  const mark = ["'", ...(doubleLast ? ['`', '"'] : ['"', '`'])].find(each => !value.includes(each)) ?? "'"
  return mark + value + mark
}
