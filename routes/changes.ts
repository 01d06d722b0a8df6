import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { MOST_TAGS } from '../src/databases/tags.js'
import { principalOf } from '../src/plugins/authentication.js'
import { preconditionOf } from './entity-tags.js'
import { changeExample, changePlanExample, databaseExample } from './examples.js'
import { createSettle } from './preferences.js'
import { asJson, Choice, DatabaseParams, DatabaseSchema, DryRun, Nullable, PreferHeader, problemResponses, refTo } from './schemas.js'

const ChangeBody = Type.Object({
  parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown(), {
    minProperties: 1, description: 'Parameters to change, of those that the template says can be. The others keep their values.'
  })),
  tags: Type.Optional(Type.Record(Type.String({ minLength: 1, maxLength: 128 }), Nullable(Type.String({ minLength: 1, maxLength: 256, pattern: '^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$' })), {
    maxProperties: 40, description: `Tags to set; null takes one away. The others stay. A database has at most ${MOST_TAGS}.`
  })),
  deletionProtection: Type.Optional(Type.Boolean({ description: 'Refuses deletion while true.' })),
  expiresAt: Type.Optional(Nullable(Type.String({
    format: 'date-time',
    description: 'When the service deletes it, with a final snapshot, unless it is protected. Must be in the future; null takes it away.'
  }))),
  allowInterruption: Type.Optional(Type.Boolean({ description: 'Lets a change through that interrupts the database. One that would replace it never gets through.' }))
}, { additionalProperties: false, minProperties: 1, $id: 'ChangeDatabase', description: 'What to change.', examples: [changeExample] })

const ChangePlanSchema = Type.Object({
  changes: Type.Array(Type.Object({
    logicalId: Type.String({ description: 'Name of the resource in the template.' }),
    type: Type.String({ description: 'CloudFormation type of the resource.' }),
    action: Choice(['add', 'modify', 'remove', 'other'], { description: 'What CloudFormation would do to it.' }),
    replacement: Choice(['never', 'conditional', 'always'], { description: 'Whether AWS would make a new resource in its place.' }),
    changedProperties: Type.Array(Type.String(), { description: 'The properties of the resource that change.' })
  }), { description: 'What CloudFormation would do; empty when there is nothing to change.' })
}, { $id: 'ChangePlan', description: 'What a change would do.' })

/** Changes to a living database, shown before they happen. */
export function registerChangeRoutes (instance: FastifyInstance, databases: Databases): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  const settle = createSettle(databases)
  instance.addSchema(ChangeBody)
  instance.addSchema(ChangePlanSchema)

  app.patch('/v1/databases/:id', {
    config: { access: ['databases:write'] },
    schema: {
      operationId: 'changeDatabase',
      tags: ['changes'],
      summary: 'Change a database',
      description: 'Through a change set that is checked before it is executed: what would replace the database is refused. `dryRun=true` answers the changes and makes none.',
      params: DatabaseParams,
      querystring: Type.Object({ dryRun: DryRun }, { additionalProperties: false }),
      headers: Type.Object({ ...PreferHeader.properties, 'if-match': Type.Optional(Type.String({ description: 'The `ETag` that the database must still have.' })) }),
      body: Type.Unsafe<Static<typeof ChangeBody>>({ $ref: 'ChangeDatabase#' }),
      response: {
        200: {
          description: 'There was nothing to change; or, with `dryRun=true`, what would change.',
          content: { 'application/json': { schema: Type.Union([refTo(ChangePlanSchema), refTo(DatabaseSchema)]), examples: changePlanExample } }
        },
        202: { description: 'It is being changed.', content: asJson(DatabaseSchema, databaseExample) },
        ...problemResponses([
          'invalid-request', 'malformed-json', 'not-found', 'database-busy', 'database-not-ready', 'change-refused',
          'precondition-failed', 'body-too-large', 'unsupported-media-type', 'preflight-failed'
        ])
      }
    }
  }, async (request, reply) => {
    const { params: { id }, query: { dryRun = false } } = request
    const { database, changes, started } = await databases.change(principalOf(request), id, request.body, preconditionOf(request.headers['if-match']).assert, dryRun)
    if (dryRun) return { changes }
    if (!started) return database
    reply.code(202).header('location', `/v1/databases/${id}`)
    return await settle(request, reply, id, async () => database)
  })
}
