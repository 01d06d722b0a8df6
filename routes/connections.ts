import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import { CONNECTION_FORMATS } from '../src/databases/connection.js'
import type { Databases } from '../src/databases/databases.js'
import { principalOf } from '../src/plugins/authentication.js'
import { Problem } from '../src/problems.js'
import { connectionExample } from './examples.js'
import { asJson, Choice, DatabaseParams, problemResponses } from './schemas.js'

const ConnectionSchema = Type.Object({
  format: Choice(CONNECTION_FORMATS, { description: 'Whose form `value` has.' }),
  value: Type.String({ description: 'The connection. Unrevealed, the password in it is the placeholder `<password>`.' }),
  secretArn: Type.String({ description: 'The secret that holds the password.' }),
  revealed: Type.Boolean({ description: 'Whether the password itself is in `value`.' })
}, { $id: 'Connection', description: 'How to connect to a database.' })

/** How to connect to a database, in the form that a client takes. */
export function registerConnectionRoutes (instance: FastifyInstance, databases: Databases): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(ConnectionSchema)

  app.get('/v1/databases/:id/connection', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'getConnection',
      tags: ['connections'],
      summary: 'Read how to connect to a database',
      description: 'The password stays in Secrets Manager: `value` has a placeholder for it. `reveal=true` puts it there, needs a key with `credentials:read`, and is written to the log.',
      params: DatabaseParams,
      querystring: Type.Object({
        format: Type.Optional(Choice(CONNECTION_FORMATS, { default: 'uri', description: 'Whose form the connection is to have.' })),
        reveal: Type.Optional(Type.Boolean({ default: false, description: 'Puts the password itself into `value`.' }))
      }, { additionalProperties: false }),
      response: {
        200: { description: 'The connection.', content: asJson(ConnectionSchema, connectionExample) },
        ...problemResponses(['invalid-request', 'not-found', 'database-not-ready'])
      }
    }
  }, async (request, reply) => {
    const { format = 'uri', reveal = false } = request.query
    const { id } = request.params
    const principal = principalOf(request)
    if (reveal && !principal.mayUse('credentials:read')) throw new Problem('forbidden', 'reveal=true needs a key with the scope credentials:read.')
    const connection = await databases.connectionOf(principal, id, format, reveal)
    if (connection.revealed) request.log.warn({ audit: 'credentials-revealed', keyId: principal.keyId, databaseId: id }, 'a password was revealed')
    reply.header('cache-control', 'no-store')
    return connection
  })
}
