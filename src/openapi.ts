import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'

import { buildApp } from './app.js'
import { systemClock } from './clock.js'
import type { Databases } from './databases/databases.js'
import { createServiceMetrics } from './metrics/service-metrics.js'
import { toYaml } from './plugins/documentation.js'
import type { Queries } from './queries/queries.js'
import { createShutdown } from './shutdown.js'
import { loadCatalog } from './templates/catalog.js'

/** The app with all its routes and nothing behind them: enough to look at the routes, not to use them. */
export async function buildUnwiredApp (): Promise<FastifyInstance> {
  const app = await buildApp({
    databases: {} as Databases,
    queries: {} as Queries,
    mirror: async () => { throw new Error('nothing is behind the routes') },
    metrics: createServiceMetrics(),
    catalog: loadCatalog(),
    defaultTemplate: 'aurora-serverless-v2-postgres',
    authenticate: () => null,
    checkSignature: () => { throw new Error('nothing is behind the routes') },
    clock: systemClock,
    shutdown: createShutdown(systemClock),
    log: pino({ level: 'silent' })
  })
  await app.ready()
  return app
}

/** The OpenAPI document that the routes amount to, as YAML. */
export async function generateOpenApi (): Promise<string> {
  const app = await buildUnwiredApp()
  try {
    return toYaml(app)
  } finally {
    await app.close()
  }
}
