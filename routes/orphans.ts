import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { ORPHAN_ID_PATTERN, ORPHAN_KINDS } from '../src/databases/orphans/orphan.js'
import { principalOf } from '../src/plugins/authentication.js'
import { orphanExample, orphansExample } from './examples.js'
import { asJson, Choice, Limit, Nullable, problemResponses, refTo, RegionAnswer } from './schemas.js'

const OrphanSchema = Type.Object({
  id: Type.String({ description: 'Region, kind and name, joined by dots.' }),
  region: Type.String({ description: 'Where it is.' }),
  kind: Choice(ORPHAN_KINDS, { description: 'What it is.' }),
  name: Type.String({ description: 'As AWS has it.' }),
  databaseId: Type.String({ description: 'The database that it was of, which is deleted or has failed.' }),
  client: Type.String({ description: 'Whose database that was.' }),
  status: Type.String({ description: 'As AWS has it; empty for a secret.' }),
  reason: Type.String({ description: 'Why it is an orphan.' }),
  restorable: Type.Boolean({
    description: 'Whether it holds data that would be lost, as a snapshot does, and as what a failed deletion left or a cluster of which AWS ' +
      'takes no snapshot may do. It is removed only with `confirm`.'
  }),
  protected: Type.Boolean({ description: 'Whether it is protected from deletion.' }),
  createdAt: Type.Unsafe<Date>({ type: 'string', format: 'date-time', description: 'When it was made.' }),
  ageSeconds: Type.Integer({ description: 'How long ago that is.' })
}, { $id: 'Orphan', description: 'Something that this service made, that belongs to no living database, and that may cost money.' })

const OrphanListSchema = Type.Object({
  items: Type.Array(refTo(OrphanSchema)),
  nextCursor: Nullable(Type.String({ description: 'Of the next page; null on the last one.' })),
  regions: Type.Array(Type.Object({ region: Type.String(), ...RegionAnswer }), { description: 'How each region answered. Of one that failed, no orphans are listed.' })
}, { $id: 'OrphanList', description: 'One page of orphans, the oldest first.' })

/** What is left over, for operators. */
export function registerOrphanRoutes (instance: FastifyInstance, { orphans }: Pick<Databases, 'orphans'>): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  for (const schema of [OrphanSchema, OrphanListSchema]) instance.addSchema(schema)

  app.get('/v1/orphans', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'listOrphans',
      tags: ['orphans'],
      summary: 'List what is left over',
      description: 'Failed stacks, and clusters, snapshots and secrets without a stack, that carry the tags of this service, ' +
        'are at least an hour old, and that no stack of the region owns or names. AWS is asked for each page. ' +
        'For keys that are bound to no client.',
      querystring: Type.Object({
        region: Type.Optional(Type.Array(Type.String(), { description: 'May be repeated. Every enabled region when left out.' })),
        kind: Type.Optional(Type.Array(Choice(ORPHAN_KINDS), { description: 'May be repeated. Every kind when left out.' })),
        limit: Limit,
        cursor: Type.Optional(Type.String({ description: '`nextCursor` of the page before.' }))
      }, { additionalProperties: false }),
      response: {
        200: { description: 'One page.', content: asJson(OrphanListSchema, orphansExample) },
        ...problemResponses(['invalid-request'])
      }
    }
  }, async request => {
    const { region = [], kind = [], limit = 50, cursor = null } = request.query
    return await orphans.list(principalOf(request), { regions: region, kinds: kind, limit, cursor })
  })

  app.delete('/v1/orphans/:id', {
    config: { access: ['databases:delete'] },
    schema: {
      operationId: 'removeOrphan',
      tags: ['orphans'],
      summary: 'Remove what is left over',
      description: 'It is looked at again right before: what is no orphan is not found. ' +
        'A cluster is deleted after a final snapshot, unless it is in a status in which AWS takes none: then its `reason` says so, ' +
        'and it needs `confirm`. A secret can be brought back for seven days. ' +
        'Sent again, it answers 202 while the removal goes on, and 204 once there is nothing of the id any more, ' +
        'also where there never was: AWS keeps no trace by which to tell.',
      params: Type.Object({ id: Type.String({ pattern: ORPHAN_ID_PATTERN, maxLength: 600, description: 'Id of the orphan.', examples: ['eu-west-1.snapshot.acme-orders-final'] }) }),
      querystring: Type.Object({
        confirm: Type.Optional(Type.String({ maxLength: 255, description: 'The `databaseId` of an orphan that is `restorable`: its data are gone then.' }))
      }, { additionalProperties: false }),
      response: {
        202: { description: 'It is being removed, as it was before.', content: asJson(OrphanSchema, orphanExample) },
        204: Type.Null({ description: 'There is nothing of this id, or no longer.' }),
        ...problemResponses(['invalid-request', 'not-found', 'deletion-protected', 'confirmation-required', 'database-busy'])
      }
    }
  }, async (request, reply) => {
    const principal = principalOf(request)
    const removed = await orphans.remove(principal, request.params.id, request.query.confirm ?? null)
    if (!removed) return await reply.code(204).send(null)
    const { orphan, isBegun } = removed
    if (isBegun) request.log.warn({ audit: 'orphan-removed', keyId: principal.keyId, orphanId: orphan.id, databaseId: orphan.databaseId }, 'an orphan was removed')
    return await reply.code(202).send(orphan)
  })
}
