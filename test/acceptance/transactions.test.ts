import t from 'tap'

import { startService } from '../helpers/service.js'

interface Answer { results: Array<{ rows: unknown[], affected: number | null }>, code: string, statement: number, sqlState: string, position: number, errors: Array<{ path: string }> }

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

await t.test('a batch runs with every set or with none', async t => {
  const batch = async (sql: string, parameterSets: unknown[], more: object = {}): Promise<{ status: number, body: { sets: number, results: unknown[] | null, code: string, errors: Array<{ path: string }> } }> =>
    await call('POST', `${path}/batch`, { sql, parameterSets, ...more })
  const many = Array.from({ length: 2_500 }, (_, index) => ({ id: 1_000 + index }))
  t.match(await batch('insert into t values (:id)', many), { status: 200, body: { sets: 2_500, results: null } })
  t.equal(await count(), '2503')
  t.match(await batch('delete from t where id = $1 returning id', [[1_000], [1]], { rowFormat: 'array' }), { body: { sets: 2, results: [{ rows: [[1_000]], affected: 1 }, { rows: [[1]] }] } })
  t.match(await batch('insert into t values (:id)', [{ id: 1 }, { id: 2 }]), { status: 409, body: { code: 'unique-violation' } })
  t.match(await batch('insert into t values (:id)', [{ id: 1 }, { other: 2 }]), { status: 400, body: { errors: [{ path: '/parameterSets/1/id' }, { path: '/parameterSets/1/other' }] } })
  t.equal(await count(), '2501')
})
