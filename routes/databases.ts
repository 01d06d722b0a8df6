import type { FastifyInstance, FastifyReply } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type, type Static } from 'typebox'

import type { Databases } from '../src/databases/databases.js'
import { ID_PATTERN } from '../src/databases/naming.js'
import { MOST_TAGS } from '../src/databases/tags.js'
import { principalOf } from '../src/plugins/authentication.js'
import { preconditionOf, isNoneMatchedBy, tagOf } from './entity-tags.js'
import { createCloneExample, createExample, createPlanExample, databaseExample, deletedExample, listExample, outputsExample } from './examples.js'
import { createSettle, wantsFresh } from './preferences.js'
import { asJson, Choice, DatabaseParams, DatabaseSchema, DryRun, Limit, Nullable, OutputsSchema, PreferHeader, problemResponses, refTo, RegionAnswer, replayedHeader, Slug } from './schemas.js'

const CreateBody = Type.Object({
  client: Slug('Whose database it is.'),
  region: Type.String({ description: 'The AWS region that its data stays in.', examples: ['eu-west-1'] }),
  name: Type.Optional(Slug('Tells the databases of a client apart. `main` when left out.')),
  template: Type.Optional(Type.String({ description: 'The product; see `GET /v1/templates`. The service\'s default when left out.' })),
  parameters: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Parameters of the template, by its own names.' })),
  source: Type.Optional(Type.Object({
    databaseId: Type.Optional(Type.String({ pattern: ID_PATTERN, description: 'A database in the same region, made from the same template. Without `at`, the new one is a copy-on-write clone.' })),
    at: Type.Optional(Type.String({ format: 'date-time', description: 'The moment of `databaseId` to go back to; AWS is some minutes behind.' })),
    snapshotId: Type.Optional(Type.String({
      minLength: 1,
      maxLength: 255,
      pattern: '^[a-zA-Z][-a-zA-Z0-9]*$',
      description: 'A snapshot in the same region, of a database that was made from the same template; one of Serverless v1 can also be taken to v2.'
    }))
  }, {
    additionalProperties: false,
    description: 'Whose data the database starts with: either `databaseId` or `snapshotId`. Parameters that are left out are as in the source, but for `EnvironmentName`.'
  })),
  deletionProtection: Type.Optional(Type.Boolean({ description: 'Refuses deletion while true. Left out, it is true for production.' })),
  expiresAt: Type.Optional(Type.String({ format: 'date-time', description: 'When the service deletes it, with a final snapshot, unless it is protected. Must be in the future.' })),
  onFailure: Type.Optional(Choice(['delete', 'keep'], { description: '`delete` (the default) removes what a failed create has made; `keep` leaves it to look at.' })),
  tags: Type.Optional(Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 256, pattern: '^[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*$' }), {
    maxProperties: MOST_TAGS, propertyNames: { minLength: 1, maxLength: 128 }, description: 'Tags of the stack and of all that it makes.'
  }))
}, { additionalProperties: false, $id: 'CreateDatabase', description: 'What database to create.', examples: [createExample, createCloneExample] })

const CreatePlanSchema = Type.Object({
  id: Type.String({ description: 'The id that the database would have.' }),
  region: Type.String(),
  stackName: Type.String({ description: 'Name of the CloudFormation stack.' }),
  template: Type.String(),
  parameters: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { description: 'With the defaults filled in.' }),
  resources: Type.Array(Type.Object({ logicalId: Type.String(), type: Type.String() }), { description: 'What CloudFormation would make.' }),
  existingStackStatus: Nullable(Type.String({ description: 'Of the stack that has the name already; null when there is none.' })),
  findings: Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), { description: 'What stands in the way; nothing does when it is empty.' }),
  warnings: Type.Array(Type.Object({ path: Type.String(), message: Type.String() }), { description: 'What could not be checked, because AWS did not answer. A create goes on all the same.' })
}, { $id: 'CreatePlan', description: 'What a create would do.' })

const ListQuery = Type.Object({
  region: Type.Optional(Type.Array(Type.String(), { description: 'May be repeated. Every enabled region when left out.' })),
  client: Type.Optional(Type.String({ description: 'Only those of this client.' })),
  environment: Type.Optional(Type.String({ description: 'Only those of this environment.' })),
  status: Type.Optional(Choice(['creating', 'available', 'updating', 'deleting', 'failed', 'delete_failed', 'deleted'], {
    description: '`deleted` lists what is gone, for the 90 days that AWS remembers it.'
  })),
  template: Type.Optional(Type.String({ description: 'Only those made from this template.' })),
  name: Type.Optional(Type.String({ description: 'Only those of this name.' })),
  sort: Type.Optional(Choice(['createdAt', '-createdAt', 'name'], { default: 'createdAt', description: '`-createdAt` has the newest first.' })),
  limit: Limit,
  cursor: Type.Optional(Type.String({ description: '`nextCursor` of the page before.' }))
}, { additionalProperties: false })

const ListSchema = Type.Object({
  items: Type.Array(refTo(DatabaseSchema)),
  nextCursor: Nullable(Type.String({ description: 'Of the next page; null on the last one.' })),
  regions: Type.Array(Type.Object({
    region: Type.String(),
    ...RegionAnswer,
    unread: Type.Optional(Type.Integer({ description: 'With `status=deleted`: how many deleted stacks were not looked at yet. Ask again to have more of them listed.' }))
  }), { description: 'How each region answered. One that failed is named, and the others are still listed.' })
}, { $id: 'DatabaseList', description: 'One page of databases.' })

const CreateHeaders = Type.Object({
  ...PreferHeader.properties,
  'idempotency-key': Type.Optional(Type.String({
    minLength: 1, maxLength: 255, description: 'A name for this request, so that sending it again is known to be that. Without it, the natural key still makes a retry safe.'
  }))
})

const location = { location: { type: 'string', description: 'Where the database is.' } }
const tagged = { etag: { type: 'string', description: 'For `If-None-Match` here, and for `If-Match` of a change or a deletion.' } }
const applied = { 'preference-applied': { type: 'string', description: 'The wait that was granted.' } }

/** Databases: create, list, read, delete. */
export function registerDatabaseRoutes (instance: FastifyInstance, databases: Databases): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(ListSchema)
  instance.addSchema(CreateBody)
  instance.addSchema(CreatePlanSchema)

  const settle = createSettle(databases)

  app.post('/v1/databases', {
    config: { access: ['databases:write'] },
    schema: {
      operationId: 'createDatabase',
      tags: ['databases'],
      summary: 'Create a database',
      description: 'Launches a CloudFormation stack from a template. Sent again, the same request finds the database that it made. `dryRun=true` answers what it would do, and launches nothing.',
      querystring: Type.Object({ dryRun: DryRun }, { additionalProperties: false }),
      headers: CreateHeaders,
      body: Type.Unsafe<Static<typeof CreateBody>>({ $ref: 'CreateDatabase#' }),
      response: {
        200: {
          description: 'The same request made it before; or, with `dryRun=true`, what it would do.',
          headers: { ...location, ...applied, ...replayedHeader },
          content: { 'application/json': { schema: Type.Union([refTo(CreatePlanSchema), refTo(DatabaseSchema)]), examples: { ...databaseExample, ...createPlanExample } } }
        },
        202: { description: 'It is being created.', headers: { ...location, ...applied }, content: asJson(DatabaseSchema, databaseExample) },
        ...problemResponses([
          'invalid-request', 'malformed-json', 'database-exists', 'database-busy', 'body-too-large', 'unsupported-media-type',
          'idempotency-key-reused', 'preflight-failed'
        ])
      }
    }
  }, async (request, reply) => {
    if (request.query.dryRun) return await databases.plan(principalOf(request), request.body)
    const { database, isReplay } = await databases.create(principalOf(request), request.body, request.headers['idempotency-key'] ?? null)
    reply.code(isReplay ? 200 : 202).header('location', `/v1/databases/${database.id}`)
    if (isReplay) reply.header('idempotency-replayed', 'true')
    return await settle(request, reply, database.id, async () => database)
  })

  app.get('/v1/databases', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'listDatabases',
      tags: ['databases'],
      summary: 'List databases',
      description: 'Of every enabled region unless some are named. `Cache-Control: no-cache` has AWS asked again before answering.',
      querystring: ListQuery,
      response: {
        200: { description: 'One page.', content: asJson(ListSchema, listExample) },
        ...problemResponses(['invalid-request'])
      }
    }
  }, async request => {
    const { region = [], sort = 'createdAt', limit = 50, cursor = null, ...filters } = request.query
    return await databases.list(principalOf(request), { regions: region, filters, sort, limit, cursor, fresh: wantsFresh(request) })
  })

  app.get('/v1/databases/:id', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'getDatabase',
      tags: ['databases'],
      summary: 'Read a database',
      description: 'Also a deleted one, for the 90 days that AWS remembers it, with its snapshots. ' +
        'AWS is asked for the database, by one question for all who ask at the same time. ' +
        'With `Prefer: wait`, a database that moves is watched already, and the wait begins with what was last seen of it, ' +
        'which is as old as the time between two looks (`POLL_MS`), or older while AWS throttles; ' +
        '`Cache-Control: no-cache` has AWS asked first there, too, and asked again for a database that was made and deleted ' +
        'at another replica within the last seconds. `compute` is from CloudWatch, and up to two minutes old.',
      params: DatabaseParams,
      headers: Type.Object({
        ...PreferHeader.properties,
        'if-none-match': Type.Optional(Type.String({ description: 'The `ETag` of an answer that the caller has.' }))
      }),
      response: {
        200: {
          description: 'The database as it is now.',
          headers: { ...tagged, ...applied },
          content: asJson(DatabaseSchema, { ...databaseExample, ...deletedExample })
        },
        304: { description: 'It is as the caller has it.', type: 'null' },
        ...problemResponses(['invalid-request', 'not-found'])
      }
    }
  }, async (request, reply) => {
    const { id } = request.params
    const read = async () => await databases.get(principalOf(request), id, { isFresh: wantsFresh(request) })
    const database = await settle(request, reply, id, read)
    const { 'if-none-match': ifNoneMatch } = request.headers
    const etag = tagOf(database)
    reply.header('etag', etag)
    if (ifNoneMatch !== undefined && isNoneMatchedBy(ifNoneMatch, etag)) return await (reply as FastifyReply).code(304).send()
    return database
  })

  app.delete('/v1/databases/:id', {
    config: { access: ['databases:delete'] },
    schema: {
      operationId: 'deleteDatabase',
      tags: ['databases'],
      summary: 'Delete a database',
      description: 'AWS takes a final snapshot first. A cluster that is stopped is started for it. Sent again, it changes nothing and answers the same; after `database-busy`, it goes on.',
      params: DatabaseParams,
      querystring: Type.Object({
        finalSnapshot: Type.Optional(Type.Boolean({ default: true, description: 'False destroys the data for good, and is refused unless the service is configured for it.' }))
      }, { additionalProperties: false }),
      headers: Type.Object({
        ...PreferHeader.properties,
        'if-match': Type.Optional(Type.String({ description: 'The `ETag` that the database must still have, unless it is being deleted already.' }))
      }),
      response: {
        202: {
          description: 'It is being deleted, or is deleted already.',
          headers: { ...location, ...applied },
          content: asJson(DatabaseSchema, databaseExample)
        },
        ...problemResponses([
          'invalid-request', 'not-found', 'deletion-protected', 'database-busy', 'exports-in-use', 'final-snapshot-required',
          'precondition-failed'
        ])
      }
    }
  }, async (request, reply) => {
    const { params: { id }, query: { finalSnapshot = true } } = request
    const database = await databases.remove(principalOf(request), id, { finalSnapshot, precondition: preconditionOf(request.headers['if-match']) })
    reply.code(202).header('location', `/v1/databases/${id}`)
    return await settle(request, reply, id, async () => database)
  })

  app.get('/v1/databases/:id/outputs', {
    config: { access: ['databases:read'] },
    schema: {
      operationId: 'getOutputs',
      tags: ['databases'],
      summary: 'Read the outputs of a database',
      description: 'Where it is, by reference: no password is among them. 409 until the stack has them.',
      params: DatabaseParams,
      response: {
        200: { description: 'The outputs of the stack.', content: asJson(OutputsSchema, outputsExample) },
        ...problemResponses(['invalid-request', 'not-found', 'database-not-ready'])
      }
    }
  }, async request => await databases.outputsOf(principalOf(request), request.params.id))
}
