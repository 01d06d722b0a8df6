import t from 'tap'

import { DataApiFailure, type DataApi, type DataApiFailureKind } from '../../../src/aws/data-api.js'
import type { Result } from '../../../src/aws/data-api-values.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import type { SqlError } from '../../../src/aws/sql-error.js'
import { createRunUnlessLeft } from '../../../src/queries/calls/cancel.js'
import { cancelAbandoned } from '../../../src/queries/calls/hang-ups.js'
import { tagStatement, withoutTag } from '../../../src/queries/sql/tag.js'
import { createStandingClock } from '../../helpers/standing-clock.js'

const target = { region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }
const failure = (kind: DataApiFailureKind, sql: SqlError | null = null): DataApiFailure => new DataApiFailure(kind, new AwsFailure('unavailable', 'Code', 'message'), sql)
const none: Result = { columns: [], rows: [], affected: 0 }
const cancelled: Result = { ...none, rows: [[true]] }
const TAG = '/* aurora-databases-api tag */'

interface Answers {
  execute?: Array<Result | Error | Promise<Result>>
  cancel?: Array<Result | Promise<Result>>
  rollback?: Error[]
  begin?: Promise<string>
}

/** A Data API that answers what is asked of it in turn, by what it is. */
function createDouble (answers: Answers = {}) {
  const calls: string[] = []
  const clock = createStandingClock()
  const take = async (answer: Result | Error | Promise<Result> = none): Promise<Result> => {
    if (answer instanceof Error) throw answer
    return await answer
  }
  const dataApi: DataApi = {
    execute: async (_target, sql, args, { signal } = {}) => {
      const isCancel = sql.startsWith('SELECT pg_cancel_backend')
      calls.push(isCancel ? `cancel ${args.map(({ value }) => String(value)).join()}` : sql)
      if (sql.startsWith('SELECT pg_backend_pid')) return { ...none, rows: [['7', '1.5']] }
      return await Promise.race([take((isCancel ? answers.cancel : answers.execute)?.shift()), whenAborted(signal)])
    },
    executeBatch: async (_target, sql) => {
      calls.push(sql)
      await take(answers.execute?.shift())
    },
    begin: async () => await (answers.begin ?? Promise.resolve('tx')),
    commit: async () => {},
    rollback: async (_target, id) => {
      calls.push(`rollback ${id}`)
      const error = answers.rollback?.shift()
      if (error) throw error
    }
  }
  const hangUp = new AbortController()
  const api = cancelAbandoned(dataApi, { clock, runUnlessLeft: createRunUnlessLeft({ dataApi, clock }), newTag: () => TAG })
  return { calls, clock, hangUp, signal: hangUp.signal, api }
}

/** How a call ends whose connection is closed. */
async function whenAborted (signal: AbortSignal | undefined): Promise<never> {
  return await new Promise((_resolve, reject) => { signal?.addEventListener('abort', () => { reject(failure('lost')) }) })
}

/** A statement that runs until it is told to end. */
function createRunning (): { result: Promise<Result>, fail: (error: Error) => void } {
  let fail = (_error: Error): void => {}
  return { result: new Promise((_resolve, reject) => { fail = reject }), fail: error => { fail(error) } }
}

t.test('a statement carries its tag, and no other call is made for it', async t => {
  const { api, calls, signal } = createDouble()
  await api.execute(target, 'select 1', [], { signal })
  await api.executeBatch(target, 'select 2', [[]], { transactionId: 'tx', signal })
  await api.execute(target, 'select 3', [])
  await api.execute(target, `select '${'x'.repeat(65_520)}'`, [], { signal })
  await api.execute(target, '/*+ SeqScan(t) */ select 4', [], { signal })
  t.strictSame(calls.slice(0, 3), [`select ${TAG} 1`, `select ${TAG} 2`, 'select 3'])
  t.equal(calls[4], `/*+ SeqScan(t) */ ${TAG} select 4`, 'a hint for the planner stays the first comment')
  t.match(calls[3], /^select 'x/, 'but for one that it would make too long')
})

t.test('an error is where it would be without the tag', async t => {
  const sql = { sqlState: '42703', message: 'no', detail: null, hint: null, position: TAG.length + 1 + 8 }
  const { api, signal } = createDouble({ execute: [failure('sql', sql), failure('sql', { ...sql, position: null })] })
  await t.rejects(api.execute(target, 'select nope', [], { signal }), { name: 'DataApiFailure', kind: 'sql', sql: { position: 8 } })
  await t.rejects(api.execute(target, 'select nope', [], { signal }), { name: 'DataApiFailure', kind: 'sql', sql: { position: null } })
})

t.test('wherever the tag stands, a statement and its positions are the same without it', async t => {
  const statements = ["select 'a", "E'a", 'values(1)', ' select', '(select 1)', '-- a\nselect', 'select"a"', '/*+ a */ select x', 'explain (verbose) select /*+ a /* b */ */ x', 'select :a /*+ late */', '/*+ /* left open */ select 1', "select '/*+ a */'", '']
  for (const sql of statements) {
    const tagged = tagStatement(sql, TAG)
    const { at, length } = tagged
    t.strictSame([tagged.sql.slice(0, at) + tagged.sql.slice(at + length), tagged.sql.slice(at, at + length).trim()], [sql, TAG])
    for (let position = 1; position <= sql.length + 1; position++) {
      const seen = position > at ? position + length : position
      t.equal(withoutTag(seen, tagged), position)
    }
  }
})

t.test('a statement without room for a tag is found by its transaction, and goes on where it has none', async t => {
  const running = createRunning()
  const double = createDouble({ execute: [running.result], cancel: [cancelled] })
  const long = `select '${'x'.repeat(65_500)}'`
  const answer = double.api.execute(target, long, [], { signal: double.signal, transactionId: 'tx' })
  while (double.calls.length < 2) await new Promise(setImmediate)
  double.hangUp.abort()
  await double.clock.whenAsleep()
  double.clock.move(0)
  while (double.calls.length < 3) await new Promise(setImmediate)
  running.fail(failure('timeout'))
  await t.rejects(answer, { code: 'shutting-down' })
  t.strictSame(double.calls.slice(1), [long, 'cancel 7,1.5'])
  const alone = createDouble({ execute: [none] })
  await alone.api.execute(target, long, [], { signal: alone.signal })
  t.strictSame(alone.calls, [long])
})

t.test('who hangs up has the statement cancelled, which is looked for until it is there', async t => {
  const running = createRunning()
  const double = createDouble({ execute: [running.result], cancel: [none, cancelled] })
  const answer = double.api.execute(target, 'select 1', [], { signal: double.signal })
  await Promise.resolve()
  double.hangUp.abort()
  await double.clock.whenAsleep()
  double.clock.move(0)
  while (double.calls.length < 2) await new Promise(setImmediate)
  await new Promise(setImmediate)
  double.clock.move(100)
  while (double.calls.length < 3) await new Promise(setImmediate)
  running.fail(failure('timeout'))
  await t.rejects(answer, { code: 'shutting-down', status: 503 }, 'its answer says that it has had no effect')
  t.strictSame(double.calls, [`select ${TAG} 1`, `cancel ${TAG}`, `cancel ${TAG}`])
  t.equal(double.clock.sleepers(), 0)
})

t.test('that has an end, too: the connection is closed when no answer comes', async t => {
  for (const [cancel, waits] of [[new Promise<Result>(() => {}), [5_000, 500]], [cancelled, [0, 500]]] as const) {
    const double = createDouble({ execute: [createRunning().result], cancel: [cancel] })
    const answer = double.api.execute(target, 'select 1', [], { signal: double.signal })
    await Promise.resolve()
    double.hangUp.abort()
    for (const ms of waits) {
      while (!(await double.clock.whenAsleep()).includes(ms)) await new Promise(setImmediate)
      double.clock.move(ms)
    }
    await t.rejects(answer, { name: 'DataApiFailure', kind: 'lost' })
    t.equal(double.clock.sleepers(), 0)
  }
})

t.test('what ends by itself just then has the answer that it has', async t => {
  const double = createDouble({ execute: [new Promise(resolve => { queueMicrotask(() => { resolve(cancelled) }) })] })
  const answer = double.api.execute(target, 'select 1', [], { signal: double.signal })
  double.hangUp.abort()
  t.strictSame(await answer, cancelled)
  t.strictSame([double.calls.length, double.clock.sleepers()], [1, 0], 'and nothing is looked for any more')
})

t.test('what was refused, or got no answer while its caller was there, is not cancelled', async t => {
  for (const kind of ['lost', 'timeout', 'sql'] as const) {
    const { api, calls, signal } = createDouble({ execute: [failure(kind)] })
    await t.rejects(api.execute(target, 'select 1', [], { signal }), { name: 'DataApiFailure', kind })
    t.strictSame(calls, [`select ${TAG} 1`])
  }
  const { api, calls, signal, hangUp } = createDouble()
  hangUp.abort()
  await t.rejects(api.execute(target, 'select 1', [], { signal }), { code: 'shutting-down' })
  await t.rejects(api.begin(target, signal), { code: 'shutting-down' })
  t.strictSame(calls, [], 'nor is anything sent for who has left before')
})

t.test('a transaction waits for the statement to end before it is rolled back', async t => {
  const { api, calls, clock } = createDouble({ rollback: [failure('busy'), failure('busy')] })
  const rolledBack = api.rollback(target, 'tx')
  for (const pauseMs of [20, 50]) {
    t.strictSame(await clock.whenAsleep(), [pauseMs])
    clock.move(pauseMs)
  }
  await rolledBack
  t.equal(calls.length, 3)
  await t.rejects(createDouble({ rollback: [failure('no-transaction')] }).api.rollback(target, 'tx'), { name: 'DataApiFailure', kind: 'no-transaction' })
})

t.test('a transaction that begins when nobody is there any more is ended', async t => {
  let begin: (id: string) => void = () => {}
  const { api, calls, signal, hangUp } = createDouble({ begin: new Promise(resolve => { begin = resolve }) })
  const begun = api.begin(target, signal)
  hangUp.abort()
  await t.rejects(begun, { code: 'shutting-down' })
  begin('late')
  await new Promise(setImmediate)
  t.strictSame(calls, ['rollback late'])
})
