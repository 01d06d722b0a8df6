import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { principalOf } from '../src/plugins/authentication.js'
import { databaseExample, snapshotsExample } from './examples.js'
import { createSettle } from './preferences.js'
import { DatabaseParams, DatabaseSchema, PreferHeader, problemResponses, refTo } from './schemas.js'

const SnapshotListSchema = Type.Object({
  items: Type.Array(Type.Object({
    id: Type.String({ description: 'For `snapshotId`.' }),
    arn: Type.String(),
    status: Type.String({ description: '`available` once it can be restored from.' }),
    createdAt: Type.Unsafe<Date>({ type: 'string', format: 'date-time' }),
    engineVersion: Type.String(),
    sizeGib: Type.Integer({ description: 'As AWS rounds it.' })
  })),
  nextCursor: Type.Null({ description: 'The snapshots are answered whole.' })
}, { $id: 'SnapshotList', description: 'The snapshots of a database, newest first.' })

const RestoreBody = Type.Union([
  Type.Object({
    snapshotId: Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: '^[a-zA-Z][-a-zA-Z0-9]*$', description: 'The snapshot to start from. The last one when left out.' }))
  }, { additionalProperties: false }),
  Type.Null()
])

/** Snapshots of databases, and the way back for a deleted one. */
export function registerSnapshotRoutes (instance: FastifyInstance, databases: Databases): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  const settle = createSettle(databases)
  instance.addSchema(SnapshotListSchema)

  app.get('/v1/databases/:id/snapshots', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'listSnapshots',
      tags: ['snapshots'],
      summary: 'List the snapshots of a database',
      description: 'Also of a deleted one: AWS took its last one when it was deleted.',
      params: DatabaseParams,
      response: {
        200: { description: 'Newest first.', content: { 'application/json': { schema: refTo(SnapshotListSchema), examples: snapshotsExample } } },
        ...problemResponses(['invalid-request', 'not-found'])
      }
    }
  }, async request => ({ items: await databases.snapshotsOf(principalOf(request), request.params.id), nextCursor: null }))

  app.post('/v1/databases/:id/restore', {
    config: { access: ['databases:write'] },
    schema: {
      operationId: 'restoreDatabase',
      tags: ['snapshots'],
      summary: 'Bring a deleted database back',
      description: 'Under the same id, with the data of its last snapshot or of the one that is named. Sent again, it finds the database that it brought back.',
      params: DatabaseParams,
      headers: PreferHeader,
      body: RestoreBody,
      response: {
        200: { description: 'The same request brought it back before.', content: { 'application/json': { schema: refTo(DatabaseSchema), examples: databaseExample } } },
        202: { description: 'It is being brought back.', content: { 'application/json': { schema: refTo(DatabaseSchema), examples: databaseExample } } },
        ...problemResponses(['invalid-request', 'malformed-json', 'not-found', 'database-exists', 'no-snapshot', 'change-refused', 'unsupported-media-type', 'body-too-large', 'preflight-failed'])
      }
    }
  }, async (request, reply) => {
    const { params: { id }, body } = request
    const { database, isReplay } = await databases.restore(principalOf(request), id, body?.snapshotId ?? null)
    reply.code(isReplay ? 200 : 202).header('location', `/v1/databases/${id}`)
    if (isReplay) reply.header('idempotency-replayed', 'true')
    return await settle(request, reply, id, async () => database)
  })
}
