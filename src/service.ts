import { randomBytes, randomInt, randomUUID } from 'node:crypto'

import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { Logger } from 'pino'

import { createAuthenticate } from './access/keys.js'
import { createCheckSignature } from './access/signatures.js'
import { buildApp, type AppDependencies } from './app.js'
import { createAwsAdapters } from './aws-adapters.js'
import { createAwsClients, type AwsClients } from './aws/clients.js'
import { createDataApi, type DataApi } from './aws/data-api.js'
import { systemClock, type Clock } from './clock.js'
import type { Config } from './config.js'
import type { Target } from './databases/access.js'
import { createCompute } from './databases/compute.js'
import { createDatabases, type Databases } from './databases/databases.js'
import { createAuditLog } from './log.js'
import { createAudit } from './queries/audit.js'
import { createServiceMetrics } from './metrics/service-metrics.js'
import { createNewPassword } from './databases/passwords/new-password.js'
import { readOwnTags } from './databases/tags.js'
import { createGate } from './queries/turns/gate.js'
import { createRunUnlessLeft } from './queries/calls/cancel.js'
import { cancelAbandoned, createTags, type HangUpOptions } from './queries/calls/hang-ups.js'
import { finishRotations } from './queries/calls/logins.js'
import { createMirror } from './queries/mirror/mirror.js'
import { noteCompute } from './queries/calls/notes.js'
import { createQueries } from './queries/queries.js'
import { repeatHarmless } from './queries/calls/repeats.js'
import { createTargets, type Targets } from './queries/targets.js'
import { createTransactionIds, deriveSecret } from './queries/transactions/transaction-ids.js'
import { createShutdown } from './shutdown.js'
import { loadCatalog, type Catalog } from './templates/catalog.js'
import { createEventLog } from './watching/event-log.js'
import { createLastStacks } from './watching/last-stacks.js'
import { createStackIndex } from './watching/stack-index.js'
import { createStackWatch } from './watching/stack-watch.js'

export interface ServiceOptions {
  config: Config
  log: Logger
  /** The products; read from their folder when left out. */
  catalog?: Catalog
  clock?: Clock
  newToken?: () => string
  clients?: AwsClients
}

/** What goes on without being asked for, from the start of the service to its end. */
interface Background { start: () => void, stop: () => void }

/** How long those are waited for, whose callers have left, to be ended in the database. */
const LAST_ENDS_MS = 2_000

/** Enough for no two statements to have the same tag. */
const TAG_BYTES = 12

/** The service, ready to listen. It closes the clients with itself. */
export async function createService (options: ServiceOptions): Promise<FastifyInstance> {
  const { clients = createAwsClients() } = options
  const { background, statementsEnded, ...dependencies } = createDependencies({ ...options, clients })
  const app = await buildApp(dependencies)
  app.addHook('onReady', async () => { background.start() })
  app.addHook('onClose', async () => {
    background.stop()
    await Promise.race([statementsEnded(), (options.clock ?? systemClock).sleep(LAST_ENDS_MS)])
    clients.destroy()
  })
  return app
}

interface Wired extends AppDependencies {
  background: Background
  statementsEnded: () => Promise<void>
}

/** All that answers requests and knows nothing of HTTP, wired to AWS, wherever the clients' configuration says that is. */
export function createDependencies (options: ServiceOptions & { clients: AwsClients }): Wired {
  const { config, log, clients, catalog = loadCatalog(), clock = systemClock, newToken = randomUUID } = options
  const { regions, defaultTemplate, keys, pollMs, sweepMs, callsPerSecond } = config
  const shutdown = createShutdown(clock)
  const metrics = createServiceMetrics()
  const { budgets, stacksInBackground, cloudWatch, wire, ...aws } = createAwsAdapters({ clients, callsPerSecond, clock, metrics })
  const index = createStackIndex({ stacks: aws.stacks, background: stacksInBackground, clock, sweepMs, random: Math.random, log })
  const lastStacks = createLastStacks()
  const events = createEventLog(aws.stacks)
  const watchInBackground = { describe: index.describeInBackground, eventsAfter: stacksInBackground.eventsAfter }
  const watch = createStackWatch({ stacks: index, background: watchInBackground, events, clock, pollMs, log })
  const compute = createCompute({ cloudWatch, clock })
  const databases = createDatabases({
    ...aws,
    compute,
    watch,
    lastStacks,
    events,
    index,
    catalog,
    clock,
    regions,
    defaultTemplate,
    finalSnapshots: config.finalSnapshots,
    log,
    newToken,
    newPassword: createNewPassword(randomInt)
  })
  index.onSweep((region, found) => {
    const own = found.filter(stack => readOwnTags(stack) !== null)
    watch.followMoving(own)
    for (const stack of own) lastStacks.note(stack)
    metrics.databases(region, own.map(({ status }) => status))
  })
  index.onSweep(async (_region, found) => { await databases.expire(found) })
  const targets = createTargets(databases, clock)
  const gates = {
    statements: createGate(config.statements, clock, shutdown.stopping),
    streams: createGate(config.streams, clock, shutdown.stopping)
  }
  const auditLog = createAuditLog(log)
  const audit = createAudit(line => {
    auditLog.info(line, line.operation)
    metrics.statement(line)
  }, clock)
  const dataApi = noteCompute(createDataApi(wire), compute)
  const hangUps = { clock, runUnlessLeft: createRunUnlessLeft({ dataApi, clock }), newTag: createTags(randomBytes(TAG_BYTES).toString('hex')) }
  const queries = createQueries({
    targets,
    dataApi: wrapDataApi(dataApi, hangUps, databases.finishRotation),
    gate: gates.statements,
    streamGate: gates.streams,
    transactionIds: createTransactionIds(deriveSecret(keys), randomBytes),
    audit,
    clock,
    stopping: shutdown.stopping
  })
  const mirror = createMirror({ ...hangUps, targets, wire, rollback: dataApi.rollback, gate: gates.statements, notes: compute, audit })
  metrics.lookAt({ budgets, gates, index, regions, clock })
  return {
    databases: { ...databases, remove: forgetFirst(targets, databases.remove) },
    queries,
    mirror,
    metrics,
    catalog,
    defaultTemplate,
    clock,
    shutdown,
    authenticate: createAuthenticate(keys, clock.now),
    checkSignature: createCheckSignature(keys, clock.now),
    log: log as FastifyBaseLogger,
    statementsEnded: async () => { await Promise.all(Object.values(gates).map(async ({ whenIdle }) => { await whenIdle() })) },
    background: {
      start: () => {
        metrics.process.start()
        index.start(regions)
      },
      stop: () => {
        index.stop()
        watch.stop()
        for (const budget of Object.values(budgets)) budget.close()
        metrics.process.stop()
      }
    }
  }
}

/** The Data API, with all that every statement needs: the innermost comes first. */
function wrapDataApi (dataApi: DataApi, hangUps: HangUpOptions, finishRotation: Databases['finishRotation']): DataApi {
  const cancelling = cancelAbandoned(dataApi, hangUps)
  const repeating = repeatHarmless(cancelling, { clock: hangUps.clock, random: Math.random })
  return finishRotations<Target>(repeating, finishRotation)
}

/** A database that is being deleted takes no more statements, also where it was known a moment ago. */
function forgetFirst (targets: Targets, remove: Databases['remove']): Databases['remove'] {
  return async (principal, id, request) => {
    targets.forget(id)
    return await remove(principal, id, request).finally(() => { targets.forget(id) })
  }
}
