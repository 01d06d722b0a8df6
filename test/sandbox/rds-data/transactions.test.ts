import t from 'tap'
import { caller, resourceArn, secretArn, startFixture } from './fixture.js'
import { createMovableClock } from './movable-clock.js'

const clock = createMovableClock()
const fixture = await startFixture({}, clock)
t.teardown(fixture.close)
const { execute, begin, counts } = fixture
const { CommitTransaction, RollbackTransaction } = fixture.rdsData.operations

const commit = async (transactionId: string): Promise<unknown> => await CommitTransaction({ resourceArn, secretArn, transactionId }, caller)
const rollback = async (transactionId: string): Promise<unknown> =>
  await RollbackTransaction({ resourceArn, secretArn, transactionId }, caller)
const rows = async (): Promise<unknown> => (await execute('select count(*) from t')).records?.[0]?.[0]

await execute('create table t (id int primary key deferrable initially deferred)')

t.test('commit keeps, rollback does not', async t => {
  const kept = await begin()
  const dropped = await begin()
  t.ok(kept.length <= 192)
  await execute('insert into t values (1)', { transactionId: kept })
  await execute('insert into t values (2)', { transactionId: dropped, database: 'temporal' })
  t.strictSame(await rows(), { longValue: 0 }, 'nobody else sees it before')
  t.strictSame(await commit(kept), { transactionStatus: 'Transaction Committed' })
  t.strictSame(await rollback(dropped), { transactionStatus: 'Rollback Complete' })
  t.strictSame(await rows(), { longValue: 1 })
  t.equal(counts.held, 0)
})

t.test('a transaction can be ended after rows were asked for that nobody sends', async t => {
  const transactionId = await begin()
  await t.rejects(execute('copy t from stdin', { transactionId }), { message: /CopyInResponse/ })
  await t.rejects(execute('select 1', { transactionId }), { message: /SQLState: 25P02/ })
  await rollback(transactionId)
})

t.test('a session lasts as long as its transaction', async t => {
  const transactionId = await begin()
  await execute('create temp table scratch (id int)', { transactionId })
  await execute("set local time zone 'America/Sao_Paulo'", { transactionId })
  const { records } = await execute("select '2026-09-17 17:08:20+00'::timestamptz, (select count(*) from scratch)", { transactionId })
  t.strictSame(records, [[{ stringValue: '2026-09-17 17:08:20' }, { longValue: 0 }]], 'a timestamptz is in UTC all the same')
  await rollback(transactionId)
})

t.test('two statements at a time are one too many', async t => {
  const transactionId = await begin()
  const first = execute('select pg_sleep(0.05)', { transactionId })
  await t.rejects(execute('select 1', { transactionId }), { code: 'DatabaseErrorException', message: 'Transaction is still running a query' })
  t.ok(await first)
  t.ok(await execute('select 1', { transactionId }))
  await rollback(transactionId)
})

t.test('an error leaves the transaction failed, and a savepoint undoes it', async t => {
  const transactionId = await begin()
  await execute('savepoint before', { transactionId })
  await t.rejects(execute('select 1/0', { transactionId }), { message: /SQLState: 22012/ })
  await t.rejects(execute('select 1', { transactionId }), {
    message: 'ERROR: current transaction is aborted, commands ignored until end of transaction block; SQLState: 25P02'
  })
  await execute('rollback to before', { transactionId })
  t.ok(await execute('select 1', { transactionId }))
  await t.rejects(execute('select 1/0', { transactionId }))
  t.strictSame(await commit(transactionId), { transactionStatus: 'Transaction Committed' }, 'AWS says so although PostgreSQL has rolled back')
})

t.test('a refused result leaves the transaction usable', async t => {
  const transactionId = await begin()
  await t.rejects(execute("select repeat('x', 1000) from generate_series(1, 5000)", { transactionId }), { code: 'UnsupportedResultException' })
  t.strictSame((await execute('select 7', { transactionId })).records, [[{ longValue: 7 }]])
  await rollback(transactionId)
})

t.test('a commit that fails ends the transaction', async t => {
  const transactionId = await begin()
  await execute('insert into t values (1)', { transactionId })
  await t.rejects(commit(transactionId), { code: 'DatabaseErrorException', message: /SQLState: 23505/ })
  await t.rejects(commit(transactionId), { code: 'TransactionNotFoundException' })
})

t.test('a transaction that is no more says why', async t => {
  const done = await begin()
  await commit(done)
  await t.rejects(execute('select 1', { transactionId: done }), {
    code: 'TransactionNotFoundException',
    message: `Transaction ${done} is not found. One previous call resulted in a termination of your transaction.`
  })
  await t.rejects(rollback('never'), { message: 'Transaction never is not found. Transaction may be expired.' })

  const broken = await begin()
  const { records } = await execute('select pg_backend_pid()', { transactionId: broken })
  await execute(`select pg_terminate_backend(${records?.[0]?.[0]?.longValue})`)
  await t.rejects(execute('select 1', { transactionId: broken }), { code: 'DatabaseUnavailableException' })
  await t.rejects(execute('select 1', { transactionId: broken }), { message: /aborted due to an error from a previous call\.$/ })
})

t.test('three minutes without a call end it, and calls keep it', async t => {
  const transactionId = await begin()
  await execute('insert into t values (50)', { transactionId })
  for (let minutes = 0; minutes < 8; minutes += 2) {
    await clock.move(2 * 60_000)
    await execute('select 1', { transactionId })
  }
  t.equal(counts.held, 1)
  await clock.move(3 * 60_000)
  await t.rejects(commit(transactionId), { code: 'TransactionNotFoundException', message: /Transaction may be expired\.$/ })
  t.strictSame(await rows(), { longValue: 1 }, 'it was rolled back')
  t.equal(counts.held, 0)
})

t.test('after a day it ends in any case', async t => {
  const transactionId = await begin()
  for (let minutes = 0; minutes < 24 * 60; minutes += 2) {
    await clock.move(2 * 60_000)
    if (minutes < 24 * 60 - 2) await execute('select 1', { transactionId })
  }
  await t.rejects(execute('select 1', { transactionId }), { code: 'TransactionNotFoundException' })
})

t.test('a transaction is reached by its own cluster and database only', async t => {
  const transactionId = await begin()
  await t.rejects(execute('select 1', { transactionId, database: 'postgres' }), { code: 'BadRequestException' })
  await rollback(transactionId)
})
