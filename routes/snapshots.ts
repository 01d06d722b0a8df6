import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { Type, type Static } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { SLUG_PATTERN } from '../src/databases/naming.js'
import { principalOf } from '../src/plugins/authentication.js'
import { databaseExample, snapshotExample, snapshotsExample, takeSnapshotExample } from './examples.js'
import { createSettle } from './preferences.js'
import { asJson, DatabaseParams, DatabaseSchema, PreferHeader, problemResponses, refTo, SnapshotSchema } from './schemas.js'

const SnapshotListSchema = Type.Object({
  items: Type.Array(refTo(SnapshotSchema)),
  nextCursor: Type.Null({ description: 'The snapshots are answered whole.' })
}, { $id: 'SnapshotList', description: 'The snapshots of a database, newest first.' })

const TakeBody = Type.Object({
  name: Type.Optional(Type.String({
    pattern: SLUG_PATTERN,
    maxLength: 24,
    description: 'Tells it apart from others of the database. Sent again with the same name, the request finds the snapshot that it took.'
  }))
}, { additionalProperties: false, $id: 'TakeSnapshot', description: 'What snapshot to take.', examples: [takeSnapshotExample] })

const SnapshotParams = Type.Object({
  ...DatabaseParams.properties,
  snapshotId: Type.String({ maxLength: 255, pattern: '^[a-zA-Z][-a-zA-Z0-9]*$', description: 'Id of the snapshot.', examples: ['acme-orders-dev-x7k2mq9a-before-migration'] })
})

const TakeHeaders = Type.Object({
  'idempotency-key': Type.Optional(Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'A name for this request, so that sending it again takes no second snapshot.'
  }))
})

const RestoreBody = Type.Union([
  Type.Object({
    snapshotId: Type.Optional(Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[a-zA-Z][-a-zA-Z0-9]*$',
      description: 'The snapshot to start from. When left out, the last one of the database since it was last made, ' +
        'or the one that it was made from; older ones have to be named.'
    })),
    parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown(), {
      description: 'Parameters that are to be otherwise than they were, such as an `EngineVersion` for one that AWS has retired. `EngineVersion` is that of the snapshot when left out.'
    }))
  }, { additionalProperties: false }),
  Type.Null()
])

/** Snapshots of databases, and the way back for a deleted one. */
export function registerSnapshotRoutes (instance: FastifyInstance, databases: Databases): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  const settle = createSettle(databases)
  instance.addSchema(SnapshotListSchema)
  instance.addSchema(TakeBody)

  app.get('/v1/databases/:id/snapshots', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'listSnapshots',
      tags: ['snapshots'],
      summary: 'List the snapshots of a database',
      description: 'Also of a deleted one: AWS took its last one when it was deleted.',
      params: DatabaseParams,
      response: {
        200: { description: 'Newest first.', content: asJson(SnapshotListSchema, snapshotsExample) },
        ...problemResponses(['invalid-request', 'not-found'])
      }
    }
  }, async request => ({ items: await databases.snapshots.list(principalOf(request), request.params.id), nextCursor: null }))

  app.get('/v1/databases/:id/snapshots/:snapshotId', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'getSnapshot',
      tags: ['snapshots'],
      summary: 'Read a snapshot of a database',
      description: 'One of another database is not found here.',
      params: SnapshotParams,
      response: {
        200: { description: 'The snapshot as it is now.', content: asJson(SnapshotSchema, snapshotExample) },
        ...problemResponses(['invalid-request', 'not-found'])
      }
    }
  }, async request => await databases.snapshots.get(principalOf(request), request.params.id, request.params.snapshotId))

  app.post('/v1/databases/:id/snapshots', {
    config: { access: ['databases:write'] },
    schema: {
      operationId: 'takeSnapshot',
      tags: ['snapshots'],
      summary: 'Take a snapshot of a database',
      description: 'It costs storage until it is removed, also after the database is deleted. `name` or an `Idempotency-Key` makes it safe to send again.',
      params: DatabaseParams,
      headers: TakeHeaders,
      body: Type.Union([Type.Unsafe<Static<typeof TakeBody>>({ $ref: 'TakeSnapshot#' }), Type.Null()]),
      response: {
        200: { description: 'An earlier request like it had it taken.', content: asJson(SnapshotSchema, snapshotExample) },
        202: { description: 'It is being taken.', content: asJson(SnapshotSchema, snapshotExample) },
        ...problemResponses([
          'invalid-request', 'malformed-json', 'not-found', 'database-not-ready', 'database-busy', 'snapshot-refused',
          'idempotency-key-reused', 'body-too-large', 'unsupported-media-type'
        ])
      }
    }
  }, async (request, reply) => {
    const { params: { id }, body } = request
    const { snapshot, isReplay } = await databases.snapshots.take(principalOf(request), id, body ?? {}, request.headers['idempotency-key'] ?? null)
    reply.code(isReplay ? 200 : 202).header('location', `/v1/databases/${id}/snapshots/${snapshot.id}`)
    if (isReplay) reply.header('idempotency-replayed', 'true')
    return snapshot
  })

  app.delete('/v1/databases/:id/snapshots/:snapshotId', {
    config: { access: ['databases:delete'] },
    schema: {
      operationId: 'removeSnapshot',
      tags: ['snapshots'],
      summary: 'Remove a snapshot of a database',
      description: 'Sent again, it changes nothing and answers the same.',
      params: SnapshotParams,
      querystring: Type.Object({
        allowLast: Type.Optional(Type.Boolean({ default: false, description: 'Lets the newest snapshot of a deleted database go, which it comes back from, and perhaps the only one.' }))
      }, { additionalProperties: false }),
      response: {
        204: { description: 'It is gone.', type: 'null' },
        ...problemResponses(['invalid-request', 'not-found', 'last-snapshot', 'snapshot-busy'])
      }
    }
  }, async (request, reply) => {
    const { params: { id, snapshotId }, query: { allowLast = false } } = request
    await databases.snapshots.remove(principalOf(request), id, snapshotId, allowLast)
    return await (reply as FastifyReply).code(204).send()
  })

  app.post('/v1/databases/:id/restore', {
    config: { access: ['databases:write'] },
    schema: {
      operationId: 'restoreDatabase',
      tags: ['snapshots'],
      summary: 'Bring a deleted database back',
      description: 'Under the same id, with the data of its last snapshot or of the one that is named. ' +
        'Sent again, it finds the database that it brought back; with another snapshot or other parameters it is refused while ' +
        'that lives. After a restore that failed, it tries again.',
      params: DatabaseParams,
      headers: PreferHeader,
      body: RestoreBody,
      response: {
        200: { description: 'The same request brought it back before.', content: asJson(DatabaseSchema, databaseExample) },
        202: { description: 'It is being brought back.', content: asJson(DatabaseSchema, databaseExample) },
        ...problemResponses([
          'invalid-request', 'malformed-json', 'not-found', 'database-exists', 'database-busy', 'no-snapshot', 'change-refused',
          'unsupported-media-type', 'body-too-large', 'preflight-failed'
        ])
      }
    }
  }, async (request, reply) => {
    const { params: { id }, body } = request
    const { database, isReplay } = await databases.restore(principalOf(request), id, body ?? {})
    reply.code(isReplay ? 200 : 202).header('location', `/v1/databases/${id}`)
    if (isReplay) reply.header('idempotency-replayed', 'true')
    return await settle(request, reply, id, async () => database)
  })
}
