import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import { Problem, problemKinds, type ProblemCode } from '../src/problems.js'
import { healthExample } from './examples.js'
import { ProblemSchema, refTo } from './schemas.js'

const HealthSchema = Type.Object({ status: Type.Literal('ok') }, { $id: 'Health', description: 'The service answers.' })

/** Whether the service lives and takes requests, and what its problems mean. Open to everybody. */
export function registerHealthRoutes (instance: FastifyInstance): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(HealthSchema)
  const healthy = { description: 'Yes.', content: { 'application/json': { schema: refTo(HealthSchema), examples: healthExample } } }
  const problem = (description: string) => ({ description, content: { 'application/problem+json': { schema: refTo(ProblemSchema) } } })

  app.get('/healthz', {
    config: { access: 'open' },
    logLevel: 'warn',
    schema: {
      operationId: 'getHealth',
      tags: ['service'],
      summary: 'Ask whether the service lives',
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
      summary: 'Ask whether the service takes requests',
      description: 'It does until it is told to stop. It keeps no state, so it needs no other to be ready: a region that is down is named where it matters.',
      security: [],
      response: { 200: healthy, '4XX': problem('The request could not be read.'), 503: problem('`shutting-down`: it is stopping.') }
    }
  }, async () => ({ status: 'ok' as const }))

  app.get('/problems/:code', {
    config: { access: 'open' },
    schema: {
      operationId: 'explainProblem',
      tags: ['service'],
      summary: 'Explain a problem',
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
