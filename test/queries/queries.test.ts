import { randomBytes } from 'node:crypto'

import t from 'tap'

import type { Caller, Scope } from '../../src/access/keys.js'
import type { WaitingCall } from '../../src/queries/calls/call.js'
import { AwsFailure } from '../../src/aws/errors.js'
import { DataApiFailure, type DataApi, type DataApiFailureKind } from '../../src/aws/data-api.js'
import type { Result } from '../../src/aws/data-api-values.js'
import { createAudit, type AuditLine } from '../../src/queries/audit.js'
import { createGate } from '../../src/queries/turns/gate.js'
import { createQueries } from '../../src/queries/queries.js'
import type { QueryRequest } from '../../src/queries/query.js'
import { createTransactionIds, deriveSecret } from '../../src/queries/transactions/transaction-ids.js'
import { REQUEST } from '../helpers/query-request.js'
import { createStandingClock } from '../helpers/standing-clock.js'

const principal = (...scopes: Scope[]): Caller => ({ requestId: 'request', keyId: 'key', client: null, mayUse: scope => scopes.includes(scope), mayEnter: () => true })
const WRITER = principal('query:read', 'query:write')
const READER = principal('query:read')
const LIMITS = { perDatabase: 1, perKey: 1, waiting: 1, waitMs: 1_000 }
const NEVER = new AbortController().signal
const CALL: WaitingCall = { caller: WRITER, id: 'id', waitSeconds: 0, signal: NEVER }
const target = { id: 'id', client: 'acme', region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }
const one: Result = { columns: [{ name: 'one', type: 'int4', isNullable: null }], rows: [['1']], affected: 0 }

const failure = (kind: DataApiFailureKind): DataApiFailure => new DataApiFailure(kind, new AwsFailure('unavailable', 'Code', 'message'))

/** The Data API as a list of what it was asked; `execute` and `begin` answer from `answers` first. */
function createDouble (...answers: Array<Result | Error>) {
  const calls: string[] = []
  const audited: AuditLine[] = []
  const next = (): Result => {
    const answer = answers.shift() ?? one
    if (answer instanceof Error) throw answer
    return answer
  }
  const dataApi: DataApi = {
    execute: async (_target, sql, _args, { transactionId } = {}) => {
      calls.push(transactionId ? `${transactionId}: ${sql}` : sql)
      return sql.startsWith('SELECT set_config') ? one : next()
    },
    executeBatch: async (_target, sql, argSets) => { calls.push(`${sql} × ${argSets.length}`) },
    begin: async () => {
      calls.push('begin')
      if (answers[0] instanceof DataApiFailure && answers[0].kind === 'resuming') next()
      return 'tx'
    },
    commit: async (_target, id) => {
      calls.push(`commit ${id}`)
      if (answers[0] instanceof DataApiFailure) next()
    },
    rollback: async (_target, id) => { calls.push(`rollback ${id}`) }
  }
  const clock = createStandingClock()
  const stopping = new AbortController()
  const queries = createQueries({
    targets: { targetOf: async () => target, forget: () => {} },
    dataApi,
    gate: createGate(LIMITS, clock, NEVER),
    streamGate: createGate(LIMITS, clock, NEVER),
    transactionIds: createTransactionIds(deriveSecret([]), randomBytes),
    audit: createAudit(line => { audited.push(line) }, clock),
    clock,
    stopping: stopping.signal
  })
  const query = async (more: Partial<QueryRequest> = {}, who = WRITER, waitSeconds = 30, signal = NEVER) =>
    await queries.query({ ...CALL, caller: who, waitSeconds, signal }, { ...REQUEST, ...more })
  return { calls, audited, clock, stopping, queries, query }
}

t.test('a plain statement is one call', async t => {
  const { calls, query } = createDouble()
  t.strictSame(await query(), {
    columns: [{ name: 'one', type: 'int4', nullable: true }], rows: [{ one: 1 }], rowCount: 1, affected: null, truncated: false, durationMs: 0, resumedAfterMs: null
  })
  t.strictSame(calls, ['select 1'])
})

t.test('conditions make a transaction, which ends as they say', async t => {
  const cases: Array<[more: Partial<QueryRequest>, calls: string[]]> = [
    [{ mode: 'read' }, ['begin', "tx: SELECT set_config('transaction_read_only', 'on', true)", 'tx: select 1', 'rollback tx']],
    [{ dryRun: true }, ['begin', 'tx: select 1', 'rollback tx']],
    [{ timeoutMs: 70 }, ['begin', "tx: SELECT set_config('statement_timeout', '70', true)", 'tx: select 1', 'commit tx']],
    [{ maxAffected: 0 }, ['begin', "tx: SELECT set_config('transaction_read_only', 'on', true)", 'tx: select 1', 'commit tx']]
  ]
  for (const [more, wanted] of cases) {
    const { calls, query } = createDouble()
    await query(more)
    t.strictSame(calls, wanted)
  }
})

t.test('a statement that is explained is planned in a read-only transaction and never executed', async t => {
  const { calls, query } = createDouble({ columns: [{ name: 'QUERY PLAN', type: 'json', isNullable: null }], rows: [['[{"Plan": {"Node Type": "Result"}}]']], affected: 0 })
  t.match(await query({ sql: 'delete from t where id = :id', parameters: { id: 1 }, explain: true }), { plan: { Plan: { 'Node Type': 'Result' } }, rows: [], affected: null })
  t.match(calls, ['begin', /read_only/, 'tx: EXPLAIN (FORMAT JSON) delete from t where id = :p_id', 'rollback tx'])
  calls.length = 0
  for (const more of [{ dryRun: true }, { maxAffected: 0 }, { maxRows: 1 }, { castUnsupported: true }]) {
    await t.rejects(query({ explain: true, ...more }), { code: 'invalid-request', errors: [{ path: `/${Object.keys(more)[0]}` }] })
  }
  t.strictSame(calls, [], 'nothing was sent')
})

t.test('a call neither begins nor ends a transaction', async t => {
  for (const sql of ['begin', 'COMMIT', '/* x */ rollback', 'start transaction read write', '-- a comment ends here\rcommit', ';end']) {
    for (const mode of ['read', 'write'] as const) {
      const { calls, query } = createDouble()
      await t.rejects(query({ sql, mode }), { code: 'invalid-request', errors: [{ path: '/sql' }] })
      t.strictSame(calls, [])
    }
  }
})

t.test('a key that may only read reads, whatever it asks for', async t => {
  const { calls, query } = createDouble()
  await query({}, READER)
  t.match(calls, ['begin', /read_only/])
  calls.length = 0
  await t.rejects(query({ mode: 'write' }, READER), { code: 'forbidden' })
  t.strictSame(calls, [], 'nothing was sent')
})

t.test('what fails in a transaction is rolled back', async t => {
  const tooMany = createDouble({ columns: null, rows: [], affected: 7 })
  await t.rejects(tooMany.query({ sql: 'delete from t', maxAffected: 6 }), { code: 'too-many-affected', extensions: { affected: 7 } })
  t.strictSame(tooMany.calls, ['begin', 'tx: delete from t', 'rollback tx'])
  const broken = createDouble(failure('lost'))
  await t.rejects(broken.query({ timeoutMs: 70 }), { code: 'statement-outcome-unknown' })
  t.equal(broken.calls.at(-1), 'rollback tx')
})

t.test('a paused database is waited for, and the answer says how long', async t => {
  for (const more of [{}, { mode: 'read' as const }]) {
    const { calls, clock, query } = createDouble(failure('resuming'), failure('resuming'))
    const answer = query(more)
    for (const ms of [250, 500]) {
      t.strictSame(await clock.whenAsleep(), [ms])
      clock.move(ms)
    }
    t.match(await answer, { resumedAfterMs: 750, durationMs: 0, rows: [{ one: 1 }] })
    t.equal(calls.filter(call => call.endsWith('select 1')).length, more.mode ? 1 : 3)
  }
})

t.test('waiting has an end: the caller\'s, or the caller', async t => {
  const impatient = createDouble(failure('resuming'))
  await t.rejects(impatient.query({}, WRITER, 0), { code: 'database-resuming', retryAfterSeconds: Number })
  t.equal(impatient.calls.length, 1)
  const gone = createDouble(failure('resuming'), failure('resuming'))
  const hangUp = new AbortController()
  const answer = gone.query({}, WRITER, 30, hangUp.signal)
  await gone.clock.whenAsleep()
  hangUp.abort()
  await t.rejects(answer, { code: 'database-resuming' })
  t.equal(gone.clock.sleepers(), 0)
  const stopped = createDouble(failure('resuming'), failure('resuming'))
  const last = stopped.query()
  await stopped.clock.whenAsleep()
  stopped.stopping.abort()
  await t.rejects(last, { code: 'database-resuming', retryAfterSeconds: Number }, 'or the service')
  t.strictSame([stopped.calls.length, stopped.clock.sleepers()], [1, 0])
})

t.test('a statement that may have begun is never sent twice', async t => {
  for (const [kind, code] of [['lost', 'statement-outcome-unknown'], ['timeout', 'statement-timeout'], ['no-transaction', 'statement-refused'], ['disabled', 'statement-refused'], ['stopped', 'database-not-ready']] as const) {
    const { calls, query } = createDouble(failure(kind))
    await t.rejects(query(), { code })
    t.strictSame(calls, ['select 1'])
  }
  const reading = createDouble(failure('lost'))
  await t.rejects(reading.query({ mode: 'read' }), { code: 'aws-unavailable' }, 'one that could only read may be sent again')
  const throttled = createDouble(new DataApiFailure('aws', new AwsFailure('throttled', 'ThrottlingException', 'slow down')))
  await t.rejects(throttled.query(), { name: 'AwsFailure', kind: 'throttled' })
})

t.test('statements wait for their turn, and one that does not get it has done nothing', async t => {
  const { calls, clock, query } = createDouble(failure('resuming'))
  const first = query()
  await clock.whenAsleep()
  const second = query({ sql: 'select 2' })
  await t.rejects(query({ sql: 'select 3' }), { code: 'too-many-requests', extensions: { full: 'key' } })
  clock.move(1_000)
  await t.rejects(second, { code: 'overloaded', retryAfterSeconds: Number })
  await first
  t.strictSame(calls, ['select 1', 'select 1'])
})

t.test('whatever is asked for leaves one line, with no value in it', async t => {
  const { audited, query, queries } = createDouble(one, failure('timeout'))
  const sql = "select * from t where a = 'se-cret' and b = :b"
  await query({ sql, parameters: { b: 'se-cret' } })
  const line = {
    audit: 'statement', requestId: 'request', keyId: 'key', databaseId: 'id', operation: 'query', fingerprint: /^[0-9a-f]{16}$/, statement: 'select * from t where a = ? and b = ?', durationMs: 0, rows: 1, outcome: 'ok'
  }
  t.match(audited, [line])
  await t.rejects(query({ sql, parameters: { b: 'se-cret' }, dryRun: true }))
  await t.rejects(query({ sql, parameters: { b: 'se-cret' }, mode: 'write' }, READER))
  await t.rejects(query({ sql, parameters: { c: 'se-cret' }, transactionId: 'none' }))
  await query({ sql: 'select 2', explain: true }).catch(() => {})
  t.match(audited.slice(1), [
    { ...line, outcome: 'statement-timeout', rows: null, dryRun: true }, { ...line, outcome: 'forbidden', rows: null }, { ...line, outcome: 'invalid-request', rows: null, transaction: /^[0-9a-f]{16}$/ },
    { operation: 'explain', statement: 'select ?' }
  ])
  await queries.batch(CALL, { sql, parameterSets: [{ b: 1 }, { b: 2 }], types: {}, rowFormat: 'object', castUnsupported: false, allOrNothing: true, database: null })
  await queries.resume(CALL)
  t.match(audited.slice(5), [{ ...line, operation: 'batch', sets: 2, rows: null }, { operation: 'resume', fingerprint: null, statement: null }])
  t.notMatch(JSON.stringify(audited), /se-cret/)
})

t.test('a stream leaves its line when it is over, with the rows that were taken', async t => {
  const open = async (hangUp: AbortController, ...answers: Array<Result | Error>) => {
    const { audited, queries } = createDouble(one, ...answers)
    return { audited, opening: queries.stream({ ...CALL, signal: hangUp.signal }, { ...REQUEST, sql: "select 'x'" }) }
  }
  const line = { operation: 'stream', statement: 'select ?', outcome: 'ok', rows: 1 }
  const whole = await open(new AbortController(), one)
  const { batches } = await whole.opening
  t.strictSame(whole.audited, [], 'not before')
  for await (const rows of batches) t.strictSame(rows, [[1]])
  await new Promise(resolve => setImmediate(resolve))
  t.match(whole.audited, [line])
  const refused = await open(new AbortController(), failure('timeout'))
  await t.rejects(refused.opening, { code: 'statement-timeout' })
  t.match(refused.audited, [{ ...line, outcome: 'statement-timeout', rows: null }])
  const hangUp = new AbortController()
  const left = await open(hangUp, one)
  await left.opening
  hangUp.abort()
  await new Promise(resolve => setImmediate(resolve))
  t.match(left.audited, [{ ...line, outcome: 'shutting-down', rows: 0, abandoned: true }])
})

t.test('of a transaction, each statement leaves a line that says what became of it', async t => {
  const statement = (sql: string) => ({ sql, parameters: {}, types: {}, maxRows: null, rowFormat: 'object' as const, castUnsupported: false })
  const outcomesOf = async (...answers: Array<Result | Error>): Promise<string[]> => {
    const { audited, queries } = createDouble(one, ...answers)
    const request = { statements: ['select 1', 'select 2', 'select 3'].map(statement), isolation: 'serializable', readOnly: false, database: null } as const
    await queries.transact(CALL, request).catch(() => {})
    t.strictSame(audited.map(({ operation, index }) => [operation, index]), [['transaction', 0], ['transaction', 1], ['transaction', 2]])
    return audited.map(({ outcome, rows }) => `${outcome} ${rows}`)
  }
  t.strictSame(await outcomesOf(), ['ok 1', 'ok 1', 'ok 1'])
  t.strictSame(await outcomesOf(one, failure('timeout')), ['rolled-back 1', 'statement-timeout null', 'not-run null'])
  t.strictSame(await outcomesOf(one, one, one, failure('rolled-back')), ['transaction-aborted 1', 'transaction-aborted 1', 'transaction-aborted 1'], 'the commit failed')
})

t.test('a batch goes in as many calls as its sets need, and a set that no call has room for is refused', async t => {
  const MIB = 1024 * 1024
  const batch = async (...sizes: number[]): Promise<string[]> => {
    const { calls, queries } = createDouble()
    const parameterSets = sizes.map(size => ({ a: '"'.repeat(size) }))
    await queries.batch(CALL, { sql: 'insert into t values (:a)', parameterSets, types: {}, rowFormat: 'object', castUnsupported: false, allOrNothing: true, database: null }).catch((error: unknown) => {
      calls.push((error as { code: string }).code)
    })
    return calls.filter(call => !/^(begin|commit|rollback)/.test(call)).map(call => call.replace(/.* × /, ''))
  }
  t.strictSame(await batch(1, 2, 3), ['3'])
  t.strictSame(await batch(MIB * 0.75, MIB * 0.5, 1, MIB * 1.9, 1), ['1', '2', '1', '1'], 'by what they have when they are sent')
  t.strictSame(await batch(...Array.from({ length: 2_500 }, () => 1)), ['1000', '1000', '500'])
  t.strictSame(await batch(1, MIB * 2.1), ['body-too-large'], 'and nothing was sent')
})
