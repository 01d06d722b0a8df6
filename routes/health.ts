import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { sendProblem } from '../src/plugins/problems.js'
import { Problem, problemKinds, type ProblemCode } from '../src/problems.js'
import { healthExample, readinessExample } from './examples.js'
import { asJson, Choice, ProblemSchema, refTo, RegionAnswer } from './schemas.js'

const HealthSchema = Type.Object({ status: Type.Literal('ok') }, { $id: 'Health', description: 'The service answers.' })

const ReadinessSchema = Type.Object({
  status: Type.Literal('ready'),
  regions: Type.Array(Type.Object({
    region: Type.String(),
    ...RegionAnswer,
    status: Choice(['ok', 'stale', 'unavailable', 'pending'], {
      description: '`stale`: AWS was not, or not successfully, asked since `asOf`. `unavailable`: AWS failed to answer. `pending`: it has not answered yet.'
    })
  }))
}, { $id: 'Readiness', description: 'The replica takes requests, and how each region stands.' })

/** Whether the service lives and takes requests, and what its problems mean. Open to everybody. */
export function registerHealthRoutes (instance: FastifyInstance, databases: Pick<Databases, 'readiness'>): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(HealthSchema)
  instance.addSchema(ReadinessSchema)
  const healthy = { description: 'Yes.', content: asJson(HealthSchema, healthExample) }
  const problem = (description: string) => ({ description, content: { 'application/problem+json': { schema: refTo(ProblemSchema) } } })

  app.get('/healthz', {
    config: { access: 'open' },
    logLevel: 'warn',
    schema: {
      operationId: 'getHealth',
      tags: ['service'],
      summary: 'Ask whether the service lives',
      description: 'It asks nobody else: a service whose AWS is away lives.',
      security: [],
      response: { 200: healthy, '4XX': problem('The request could not be read.') }
    }
  }, async () => ({ status: 'ok' as const }))

  app.get('/readyz', {
    config: { access: 'open' },
    logLevel: 'warn',
    schema: {
      operationId: 'getReadiness',
      tags: ['service'],
      summary: 'Ask whether this replica is to be sent requests',
      description: 'It is once each region was read for the first time, or could not be, and after 30 s at the latest, ' +
        'until the replica is told to stop. A region that is down keeps no replica from being ready: ' +
        'it is named here and where it matters.',
      security: [],
      response: {
        200: { description: 'Yes.', content: asJson(ReadinessSchema, readinessExample) },
        '4XX': problem('The request could not be read.'),
        503: problem('`not-ready`: it has just started, and `regions` says what it waits for. `shutting-down`: it is stopping.')
      }
    }
  }, async (request, reply) => {
    const { isReady, regions } = databases.readiness()
    if (isReady) return { status: 'ready' as const, regions }
    const pending = regions.filter(({ status }) => status === 'pending').map(({ region }) => region)
    // Sent and not thrown: a probe that asks every second is to leave no error in the log each time.
    return sendProblem(request, reply, new Problem('not-ready', `Nothing was heard yet of ${pending.join(' and ')}.`, { retryAfterSeconds: 1, extensions: { regions } }))
  })

  app.get('/problems/:code', {
    config: { access: 'open' },
    schema: {
      operationId: 'explainProblem',
      tags: ['service'],
      summary: 'Explain a problem',
      description: 'For people: what the `type` of a problem leads to.',
      security: [],
      params: Type.Object({ code: Type.String({ description: 'The `code` of a problem.', examples: ['database-not-ready'] }) }),
      response: {
        200: { description: 'What it means, and what to do about it.', content: { 'text/markdown': { schema: Type.String() } } },
        404: problem('`not-found`: there is no such problem.')
      }
    }
  }, async (request, reply) => {
    const { code } = request.params
    if (!Object.hasOwn(problemKinds, code)) throw new Problem('not-found', `There is no problem ${code}. There are ${Object.keys(problemKinds).join(', ')}.`)
    const { title, status, explanation } = problemKinds[code as ProblemCode]
    return await reply.type('text/markdown; charset=utf-8').send(`# ${title}\n\n\`${code}\`, status ${status}\n\n${explanation}\n`)
  })
}
