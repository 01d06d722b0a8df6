import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { principalOf } from '../src/plugins/authentication.js'
import { rotationExample } from './examples.js'
import { applyWait, hangUp, preferredWait } from './preferences.js'
import { asJson, Choice, DatabaseParams, IdempotencyKey, Nullable, PreferHeader, problemResponses, replayedHeader } from './schemas.js'

const RotationSchema = Type.Object({
  databaseId: Type.String(),
  status: Choice(['rotated', 'rotating'], { description: '`rotated` once secret and cluster agree.' }),
  secretArn: Type.String({ description: 'The secret that holds the password.' }),
  versionId: Nullable(Type.String({ description: 'The version of the secret with the new password; null while RDS, which manages it, has not made it yet.' }))
}, { $id: 'Rotation', description: 'How far a new password is. It is shown nowhere: it is in the secret.' })

/** What a rotation is waited for when the caller has no preference: one that is left half-way lets nobody in. */
const WAIT_SECONDS = 60

const headers = { 'preference-applied': { type: 'string', description: 'The wait that was granted.' } }

/** Passwords of databases, which are never shown. */
export function registerCredentialRoutes (instance: FastifyInstance, databases: Pick<Databases, 'rotatePassword'>): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(RotationSchema)

  app.post('/v1/databases/:id/credentials/rotate', {
    config: { access: ['credentials:rotate'], waitSeconds: WAIT_SECONDS },
    schema: {
      operationId: 'rotateCredentials',
      tags: ['connections'],
      summary: 'Give the master user a new password',
      description: 'In the secret and in the cluster. Sessions that are open go on; a new one needs the new password, ' +
        'and may be refused for some seconds meanwhile, which statements over HTTP wait out. ' +
        'Interrupted at any point, the request sent again goes on where it was. Several at once make one new password. ' +
        'Only for databases whose stack made its secret, and those whose secret RDS manages: ' +
        'one that was named as `DBMaster` may be shared.',
      params: DatabaseParams,
      headers: Type.Object({ ...PreferHeader.properties, 'idempotency-key': IdempotencyKey }),
      body: Type.Union([Type.Object({}, { additionalProperties: false }), Type.Null()]),
      response: {
        200: {
          description: 'The password is rotated. With `Idempotency-Replayed`, by this request sent before; it is known for the last two passwords, and never where RDS manages the secret.',
          headers: { ...headers, ...replayedHeader },
          content: asJson(RotationSchema, rotationExample)
        },
        202: {
          description: 'It is not done yet. Sent again with the same `Idempotency-Key`, the request waits on.',
          headers,
          content: asJson(RotationSchema, rotationExample)
        },
        ...problemResponses([
          'invalid-request', 'malformed-json', 'not-found', 'database-busy', 'database-not-ready', 'rotation-refused', 'body-too-large',
          'unsupported-media-type'
        ])
      }
    }
  }, async (request, reply) => {
    const { params: { id }, headers: { prefer, 'idempotency-key': key = null } } = request
    const seconds = preferredWait(prefer)
    if (seconds !== null) applyWait(reply, seconds)
    const principal = principalOf(request)
    const { rotation, isReplay } = await databases.rotatePassword(principal, id, key, seconds ?? WAIT_SECONDS, hangUp(request, reply))
    if (isReplay) reply.header('idempotency-replayed', 'true')
    else {
      const { status, versionId } = rotation
      request.log.warn({ audit: 'credentials-rotated', keyId: principal.keyId, databaseId: id, status, versionId }, 'a password was rotated')
    }
    reply.code(rotation.status === 'rotated' ? 200 : 202).header('cache-control', 'no-store')
    return rotation
  })
}
