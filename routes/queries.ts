import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'

import { principalOf } from '../src/plugins/authentication.js'
import { describeProblem, toProblem } from '../src/plugins/problems.js'
import type { ProblemCode } from '../src/problems.js'
import type { Json } from '../src/queries/sql/arguments.js'
import type { Value } from '../src/queries/answers/json-text.js'
import type { Queries } from '../src/queries/queries.js'
import { formatFor } from '../src/queries/streams/formats.js'
import { ISOLATION_LEVELS } from '../src/queries/transactions/transaction.js'
import { batchExample, batchRequestExample, queryExample, queryRequestExample, transactionExample, transactionRequestExample } from './examples.js'
import { sendExactly } from './exact-answers.js'
import { cutOff, hangUp, refuseIdempotencyKey, waitingCallOf } from './preferences.js'
import { mediaFor, sendRows, streamContent, streamDescription, streamHeaders } from './row-streams.js'
import { asJson, Choice, DatabaseParams, Nullable, PreferHeader, problemResponses, ProblemSchema, refTo } from './schemas.js'
import { TransactionId } from './transactions.js'

/** The request limit of the RDS Data API. */
const BODY_LIMIT_BYTES = 4 * 1024 * 1024

const ParameterSet = Type.Unsafe<Record<string, Json> | Json[]>({
  anyOf: [{ type: 'object', additionalProperties: true }, { type: 'array', items: {} }],
  description: 'Values by name for `:name`, or an array for `$1`. The JSON type decides how a value is bound, never the look of a text; arrays become PostgreSQL arrays, objects jsonb.'
})

/** A statement and how its answer is wanted. */
const Statement = {
  sql: Type.String({ minLength: 1, maxLength: 65_536, description: 'One statement. Parameters are `:name`, or `$1`, `$2` …' }),
  parameters: Type.Optional(ParameterSet),
  types: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 200 }), {
    description: 'PostgreSQL types of parameters, by name or by number. The text of a value is cast to it; for json and jsonb a text is that of a JSON value.'
  })),
  maxRows: Type.Optional(Nullable(Type.Integer({
    minimum: 1,
    description: 'Answers no more rows than this. Where nothing can be written (`mode: read`, `readOnly`) no more are read either, so that a result of any size has its first rows.'
  }))),
  rowFormat: Type.Optional(Choice(['object', 'array'], { default: 'object', description: 'Rows as objects by column, or as arrays in the order of the columns.' })),
  castUnsupported: Type.Optional(Type.Boolean({
    default: false,
    description: 'Has columns of types that the RDS Data API does not carry (interval, money, ranges …) come as text, ' +
      'and in the others the values that it does not carry: arrays of arrays, and infinite times. ' +
      'The columns are asked for first, which takes some calls more; the statement is run once. ' +
      'Of what changes rows, they are those of RETURNING.'
  }))
}

/** What holds where a statement does not say. */
const statementDefaults = { parameters: {}, types: {}, maxRows: null, rowFormat: 'object', castUnsupported: false } as const

const QueryBody = Type.Object({
  ...Statement,
  mode: Type.Optional(Choice(['read', 'write'], { description: '`read` has the database refuse every write. A key without `query:write` can do no other; it is its default.' })),
  dryRun: Type.Optional(Type.Boolean({ default: false, description: 'Runs the statement and rolls it back.' })),
  maxAffected: Type.Optional(Nullable(Type.Integer({
    minimum: 0,
    description: 'Rolls back when the statement changed more rows than this. Those that its triggers change besides are not counted. ' +
      'A query, which changes none, runs in a read-only transaction then; what PostgreSQL does not count, ' +
      'such as a WITH query that changes rows, is refused.'
  }))),
  timeoutMs: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 45_000, description: 'Cancels the statement in the database after this long. AWS does after 45 s.' }))),
  explain: Type.Optional(Type.Boolean({ default: false, description: 'Answers in `plan` how PostgreSQL would run the statement, as `EXPLAIN (FORMAT JSON)` says it, and never runs it.' })),
  transactionId: Type.Optional(Nullable(TransactionId)),
  database: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 63, description: 'Another database of the same cluster.' })))
}, { additionalProperties: false, $id: 'Query', description: 'One statement, and the conditions that it runs under.', examples: [queryRequestExample] })

const queryDefaults = {
  ...statementDefaults,
  mode: null,
  dryRun: false,
  maxAffected: null,
  timeoutMs: null,
  explain: false,
  transactionId: null,
  database: null
} as const

const TransactionBody = Type.Object({
  statements: Type.Array(Type.Object(Statement, { additionalProperties: false }), { minItems: 1, maxItems: 1_000, description: 'Run in this order.' }),
  isolation: Type.Optional(Choice(ISOLATION_LEVELS, { default: 'read committed' })),
  readOnly: Type.Optional(Type.Boolean({ default: false, description: 'Has the database refuse every write.' })),
  database: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 63, description: 'Another database of the same cluster.' })))
}, { additionalProperties: false, $id: 'Transaction', description: 'Statements that happen as a whole or not at all.', examples: [transactionRequestExample] })

const BatchBody = Type.Object({
  sql: Statement.sql,
  parameterSets: Type.Array(ParameterSet, { minItems: 1, maxItems: 10_000, description: 'The statement runs once with each.' }),
  types: Statement.types,
  rowFormat: Statement.rowFormat,
  castUnsupported: Statement.castUnsupported,
  allOrNothing: Type.Optional(Type.Boolean({
    default: true,
    description: 'Keeps nothing when one set fails. With `false` each set stands for itself: what fails is listed in `failures`, and all else is kept.'
  })),
  database: Type.Optional(Nullable(Type.String({ minLength: 1, maxLength: 63, description: 'Another database of the same cluster.' })))
}, { additionalProperties: false, $id: 'Batch', description: 'One statement, and many sets of parameters.', examples: [batchRequestExample] })

const Outcome = {
  columns: Type.Array(Type.Object({
    name: Type.String({ description: 'Its label. A label that repeats gets a number, so that rows can be objects.' }),
    type: Type.String({ description: 'Its type in PostgreSQL.', examples: ['int8'] }),
    nullable: Type.Boolean({ description: 'False when the database knows that there is no NULL in it.' })
  })),
  rows: Type.Array(Type.Unsafe<Value[] | Record<string, Value>>({}), {
    description: 'int8 and numeric are texts, which lose no digit; a timestamptz is in UTC with `Z`, bytea in base64, json and jsonb are JSON as the database prints it, with every digit.'
  }),
  rowCount: Type.Integer({ description: 'Rows in this answer.' }),
  affected: Nullable(Type.Integer({ description: 'Rows that were changed; null for a statement that changes none.' })),
  truncated: Type.Boolean({ description: 'Whether `maxRows` cut the result off.' })
}

const Times = {
  durationMs: Type.Integer({ description: 'How long it took, once the database was awake.' }),
  resumedAfterMs: Nullable(Type.Integer({ description: 'How long the database took to wake up; null when it was awake.' }))
}

const QueryResultSchema = Type.Object({
  ...Outcome,
  ...Times,
  plan: Type.Optional(Type.Unsafe<Json>({ description: 'Only with `explain`: the plan. Nothing was executed then.' }))
}, { $id: 'QueryResult', description: 'What a statement answered.' })

const TransactionResultSchema = Type.Object({
  results: Type.Array(Type.Object(Outcome), { description: 'One for each statement.' }),
  ...Times
}, { $id: 'TransactionResult', description: 'What the statements of a transaction answered.' })

const BatchResultSchema = Type.Object({
  sets: Type.Integer({ description: 'How many sets the statement ran with.' }),
  results: Nullable(Type.Array(Nullable(Type.Object(Outcome)), { description: 'One for each set where the statement is RETURNING rows, null for a set that failed; null otherwise.' })),
  failures: Type.Optional(Type.Array(Type.Object({
    set: Type.Integer({ description: 'Which set it is, counted from 0.' }),
    problem: refTo(ProblemSchema)
  }), { description: 'Only with `allOrNothing: false`: the sets that failed. Of none of them is anything kept, unless its problem is `statement-outcome-unknown`.' })),
  ...Times
}, { $id: 'BatchResult', description: 'What a batch answered.' })

const applied = { 'preference-applied': { type: 'string', description: 'The wait that was granted.' } }

const problems: readonly ProblemCode[] = [
  'invalid-request', 'malformed-json', 'not-found', 'database-not-ready', 'body-too-large', 'unsupported-media-type',
  'unique-violation', 'transaction-conflict', 'sql-error', 'statement-refused', 'database-failed', 'too-many-affected',
  'statement-timeout', 'statement-outcome-unknown', 'database-resuming',
  'too-many-requests', 'overloaded', 'shutting-down'
]

/** SQL over HTTP, through the RDS Data API. */
export function registerQueryRoutes (instance: FastifyInstance, queries: Queries): void {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()
  instance.addSchema(QueryBody)
  const schemas = [QueryResultSchema, BatchBody, BatchResultSchema, TransactionBody, TransactionResultSchema]
  for (const schema of schemas) instance.addSchema(schema)

  app.post('/v1/databases/:id/query', {
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: ['query:read', 'query:write'] },
    schema: {
      operationId: 'queryDatabase',
      tags: ['queries'],
      summary: 'Run one SQL statement',
      description: 'Wakes a paused database and waits for it, at most as long as `Prefer: wait` says, 30 s without it. ' +
        'A statement that may have begun is never sent twice. ' +
        `\`Idempotency-Key\` is refused where a statement may write: nothing would remember it.\n\n${streamDescription}`,
      params: DatabaseParams,
      headers: PreferHeader,
      body: Type.Unsafe<Static<typeof QueryBody>>({ $ref: 'Query#' }),
      response: {
        200: {
          description: 'What the statement answered.',
          headers: { ...applied, ...streamHeaders },
          content: { ...asJson(QueryResultSchema, queryExample), ...streamContent }
        },
        ...problemResponses([...problems, 'not-acceptable', 'transaction-not-found', 'transaction-aborted', 'transaction-busy'])
      }
    }
  }, async (request, reply) => {
    const query = { ...queryDefaults, ...request.body }
    const { mode, rowFormat, explain } = query
    const media = mediaFor(request, reply)
    const format = media === 'application/json' ? null : formatFor(media, rowFormat)
    if (format === null && mode !== 'read' && !explain && principalOf(request).mayUse('query:write')) refuseIdempotencyKey(request)
    if (format) return sendRows(request, reply, await queries.stream(waitingCallOf(request, reply, hangUp(request, reply)), query), format)
    return sendExactly(reply, await queries.query(waitingCallOf(request, reply, cutOff(request, reply)), query))
  })

  app.post('/v1/databases/:id/batch', {
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: ['query:write'] },
    schema: {
      operationId: 'runBatch',
      tags: ['queries'],
      summary: 'Run one SQL statement with many sets of parameters',
      description: `For all of them or for none, unless \`allOrNothing\` is false. A set that does not fit is named in \`errors\`. With RETURNING each set has its own result.
A problem says in \`set\`, counted from 0, which set it is of. Where PostgreSQL refused one of many for its values, that is found out afterwards in a transaction that is
rolled back, for some seconds at most; it is left out where it could not be told.

With \`allOrNothing: false\` the sets run in their order, each as if it were alone: what fails is rolled back and listed in \`failures\`, the rest is kept.
Sets go to the database together as far as they can, and those next to a failing one run again after it was rolled back. A statement that PostgreSQL
does not understand with the first set is refused as a whole. When AWS fails in the middle, the sets that did not run are among the failures.`,
      params: DatabaseParams,
      headers: PreferHeader,
      body: Type.Unsafe<Static<typeof BatchBody>>({ $ref: 'Batch#' }),
      response: {
        200: { description: 'The statement ran with every set.', headers: applied, content: asJson(BatchResultSchema, batchExample) },
        ...problemResponses(problems)
      }
    }
  }, async (request, reply) => {
    refuseIdempotencyKey(request)
    const { sql, parameterSets, types = {}, rowFormat = 'object', castUnsupported = false, allOrNothing = true, database = null } = request.body
    const batch = { sql, parameterSets, types, rowFormat, castUnsupported, allOrNothing, database }
    const { failures, ...answer } = await queries.batch(waitingCallOf(request, reply, cutOff(request, reply)), batch)
    if (!failures) return sendExactly(reply, answer)
    const described = failures.map(({ set, error }) => ({ set, problem: describeProblem(request, toProblem(error)) }))
    return sendExactly(reply, { ...answer, failures: described })
  })

  app.post('/v1/databases/:id/transaction', {
    bodyLimit: BODY_LIMIT_BYTES,
    config: { access: ['query:write'] },
    schema: {
      operationId: 'runTransaction',
      tags: ['queries'],
      summary: 'Run SQL statements in one transaction',
      description: 'All or nothing: a problem says in `statement` which of them it is of, counted from 0, and nothing of any is kept. Wakes a paused database as a single statement does.',
      params: DatabaseParams,
      headers: PreferHeader,
      body: Type.Unsafe<Static<typeof TransactionBody>>({ $ref: 'Transaction#' }),
      response: {
        200: { description: 'What the statements answered.', headers: applied, content: asJson(TransactionResultSchema, transactionExample) },
        ...problemResponses(problems)
      }
    }
  }, async (request, reply) => {
    refuseIdempotencyKey(request)
    const { statements, isolation = 'read committed', readOnly = false, database = null } = request.body
    const transaction = {
      statements: statements.map(statement => ({ ...statementDefaults, ...statement })),
      isolation,
      readOnly,
      database
    }
    return sendExactly(reply, await queries.transact(waitingCallOf(request, reply, cutOff(request, reply)), transaction))
  })
}
