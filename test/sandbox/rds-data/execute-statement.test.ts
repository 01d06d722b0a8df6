import fc from 'fast-check'
import t from 'tap'
import { caller, long, resourceArn, secretArn, startFixture, text } from './fixture.js'

const fixture = await startFixture()
t.teardown(fixture.close)
const { execute, rdsData } = fixture

const valueOf = async (expression: string, more = {}): Promise<unknown> => {
  const { records } = await execute(`select ${expression}`, more)
  return records?.[0]?.[0]
}

t.test('every type that AWS returns, in the member that AWS chooses', async t => {
  const wanted: Array<[expression: string, field: unknown]> = [
    ['true', { booleanValue: true }],
    ['7::int2', { longValue: 7 }],
    ['7', { longValue: 7 }],
    ['7::int8', { longValue: 7 }],
    ['7::oid', { longValue: 7 }],
    ['2.25::float4', { doubleValue: 2.25 }],
    ['2.25::float8', { doubleValue: 2.25 }],
    ['1.50', { stringValue: '1.50' }],
    ["'x'::text", { stringValue: 'x' }],
    ["'a'::char(3)", { stringValue: 'a  ' }],
    ["'x'::name", { stringValue: 'x' }],
    ["'{\"a\": [1,\n 2]}'::json", { stringValue: '{"a":[1,2]}' }],
    ["'{\"a\":1, \"b c\": \"d \\\" , : e\"}'::jsonb", { stringValue: '{"a":1,"b c":"d \\" , : e"}' }],
    ["'8c3f7f3a-2f5d-4c2e-9a39-3f1bb2c7e0a1'::uuid", { stringValue: '8c3f7f3a-2f5d-4c2e-9a39-3f1bb2c7e0a1' }],
    ["'\\x00ff'::bytea", { blobValue: Buffer.from([0, 255]) }],
    ["'10.0.0.1'::inet", { stringValue: '10.0.0.1' }],
    ["'10.0.0.0/8'::cidr", { stringValue: '10.0.0.0/8' }],
    ["'2026-09-17'::date", { stringValue: '2026-09-17' }],
    ["'17:08:20.5'::time", { stringValue: '17:08:20.500' }],
    ["'2026-09-17 17:08:20.855153'::timestamp", { stringValue: '2026-09-17 17:08:20.855153' }],
    ["'2026-09-17 20:08:20-03'::timestamptz", { stringValue: '2026-09-17 23:08:20' }],
    ['null', { isNull: true }],
    ['pg_sleep(0)', { stringValue: '' }],
    ["'{t,f}'::bool[]", { arrayValue: { booleanValues: [true, false] } }],
    ["'{1,NULL}'::int8[]", { arrayValue: { longValues: [1, null] } }],
    ["'{1.5}'::float4[]", { arrayValue: { doubleValues: [1.5] } }],
    ["'{1.50}'::numeric[]", { arrayValue: { stringValues: ['1.50'] } }],
    ["array['2026-09-17 17:08:20.5+00'::timestamptz]", { arrayValue: { stringValues: ['2026-09-17 17:08:20.500'] } }],
    ["array['a\"b', 'c,d', 'NULL', '', e'e\\\\f']", { arrayValue: { stringValues: ['a"b', 'c,d', 'NULL', '', 'e\\f'] } }],
    ["'{}'::text[]", { arrayValue: { stringValues: [] } }],
    ["array[B'1']", { arrayValue: { stringValues: ['1'] } }]
  ]
  for (const [expression, field] of wanted) t.strictSame(await valueOf(expression), field, expression)
})

t.test('what AWS refuses is refused by name, once there is a row of it', async t => {
  await execute("create type mood as enum ('fine', 'bad')")
  t.strictSame(await valueOf("'fine'::mood"), { stringValue: 'fine' }, 'an enum is returned')
  t.strictSame(await valueOf('int4range(1, 10)'), { stringValue: '[1,10)' }, 'and so is a range')
  t.strictSame(await valueOf('numrange(1, 10)'), { stringValue: '[1,10)' })
  const refused: Array<[expression: string, name: string]> = [
    ["'1 day'::interval", 'INTERVAL'], ["'17:08+02'::timetz", 'TIMETZ'], ['1::money', 'MONEY'], ['point(1,2)', 'POINT'],
    ["B'1'", 'BIT'], ["'a'::\"char\"", '"CHAR"'], ["'pg_class'::regclass", 'regclass'], ["'<a/>'::xml", 'xml'],
    ["array['pg_class'::regclass]", 'regclass[]'], ["array['fine'::mood]", 'mood[]'], ["array['10.0.0.1'::inet]", 'INET[]'], ['row(1,2)', 'RECORD'],
    ['int8range(1, 10)', 'INT8RANGE'], ["daterange('2024-01-01', null)", 'DATERANGE']
  ]
  for (const [expression, name] of refused) {
    await t.rejects(valueOf(expression), {
      code: 'UnsupportedResultException', message: `The result contains the unsupported data type ${name}.`
    }, expression)
  }
  await t.rejects(valueOf("'{{1}}'::int[]"), { code: 'UnsupportedResultException', message: 'The result contains a multidimensional array.' })
  const empty = await execute("select '1 day'::interval as d where false", { includeResultMetadata: true })
  t.strictSame(empty.records, [])
  t.match(empty.columnMetadata, [{ name: 'd', typeName: 'interval' }])
})

t.test('parameters are bound with the types that AWS gives them', async t => {
  const types = await execute(`select pg_typeof(:l)::text, pg_typeof(:d)::text, pg_typeof(:s)::text, pg_typeof(:b)::text, pg_typeof(:x)::text,
    pg_typeof(:u)::text, pg_typeof(:j)::text, pg_typeof(:n)::text, pg_typeof(:t)::text`, {
    parameters: [
      long('l', 1), { name: 'd', value: { doubleValue: 1.5 } }, text('s', 'x'), { name: 'b', value: { booleanValue: true } },
      { name: 'x', value: { blobValue: Buffer.from('x') } }, { ...text('u', '8c3f7f3a-2f5d-4c2e-9a39-3f1bb2c7e0a1'), typeHint: 'UUID' },
      { ...text('j', '{}'), typeHint: 'JSON' }, { ...text('n', '1.5'), typeHint: 'DECIMAL' },
      { ...text('t', '2026-01-01 00:00:00.123'), typeHint: 'TIMESTAMP' }
    ]
  })
  t.strictSame(types.records?.[0]?.map(({ stringValue }) => stringValue), [
    'bigint', 'double precision', 'text', 'boolean', 'bytea', 'uuid', 'json', 'numeric', 'timestamp without time zone'
  ])
  await t.rejects(execute('select 1 where gen_random_uuid() = :id', { parameters: [text('id', 'x')] }), {
    code: 'DatabaseErrorException',
    message: 'ERROR: operator does not exist: uuid = text; Hint: No operator matches the given name and argument types. You might need to add explicit type casts.; Position: 34; SQLState: 42883'
  })
  t.strictSame(await valueOf('coalesce(:n::int, 5)', { parameters: [{ name: 'n', value: { isNull: true } }] }), { longValue: 5 })
  t.strictSame(await valueOf('encode(:x, \'hex\')', { parameters: [{ name: 'x', value: { blobValue: Buffer.from([1, 254]) } }] }), { stringValue: '01fe' })
})

t.test('a parameter that cannot be bound is refused before the database sees it', async t => {
  const refused: Array<[parameter: object, message: RegExp]> = [
    [{ name: 'a', value: { arrayValue: { longValues: [1] } } }, /^Array parameters are not supported/],
    [{ name: '$1', value: { longValue: 1 } }, /^Named parameter syntax is invalid, input: \$1$/],
    [{ ...text('a', '2026-01-01T00:00:00Z'), typeHint: 'TIMESTAMP' }, /TIMESTAMP/],
    [{ ...text('a', 'x'), typeHint: 'COLOUR' }, /typeHint/],
    [{ name: 'a', value: { longValue: 1, stringValue: 'x' } }, /more than one member/]
  ]
  for (const [parameter, message] of refused) {
    await t.rejects(execute('select 1', { parameters: [parameter] }), { code: 'ValidationException', message })
  }
})

t.test('a parameter without a value is PostgreSQL\'s to refuse', async t => {
  await t.rejects(execute('select :a'), {
    code: 'DatabaseErrorException', message: 'ERROR: bind message supplies 0 parameters, but prepared statement "" requires 1; SQLState: 08P01'
  })
})

t.test('SQL errors are one line with their position and state, and no detail', async t => {
  await execute('create table strict_table (id int primary key, name text not null)')
  const errors: Array<[sql: string, message: string]> = [
    ['selec 1', 'ERROR: syntax error at or near "selec"; Position: 1; SQLState: 42601'],
    ['select * from nope', 'ERROR: relation "nope" does not exist; Position: 15; SQLState: 42P01'],
    ['select 1/0', 'ERROR: division by zero; SQLState: 22012'],
    ['insert into strict_table values (1, null)',
      'ERROR: null value in column "name" of relation "strict_table" violates not-null constraint; SQLState: 23502']
  ]
  for (const [sql, message] of errors) await t.rejects(execute(sql), { code: 'DatabaseErrorException', message }, sql)
})

t.test('one statement per call', async t => {
  await t.rejects(execute('select 1; select 2'), { code: 'ValidationException', message: 'Multistatements aren\'t supported.' })
  t.strictSame((await execute('select $$a :b c$$')).records, [[{ stringValue: 'a $1 c' }]], 'AWS replaces in dollar quotes too')
  await t.rejects(execute('select (array[1,2,3])[1:2]'), { code: 'DatabaseErrorException', message: /^ERROR: syntax error at or near "\$1"; Position: \d+; SQLState: 42601$/ })
  t.strictSame((await execute('select 1;')).records, [[{ longValue: 1 }]], 'a semicolon at the end is none')
  await t.rejects(execute('copy (select 1) to stdout'), { code: 'DatabaseErrorException', message: 'execute: unexpected message: CopyOutResponse' })
  await t.rejects(execute('copy strict_table from stdin'), { code: 'DatabaseErrorException', message: 'execute: unexpected message: CopyInResponse' })
})

t.test('the shape of an answer says what kind of statement it was', async t => {
  t.strictSame(await execute('create table shapes (id serial, name text)'), { generatedFields: [], numberOfRecordsUpdated: 0 })
  t.strictSame(await execute("insert into shapes (name) values ('a'), ('b')"), { generatedFields: [], numberOfRecordsUpdated: 2 })
  t.strictSame(await execute("update shapes set name = 'c' where id = 1 returning id"), { numberOfRecordsUpdated: 0, records: [[{ longValue: 1 }]] })
  t.strictSame(await execute('select 1 where false'), { numberOfRecordsUpdated: 0, records: [] })
  t.strictSame(await execute(''), { generatedFields: [], numberOfRecordsUpdated: 0 })
})

t.test('results have AWS\'s limits', async t => {
  const rows = async (count: number) => await execute(`select md5(value::text)::uuid from generate_series(1, ${count}) as value`)
  t.equal((await rows(24_800)).records?.length, 24_800)
  await t.rejects(rows(25_000), { code: 'UnsupportedResultException', message: 'The result exceeds the size limit 1 MB.' })
  t.ok(await valueOf("repeat('x', 65000)"))
  await t.rejects(valueOf("repeat('x', 66000)"), { code: 'UnsupportedResultException', message: /^Packet for query is too large/ })
  const huge = execute("select repeat('x', 1000) from generate_series(1, 1000000)")
  await t.rejects(huge, { code: 'UnsupportedResultException' }, 'a result of a gigabyte is cut off, not collected')
})

t.test('a result as JSON', async t => {
  const { formattedRecords, records } = await execute(`select 1 as a, 9007199254740993 as big, 1.50 as n, null as z, true as t, 'x"y' as s,
    '\\x00ff'::bytea as b, 'NaN'::float8 as nan, array[1, null] as list, '{"k": 1}'::jsonb as j, array[2::float8] as d`, { formatRecordsAs: 'JSON' })
  t.equal(formattedRecords, '[{"a":1,"big":9007199254740993,"n":1.50,"z":null,"t":true,"s":"x\\"y","b":"AP8=","nan":"NaN","list":[1,null],"j":"{\\"k\\":1}","d":[2.0]}]')
  t.equal(records, undefined)
  t.equal((await execute('select 1 where false', { formatRecordsAs: 'JSON' })).formattedRecords, '[]')
  await t.rejects(execute('select 1 as a, 2 as a', { formatRecordsAs: 'JSON' }), { code: 'UnsupportedResultException' })
})

t.test('a batch happens as a whole or not at all', async t => {
  await execute('create table batch (id int primary key)')
  const batch = async (...ids: number[]) => await rdsData.operations.BatchExecuteStatement({
    resourceArn, secretArn, database: 'temporal', sql: 'insert into batch values (:id)', parameterSets: ids.map(id => [long('id', id)])
  }, caller)
  t.strictSame(await batch(1, 2), { updateResults: [{ generatedFields: [] }, { generatedFields: [] }] })
  await t.rejects(batch(3, 1), { code: 'DatabaseErrorException', message: /SQLState: 23505$/ })
  t.strictSame(await batch(), { updateResults: [] })
  t.strictSame((await execute('select count(*) from batch')).records, [[{ longValue: 2 }]])
})

t.test('whatever is bound comes back as it was, by itself, in an array and as JSON', async t => {
  // PostgreSQL's text has no null character, and no half of a surrogate pair survives UTF-8.
  const words = fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }).filter(word => !word.includes('\0')), { minLength: 1, maxLength: 3 })
  const values = fc.record({
    words,
    long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    double: fc.double({ noNaN: true, noDefaultInfinity: true }),
    bytes: fc.uint8Array({ maxLength: 20 })
  })
  const wide = (value: bigint): number => Number.isSafeInteger(Number(value)) ? Number(value) : value as unknown as number
  await fc.assert(fc.asyncProperty(values, async ({ words, long, double, bytes }) => {
    const parameters = [
      ...words.map((word, index) => text(`w${index}`, word)),
      { name: 'l', value: { longValue: wide(long) } },
      { name: 'd', value: { doubleValue: double } },
      { name: 'b', value: { blobValue: bytes } }
    ]
    const sql = `select :w0 as word, array[${words.map((_, index) => `:w${index}`).join()}] as words, :l as long, array[:l] as longs, :d as double, :b as bytes`
    const [record = []] = (await execute(sql, { parameters })).records ?? []
    const [, , , , { doubleValue } = {}] = record
    t.equal(Number(String(doubleValue)), double)
    t.strictSame(record.toSpliced(4, 1), [
      { stringValue: words[0] },
      { arrayValue: { stringValues: words } },
      { longValue: wide(long) },
      { arrayValue: { longValues: [wide(long)] } },
      { blobValue: Buffer.from(bytes) }
    ])
    const { formattedRecords = '' } = await execute(sql, { parameters, formatRecordsAs: 'JSON' })
    t.match(JSON.parse(formattedRecords), [{ word: words[0], words, bytes: Buffer.from(bytes).toString('base64') }])
    t.ok(formattedRecords.includes(`"long":${long},"longs":[${long}]`), 'every digit')
  }), { numRuns: 60 })
})
