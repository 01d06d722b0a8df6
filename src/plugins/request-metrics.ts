import type { FastifyInstance } from 'fastify'

import type { RequestMetrics } from '../metrics/requests.js'
import { onHangUp } from './request-ends.js'

/** Has every request counted: one whose answer was sent, or one whose caller was gone before. */
export function registerRequestMetrics (app: FastifyInstance, metrics: RequestMetrics): void {
  app.addHook('onResponse', async (request, reply) => {
    metrics.answered(request.method, request.routeOptions.url ?? null, reply.statusCode, reply.elapsedTime)
  })
  onHangUp(app, request => { metrics.hungUp(request.method, request.routeOptions.url ?? null) })
}
