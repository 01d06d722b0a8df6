import type { Key } from './access/keys.js'
import type { GateLimits } from './queries/turns/gate.js'

/** Everything that can be set from outside. Frozen: nothing changes it while the service runs. */
export interface Config {
  host: string
  port: number
  regions: readonly string[]
  defaultTemplate: string
  keys: readonly Key[]
  logLevel: string
  /** Whether callers may delete a database without a final snapshot. */
  finalSnapshots: 'always' | 'optional'
  /** How long to wait between two readings of a moving stack. */
  pollMs: number
  /** From one reading of all stacks of a region to the next. */
  sweepMs: number
  /** How many calls of CloudFormation, and how many of RDS, are begun in a second in each region, at most. */
  callsPerSecond: number
  /** How many statements this replica runs and keeps waiting. */
  statements: Readonly<GateLimits>
  /** The same for results that are streamed. */
  streams: Readonly<GateLimits>
}

export interface ConfigSources {
  env: Readonly<Record<string, string | undefined>>
  /** The keys in the file that `API_KEYS_FILE` names. Throws an error with everything that is wrong with it. */
  readKeys: (file: string) => Key[]
  templates: readonly string[]
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** Reads the environment. Throws one error that names every problem at once, and no value that could be a secret. */
export function readConfig ({ env, readKeys, templates }: ConfigSources): Readonly<Config> {
  const problems: string[] = []
  const check = <Value>(name: string, value: Value, holds: (value: Value) => boolean, must: string): Value => {
    if (!holds(value)) problems.push(`${name} must ${must}`)
    return value
  }
  const text = (name: string, otherwise: string): string => env[name]?.trim() || otherwise
  const integer = (name: string, otherwise: number, least: number, most: number): number =>
    check(name, Number(text(name, String(otherwise))), value => Number.isInteger(value) && value >= least && value <= most, `be a whole number from ${least} to ${most}`)

  const waiting = integer('STATEMENTS_WAITING', 400, 0, 100_000)
  const waitMs = integer('STATEMENTS_WAIT_MS', 30_000, 0, 60_000)
  const config: Config = {
    host: text('HOST', '127.0.0.1'),
    port: integer('PORT', 8080, 0, 65_535),
    regions: check('REGIONS', [...new Set(text('REGIONS', '').split(',').map(region => region.trim()).filter(Boolean))],
      regions => regions.length > 0 && regions.every(region => /^[a-z]{2}(-[a-z]+)+-\d+$/.test(region)), 'be a list of AWS regions, such as eu-west-1,us-east-1'),
    defaultTemplate: check('DEFAULT_TEMPLATE', text('DEFAULT_TEMPLATE', 'aurora-serverless-v2-postgres'),
      name => templates.includes(name), `be one of ${templates.join(', ')}`),
    keys: [],
    logLevel: check('LOG_LEVEL', text('LOG_LEVEL', 'info'), level => LOG_LEVELS.includes(level), `be one of ${LOG_LEVELS.join(', ')}`),
    finalSnapshots: check('FINAL_SNAPSHOTS', text('FINAL_SNAPSHOTS', 'always'), value => value === 'always' || value === 'optional', 'be always or optional') as Config['finalSnapshots'],
    pollMs: integer('POLL_MS', 4_000, 100, 60_000),
    callsPerSecond: integer('CALLS_PER_SECOND', 10, 1, 10_000),
    sweepMs: integer('SWEEP_MS', 10_000, 100, 300_000),
    statements: {
      perDatabase: integer('STATEMENTS_PER_DATABASE', 40, 1, 10_000),
      perKey: integer('STATEMENTS_PER_KEY', 400, 1, 100_000),
      waiting,
      waitMs
    },
    streams: {
      perDatabase: integer('STREAMS_PER_DATABASE', 8, 1, 10_000),
      perKey: integer('STREAMS_PER_KEY', 80, 1, 100_000),
      waiting,
      waitMs
    }
  }
  const keys = readKeysFrom(text('API_KEYS_FILE', ''), readKeys, problems)
  if (problems.length > 0) throw new Error(`The configuration is not valid:\n${problems.map(problem => `  - ${problem}\n`).join('')}`)
  return Object.freeze({ ...config, keys })
}

function readKeysFrom (file: string, readKeys: ConfigSources['readKeys'], problems: string[]): Key[] {
  if (!file) {
    problems.push('API_KEYS_FILE must name a JSON file with the keys: without any, nobody could use the service')
    return []
  }
  try {
    return readKeys(file)
  } catch (error) {
    problems.push(`API_KEYS_FILE: ${file}: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
}
