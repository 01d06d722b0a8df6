import fc from 'fast-check'
import t from 'tap'

import { numberParameters } from '../../../sandbox/rds-data/named-parameters.js'
import type { Json } from '../../../src/queries/sql/arguments.js'
import { limitRows } from '../../../src/queries/sql/limit.js'
import { prepareStatement, type Prepared } from '../../../src/queries/sql/prepare.js'
import { withoutChanges } from '../../../src/queries/sql/without-changes.js'

type Parameters = Readonly<Record<string, Json>> | readonly Json[]

const prepare = (sql: string, parameters: Parameters = {}, types: Readonly<Record<string, string>> = {}): Prepared =>
  prepareStatement({ sql, parameters, types })

t.test('parameters of both styles become those of the Data API', async t => {
  const named = prepare('select :a, :b, :a', { a: 'x', b: 2 }, { b: 'numeric(10,2)' })
  t.equal(named.sql, 'select :p_a, CAST(:p_b AS numeric(10,2)), :p_a')
  t.strictSame(named.args, [{ name: 'p_a', value: 'x' }, { name: 'p_b', value: '2' }])
  t.match(prepare('select $2::text, $1', ['a', true], { 1: 'varchar' }), {
    sql: 'select :p_2::text, CAST(:p_1 AS varchar)', args: [{ name: 'p_1', value: 'a' }, { name: 'p_2', value: true }]
  })
})

t.test('what the Data API would mistake for a parameter is spelled in another way', async t => {
  t.equal(prepare('select a[1:n], a[:2]').sql, 'select a[1: n], a[: 2]')
  t.equal(prepare("do $x$ begin raise 'it''s :name'; end $x$").sql, "do ' begin raise ''it''''s :name''; end '")
  t.equal(prepare("select ':a', \":b\", $$c$$, 1::int -- :d").sql, "select ':a', \":b\", $$c$$, 1::int -- :d")
})

t.test('it knows what changes rows', async t => {
  const changes: Array<[sql: string, changes: boolean, hidesChanges: boolean]> = [
    ['select 1', false, false], ['/* insert */ select 1', false, false], [' -- x\n(select 1)', false, false],
    ['INSERT INTO t VALUES (1)', true, false], ['merge into t using s on true when matched then delete', true, false],
    ['with a as (select 1) update t set x = 1', true, false], ['with a as (delete from t returning 1) select * from a', false, true],
    ['with a as (select * from t for update) select 1', false, false], ['with recursive a(n) as (values (1)) insert into t select 1', true, false],
    ["with a as (select e'x' -- y\n '\\''), b as (delete from t returning 1) select ''", false, true], ["select a[1:e'\\''::int] as x, ', (delete from t) '", false, false],
    ["with a as (select a[1:e'\\''::int]), b as (delete from t returning '') select 1", false, true], ['with a as (select x[1:b$$]), c as (delete from t returning y[1:b$$]) select 1', false, true],
    ['with delete as (delete from t returning 1) select * from delete', false, true], ['with a as (-- x\n delete from t returning 1) select 1', false, true],
    ['with a as (with b as (select 1) update only (t) as u set x = 1 returning 1) select 1', false, true], ['with a(update) as (select 1), b as (insert into t values (1)) delete from t', true, true],
    ['with recursive a as (select 1 as n) search depth first by n set update, b as (merge into t using a on true when matched then delete) select 1', false, true],
    ['with a as (select count(update) from t) (select coalesce(update, delete) from t) union select 1', false, false]
  ]
  for (const [sql, expected, hidden] of changes) {
    t.match(prepare(sql), { changes: expected, hidesChanges: hidden, isQuery: !expected && !hidden }, sql)
  }
})

t.test('it knows what begins or ends a transaction', async t => {
  for (const sql of ['commit', ' -- x\nBEGIN', 'start transaction', 'rollback', 'ROLLBACK WORK', 'end', 'abort', "prepare transaction 'x'"]) t.ok(prepare(sql).endsTransaction, sql)
  for (const sql of ['rollback to here', 'rollback work to savepoint here', 'savepoint here', 'prepare x as select 1', 'select 1']) t.notOk(prepare(sql).endsTransaction, sql)
})

t.test('every finding is named', async t => {
  t.throws(() => prepare('select :a, :b', { b: [1, 'x'], c: 2 ** 60 }, { d: 'int' }), {
    code: 'invalid-request', errors: ['/parameters/b', '/parameters/c', '/parameters/a', '/parameters/c', '/types/d'].map(path => ({ path, message: String }))
  })
})

/** Pieces of a statement; `«n»` marks places that a position may point to. */
const piece = fc.constantFrom("'😀'", ':a', ':b', '::int', "':a'", '$$ :a $$', '$$ a $$', 'x[1:a]', '-- :b\n', '/* :a */', 'word', '"na:b"', '(', ')')

t.test('a position of PostgreSQL is found in the caller\'s text', async () => {
  const count = (text: string): number => [...text].length
  fc.assert(fc.property(fc.array(piece, { minLength: 1 }), pieces => {
    const sql = [':a :b', ...pieces].map((text, index) => `«${index}» ${text}`).join(' ') + ' «end»'
    const prepared = prepare(sql, { a: 1, b: 'x' }, { a: 'bigint' })
    const seen = numberParameters(prepared.sql).text
    return [...sql.matchAll(/«\w+»/g)].every(({ 0: mark, index }) => prepared.toCallersPosition(count(seen.slice(0, seen.indexOf(mark))) + 1) === count(sql.slice(0, index)) + 1)
  }))
})

t.test('whatever the text, it is read once', async t => {
  for (const mark of ['$a$ $b$ ', "'", '/*', "E'\\", '"', '[', '$']) t.ok(prepare(mark.repeat(65_000 / mark.length)))
  t.ok(withoutChanges(`with ${'a as (delete from t returning 1), '.repeat(1_800)} b as (select 1) select 1`))
})

t.test('what a statement is RETURNING is what a query without its changes answers', async t => {
  const cases: Array<[sql: string, query: string | null]> = [
    ['insert into a."b returning" as c (x) select f(returning) from d where x is distinct from 2 returning x, c.*;', 'SELECT x, c.* FROM a."b returning" as c'],
    ['update only (t) * as u set a = (select 1 from v where true), b = c is distinct from d from v join w on v.a = w.a where u.a = v.a returning u.*', 'SELECT u.* FROM only (t) * as u , v join w on v.a = w.a'],
    ['delete from t using u where t.a is not distinct from u.a returning *', 'SELECT * FROM t , u'],
    ['merge into t using (select 1 as a) as s on t.a = s.a when matched then update set b = 1 returning s.a, t.b', 'SELECT s.a, t.b FROM (select 1 as a) as s , t'],
    ['with a as (insert into t values (1)), b as (delete from t returning c) select * from b', 'with a as (SELECT), b as (SELECT c FROM t ) select * from b'],
    ['with a as (select 1) insert into t default values', null], ['update t set a = 1', null], ['insert', null], ['', null]
  ]
  for (const [sql, query] of cases) t.equal(withoutChanges(sql)?.replace(/\s+/g, ' ').trim() ?? null, query, sql)
})

t.test('what could not arrive as it is, or not be run, is refused before it is sent', async t => {
  for (const sql of ['select 1\0', "select '\ud800'"]) t.throws(() => prepare(sql), { code: 'invalid-request', errors: [{ path: '/sql' }] })
  for (const sql of ['copy t from stdin', '/* x */ COPY (select 1) TO STDOUT']) t.throws(() => prepare(sql), { code: 'statement-refused' })
  t.ok(prepare("copy t from program 'true'"), 'what the database has its own word on')
  t.equal(prepare('select :toString', { toString: 'x' }).sql, 'select :p_toString', 'which has no type for being a name that every object has')
  t.equal(prepare('prepare a as select $1').sql, 'prepare a as select $1', 'whose numbers are its own')
  t.throws(() => prepare('select $1'), { code: 'invalid-request' })
  t.throws(() => prepare('select 1', { 'a b': 1 }), { errors: [{ message: /is not a name/ }] })
})

t.test('only a query that is closed in itself is limited', async t => {
  const limited = limitRows(prepare('select x.y from (values (1)) as x(y); -- all'), 5)
  t.equal(limited.sql, 'SELECT * FROM (\nselect x.y from (values (1)) as x(y)\n) AS q LIMIT 6')
  t.equal(limited.toCallersPosition(limited.sql.indexOf('x.y') + 1), 8)
  t.match(limitRows(prepare("select ';' -- ;"), 5).sql, /LIMIT 6$/)
  for (const sql of ['select 1; select 2', 'select 1) as q, (select 2', "select 'open", 'select (1', 'select $a$ open', 'select 1 /* open', 'delete from t', 'with a as (delete from t) select 1', 'show all']) t.equal(limitRows(prepare(sql), 5).sql, sql)
  t.equal(limitRows(prepare('select 1'), null).sql, 'select 1')
})
