import { request } from 'node:http'

import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { startService, type Answer } from '../helpers/service.js'

interface Body { rows: Array<Record<string, unknown>>, transactionId: string, code: string }

const PER_DATABASE = 2
const { url, call } = await startService(t, { STATEMENTS_PER_DATABASE: String(PER_DATABASE) })
const create = async (client: string): Promise<string> =>
  `/v1/databases/${(await call<{ id: string }>('POST', '/v1/databases', { client, region: 'us-east-1' }, { prefer: 'wait=60' })).body.id}`
const [slow, other] = [await create('slow'), await create('other')]
const query = async (path: string, sql: string, more: object = {}): Promise<Answer<Body>> => await call<Body>('POST', `${path}/query`, { sql, ...more })

/** Sends what is not waited for, and answers how to hang up. */
function begin (route: string, body: object): { hangUp: () => Promise<void>, settled: () => boolean } {
  let isSettled = false
  // `fetch` would open another connection in the place of the one that it closes.
  const sent = request(url + slow + route, { method: 'POST', agent: false, headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json' } })
  const closed = new Promise<void>(resolve => {
    sent.on('error', () => {}).on('response', response => response.resume()).on('close', () => {
      isSettled = true
      resolve()
    })
  })
  sent.end(JSON.stringify(body))
  return {
    hangUp: async () => {
      sent.destroy()
      await closed
    },
    settled: () => isSettled
  }
}

/** Statements of transactions have places of their own. */
const { body: { transactionId: watch } } = await call<Body>('POST', `${slow}/transactions`, {})

/** Comes back when the database runs `count` statements that have `marker` in them, or none any more. */
const untilRunning = async (marker: string, count = 1): Promise<void> => {
  const [head, tail] = [marker.slice(0, 1), marker.slice(1)]
  const { status, body } = await query(slow, `do $$ begin while (select count(*) from pg_stat_activity where state = 'active' and query like '%${head}' || '${tail}%') ${count > 0 ? `< ${count}` : '> 0'} loop perform pg_sleep(0.01), pg_stat_clear_snapshot(); end loop; end $$`, { transactionId: watch })
  t.equal(status, 200, JSON.stringify(body))
}

await query(slow, 'create table accounts (id int primary key, n int)')
await query(slow, 'insert into accounts values (1, 0)')

await t.test('who hangs up ends the statement in the database, and nothing of it is kept', async t => {
  const sql = (marker: string): string => `with touched as (update accounts set n = n + 1 returning n) select pg_sleep(40), '${marker}' from touched`
  const { body: { transactionId } } = await call<Body>('POST', `${slow}/transactions`, {})
  const ways: Array<[route: string, body: (marker: string) => object]> = [
    ['/query', marker => ({ sql: sql(marker) })],
    ['/query', marker => ({ sql: sql(marker), dryRun: true })],
    ['/query', marker => ({ sql: sql(marker), timeoutMs: 45_000 })],
    ['/query', marker => ({ sql: sql(marker), transactionId })],
    ['/transaction', marker => ({ statements: [{ sql: 'select 1' }, { sql: sql(marker) }] })],
    ['/batch', marker => ({ sql: `insert into accounts select $1, 2 from pg_sleep(40) where '${marker}' <> '' returning id`, parameterSets: [[1], [2]], types: { 1: 'int' } })]
  ]
  for (const [index, [route, body]] of ways.entries()) {
    const marker = `marker ${index}`
    const { hangUp } = begin(route, body(marker))
    await untilRunning(marker)
    await hangUp()
    const { status, body: { rows } } = await query(slow, 'update accounts set n = n where id = 1 returning n', { timeoutMs: 15_000 })
    t.match([status, rows], [200, [{ n: 0 }]], `${route} ${JSON.stringify(body(marker))}: the row is not locked any more`)
  }
  t.match(await query(slow, 'select 1', { transactionId }), { status: 409, body: { code: 'transaction-aborted' } }, 'its transaction has to be ended, as after any failure')
})

await t.test('a statement too long for its comment is found by its transaction', async t => {
  const sql = `insert into accounts select 8, length('${'x'.repeat(65_400)}') from pg_sleep(40) where 'endless' <> ''`
  const { hangUp } = begin('/query', { sql: `select 'endless', '${'x'.repeat(65_400)}' from pg_sleep(40)` })
  await untilRunning('endless')
  await hangUp()
  await untilRunning('endless', 0)
  t.match(await query(slow, sql.replace('pg_sleep(40)', 'pg_sleep(0)')), { status: 200, body: { affected: 1 } }, 'and is kept when nobody hangs up')
  t.match((await query(slow, 'delete from accounts where id = 8 returning n')).body.rows, [{ n: 65_400 }])
})

await t.test('the mirror ends what its caller leaves, but for what is to go on', async t => {
  const insert = (id: number, seconds: number): string => `insert into accounts select ${id}, 0 from pg_sleep(${seconds}) where 'mirrored' <> ''`
  const { body: { transactionId } } = await call<Body>('POST', `${slow}/data-api/BeginTransaction`, {})
  const untagged = `${insert(6, 40)} and current_query() <> ''`
  for (const [body, kept] of [
    [{ sql: insert(6, 40) }, []],
    [{ sql: untagged }, []],
    [{ sql: untagged, transactionId }, []],
    [{ sql: insert(7, 0.5), continueAfterTimeout: true }, [{ id: 7 }]]
  ] as const) {
    const { hangUp } = begin('/data-api/Execute', body)
    await untilRunning('mirrored')
    await hangUp()
    await untilRunning('mirrored', 0)
    t.strictSame((await query(slow, 'select id from accounts where id in (6, 7)')).body.rows, kept)
  }
})

await t.test('a slow database has no statement of another wait', async t => {
  const running = Array.from({ length: PER_DATABASE }, () => begin('/query', { sql: "select pg_sleep(40), 'hold'" }))
  await untilRunning('hold', PER_DATABASE)
  const waiting = Array.from({ length: 10 }, () => begin('/query', { sql: 'select 1' }))
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await query(other, 'select 1')))
  t.strictSame(answers.map(({ status }) => status), answers.map(() => 200))
  t.notOk([...running, ...waiting].some(({ settled }) => settled()), 'which all still run or wait')
  await Promise.all([...waiting, ...running].map(async ({ hangUp }) => { await hangUp() }))
  t.equal((await query(slow, 'select 1')).status, 200, 'their places are free again')
})
