import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { principalOf } from '../src/plugins/authentication.js'
import type { Queries } from '../src/queries/queries.js'
import { awakeExample } from './examples.js'
import { applyWait, callOf, hangUp, preferredWait } from './preferences.js'
import { DatabaseParams, DatabaseSchema, NoBody, PreferHeader, problemResponses, refTo } from './schemas.js'

const location = { location: { type: 'string', description: 'Where the database is.' } }
const applied = { 'preference-applied': { type: 'string', description: 'The wait that was granted.' } }

/** What a key hears that may send statements, and read nothing else of a database. */
const WokenSchema = Type.Pick(DatabaseSchema, ['id', 'status', 'compute'], {
  $id: 'WokenDatabase',
  additionalProperties: false,
  description: 'A database as far as a key without `databases:read` may know of it.'
})

const answer = { 'application/json': { schema: Type.Union([refTo(DatabaseSchema), refTo(WokenSchema)]), examples: awakeExample } }

/** Databases that pause when nobody uses them. */
export function registerComputeRoutes (
  instance: FastifyInstance, databases: Pick<Databases, 'get'>, queries: Pick<Queries, 'resume'>
): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(WokenSchema)

  app.post('/v1/databases/:id/resume', {
    config: { access: ['query:read', 'query:write'] },
    schema: {
      operationId: 'resumeDatabase',
      tags: ['compute'],
      summary: 'Wake a paused database',
      description: 'Ahead of the first statement, which would wake it too. Sent again, or to a database that is awake, it changes nothing. ' +
        'It takes about 15 s, and longer after a day: `Prefer: wait` holds the answer until then. ' +
        'A key without `databases:read` is answered `id`, `status` and `compute` alone.',
      params: DatabaseParams,
      headers: PreferHeader,
      body: NoBody,
      response: {
        200: { description: 'It is awake.', headers: applied, content: answer },
        202: { description: 'It is waking up.', headers: { ...location, ...applied }, content: answer },
        ...problemResponses([
          'invalid-request', 'malformed-json', 'body-too-large', 'unsupported-media-type', 'not-found', 'database-not-ready',
          'statement-refused', 'database-failed', 'statement-timeout'
        ])
      }
    }
  }, async (request, reply) => {
    const { params: { id }, headers: { prefer } } = request
    const waitSeconds = preferredWait(prefer)
    if (waitSeconds !== null) applyWait(reply, waitSeconds)
    const isAwake = await queries.resume({ ...callOf(request, hangUp(request, reply)), waitSeconds: waitSeconds ?? 0 })
    if (!isAwake) reply.code(202).header('location', `/v1/databases/${id}`)
    const database = await databases.get(principalOf(request), id)
    if (principalOf(request).mayUse('databases:read')) return database
    const { status, compute } = database
    return { id, status, compute }
  })
}
