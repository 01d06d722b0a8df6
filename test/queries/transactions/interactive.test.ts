import { randomBytes } from 'node:crypto'

import t from 'tap'

import type { Caller } from '../../../src/access/keys.js'
import type { WaitingCall } from '../../../src/queries/calls/call.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import { DataApiFailure, type DataApi, type DataApiFailureKind } from '../../../src/aws/data-api.js'
import type { Result } from '../../../src/aws/data-api-values.js'
import { createAudit } from '../../../src/queries/audit.js'
import { createGate } from '../../../src/queries/turns/gate.js'
import { createQueries } from '../../../src/queries/queries.js'
import type { QueryRequest } from '../../../src/queries/query.js'
import { createTransactionIds, deriveSecret } from '../../../src/queries/transactions/transaction-ids.js'
import { principalOf } from '../../helpers/facts.js'
import { REQUEST } from '../../helpers/query-request.js'
import { createStandingClock } from '../../helpers/standing-clock.js'

const NEVER = new AbortController().signal
const WRITER = principalOf()
const READER = principalOf({ scopes: ['query:read'] })
const CALL: WaitingCall = { caller: WRITER, id: 'id', waitSeconds: 30, signal: NEVER }
const BEGIN = { isolation: 'read committed', readOnly: false, database: null } as const
const one: Result = { columns: [], rows: [], affected: 0 }

const failure = (kind: DataApiFailureKind, message = 'message', sqlState?: string): DataApiFailure =>
  new DataApiFailure(kind, new AwsFailure('unavailable', 'Code', message), sqlState ? { sqlState, message, detail: null, hint: null, position: null } : null)

/** The Data API as a list of what it was asked; each call answers from `answers` first, but those that begin. */
function createDouble (...answers: Array<Result | Error | Promise<Result>>) {
  const calls: string[] = []
  const next = async (call: string): Promise<Result> => {
    calls.push(call)
    return await answer(answers.shift() ?? one)
  }
  const dataApi: DataApi = {
    execute: async (_target, sql, _args, { transactionId } = {}) => {
      const isAnswered = sql === 'SELECT 1' ? (answers[0] as Partial<Error> | undefined)?.message === 'before a commit' : !sql.startsWith('SET TRANSACTION')
      if (isAnswered) return await next(`${transactionId}: ${sql}`)
      calls.push(`${transactionId}: ${sql}`)
      return one
    },
    executeBatch: async () => {},
    begin: async target => { calls.push(`begin in ${target.databaseName}`); return 'aws' },
    commit: async (_target, id) => { await next(`commit ${id}`) },
    rollback: async (_target, id) => { await next(`rollback ${id}`) }
  }
  const clock = createStandingClock()
  const replica = () => createQueries({
    targets: { targetOf: async ({ id }, databaseName) => ({ id, client: 'acme', region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: databaseName ?? 'temporal' }), forget: () => {} },
    dataApi,
    gate: createGate({ perDatabase: 5, perKey: 5, waiting: 5, waitMs: 1_000 }, clock, NEVER),
    streamGate: createGate({ perDatabase: 5, perKey: 5, waiting: 5, waitMs: 1_000 }, clock, NEVER),
    transactionIds: createTransactionIds(deriveSecret([]), randomBytes),
    audit: createAudit(() => {}, clock),
    clock,
    stopping: NEVER
  })
  const queries = replica()
  const query = async (transactionId: string, more: Partial<QueryRequest> = {}, who = WRITER, id = 'id') =>
    await queries.query({ ...CALL, caller: who, id }, { ...REQUEST, transactionId, ...more })
  const begin = async (more: object = {}, who = WRITER): Promise<string> =>
    (await queries.begin({ ...CALL, caller: who }, { ...BEGIN, ...more })).transactionId
  return { calls, clock, replica, queries, query, begin }
}

async function answer (given: Result | Error | Promise<Result>): Promise<Result> {
  if (given instanceof Error) throw given
  return await given
}

t.test('a transaction goes from its begin over statements to its end, on any replica', async t => {
  const { calls, clock, queries, replica, query } = createDouble({ columns: [], rows: [['45s', '50ms']], affected: 0 })
  const begun = await queries.begin(CALL, { isolation: 'serializable', readOnly: false, database: 'other' })
  t.match(begun, { isolation: 'serializable', readOnly: false, idleTimeoutSeconds: 180, expiresAt: new Date(clock.now() + 86_400_000), resumedAfterMs: null })
  await query(begun.transactionId, { timeoutMs: 50 })
  await replica().commit(CALL, begun.transactionId)
  t.strictSame(calls, [
    'begin in other', 'aws: SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    "aws: SELECT current_setting('statement_timeout'), set_config('statement_timeout', '50', true)", 'aws: select 1', "aws: SELECT set_config('statement_timeout', '45s', true)", 'aws: SELECT 1', 'commit aws'
  ])
})

t.test('a key that may only read gets no transaction, which could hold locks, and goes on with none', async t => {
  const { calls, begin, query, queries } = createDouble()
  await t.rejects(begin({}, READER), { code: 'forbidden' })
  await t.rejects(begin({ readOnly: true }, READER), { code: 'forbidden' })
  t.strictSame(calls, [])
  const [reading, writing] = [await begin({ readOnly: true }), await begin()]
  t.strictSame(calls.splice(0).slice(0, 3), ['begin in temporal', 'aws: SET TRANSACTION ISOLATION LEVEL READ COMMITTED READ ONLY', 'aws: SELECT 1'])
  for (const sql of ['commit', 'rollback', 'begin', 'end; select 1']) await t.rejects(query(reading, { sql }), { code: 'invalid-request' })
  for (const id of [reading, writing]) await t.rejects(query(id, {}, READER), { code: 'forbidden' }, 'nor does the same key, once it may write no more')
  await t.rejects(queries.commit({ ...CALL, caller: READER }, writing), { code: 'forbidden' })
  t.strictSame(calls, [])
})

t.test('an id is of no use to another key, for another database, or when it is made up', async t => {
  const { calls, begin, query, queries } = createDouble()
  const id = await begin()
  calls.length = 0
  const other: Caller = { ...WRITER, keyId: 'other' }
  await t.rejects(query(id, {}, other), { code: 'transaction-not-found' })
  await t.rejects(query(id, {}, WRITER, 'other'), { code: 'transaction-not-found' })
  await t.rejects(query('aws'), { code: 'transaction-not-found' })
  await t.rejects(queries.rollback({ ...CALL, caller: other }, id), { code: 'transaction-not-found' })
  t.strictSame(calls, [])
})

t.test('what the transaction has decided cannot be wanted otherwise by a statement', async t => {
  const { calls, begin, query } = createDouble()
  const id = await begin()
  calls.length = 0
  for (const more of [{ dryRun: true }, { maxAffected: 1 }, { database: 'x' }]) {
    await t.rejects(query(id, more), { code: 'invalid-request', errors: [{ path: `/${Object.keys(more)[0]}` }] })
  }
  await t.rejects(query(id, { mode: 'read' }), { code: 'invalid-request' })
  t.strictSame(calls, [])
})

t.test('calls of one transaction run in their order, an end among them', async t => {
  let end = (_result: Result): void => {}
  const slow = new Promise<Result>(resolve => { end = resolve })
  const { calls, begin, query, queries } = createDouble(slow)
  const id = await begin()
  calls.length = 0
  const all = [query(id, { sql: 'select 1 as first' }), query(id, { sql: 'select 2' }), query(id, { sql: 'select 3' }), queries.commit(CALL, id)]
  await new Promise(resolve => setImmediate(resolve))
  t.strictSame(calls, ['aws: select 1 as first'])
  end(one)
  await Promise.all(all)
  t.strictSame(calls, ['aws: select 1 as first', 'aws: select 2', 'aws: select 3', 'aws: SELECT 1', 'commit aws'])
})

t.test('a statement that meets one of another replica comes again, and no other does', async t => {
  const { calls, clock, begin, query } = createDouble(failure('busy'), failure('busy'), one, failure('lost'))
  const id = await begin()
  calls.length = 0
  const waiting = query(id)
  for (const ms of [25, 50]) {
    t.ok((await clock.whenAsleep()).includes(ms))
    clock.move(ms)
  }
  await waiting
  t.equal(calls.length, 3)
  await t.rejects(query(id), { code: 'statement-outcome-unknown' })
  t.equal(calls.length, 4)
  const never = createDouble(...Array.from({ length: 100 }, () => failure('busy')))
  const stuck = never.query(await never.begin())
  const settled = stuck.then(() => true, () => true)
  for (let isSettled = false; !isSettled;) {
    await Promise.race([never.clock.whenAsleep(), settled])
    never.clock.move(500)
    isSettled = await Promise.race([settled, new Promise<boolean>(resolve => setImmediate(() => { resolve(false) }))])
  }
  await t.rejects(stuck, { code: 'transaction-busy', status: 409, retryAfterSeconds: Number })
})

t.test('how a transaction is over is told', async t => {
  const cases: Array<[failure: DataApiFailure, code: string]> = [
    [failure('no-transaction', 'Transaction x is not found. Transaction may be expired.'), 'transaction-not-found'],
    [failure('no-transaction', 'Transaction x is not found. Transaction has been aborted due to an error from a previous call.'), 'transaction-aborted'],
    [failure('sql', 'current transaction is aborted', '25P02'), 'transaction-aborted'],
    [failure('sql', 'no such table', '42P01'), 'sql-error']
  ]
  for (const [given, code] of cases) {
    const { begin, query } = createDouble(given)
    await t.rejects(query(await begin()), { code })
  }
})

t.test('an end that got no answer says what may have happened', async t => {
  const { calls, begin, queries } = createDouble(failure('lost'), failure('no-transaction'), failure('rolled-back'), failure('lost'), failure('sql', 'duplicate key', '23505'))
  const id = await begin()
  calls.length = 0
  const commit = async (): Promise<void> => { await queries.commit(CALL, id) }
  await t.rejects(commit(), { code: 'statement-outcome-unknown', message: /Look before/ })
  await t.rejects(commit(), { code: 'transaction-not-found', message: /commit of this one got no answer/ })
  await t.rejects(commit(), { code: 'transaction-aborted' })
  await t.rejects(queries.rollback(CALL, id), { code: 'aws-unavailable' })
  await t.rejects(commit(), { code: 'unique-violation' }, 'of a constraint that is deferred')
  t.equal(calls.filter(call => !call.endsWith('SELECT 1')).length, 5, 'each is sent once')
})

t.test('what a failed statement has undone is not said to be committed', async t => {
  const { calls, begin, queries } = createDouble(failure('lost', 'before a commit'), failure('sql', 'before a commit', '25P02'))
  const id = await begin()
  calls.length = 0
  await t.rejects(queries.commit(CALL, id), { code: 'aws-unavailable', message: /commit again/ })
  await t.rejects(queries.commit(CALL, id), { code: 'transaction-aborted' })
  t.strictSame(calls, ['aws: SELECT 1', 'aws: SELECT 1', 'rollback aws'])
})

t.test('a transaction that does not become what was asked for is not left behind', async t => {
  const { calls, queries } = createDouble()
  const gone = new AbortController()
  gone.abort()
  await t.rejects(queries.begin({ ...CALL, signal: gone.signal }, BEGIN), { code: 'shutting-down' })
  t.strictSame(calls, [])
})
