import fc from 'fast-check'
import t from 'tap'

import { fingerprintOf, rememberFingerprints } from '../../../src/queries/sql/fingerprint.js'

/** In no word of the statements below. */
const SECRET = 'q7z'

/** Ways to write a value that has the secret in it. */
const literals: ReadonlyArray<(text: string) => string> = [
  text => `'${text.replaceAll("'", "''")}'`,
  text => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
  text => `e'\\'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  text => `E'a' -- b\n\t'\\'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
  text => `a[1:e'\\'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}']`,
  text => `'standard_conforming_strings off\\'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
  text => `N'${text.replaceAll("'", "''")}'`,
  text => `U&'${text.replaceAll("'", "''")}\\0061'`,
  text => `'a'\n  '${text.replaceAll("'", "''")}'`,
  text => `$$${text.replaceAll('$', '')}$$`,
  text => `$tag$ $$ ${text.replaceAll('$', '')} $tag$`,
  text => `ARRAY['${text.replaceAll("'", "''")}', NULL]`,
  text => `"${text.replaceAll('"', '""')} "`,
  text => `1 /* ${text.replaceAll('/', '')} /* ${SECRET} */ */`,
  text => `1 -- ${text.replace(/[\r\n]/g, '')}\n`,
  text => `interval '${text.replaceAll("'", "''")}' second`,
  text => `('{"${SECRET}": "${text.replaceAll("'", "''")}"}'::jsonb ->> '${SECRET}')`
]

const numbers = ['0', '42', '4_2', '.5', '5.', '1e10', '1E-7', '1.25e+3', '0x1F', '0b01', '0o17', '-3', '1_000.000_1']

const statements: ReadonlyArray<(value: string, other: string) => string> = [
  (value, other) => `select ${value} as a, b from t where c = ${other} limit ${value}`,
  (value, other) => `insert into t (a, "b") values (${value}, ${other}), (${other}, ${value}) returning id`,
  (value, other) => `COPY t FROM PROGRAM ${value} WITH (DELIMITER ${other})`,
  (value, other) => `with x as (update t set a=${value} returning *) select * from x where f(${other})::text[] @> array[${value}]`,
  (value, other) => `ALTER ROLE r PASSWORD ${value} VALID UNTIL ${other}`,
  (value, other) => `do ${value} language plpgsql; ${other}`,
  (value, other) => `select*from t where a=${value}and b in(${other},${value})`
]

const text = fc.string({ unit: 'binary', maxLength: 12 }).map(around => `${around}${SECRET}${around}`)
const literal = fc.tuple(text, fc.constantFrom(...literals)).map(([content, write]) => write(content))
const value = fc.oneof(literal, fc.constantFrom(...numbers))

t.test('no literal survives, however it is written, also where the statement ends in the midst of it', async () => {
  fc.assert(fc.property(fc.constantFrom(...statements), value, literal, fc.nat(), (write, a, b, cut) => {
    const sql = write(a, b)
    for (const each of [sql, sql.slice(0, cut % sql.length)]) {
      const { statement } = fingerprintOf(each)
      if (statement.includes(SECRET)) throw new Error(`${each} → ${statement}`)
    }
  }), { numRuns: 2_000 })
})

t.test('nor does any digit of a number', async () => {
  fc.assert(fc.property(fc.constantFrom(...statements), fc.constantFrom(...numbers), fc.constantFrom(...numbers), (write, a, b) => !/\d/.test(fingerprintOf(write(a, b)).statement)))
})

t.test('statements that differ in values, comments, case and white space have one fingerprint', async t => {
  const same = [
    "select a, B from T where x = 'one' and n in (1, 2, 3)",
    'SELECT a,b\nFROM t -- why\nWHERE x=$1 AND n IN ( :n )',
    "select A , b from t where X = E'\\'two' and n in(4.5e6);"
  ].map(sql => fingerprintOf(sql))
  t.equal(new Set(same.map(({ fingerprint }) => fingerprint)).size, 2, 'but for the length of a list')
  t.equal(same[0]?.statement, 'select a, b from t where x = ? and n in(?, …)')
  t.equal(same[1]?.statement, same[2]?.statement)
  t.match(same[0]?.fingerprint, /^[0-9a-f]{16}$/)
})

t.test('what is left can be read', async t => {
  const told: Array<[sql: string, statement: string]> = [
    ["INSERT INTO t (a,b) VALUES (1,'x'),(2,'y')", 'insert into t(a, b) values(?, …), …'],
    ['select "id", "Select Me", t."Name" from "public"."users"', 'select "id", "?", t."Name" from "public"."users"'],
    ['select a is null, b is not true, c = false, d::int[], e[1:2] from t', 'select a is null, b is not true, c = ?, d::int[], e[?] from t'],
    ['set app.token = secret', 'set app.token = ?'],
    ["alter role bob set search_path to secret, 'x'", 'alter role bob set search_path to ?'],
    ['update t set a = b where c <> d', 'update t set a = b where c <> d'],
    ["select count(*) from t where j ->> 'k' = 'v' and ts < now() - interval '1 day'", 'select count(*) from t where j ->> ? = ? and ts < now() - interval ?'],
    ['create table t (id int not null, n numeric(10,2) default null)', 'create table t(id int not null, n numeric(?, …) default ?)'],
    ['', ''],
    ["'", '?']
  ]
  for (const [sql, statement] of told) t.equal(fingerprintOf(sql).statement, statement, sql)
  t.equal(fingerprintOf(`select ${'a, '.repeat(1_000)}b`).statement.length, 1_001, 'up to a length')
})

t.test('what is remembered is what would be found again', async t => {
  const remembering = rememberFingerprints()
  const statements = ['select 1', 'SELECT 2', `select '${'x'.repeat(3_000)}'`, ...Array.from({ length: 1_500 }, (_, at) => `select ${at} from t${at}`)]
  for (const sql of [...statements, ...statements]) t.strictSame(remembering(sql), fingerprintOf(sql))
})
