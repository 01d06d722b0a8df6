import t from 'tap'

import { startService, type Answer } from '../helpers/service.js'

interface QueryResult {
  columns: Array<{ name: string, type: string, nullable: boolean }>
  rows: unknown[]
  rowCount: number
  affected: number | null
  truncated: boolean
  durationMs: number
  resumedAfterMs: number | null
}
interface Problem {
  code: string
  detail: string
  sqlState?: string
  position?: number
  hint?: string
  errors?: Array<{ path: string, message: string }>
}

const { call } = await startService(t)
const created = await call<{ id: string, status: string }>('POST', '/v1/databases', { client: 'acme', region: 'us-east-1' }, { prefer: 'wait=60' })
t.equal(created.body.status, 'available')

const path = `/v1/databases/${created.body.id}`
const query = async <Body = QueryResult>(sql: string, more: object = {}): Promise<Answer<Body>> =>
  await call<Body>('POST', `${path}/query`, { sql, ...more })
const rows = async (sql: string, more: object = {}): Promise<unknown[]> => {
  const { status, body } = await query(sql, more)
  t.equal(status, 200, JSON.stringify(body))
  return body.rows
}
const refusal = async (sql: string, more: object = {}): Promise<[status: number, body: Problem]> => {
  const { status, body } = await query<Problem>(sql, more)
  return [status, body]
}

await t.test('an answer says all there is to know', async t => {
  const { status, body } = await query("select 1::int8 as id, 'x' as name")
  t.equal(status, 200)
  t.match(body, {
    columns: [{ name: 'id', type: 'int8', nullable: true }, { name: 'name', type: 'text', nullable: true }],
    rows: [{ id: '1', name: 'x' }],
    rowCount: 1,
    affected: null,
    truncated: false,
    durationMs: Number,
    resumedAfterMs: null
  })
})

await t.test('every type comes as the contract says', async t => {
  const wanted: Array<[expression: string, value: unknown, type: string]> = [
    ['7::int2', 7, 'int2'], ['7', 7, 'int4'], ['9007199254740993::int8', '9007199254740993', 'int8'], ['1.50', '1.50', 'numeric'],
    ['2.25::float4', 2.25, 'float4'], ['1e300::float8', 1e300, 'float8'], ["'NaN'::float8", 'NaN', 'float8'], ['true', true, 'bool'],
    ["'{\"a\": [1, null]}'::jsonb", { a: [1, null] }, 'jsonb'], ["'[1]'::json", [1], 'json'],
    ["'2026-01-02 03:04:05.123+02'::timestamptz", '2026-01-02T01:04:05.123Z', 'timestamptz'],
    ["'20000-01-02 03:04:05Z'::timestamptz", '20000-01-02 03:04:05', 'timestamptz'],
    ["'2026-01-02 03:04:05'::timestamp", '2026-01-02T03:04:05', 'timestamp'], ["'2026-01-02'::date", '2026-01-02', 'date'],
    ["'03:04:05.5'::time", '03:04:05.500', 'time'], ["'8c3f7f3a-2f5d-4c2e-9a39-3f1bb2c7e0a1'::uuid", '8c3f7f3a-2f5d-4c2e-9a39-3f1bb2c7e0a1', 'uuid'],
    ["'10.0.0.1'::inet", '10.0.0.1', 'inet'], ["'\\x00ff'::bytea", 'AP8=', 'bytea'], ['null', null, 'text'],
    ["array['a', null, 'b\"']", ['a', null, 'b"'], 'text[]'], ['array[1, 2]', [1, 2], 'int4[]'], ['array[1::int8]', ['1'], 'int8[]'],
    ['array[1.50]', ['1.50'], 'numeric[]'], ["array['2026-01-02 03:04:05+00'::timestamptz]", ['2026-01-02T03:04:05Z'], 'timestamptz[]'],
    ["array['{\"a\":1}'::jsonb]", [{ a: 1 }], 'jsonb[]'], ["'{}'::bool[]", [], 'bool[]'], ["'x'::char(3)", 'x  ', 'bpchar']
  ]
  const { body } = await query(`select ${wanted.map(([expression]) => expression).join(', ')}`, { rowFormat: 'array' })
  for (const [index, [expression, value, type]] of wanted.entries()) {
    t.strictSame((body.rows[0] as unknown[] | undefined)?.[index], value, expression)
    t.equal(body.columns[index]?.type, type, expression)
  }
})

await t.test('parameters are bound by their JSON type or by the type that is named', async t => {
  t.strictSame(await rows('select :a::text as a, pg_typeof(:b)::text as b, pg_typeof(:c)::text as c, pg_typeof(:d)::text as d, pg_typeof(:e)::text as e, :f is null as f', {
    parameters: { a: '2026-01-01', b: 42, c: 1.5, d: '42', e: { k: [1] }, f: null }, types: { f: 'int' }
  }), [{ a: '2026-01-01', b: 'bigint', c: 'double precision', d: 'text', e: 'jsonb', f: true }])
  t.strictSame(await rows('select $2 as two, $1 as one, $2 + 1 as three', { parameters: ['x', 2] }), [{ two: '2', one: 'x', three: '3' }])
  t.strictSame(await rows('select pg_typeof(:id)::text as id, pg_typeof(:n)::text as n, :big as big, encode(:x, \'hex\') as x', {
    parameters: { id: '8c3f7f3a-2f5d-4c2e-9a39-3f1bb2c7e0a1', n: 1, big: '9007199254740993', x: 'AP8=' },
    types: { id: 'uuid', n: 'numeric(10, 2)', big: 'bigint', x: 'bytea' }
  }), [{ id: 'uuid', n: 'numeric', big: '9007199254740993', x: '00ff' }])
  const texts = ['a"b', 'c,d', '\\', 'NULL', '', ' ', '{}', null]
  t.strictSame(await rows('select :list as list, :ids::int[] as ids, :none::int[] as none, :dates as dates, cardinality(:grid) as grid', {
    parameters: { list: texts, ids: [1, null, 3], none: [], dates: ['2026-01-01'], grid: [[1, 2], [3, 4]] }, types: { dates: 'date[]', none: 'int[]' }
  }), [{ list: texts, ids: [1, null, 3], none: [], dates: ['2026-01-01'], grid: 4 }])
})

await t.test('what only looks like a parameter is none', async t => {
  t.strictSame(await rows("select (array[1,2,3])[1:2] as slice, $$a :b c's$$ as quoted, ':x' as text, 'y'::text as cast -- :z", {}),
    [{ slice: [1, 2], quoted: "a :b c's", text: ':x', cast: 'y' }])
  t.strictSame(await rows('select (array[1,2,3])[:from:2] as slice', { parameters: { from: 1 }, types: { from: 'int' } }), [{ slice: [1, 2] }])
})

await t.test('parameters that do not fit are named, and nothing runs', async t => {
  const refused: Array<[sql: string, more: object, path: string]> = [
    ['select :a', {}, '/parameters/a'],
    ['select 1', { parameters: { a: 1 } }, '/parameters/a'],
    ['select $1', { parameters: [1, 2] }, '/parameters/2'],
    ['select $1', { parameters: { a: 1 } }, '/parameters'],
    ['select :a', { parameters: { a: 2 ** 60 } }, '/parameters/a'],
    ['select :a', { parameters: { a: [1, 'x'] } }, '/parameters/a'],
    ['select :a', { parameters: { a: 'é' }, types: { a: 'bytea' } }, '/parameters/a'],
    ['select :a', { parameters: { a: 1 }, types: { a: 'int); drop table x --' } }, '/types/a'],
    ['select :a', { parameters: { a: 1 }, types: { b: 'int' } }, '/types/b']
  ]
  for (const [sql, more, path] of refused) {
    const [status, body] = await refusal(sql, more)
    t.equal(status, 400, sql)
    t.equal(body.errors?.[0]?.path, path, sql)
  }
  t.equal((await refusal('select 1', { unknown: 1 }))[0], 400)
  t.equal((await refusal('select 1', { timeoutMs: 50_000 }))[0], 400)
})

await t.test('an error of the database is told in its parts, where the caller wrote it', async t => {
  const [status, body] = await refusal('select :a, nope from pg_class where :b', { parameters: { a: 1, b: 2 }, types: { a: 'bigint' } })
  t.equal(status, 422)
  t.match(body, { code: 'sql-error', sqlState: '42703', detail: 'column "nope" does not exist', message: 'column "nope" does not exist', position: 12 })
  await rows('create table people (id int primary key, name text not null)')
  await rows("insert into people values (1, 'a')")
  t.match(await refusal("insert into people values (1, 'b')"), [409, { code: 'unique-violation', condition: 'unique_violation', constraint: 'people_pkey', table: null }])
  t.match(await refusal('insert into people values (2, null)'), [422, { condition: 'not_null_violation', table: 'people', column: 'name', constraint: null }])
  t.match(await refusal("select gen_random_uuid() = 'x'::text"), [422, { sqlState: '42883', hint: /explicit type casts/ }])
  t.match(await refusal('select 1; select 2'), [422, { code: 'statement-refused', detail: /One statement per call/ }])
  t.match(await refusal("select 1 as one, '1 day'::interval as pause, array[interval '1 day'] as more"), [422, { code: 'statement-refused', columns: ['pause'], detail: /pause \(interval\)\. Cast it to text, or set castUnsupported/ }])
  t.match(await refusal('select array[[1]] as grid, array[1] as list', { mode: 'read' }), [422, { code: 'statement-refused', columns: ['grid', 'list'], detail: /arrays of arrays.* grid \(int4\[\]\) or list/ }])
  for (const [sql, hint] of [['select :a is null as x', /in types/], ['select 1 where 1 in (:a)', /= ANY\(:name\)/], ['select date_trunc(:a, now()::date + n) from generate_series(1, 2) n group by date_trunc(:a, now()::date + n)', /by its alias/]] as const) {
    t.match(await refusal(sql, { parameters: { a: sql.includes('in (') ? [1] : sql.includes('trunc') ? 'day' : null } }), [422, { hint }], sql)
  }
  t.match(await refusal("select repeat('x', 1000) from generate_series(1, 5000)"), [422, { code: 'statement-refused', detail: /1 MB/ }])
  t.match(await refusal("select 'infinity'::timestamptz as late, 1 as one"), [422, { code: 'statement-refused', columns: ['late'], detail: /infinite/ }])
})

await t.test('what the Data API refuses comes as text when that is asked for', async t => {
  const castUnsupported = true
  await rows('create table spans (id int, span interval)')
  const { body } = await query("select 1 as id, '1 day'::interval as \"a \"\"b\", '$1.50'::money as price, array[1, 2] as list -- and more", { castUnsupported })
  t.strictSame(body.rows, [{ id: 1, 'a "b': '1 day', price: '$1.50', list: [1, 2] }])
  t.strictSame(body.columns.map(({ type }) => type), ['int4', 'text', 'text', 'int4[]'])
  t.strictSame(await rows('values (:a::int4range), (null);', { castUnsupported, parameters: { a: '[1,3)' } }), [{ column1: '[1,3)' }, { column1: null }])
  t.strictSame(await rows("select '{{1,2}}'::int[] as grid", { castUnsupported }), [{ grid: '{{1,2}}' }])
  t.strictSame(await rows("select 'infinity'::timestamptz as late, 1 as one", { castUnsupported, mode: 'read' }), [{ late: 'infinity', one: 1 }])
  const mixed = `select t, t::date as d, t::timestamp as u, array[t, null] as a, case when n = 1 then array[n] else array[[n, 2]] end as g, s
    from (values (1, timestamptz '2026-01-02 03:04:05.12Z', interval '1 day'), (2, '-infinity', null), (3, null, null)) as v(n, t, s) order by n`
  const { body: { columns, rows: times } } = await query(mixed, { castUnsupported })
  t.strictSame(times, [
    { t: '2026-01-02T03:04:05.120Z', d: '2026-01-02', u: '2026-01-02T03:04:05.120', a: ['2026-01-02T03:04:05.120Z', null], g: [1], s: '1 day' },
    { t: '-infinity', d: '-infinity', u: '-infinity', a: '{-infinity,NULL}', g: '{{2,2}}', s: null }, { t: null, d: null, u: null, a: [null, null], g: '{{3,2}}', s: null }
  ], 'and of a column that is carried, only what is not')
  t.strictSame(columns.map(({ type }) => type), ['timestamptz', 'date', 'timestamp', 'timestamptz[]', 'int4[]', 'text'])
  t.strictSame(await rows('select from spans', { castUnsupported }), [])
})

await t.test('what is RETURNING, in a list or a transaction too, names its column or comes as text, and is executed once', async t => {
  await rows('create table "Time spans" (id int, span interval, late timestamptz)')
  await rows('create table durations (id int, price money)')
  t.match(await refusal("insert into durations values (7, '$2'), (8, '$3') returning price"), [422, { columns: ['price'], detail: /may have been kept/ }], 'nothing undoes a statement that is sent alone')
  const statements: Array<[sql: string, refused: string[], returned: object[], parameters?: object]> = [
    ['insert into "Time spans" as t (id, span, late) values (1, :a::interval, \'infinity\') on conflict do nothing returning t.id, t.span as "Returning", late', ['Returning'], [{ id: 1, Returning: '1 day', late: 'infinity' }], { a: '1 day' }],
    ['update only "Time spans" set span = case when span is distinct from null then span + span end from durations d where d.id = $1 returning *; -- end', ['span'], [{ id: 1, span: '2 days', late: 'infinity', id_2: 7, price: '$2.00' }], [7]],
    ['with s as (select id from "Time spans" for update skip locked) merge into durations d using s on d.id = 7 when matched then update set price = d.price returning merge_action(), d.price', ['price'], [{ merge_action: 'UPDATE', price: '$2.00' }]],
    ['select span from "Time spans" for no key update of "Time spans" nowait limit 1', ['span'], [{ span: '2 days' }]],
    ['with s as (select span from "Time spans") (select span from s) union all (select null) limit 1', ['span'], [{ span: '2 days' }]],
    ['with d as (select price from durations where id = :a), more as (update durations set id = 9 where id = 8 returning *) delete from "Time spans" s using d returning s.span, d.price', ['span'], [{ span: '2 days', price: '$2.00' }], { a: 7 }],
    ['with d as (delete from durations where id = 7 returning *), nothing as (delete from durations where false) select * from d', ['price'], [{ id: 7, price: '$2.00' }]]
  ]
  for (const [sql, columns, returned, parameters = {}] of statements) {
    const advice = new RegExp(`${columns[0]} \\(.*set castUnsupported`)
    t.match(await refusal(sql, { parameters, dryRun: true }), [422, { columns, detail: new RegExp(`${advice.source}\\.$`) }], sql)
    t.match(await call('POST', `${path}/transaction`, { statements: [{ sql: 'select 1' }, { sql, parameters }] }), { status: 422, body: { statement: 1, columns, detail: advice } })
    const { body: { transactionId } } = await call<{ transactionId: string }>('POST', `${path}/transactions`, {})
    t.match(await refusal(sql, { parameters, transactionId }), [422, { columns, detail: advice }])
    await query('create table unseen as select 1 as id, interval \'1 day\' as span', { transactionId })
    t.match(await refusal('table unseen', { transactionId }), [422, { columns: ['span'] }], 'also of what nobody else sees yet')
    t.match(await call('POST', `${path}/transactions/${transactionId}/rollback`), { status: 200 }, 'which is left as it was')
    t.strictSame((await query(sql, { parameters, castUnsupported: true, dryRun: true })).body.rows, returned)
    t.match(await call('POST', `${path}/transaction`, { statements: [{ sql: 'select 1' }, { sql, parameters, castUnsupported: true }] }), { status: 200, body: { results: [{}, { rows: returned }] } })
  }
  const batch = { sql: 'insert into durations values ($1, $2::money) returning price', parameterSets: [[1, '1'], [2, '2']] }
  t.match(await call('POST', `${path}/batch`, batch), { status: 422, body: { set: 0, columns: ['price'] } })
  t.match(await call('POST', `${path}/batch`, { ...batch, castUnsupported: true }), { status: 200, body: { results: [{ rows: [{ price: '$1.00' }] }, { rows: [{ price: '$2.00' }] }] } })
})

await t.test('a batch that happens for none says which set it failed for', async t => {
  await rows('create table numbers (n int unique check (n < 1000))')
  const batch = async (values: number[]) => await call<Problem & { set?: number }>('POST', `${path}/batch`, { sql: 'insert into numbers values ($1)', parameterSets: values.map(value => [value]), types: { 1: 'int' } })
  const values = Array.from({ length: 150 }, (_, index) => index)
  t.match(await batch(values.with(101, 7)), { status: 409, body: { code: 'unique-violation', set: 101 } }, 'also where an earlier one is to blame')
  t.match(await batch(values.with(0, 1000)), { status: 422, body: { sqlState: '23514', set: 0 } })
  t.match(await batch([...Array.from({ length: 1_000 }, (_, index) => -1 - index), 3, -1000]), { status: 409, body: { set: undefined } }, 'but not of what other calls had before')
  t.strictSame(await rows('select count(*) from numbers'), [{ count: '0' }], 'and nothing is kept of the looking')
})

await t.test('writes, and the ways not to make them', async t => {
  await rows('create table orders (id bigserial primary key, note text)')
  t.match((await query("insert into orders (note) values ('a'), ('b')")).body, { affected: 2, rows: [], columns: [] })
  t.match((await query('update orders set note = :note returning id', { parameters: { note: 'c' } })).body, { affected: 2, rows: [{ id: '1' }, { id: '2' }] })
  t.match((await query('delete from orders', { dryRun: true })).body, { affected: 2 })
  t.match(await refusal('delete from orders', { maxAffected: 1 }), [422, { code: 'too-many-affected', affected: 2 }])
  for (const gone of ['gone as (delete', 'gone as (/* */ delete', 'delete as (delete', 'gone as (with a as (select 1) delete']) {
    t.match(await refusal(`with ${gone} from orders returning 1) select * from ${gone.split(' ')[0] ?? ''}`, { maxAffected: 5 }), [400, { code: 'invalid-request' }], gone)
  }
  await rows('create function emptied() returns bool language sql as $$ delete from orders returning true $$')
  t.match(await refusal('select emptied()', { maxAffected: 5 }), [422, { sqlState: '25006', hint: /maxAffected/ }], 'nobody would tell how many')
  for (const sql of ['truncate orders', 'do $$ begin delete from orders; end $$', 'explain analyze delete from orders']) {
    t.match(await refusal(sql, { maxAffected: 5 }), [400, { errors: [{ path: '/maxAffected', message: /can only count/ }] }], sql)
  }
  t.equal((await call('POST', `${path}/query`, { sql: 'select 1', mode: 'read' }, { 'idempotency-key': 'a' })).status, 200, 'what only reads may be sent again under a name')
  t.match(await refusal('savepoint a'), [422, { sqlState: '25P01', hint: /transactions begins/ }])
  t.match((await query('delete from orders where id = 1', { maxAffected: 1 })).body, { affected: 1 })
  t.strictSame(await rows('select count(*) from orders'), [{ count: '1' }])
})

await t.test('in mode read the database itself refuses to write', async t => {
  await rows('create function sneaky() returns int language plpgsql as $$ begin insert into orders (note) values (\'sneaky\'); return 1; end $$')
  for (const sql of [
    "insert into orders (note) values ('x')", 'select sneaky()', 'with gone as (delete from orders returning 1) select * from gone', "select nextval('orders_id_seq')",
    "select set_config('transaction_read_only', 'off', true), sneaky()", 'create table t (id int)', 'do $$ begin perform sneaky(); end $$'
  ]) {
    const [status, body] = await refusal(sql, { mode: 'read' })
    t.equal(status, 422, sql)
    t.match(body, { code: 'sql-error', sqlState: /^25/ }, sql)
  }
  await rows("create function sneakier() returns int language plpgsql as $$ begin perform set_config('transaction_read_only', 'off', true); return sneaky(); end $$")
  await rows('create procedure sneakiest() language plpgsql as $$ begin commit; perform sneaky(); end $$')
  const tricks = [
    'select sneakier()', 'call sneakiest()', 'do $$ begin commit; perform sneaky(); end $$', "do $$ begin execute 'set transaction read write'; perform sneaky(); end $$",
    "select setval('orders_id_seq', 9)", 'select lo_create(0)', "select lo_from_bytea(0, 'x')", 'create temp table t (id int)', 'create extension dblink', 'truncate orders',
    'select * from orders for update', "copy orders from program 'true'", "copy (select 1) to program 'true'", "copy (select 1) to '/tmp/orders'", 'explain analyze delete from orders',
    "merge into orders using (values (1)) as o on false when not matched then insert (note) values ('x')", "comment on table orders is 'x'", "select query_to_xml('delete from orders returning 1', true, true, '')", "alter system set work_mem = '1MB'",
    'refresh materialized view none', 'drop table orders', 'grant all on orders to public', 'reassign owned by postgres to postgres'
  ]
  for (const sql of tricks) t.match(await refusal(sql, { mode: 'read' }), [422, { code: 'sql-error' }], sql)
  for (const sql of ['begin', 'commit and chain', '/* */ end', '-- x\nrollback', "prepare transaction 'x'", "commit prepared 'x'"]) t.match(await refusal(sql, { mode: 'read' }), [400, { code: 'invalid-request' }], sql)
  t.match(await refusal('select 1; commit; delete from orders', { mode: 'read' }), [422, { code: 'statement-refused' }], 'two statements are not even parsed')
  const lasting = ['set transaction read write', 'set session characteristics as transaction read write', "select set_config('default_transaction_read_only', 'off', false)", 'prepare p as delete from orders', 'select pg_advisory_lock(1)']
  for (const sql of lasting) await query(sql, { mode: 'read' })
  t.match(await refusal('execute p', { mode: 'read' }), [422, { sqlState: '26000' }], 'what a session keeps is gone with the call')
  t.strictSame(await rows("select count(*) from pg_locks where locktype = 'advisory'"), [{ count: '0' }])
  t.strictSame(await rows('select count(*) from orders', { mode: 'read' }), [{ count: '1' }])
  t.match(await refusal('insert into orders (note) values (1)', { mode: 'read' }), [422, { sqlState: '25006' }], 'nor does any of it last')
})

await t.test('a plan is answered as JSON, and nothing is executed', async t => {
  await rows("create function folded() returns int language plpgsql immutable as $$ begin perform nextval('orders_id_seq'); return 1; end $$")
  const before = await rows('select last_value from orders_id_seq')
  for (const more of [{}, { mode: 'read' }]) {
    const { status, body } = await query<{ plan: { Plan: { 'Node Type': string } }, rows: unknown[] }>('delete from orders where id = :id', { explain: true, parameters: { id: 7 }, ...more })
    t.equal(status, 200, JSON.stringify(body))
    t.match(body, { plan: { Plan: { 'Node Type': 'ModifyTable' } }, rows: [] })
  }
  t.match(await refusal('select folded()', { explain: true }), [422, { sqlState: '25006' }], 'planning calls what it takes for constant')
  t.match(await refusal('select nope from orders', { explain: true }), [422, { sqlState: '42703', position: 8 }])
  t.equal((await refusal('analyze delete from orders', { explain: true }))[0], 422)
  t.strictSame(await rows('select last_value from orders_id_seq'), before)
  t.strictSame(await rows('select count(*) from orders'), [{ count: '1' }])
})

await t.test('time and rows are bounded', async t => {
  t.match(await refusal('select pg_sleep(30)', { timeoutMs: 50 }), [504, { code: 'statement-timeout' }])
  const { body } = await query('select * from generate_series(1, 10) as n', { maxRows: 3 })
  t.match(body, { rowCount: 3, truncated: true, rows: [{ n: 1 }, { n: 2 }, { n: 3 }] })
  const large = "select n, repeat('x', 1000) as x from generate_series(1, 5000) as n order by n desc; -- all"
  t.match(await refusal(large, { maxRows: 2 }), [422, { code: 'statement-refused', detail: /mode read and maxRows/ }])
  t.match((await query(large, { maxRows: 2, mode: 'read' })).body, { rowCount: 2, truncated: true, rows: [{ n: 5000 }, { n: 4999 }] }, 'of what only reads, no more is read than is wanted')
  t.match((await query('select 1 as n', { maxRows: 1, mode: 'read' })).body, { rowCount: 1, truncated: false })
  t.match(await refusal(`select :a --${'x'.repeat(65_520)}`, { parameters: { a: 1 }, types: { a: 'int' } }), [422, { detail: /longer than the 65,536 characters/ }])
  t.match(await refusal("select '😀', :a, nope", { maxRows: 2, mode: 'read', parameters: { a: 1 } }), [422, { position: 17 }])
})

await t.test('columns of the same name keep apart', async t => {
  const { body } = await query('select 1 as a, 2 as a, 3 as a_2')
  t.strictSame(body.rows, [{ a: 1, a_3: 2, a_2: 3 }])
})

await t.test('another database of the cluster, and none', async t => {
  t.strictSame(await rows('select current_database()', { database: 'postgres' }), [{ current_database: 'postgres' }])
  t.match(await refusal('select 1', { database: 'nowhere' }), [422, { sqlState: '3D000' }])
  t.equal((await call('POST', '/v1/databases/us-east-1.nobody-main-dev-00000000/query', { sql: 'select 1' })).status, 404)
})
