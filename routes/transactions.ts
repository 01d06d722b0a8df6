import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'

import type { ProblemCode } from '../src/problems.js'
import type { Queries } from '../src/queries/queries.js'
import { ISOLATION_LEVELS } from '../src/queries/transactions/transaction.js'
import { beginRequestExample, begunExample, committedExample, rolledBackExample } from './examples.js'
import { callOf, cutOff, waitingCallOf } from './preferences.js'
import { asJson, Choice, DatabaseParams, NoBody, Nullable, PreferHeader, problemResponses } from './schemas.js'

/** The id of an interactive transaction, as `POST …/transactions` answers it. */
export const TransactionId = Type.String({
  minLength: 1,
  maxLength: 640,
  pattern: '^[A-Za-z0-9_-]+$',
  description: 'An interactive transaction that this key has begun on this database. Statements that are sent at once run one after the other.'
})

const BeginBody = Type.Object({
  isolation: Type.Optional(Choice(ISOLATION_LEVELS, { default: 'read committed' })),
  readOnly: Type.Optional(Type.Boolean({ default: false, description: 'Has the database refuse every write.' })),
  database: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 63, description: 'Another database of the same cluster.' })))
}, { additionalProperties: false, $id: 'BeginTransaction', description: 'What kind of transaction is wanted.', examples: [beginRequestExample] })

const BegunSchema = Type.Object({
  transactionId: Type.String({ description: 'For `transactionId` of a query, and for the end of the transaction. No other key can use it.' }),
  isolation: Choice(ISOLATION_LEVELS),
  readOnly: Type.Boolean(),
  expiresAt: Type.Unsafe<Date>({ type: 'string', format: 'date-time', description: 'AWS rolls it back then, whatever it does.' }),
  idleTimeoutSeconds: Type.Integer({ description: 'AWS rolls it back when nothing is sent in it for so long.' }),
  durationMs: Type.Integer({ description: 'How long it took, once the database was awake.' }),
  resumedAfterMs: Nullable(Type.Integer({ description: 'How long the database took to wake up; null when it was awake.' }))
}, { $id: 'OpenTransaction', description: 'A transaction that lasts from call to call.' })

const EndedSchema = Type.Object({
  status: Choice(['committed', 'rolled_back'])
}, { $id: 'EndedTransaction', description: 'How a transaction ended.' })

const TransactionParams = Type.Object({ ...DatabaseParams.properties, transactionId: TransactionId })

const whileRunning: readonly ProblemCode[] = [
  'invalid-request', 'malformed-json', 'not-found', 'database-not-ready', 'body-too-large', 'unsupported-media-type',
  'sql-error', 'statement-refused', 'database-failed', 'statement-timeout', 'too-many-requests', 'overloaded', 'shutting-down'
]

const atEnd: readonly ProblemCode[] = [...whileRunning, 'transaction-not-found', 'transaction-aborted', 'transaction-busy']

/** Transactions that last from call to call. */
export function registerTransactionRoutes (instance: FastifyInstance, queries: Pick<Queries, 'begin' | 'commit' | 'rollback'>): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  for (const schema of [BeginBody, BegunSchema, EndedSchema]) instance.addSchema(schema)

  app.post('/v1/databases/:id/transactions', {
    config: { access: ['query:write'] },
    schema: {
      operationId: 'beginTransaction',
      tags: ['queries'],
      summary: 'Begin a transaction that lasts from call to call',
      description: 'Any replica goes on with it. It holds locks and a connection until it is ended or expires, ' +
        'so a list of statements in one call is better wherever they are known beforehand. Sent again, it begins another one.',
      params: DatabaseParams,
      headers: PreferHeader,
      body: Type.Unsafe<Static<typeof BeginBody> | null>({ anyOf: [{ $ref: 'BeginTransaction#' }, { type: 'null' }] }),
      response: {
        201: { description: 'It is open.', content: asJson(BegunSchema, begunExample) },
        ...problemResponses([...whileRunning, 'database-resuming'])
      }
    }
  }, async (request, reply) => {
    const { isolation = 'read committed', readOnly = false, database = null } = request.body ?? {}
    const begun = await queries.begin(waitingCallOf(request, reply, cutOff(request, reply)), { isolation, readOnly, database })
    reply.code(201)
    return begun
  })

  app.post('/v1/databases/:id/transactions/:transactionId/commit', {
    config: { access: ['query:write'] },
    schema: {
      operationId: 'commitTransaction',
      tags: ['queries'],
      summary: 'Keep what a transaction did',
      description: 'A 409 `transaction-aborted` says that nothing was kept. After a 504 `statement-outcome-unknown` everything was or ' +
        'nothing: look at the data, for a second commit answers 404 either way.',
      params: TransactionParams,
      body: NoBody,
      response: {
        200: { description: 'It has happened.', content: asJson(EndedSchema, committedExample) },
        ...problemResponses([...atEnd, 'unique-violation', 'transaction-conflict', 'statement-outcome-unknown'])
      }
    }
  }, async (request, reply) => {
    await queries.commit(callOf(request, cutOff(request, reply)), request.params.transactionId)
    return { status: 'committed' as const }
  })

  app.post('/v1/databases/:id/transactions/:transactionId/rollback', {
    config: { access: ['query:write'] },
    schema: {
      operationId: 'rollBackTransaction',
      tags: ['queries'],
      summary: 'Undo what a transaction did',
      description: 'A transaction that is over already, whether it was kept or not, answers 404.',
      params: TransactionParams,
      body: NoBody,
      response: {
        200: { description: 'Nothing of it is kept.', content: asJson(EndedSchema, rolledBackExample) },
        ...problemResponses(atEnd)
      }
    }
  }, async (request, reply) => {
    await queries.rollback(callOf(request, cutOff(request, reply)), request.params.transactionId)
    return { status: 'rolled_back' as const }
  })
}
