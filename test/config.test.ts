import t from 'tap'

import { readConfig } from '../src/config.js'
import { keyOf } from './helpers/facts.js'

const keys = [keyOf('token')]
const env = { REGIONS: 'eu-west-1, us-east-1,eu-west-1', API_KEYS_FILE: 'keys.json' }
const templates = ['aurora-serverless-postgres', 'aurora-serverless-v2-postgres']
const read = (changes: Record<string, string> = {}) => readConfig({ env: { ...env, ...changes }, readKeys: () => keys, templates })

t.test('what is not set has its default, and nothing changes later', async t => {
  const config = read()
  t.strictSame(config, {
    host: '127.0.0.1',
    port: 8080,
    regions: ['eu-west-1', 'us-east-1'],
    defaultTemplate: 'aurora-serverless-v2-postgres',
    finalSnapshots: 'always',
    keys,
    logLevel: 'info',
    pollMs: 4_000,
    sweepMs: 10_000,
    callsPerSecond: 10,
    statements: { perDatabase: 40, perKey: 400, waiting: 400, waitMs: 30_000 },
    streams: { perDatabase: 8, perKey: 80, waiting: 400, waitMs: 30_000 }
  })
  t.throws(() => { Object.assign(config, { port: 1 }) }, TypeError)
  t.match(read({ HOST: '0.0.0.0', PORT: ' 9000 ', LOG_LEVEL: 'debug', DEFAULT_TEMPLATE: 'aurora-serverless-postgres', POLL_MS: '250' }),
    { host: '0.0.0.0', port: 9000, logLevel: 'debug', defaultTemplate: 'aurora-serverless-postgres', pollMs: 250 })
})

const wrong: Array<[changes: Record<string, string>, message: RegExp]> = [
  [{ PORT: 'http' }, /PORT must be a whole number from 0 to 65535/],
  [{ PORT: '70000' }, /PORT must/],
  [{ PORT: '80.5' }, /PORT must/],
  [{ REGIONS: '' }, /REGIONS must be a list of AWS regions, such as/],
  [{ REGIONS: 'eu-west-1;us-east-1' }, /REGIONS must/],
  [{ REGIONS: 'europe' }, /REGIONS must/],
  [{ DEFAULT_TEMPLATE: 'mysql' }, /DEFAULT_TEMPLATE must be one of aurora-serverless-postgres, aurora-serverless-v2-postgres/],
  [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL must be one of fatal, error/],
  [{ STATEMENTS_PER_DATABASE: '0' }, /STATEMENTS_PER_DATABASE must/],
  [{ FINAL_SNAPSHOTS: 'never' }, /FINAL_SNAPSHOTS must be always or optional/],
  [{ POLL_MS: '0' }, /POLL_MS must/],
  [{ SWEEP_MS: '0' }, /SWEEP_MS must/],
  [{ CALLS_PER_SECOND: '0' }, /CALLS_PER_SECOND must/],
  [{ API_KEYS_FILE: '' }, /API_KEYS_FILE must name a JSON file/],
  [{ PORT: 'x', REGIONS: 'y', LOG_LEVEL: 'z' }, /PORT must[^]*REGIONS must[^]*LOG_LEVEL must/]
]
for (const [changes, message] of wrong) {
  t.test(`is refused: ${JSON.stringify(changes)}`, async t => { t.throws(() => read(changes), { message }) })
}

t.test('a keys file that is wrong is named with what is wrong', async t => {
  const readKeys = (): never => { throw new Error('entry 1: client must be the name of a client or "*"') }
  t.throws(() => readConfig({ env, readKeys, templates }), { message: /API_KEYS_FILE: keys\.json: entry 1: client must/ })
})
