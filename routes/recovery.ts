import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { principalOf } from '../src/plugins/authentication.js'
import { databaseExample, recoverExample } from './examples.js'
import { createSettle } from './preferences.js'
import { asJson, DatabaseParams, DatabaseSchema, PreferHeader, problemResponses } from './schemas.js'

const LogicalIds = (description: string) => Type.Optional(Type.Array(
  Type.String({ pattern: '^[a-zA-Z0-9]+$', maxLength: 255 }), { minItems: 1, maxItems: 50, uniqueItems: true, description }))

const RecoverBody = Type.Object({
  skip: LogicalIds('For a rollback that is stuck: resources that failed in it, by their names in the template, to be left as they are. What they are then, nobody but you knows.'),
  retain: LogicalIds('For a deletion that failed: resources that it failed at, to be left behind. They go on costing what they cost. Needs a key with `databases:delete`.')
}, { additionalProperties: false, $id: 'RecoverDatabase', description: 'What to give up, if anything.', examples: [recoverExample] })

/** Ways out for databases that are stuck. */
export function registerRecoveryRoutes (instance: FastifyInstance, databases: Databases): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  const settle = createSettle(databases)
  instance.addSchema(RecoverBody)

  app.post('/v1/databases/:id/recover', {
    config: { access: ['databases:write', 'databases:delete'] },
    schema: {
      operationId: 'recoverDatabase',
      tags: ['recovery'],
      summary: 'Get a database out of where it is stuck',
      description: 'A rollback that is stuck is taken up again, past what `skip` names; a change that failed and was kept is taken back; ' +
        'a deletion that failed goes on, without what `retain` names. `statusReason` of the database says which. ' +
        'Sent again, it finds the recovery that it began.',
      params: DatabaseParams,
      headers: PreferHeader,
      body: Type.Union([Type.Unsafe<Static<typeof RecoverBody>>({ $ref: 'RecoverDatabase#' }), Type.Null()]),
      response: {
        200: { description: 'An earlier request has begun it, or has it behind it.', content: asJson(DatabaseSchema, databaseExample) },
        202: { description: 'It is being recovered.', content: asJson(DatabaseSchema, databaseExample) },
        ...problemResponses([
          'invalid-request', 'malformed-json', 'not-found', 'recovery-refused', 'database-busy', 'deletion-protected', 'body-too-large',
          'unsupported-media-type'
        ])
      }
    }
  }, async (request, reply) => {
    const { params: { id }, body } = request
    const { database, isReplay } = await databases.recover(principalOf(request), id, body ?? {})
    reply.code(isReplay ? 200 : 202).header('location', `/v1/databases/${id}`)
    if (isReplay) reply.header('idempotency-replayed', 'true')
    return await settle(request, reply, id, async () => database)
  })
}
