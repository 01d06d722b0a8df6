import { pino } from 'pino'
import t from 'tap'

import { LOCAL_KEY, localKeys } from '../../scripts/local.js'
import { readConfig } from '../../src/config.js'
import { createService } from '../../src/service.js'
import { startService } from '../helpers/service.js'

interface Answer {
  results: Array<{ rows: unknown[], affected: number | null }>
  code: string
  statement: number
  sqlState: string
  position: number
  errors: Array<{ path: string }>
}

const { call } = await startService(t)
const created = await call<{ id: string }>('POST', '/v1/databases', { client: 'acme', region: 'us-east-1' }, { prefer: 'wait=60' })
const path = `/v1/databases/${created.body.id}`

const run = async (statements: object[], more: object = {}): Promise<{ status: number, body: Answer }> =>
  await call<Answer>('POST', `${path}/transaction`, { statements, ...more })
const count = async (): Promise<unknown> =>
  (await call<{ rows: Array<{ count: string }> }>('POST', `${path}/query`, { sql: 'select count(*) from t' })).body.rows[0]?.count

await t.test('all statements happen, each with its answer', async t => {
  const { status, body } = await run([
    { sql: 'create table t (id int primary key)' },
    { sql: 'insert into t select * from unnest($1::int[])', parameters: [[1, 2, 3]] },
    { sql: 'select * from t order by id', maxRows: 2, rowFormat: 'array' }
  ], { isolation: 'serializable' })
  t.equal(status, 200, JSON.stringify(body))
  t.match(body.results, [{ affected: null, rows: [] }, { affected: 3 }, { rows: [[1], [2]], truncated: true }])
})

await t.test('or none of them does, and the problem says which one it is of', async t => {
  const failed = await run([{ sql: 'insert into t values (4)' }, { sql: 'insert into t values (:id)', parameters: { id: 1 } }])
  t.match([failed.status, failed.body], [409, { code: 'unique-violation', statement: 1 }])
  const refused = await run([{ sql: 'insert into t values (5)' }, { sql: "select '1 day'::interval" }])
  t.match([refused.status, refused.body], [422, { code: 'statement-refused', statement: 1 }])
  t.equal(await count(), '3')
})

await t.test('what would not be a transaction is not begun', async t => {
  const unfit = await run([{ sql: 'insert into t values (6)' }, { sql: 'commit' }])
  t.match([unfit.status, unfit.body], [400, { statement: 1, errors: [{ path: '/statements/1/sql' }] }])
  const missing = await run([{ sql: 'insert into t values (:id)' }])
  t.match([missing.status, missing.body], [400, { statement: 0, errors: [{ path: '/statements/0/parameters/id' }] }])
  t.equal((await run([])).status, 400)
  t.equal(await count(), '3')
})

await t.test('a read-only transaction stays one', async t => {
  const statements = [{ sql: 'set transaction read write' }, { sql: 'set transaction_read_only = off' }]
  for (const attempt of statements) {
    const { status, body } = await run([attempt, { sql: 'insert into t values (7)' }], { readOnly: true })
    t.match([status, body], [422, { code: 'sql-error', statement: 0, sqlState: '25001' }])
  }
  t.match((await run([{ sql: 'insert into t values (7)' }], { readOnly: true })).body, { sqlState: '25006', statement: 0 })
  t.match((await run([{ sql: 'select count(*) from t' }], { readOnly: true, isolation: 'repeatable read' })).body.results, [{ rows: [{ count: '3' }] }])
})

interface BatchAnswer {
  sets: number
  results: unknown[] | null
  failures: unknown[]
  code: string
  constraint: string
  sqlState: string
  errors: Array<{ path: string }>
}

await t.test('a batch runs with every set or with none', async t => {
  const batch = async (sql: string, parameterSets: unknown[], more: object = {}): Promise<{ status: number, body: BatchAnswer }> =>
    await call('POST', `${path}/batch`, { sql, parameterSets, ...more })
  const many = Array.from({ length: 2_500 }, (_, index) => ({ id: 1_000 + index }))
  t.match(await batch('insert into t values (:id)', many), { status: 200, body: { sets: 2_500, results: null } })
  t.equal(await count(), '2503')
  t.match(await batch('delete from t where id = $1 returning id', [[1_000], [1]], { rowFormat: 'array' }), { body: { sets: 2, results: [{ rows: [[1_000]], affected: 1 }, { rows: [[1]] }] } })
  t.match(await batch('insert into t values (:id)', [{ id: 1 }, { id: 2 }]), { status: 409, body: { code: 'unique-violation' } })
  t.match(await batch('insert into t values (:id) returning id', [{ id: 5_000 }, { id: 5_000 }]), { status: 409, body: { code: 'unique-violation', set: 1 } })
  t.match(await batch('insert into t values (:id)', [{ id: 1 }, { other: 2 }]), { status: 400, body: { errors: [{ path: '/parameterSets/1/id' }, { path: '/parameterSets/1/other' }] } })
  t.equal(await count(), '2501')
  const apart = { allOrNothing: false }
  t.match(await batch('insert into t values (:id)', [2, 6_001, 2, 6_002].map(id => ({ id })), apart), {
    status: 200, body: { sets: 2, results: null, failures: [{ set: 0, problem: { code: 'unique-violation', status: 409 } }, { set: 2, problem: { constraint: 't_pkey' } }] }
  })
  t.match(await batch('delete from t where id = :id returning id, 6002 / (id - 6001) as one', [6_001, 6_002].map(id => ({ id })), apart), {
    body: { sets: 1, results: [null, { rows: [{ id: 6_002, one: 6_002 }] }], failures: [{ set: 0, problem: { sqlState: '22012' } }] }
  })
  t.match(await batch('insert int t values (:id)', many, apart), { status: 422, body: { sqlState: '42601' } }, 'what PostgreSQL does not understand is refused at once')
  t.equal(await count(), '2502')
})

interface Call { status: number, body: { code: string, rows: unknown[], transactionId: string, status: string } }

await t.test('a transaction lasts from call to call, whichever replica they reach', async t => {
  const begin = async (more: object = {}): Promise<string> => {
    const { status, body } = await call<Call['body']>('POST', `${path}/transactions`, more)
    t.equal(status, 201)
    return body.transactionId
  }
  const query = async (sql: string, transactionId: string | null = null): Promise<Call> => await call<Call['body']>('POST', `${path}/query`, { sql, transactionId })
  const end = async (transactionId: string, how: 'commit' | 'rollback'): Promise<Call> => await call<Call['body']>('POST', `${path}/transactions/${transactionId}/${how}`)
  await query('create table steps (n int unique deferrable initially deferred)')

  await t.test('nobody sees it before its end', async t => {
    const id = await begin({ isolation: 'repeatable read' })
    t.match(await query('insert into steps values (1)', id), { status: 200 })
    t.match((await query('select count(*) from steps')).body.rows, [{ count: '0' }])
    t.match(await end(id, 'commit'), { status: 200, body: { status: 'committed' } })
    t.match((await query('select n from steps')).body.rows, [{ n: 1 }])
    t.match(await end(id, 'commit'), { status: 404, body: { code: 'transaction-not-found' } })
    t.match(await query('select 1', id), { status: 404, body: { code: 'transaction-not-found' } })
    const undone = await begin()
    await query('delete from steps', undone)
    t.match(await end(undone, 'rollback'), { status: 200, body: { status: 'rolled_back' } })
    t.match((await query('select n from steps')).body.rows, [{ n: 1 }])
  })

  await t.test('statements that are sent at once run one after the other, also across replicas', async t => {
    const id = await begin()
    const config = readConfig({ env: { REGIONS: 'us-east-1', API_KEYS_FILE: 'keys' }, readKeys: () => localKeys, templates: ['aurora-serverless-v2-postgres'] })
    const replica = await createService({ config, log: pino({ level: 'silent' }) })
    t.teardown(async () => { await replica.close() })
    const slow = replica.inject({
      method: 'POST',
      url: `${path}/query`,
      headers: { authorization: `Bearer ${LOCAL_KEY}` },
      payload: { sql: 'insert into steps select 10 from pg_sleep(0.2)', transactionId: id }
    })
    const answers = await Promise.all(Array.from({ length: 10 }, async (_, index) => await query(`insert into steps values (${20 + index})`, id)))
    t.strictSame(answers.map(({ status }) => status), answers.map(() => 200))
    t.equal((await slow).statusCode, 200)
    t.match((await query('select count(*) from steps where n >= 10', id)).body.rows, [{ count: '11' }])
    await end(id, 'rollback')
  })

  await t.test('one that failed is over, but for what a savepoint keeps', async t => {
    const id = await begin()
    await query('insert into steps values (2)', id)
    await query('savepoint here', id)
    t.equal((await query('select nope', id)).status, 422)
    t.match(await query('select 1', id), { status: 409, body: { code: 'transaction-aborted' } })
    await query('rollback to here', id)
    t.equal((await query('select 1', id)).status, 200)
    await query('select nope', id)
    t.match(await end(id, 'commit'), { status: 409, body: { code: 'transaction-aborted' } })
    const late = await begin()
    await query('insert into steps values (1)', late)
    t.match(await end(late, 'commit'), { status: 409, body: { code: 'unique-violation' } }, 'a deferred constraint fails at the end')
    t.match((await query('select n from steps')).body.rows, [{ n: 1 }])
  })

  await t.test('one that only reads stays so', async t => {
    const id = await begin({ readOnly: true })
    for (const sql of ['set transaction read write', 'set transaction_read_only = off', 'insert into steps values (3)', "select set_config('transaction_read_only', 'off', true)"]) {
      await query('savepoint before', id)
      t.equal((await query(sql, id)).status, 422, sql)
      await query('rollback to before', id)
    }
    t.equal((await query('commit', id)).status, 400)
    t.match(await end(id, 'commit'), { status: 200 })
    t.match((await query('select n from steps')).body.rows, [{ n: 1 }])
  })
})
