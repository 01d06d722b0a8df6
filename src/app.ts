import { readFileSync } from 'node:fs'

import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'

import { registerChangeRoutes } from '../routes/changes.js'
import { registerComputeRoutes } from '../routes/compute.js'
import { registerConnectionRoutes } from '../routes/connections.js'
import { registerCredentialRoutes } from '../routes/credentials.js'
import { registerDataApiRoutes } from '../routes/data-api.js'
import { registerDatabaseRoutes } from '../routes/databases.js'
import { registerEventRoutes } from '../routes/events.js'
import { registerHealthRoutes } from '../routes/health.js'
import { registerMetricsRoute } from '../routes/metrics.js'
import { registerOrphanRoutes } from '../routes/orphans.js'
import { registerQueryRoutes } from '../routes/queries.js'
import { registerRecoveryRoutes } from '../routes/recovery.js'
import { registerRegionRoutes } from '../routes/regions.js'
import { registerSchemas } from '../routes/schemas.js'
import { registerSnapshotRoutes } from '../routes/snapshots.js'
import { registerTemplateRoutes } from '../routes/templates.js'
import { registerTimeLimits } from '../routes/time-limits.js'
import { registerTransactionRoutes } from '../routes/transactions.js'
import type { Authenticate } from './access/keys.js'
import type { CheckSignature } from './access/signatures.js'
import type { Clock } from './clock.js'
import type { Databases } from './databases/databases.js'
import { registerAuthentication } from './plugins/authentication.js'
import { registerBodies } from './plugins/bodies.js'
import { registerDocumentation, registerDocumentationRoutes } from './plugins/documentation.js'
import { answerClientError, answerError, registerProblems } from './plugins/problems.js'
import { registerRequestLog, requestIdOf } from './plugins/request-log.js'
import { registerRequestMetrics } from './plugins/request-metrics.js'
import { buildSerializers } from './plugins/serialization.js'
import { registerShutdown } from './plugins/shutdown.js'
import { registerValidation } from './plugins/validation.js'
import type { ServiceMetrics } from './metrics/service-metrics.js'
import type { Mirror } from './queries/mirror/mirror.js'
import type { Queries } from './queries/queries.js'
import type { Shutdown } from './shutdown.js'
import type { Catalog } from './templates/catalog.js'

export interface AppDependencies {
  databases: Databases
  queries: Queries
  mirror: Mirror
  metrics: Pick<ServiceMetrics, 'requests' | 'liveStreams' | 'render'>
  catalog: Catalog
  defaultTemplate: string
  authenticate: Authenticate
  checkSignature: CheckSignature
  clock: Clock
  shutdown: Shutdown
  log: FastifyBaseLogger
}

/** The most that is read of a body; queries set a limit of their own. */
const BODY_LIMIT_BYTES = 1024 * 1024

/** How long a caller may take to send a request. */
const REQUEST_TIMEOUT_MS = 60_000

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.resolve('#templates/network.yaml')), 'utf8')) as { version: string }

/** The service, ready to listen or to be injected into. It opens nothing by itself. */
export async function buildApp (dependencies: AppDependencies): Promise<FastifyInstance> {
  const { databases, queries, mirror, metrics, catalog, defaultTemplate, clock, shutdown, log } = dependencies
  const { authenticate, checkSignature } = dependencies
  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIdOf,
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => { void answerError(error, request, reply) },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildSerializer: buildSerializers } },
    routerOptions: { maxParamLength: 640 }
  })
  registerBodies(app)
  registerProblems(app)
  registerRequestLog(app)
  registerRequestMetrics(app, metrics.requests)
  registerShutdown(app, shutdown, clock)
  registerValidation(app)
  registerAuthentication(app, authenticate, checkSignature)
  await registerDocumentation(app, version, catalog)
  registerTimeLimits(app, clock)

  registerSchemas(app)
  registerDatabaseRoutes(app, databases)
  registerChangeRoutes(app, databases)
  registerRecoveryRoutes(app, databases)
  registerSnapshotRoutes(app, databases)
  registerEventRoutes(app, databases, metrics.liveStreams, clock)
  registerConnectionRoutes(app, databases)
  registerCredentialRoutes(app, databases)
  registerQueryRoutes(app, queries)
  registerTransactionRoutes(app, queries)
  registerDataApiRoutes(app, mirror)
  registerComputeRoutes(app, databases, queries)
  registerOrphanRoutes(app, databases)
  registerRegionRoutes(app, databases)
  registerTemplateRoutes(app, catalog, defaultTemplate)
  registerHealthRoutes(app, databases)
  registerMetricsRoute(app, metrics)
  await registerDocumentationRoutes(app)
  return app
}
