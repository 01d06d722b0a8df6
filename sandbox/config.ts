import { PACES, type Pace } from './pace.js'

/** Everything about the sandbox that can be set from outside. */
export interface SandboxConfig {
  host: string
  port: number
  dataDir: string
  pace: Pace
  /** How long a paused cluster takes to resume; null leaves it to the pace. */
  resumeMs: number | null
  logLevel: string
  /** `retired` refuses new Serverless v1 clusters, as AWS has done since January 2025. */
  serverlessV1: 'allowed' | 'retired'
  /** `allowed` takes engine versions that AWS has retired, so that older templates run. */
  retiredVersions: 'allowed' | 'refused'
  /** `allowed` lets the Data API return rows over 64 KB, which AWS documents as refused and has been seen to return. */
  largeRows: 'allowed' | 'refused'
  /** Host names besides loopback's that requests may be addressed to; `*` is any. */
  allowedHosts: readonly string[]
  /** AWS's default quota is 40 clusters in a region. */
  clusterQuota: number
  /** Ports for the clusters on `host`, one each; null gives each cluster an address of its own, as on AWS. */
  clusterPorts: { first: number, last: number } | null
  /** What clients are told to connect to where they do not reach `host` by that name, such as outside a container. */
  clusterHost: string | null
  /** Directories in which a PostgreSQL of the system may be. */
  searchPath: string
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
const SERVERLESS_V1 = ['allowed', 'retired'] as const
const ALLOWED_OR_REFUSED = ['allowed', 'refused'] as const

/** Reads the environment. Throws one error that names every problem at once. */
export function readSandboxConfig (env: Readonly<Record<string, string | undefined>>): Readonly<SandboxConfig> {
  const problems: string[] = []
  const text = (name: string, otherwise: string): string => env[name]?.trim() || otherwise
  const oneOf = <T extends string>(name: string, choices: readonly T[], otherwise: T): T => {
    const choice = choices.find(each => each === text(name, otherwise))
    if (choice === undefined) problems.push(`${name} must be one of ${choices.join(', ')}`)
    return choice ?? otherwise
  }
  const integer = (name: string, otherwise: number, least: number, most: number): number => {
    const value = Number(text(name, String(otherwise)))
    if (!Number.isInteger(value) || value < least || value > most) problems.push(`${name} must be a whole number from ${least} to ${most}`)
    return value
  }

  const portRange = (name: string): SandboxConfig['clusterPorts'] => {
    const value = text(name, '')
    if (!value) return null
    const [, first = 0, last = 0] = /^(\d{1,5})-(\d{1,5})$/.exec(value)?.map(Number) ?? []
    if (first < 1 || last > 65_535 || first > last) problems.push(`${name} must be a range of ports, such as 15432-15471`)
    return { first, last }
  }

  const config: SandboxConfig = {
    host: text('SANDBOX_HOST', '127.0.0.1'),
    port: integer('SANDBOX_PORT', 4566, 0, 65_535),
    dataDir: text('SANDBOX_DATA_DIR', '.sandbox'),
    pace: oneOf('SANDBOX_PACE', PACES, 'fast'),
    resumeMs: env['SANDBOX_RESUME_MS']?.trim() ? integer('SANDBOX_RESUME_MS', 0, 0, 600_000) : null,
    logLevel: oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
    serverlessV1: oneOf('SANDBOX_SERVERLESS_V1', SERVERLESS_V1, 'allowed'),
    retiredVersions: oneOf('SANDBOX_RETIRED_VERSIONS', ALLOWED_OR_REFUSED, 'refused'),
    largeRows: oneOf('SANDBOX_LARGE_ROWS', ALLOWED_OR_REFUSED, 'refused'),
    allowedHosts: text('SANDBOX_ALLOWED_HOSTS', '').split(',').map(host => host.trim()).filter(Boolean),
    clusterQuota: integer('SANDBOX_CLUSTER_QUOTA', 40, 1, 1000),
    clusterPorts: portRange('SANDBOX_CLUSTER_PORTS'),
    clusterHost: text('SANDBOX_CLUSTER_HOST', '') || null,
    searchPath: text('PATH', '')
  }
  if (problems.length > 0) throw new Error(`The configuration is not valid:\n${problems.map(problem => `  - ${problem}\n`).join('')}`)
  return Object.freeze(config)
}
