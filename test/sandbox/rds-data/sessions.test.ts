import t from 'tap'
import { caller, resourceArn, secretArn, startFixture, until } from './fixture.js'
import { createMovableClock } from './movable-clock.js'

const clock = createMovableClock()
const fixture = await startFixture({ sessions: 3, statementMs: 200, sessionWaitMs: 1_500, sessionIdleMs: 100, rowBytes: 100_000 }, clock)
t.teardown(fixture.close)
const { ask, execute, counts } = fixture

const one = async (expression: string): Promise<unknown> => (await execute(`select ${expression}`)).records?.[0]?.[0]
/** How many sessions the server sees of the Data API. */
const open = async (): Promise<unknown> => await ask("select count(*)::int from pg_stat_activity where datname = 'temporal'")

t.test('a call finds nothing that a call before left in its session', async t => {
  const leavings = [
    "set application_name = 'left'", 'create temp table left_over (id int)', 'prepare left_over as select 1',
    'select pg_advisory_lock(7)', 'set role pg_monitor', 'listen left_over', 'begin', "set time zone 'Asia/Tokyo'"
  ]
  for (const sql of leavings) await execute(sql)
  // Each of the few sessions that there can be is looked at.
  const found = await Promise.all(Array.from({ length: 6 }, async () => (await execute(`select current_setting('application_name'), current_user::text,
    to_regclass('left_over')::text, (select count(*)::int from pg_prepared_statements), current_setting('TimeZone'),
    (select count(*)::int from pg_locks where locktype = 'advisory'), current_setting('statement_timeout'), txid_current_if_assigned()::text`)).records))
  for (const records of found) {
    t.strictSame(records, [[
      { stringValue: '' }, { stringValue: 'master' }, { isNull: true }, { longValue: 0 }, { stringValue: 'UTC' }, { longValue: 0 },
      { stringValue: '200ms' }, { isNull: true }
    ]])
  }
})

t.test('rows may be as large as the setting lets them', async t => {
  t.ok(await one("repeat('x', 99000)"))
  await t.rejects(one("repeat('x', 101000)"), { code: 'UnsupportedResultException', message: /^Packet for query is too large/ })
})

t.test('more calls than sessions wait for their turn', async t => {
  const results = await Promise.all(Array.from({ length: 20 }, async (_, number) => await one(`${number}`)))
  t.strictSame(results, Array.from({ length: 20 }, (_, longValue) => ({ longValue })))
})

t.test('a call that gets no turn in time is told so', async t => {
  const transactions = await Promise.all([fixture.begin(), fixture.begin(), fixture.begin()])
  await t.rejects(one('1'), { code: 'ServiceUnavailableError' })
  for (const transactionId of transactions) t.ok(await execute('select 1', { transactionId }))
  await clock.move(3 * 60_000)
  t.strictSame(await one('1'), { longValue: 1 }, 'the transactions that were left alone gave their sessions back')
})

t.test('idle sessions are closed', async () => {
  await Promise.all([one('1'), one('2')])
  await until(open, 0)
})

t.test('a session that the server ended is not used again', async t => {
  await Promise.all([one('1'), one('2'), one('3')])
  await ask("select count(pg_terminate_backend(pid, 1000)) from pg_stat_activity where datname = 'temporal'")
  await until(open, 0)
  for (const number of [1, 2, 3]) t.ok(await one(`${number}`))
})

t.test('a statement is stopped by the server at its time limit', async t => {
  await t.rejects(one('pg_sleep(60)'), {
    code: 'StatementTimeoutException', message: 'canceling statement due to statement timeout', fields: { dbConnectionId: Number }
  })
})

t.test('a statement that may continue does', async t => {
  await execute('create table continued (id int)')
  const call = execute('insert into continued select 1 from pg_sleep(0.4)', { continueAfterTimeout: true })
  const timedOut = t.rejects(call, { code: 'StatementTimeoutException', message: 'Request timed out' })
  await timedOut
  t.equal(counts.held, 1, 'the cluster is kept awake for it')
  await until(async () => counts.held, 0)
  t.strictSame(await one('count(*) from continued'), { longValue: 1 }, 'it came to its end')
})

t.test('in a transaction it does too, and the next statement waits for it and has its own limit', async t => {
  const transactionId = await fixture.begin()
  await t.rejects(execute('insert into continued select 2 from pg_sleep(0.3)', { transactionId, continueAfterTimeout: true }), { code: 'StatementTimeoutException' })
  const { records } = await execute("select count(*), current_setting('statement_timeout') from continued", { transactionId })
  t.strictSame(records, [[{ longValue: 2 }, { stringValue: '200ms' }]])
  await t.rejects(execute('select pg_sleep(1)', { transactionId }), { message: /statement timeout/ })
  await t.rejects(execute('select 1', { transactionId, continueAfterTimeout: true }), { code: 'DatabaseErrorException', message: /current transaction is aborted/ })
  await fixture.rdsData.operations.RollbackTransaction({ resourceArn, secretArn, transactionId }, caller)
})

t.test('nothing is held when nothing runs', async t => {
  await fixture.rdsData.close()
  t.equal(counts.held, 0)
})
