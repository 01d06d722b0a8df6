import { Writable } from 'node:stream'

import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { pino, type Logger } from 'pino'

import { createAuthenticate, type Key } from '../../src/access/keys.js'
import { createCheckSignature } from '../../src/access/signatures.js'
import { buildApp } from '../../src/app.js'
import { AwsFailure } from '../../src/aws/errors.js'
import type { Clusters } from '../../src/aws/clusters.js'
import type { Leftovers } from '../../src/aws/leftovers.js'
import type { MasterPasswords } from '../../src/aws/master-passwords.js'
import type { Credentials, SecretFacts, Secrets } from '../../src/aws/secrets.js'
import { createDatabases, type Databases, type DatabasesOptions } from '../../src/databases/databases.js'
import { logOptions } from '../../src/log.js'
import { createServiceMetrics, type ServiceMetrics } from '../../src/metrics/service-metrics.js'
import type { Mirror } from '../../src/queries/mirror/mirror.js'
import type { Queries } from '../../src/queries/queries.js'
import { createShutdown } from '../../src/shutdown.js'
import { loadCatalog } from '../../src/templates/catalog.js'
import { createEventLog } from '../../src/watching/event-log.js'
import { createLastStacks } from '../../src/watching/last-stacks.js'
import { createStackIndex } from '../../src/watching/stack-index.js'
import { createStackWatch } from '../../src/watching/stack-watch.js'
import { keyOf } from './facts.js'
import { createMemoryAccount, type MemoryAccount } from './memory-account.js'
import { createMemoryChangeSets, type MemoryChangeSets } from './memory-change-sets.js'
import { createMemoryClusters } from './memory-clusters.js'
import { createMemoryStacks, type MemoryStacks } from './memory-stacks.js'
import { createStandingClock, type StandingClock } from './standing-clock.js'

export const REGIONS = ['eu-west-1', 'us-east-1']
export const DEFAULT_TEMPLATE = 'aurora-serverless-v2-postgres'
/** From one sweep of a region to the next, once the index is started. */
export const SWEEP_MS = 10_000
export const PASSWORD = 'p4ssw0rd-of-the-master'

export interface TestService {
  databases: Databases
  stacks: MemoryStacks
  changeSets: MemoryChangeSets
  account: MemoryAccount
  secrets: MemorySecrets
  clock: StandingClock
  /** What STS says of the credentials. */
  identity: { isKnown: boolean | AwsFailure }
}

export interface MemorySecrets extends Pick<Secrets, 'describe' | 'readCredentials'> {
  calls: string[]
  /** By name or ARN. */
  known: Map<string, { facts: SecretFacts, credentials: Credentials | null }>
}

export function createMemorySecrets (): MemorySecrets {
  const calls: string[] = []
  const known: MemorySecrets['known'] = new Map()
  return {
    calls,
    known,
    describe: async (region, name) => {
      calls.push(`describe ${region} ${name}`)
      return known.get(name)?.facts ?? null
    },
    readCredentials: async (region, name) => {
      calls.push(`readCredentials ${region} ${name}`)
      return known.get(name)?.credentials ?? null
    }
  }
}

const neverCalled = async (): Promise<never> => { throw new Error('no rotation was expected') }
const noLeftovers: Leftovers = {
  clusters: async () => [],
  snapshots: async () => [],
  secrets: async () => [],
  removeSecret: neverCalled,
  removeCluster: neverCalled
}
const noPasswords: MasterPasswords = {
  versionsOf: neverCalled,
  read: neverCalled,
  add: neverCalled,
  move: neverCalled,
  stateOf: neverCalled,
  set: neverCalled,
  rotateManaged: neverCalled
}

/** The domain over stacks in memory. */
export function createTestService (log: Logger = pino({ level: 'silent' }), options: Partial<Pick<DatabasesOptions, 'finalSnapshots' | 'clusters'>> = {}): TestService {
  const clock = createStandingClock()
  const stacks = createMemoryStacks(clock.now)
  const secrets = createMemorySecrets()
  const account = createMemoryAccount()
  const changeSets = createMemoryChangeSets(clock.now)
  const identity: TestService['identity'] = { isKnown: true }
  const events = createEventLog(stacks)
  const index = createStackIndex({ stacks, background: stacks, clock, sweepMs: SWEEP_MS, random: () => 0.5, log })
  const clusters = options.clusters ?? createMemoryClusters()
  const background = { describe: index.describeInBackground, eventsAfter: stacks.eventsAfter }
  /** A cluster is there as long as its stack. */
  const isMade = (name: string): boolean => name.startsWith('arn:') || stacks.hasCluster(name)
  const describe: Clusters['describe'] = async (region, name) => await clusters.describe(region, isMade(name) ? name : missing(name))
  const databases = createDatabases({
    stacks,
    changeSets,
    secrets,
    leftovers: noLeftovers,
    passwords: noPasswords,
    identity: {
      isKnown: async () => {
        if (typeof identity.isKnown !== 'boolean') throw identity.isKnown
        return identity.isKnown
      }
    },
    account,
    compute: { of: async () => ({ state: 'active', capacityAcu: 0.5 }) },
    events,
    lastStacks: createLastStacks(),
    watch: createStackWatch({ stacks: index, background, events, clock, pollMs: 1_000, log }),
    index,
    catalog: loadCatalog(),
    clock,
    regions: REGIONS,
    defaultTemplate: DEFAULT_TEMPLATE,
    finalSnapshots: 'always',
    log,
    newToken: counter(),
    newPassword: () => { throw new Error('no new password was expected') },
    ...options,
    // A test may replace the rest of them later.
    clusters: Object.assign(Object.create(clusters) as Clusters, { describe })
  })
  return { databases, stacks, changeSets, account, secrets, clock, identity }
}

function missing (name: string): never {
  throw new AwsFailure('not-found', 'DBClusterNotFoundFault', `DBCluster ${name} not found.`)
}

function counter (): () => string {
  let at = 0
  return () => String(++at)
}

export interface TestApp extends TestService {
  app: FastifyInstance
  metrics: ServiceMetrics
  /** Every line of the log, read. */
  log: Array<Record<string, unknown>>
}

/** The keys that the app of the tests knows; `all` may do everything. */
export const KEYS: readonly Key[] = [
  keyOf('all'),
  keyOf('reader', { scopes: ['databases:read'] }),
  keyOf('scraper', { scopes: ['metrics:read'] }),
  keyOf('acme', { client: 'acme' }),
  keyOf('elsewhere', { regions: ['us-east-1'] }),
  keyOf('expired', { expiresAt: '2026-01-01T00:00:00Z' })
]

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })

const noStatement = async (): Promise<never> => { throw new Error('no statement was expected') }
const noQueries: Queries = {
  query: noStatement,
  stream: noStatement,
  transact: noStatement,
  batch: noStatement,
  resume: noStatement,
  begin: noStatement,
  commit: noStatement,
  rollback: noStatement
}

/** The app over stacks in memory; nothing listens. `doubles` and `mirror` replace the domain where a test needs another. */
export async function buildTestApp (doubles: Partial<Databases> = {}, mirror: Mirror = noStatement): Promise<TestApp> {
  const log: TestApp['log'] = []
  const logger = pino(logOptions('trace'), new Writable({
    write: (line: Buffer, _encoding, done) => {
      log.push(JSON.parse(line.toString()) as Record<string, unknown>)
      done()
    }
  }))
  const service = createTestService(logger)
  const metrics = createServiceMetrics()
  const app = await buildApp({
    databases: { ...service.databases, ...doubles },
    queries: noQueries,
    mirror,
    metrics,
    catalog: loadCatalog(),
    defaultTemplate: DEFAULT_TEMPLATE,
    authenticate: createAuthenticate(KEYS, service.clock.now),
    checkSignature: createCheckSignature(KEYS, service.clock.now),
    clock: service.clock,
    shutdown: createShutdown(service.clock),
    log: logger as FastifyBaseLogger
  })
  return { ...service, app, log, metrics }
}

/** What a finished stack has. */
export const OUTPUTS = {
  StackName: 'acme-orders-dev',
  ClusterName: 'acme-orders-dev',
  DNSName: 'db.example.com',
  DBName: 'temporal',
  DBPort: '5432',
  ClusterArn: 'arn:aws:rds:eu-west-1:000000000000:cluster:acme-orders-dev',
  SecretArn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:MasterSecret-a1b2c3-AbCdEf'
}
