import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { ServiceMetrics } from '../src/metrics/service-metrics.js'
import { metricsExample } from './examples.js'
import { problemResponses } from './schemas.js'

/** The text format of Prometheus ("Exposition formats"). */
const MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The numbers of this replica. */
export function registerMetricsRoute (instance: FastifyInstance, metrics: Pick<ServiceMetrics, 'render'>): void {
  instance.withTypeProvider<TypeBoxTypeProvider>().get('/metrics', {
    config: { access: ['metrics:read'] },
    logLevel: 'warn',
    schema: {
      operationId: 'getMetrics',
      tags: ['service'],
      summary: 'Read the metrics of this replica',
      description: 'For Prometheus, with a key that has the scope `metrics:read`. Each replica has numbers of its own, ' +
        'of all clients together: no label names a client, a database or a key. AWS is not asked for them.',
      response: {
        200: { description: 'The metrics, in the text format of Prometheus.', content: { 'text/plain': { schema: Type.String(), examples: metricsExample } } },
        ...problemResponses([], { asksAws: false })
      }
    }
  }, async (_request, reply) => await reply.type(MEDIA_TYPE).send(metrics.render()))
}
