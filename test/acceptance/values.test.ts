import fc from 'fast-check'
import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import type { Json } from '../../src/queries/sql/arguments.js'
import { startService } from '../helpers/service.js'

const { url, call } = await startService(t)
const { body: { id } } = await call<{ id: string }>('POST', '/v1/databases', { client: 'acme', region: 'us-east-1' }, { prefer: 'wait=60' })

interface Answer {
  rows: Array<Record<string, Json>>
  code: string
  detail: string
  errors?: Array<{ path: string }>
}

const query = async (sql: string, more: object): Promise<{ status: number, body: Answer }> =>
  await call('POST', `/v1/databases/${id}/query`, { sql, ...more })

const digits = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[1-9][0-9]{0,${length - 1}}$`))
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }).map(each => each.replaceAll('\0', '')).filter(each => !/[\ud800-\udfff]/u.test(each)),
  fc.constantFrom('', ' ', 'NULL', 'null', '\\', '"', "'", '{}', '{', ',', ';', ':name', '$1', '$$', 'a\\"b', '\n\r\t', '--', '/*', 'é', '😀')
)
const twoDigits = (max: number, min = 0): fc.Arbitrary<string> => fc.integer({ min, max }).map(each => String(each).padStart(2, '0'))
const date = fc.tuple(fc.integer({ min: 1000, max: 9999 }), twoDigits(12, 1), twoDigits(28, 1)).map(parts => parts.join('-'))
const time = fc.tuple(twoDigits(23), twoDigits(59), twoDigits(59)).map(parts => parts.join(':'))
const moment = fc.tuple(date, time).map(([day, clock]) => `${day}T${clock}`)
const withSmallNumbers = (_key: string, inner: unknown): unknown => typeof inner === 'number' ? Math.trunc(inner % 1e6) + 0 : inner
const json: fc.Arbitrary<Json> = fc.jsonValue({ maxDepth: 2, stringUnit: 'grapheme' })
  .filter(each => !/\\u0000|__proto__/.test(JSON.stringify(each)))
  .map(each => JSON.parse(JSON.stringify(each, withSmallNumbers)) as Json)

/** Values of each type that the Data API carries, as the contract has them on the way in and out. */
const values: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  bool: fc.boolean(),
  int2: fc.integer({ min: -32_768, max: 32_767 }),
  int4: fc.integer(),
  int8: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  numeric: fc.tuple(digits(30), fc.stringMatching(/^[0-9]{1,20}$/)).map(parts => parts.join('.')),
  float4: fc.integer({ min: -99_999, max: 99_999 }).map(each => each / 4 + 0),
  float8: fc.double({ noNaN: true, noDefaultInfinity: true }).map(each => each + 0),
  text,
  varchar: text,
  uuid: fc.uuid(),
  date,
  time,
  timestamp: moment,
  timestamptz: moment.map(each => `${each}Z`),
  jsonb: json,
  json,
  bytea: fc.uint8Array({ maxLength: 20 }).map(each => Buffer.from(each).toString('base64')),
  inet: fc.ipV4()
}

/** The Data API has no arrays of these. */
const noArrays = new Set(['bytea', 'inet'])

t.test('every value comes back as it went in, alone and in arrays with NULLs', async () => {
  const columns = Object.entries(values).flatMap(([type, value]): Array<[type: string, value: fc.Arbitrary<Json>]> => [
    [type, fc.option(value, { freq: 5 })],
    ...(noArrays.has(type) ? [] : [[`${type}[]`, fc.array(fc.option(value, { freq: 4 }), { maxLength: 5 })] as [string, fc.Arbitrary<Json>]])
  ])
  const sql = `select ${columns.map((_, index) => `$${index + 1} as c${index}`).join(', ')}`
  const types = Object.fromEntries(columns.map(([type], index) => [String(index + 1), type]))
  await fc.assert(fc.asyncProperty(fc.tuple(...columns.map(([, value]) => value)), async parameters => {
    const { status, body } = await query(sql, { parameters: parameters.map((value, index) => toJsonText(value, columns[index]?.[0] ?? '')), types })
    if (status !== 200) throw new Error(JSON.stringify(body))
    for (const [index, [type]] of columns.entries()) {
      // JSON's null in a column of JSON is no NULL of SQL, and comes out as one.
      const [wanted, got] = [parameters[index], body.rows[0]?.[`c${index}`]].map(each => JSON.stringify(each))
      if (wanted !== got && !isSameJson(parameters[index], body.rows[0]?.[`c${index}`])) throw new Error(`${type}: ${wanted} became ${got}`)
    }
  }), { numRuns: 60 })
})

/** The text of a JSON value, as nobody would write it but a database. */
const jsonText = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(digits(40), digits(30).map(each => `-0.${each}`), fc.tuple(digits(3), fc.integer({ min: -300, max: 300 })).map(parts => parts.join('e')), fc.constantFrom('1.0', '-0', 'true', 'null')),
    fc.oneof(text, fc.constantFrom('"longValues":[9007199254740993]', '\u2028', '\n')).map(each => JSON.stringify(each)),
    fc.array(tie('value'), { maxLength: 3 }).map(each => `[${each.join(', ')}]`),
    fc.array(fc.tuple(fc.constantFrom('a', '1', '__proto__', 'a', '"'), tie('value')), { maxLength: 3 }).map(members => `{\n${members.map(([name, value]) => `${JSON.stringify(name)} :${value}`).join(',\r\n')}}`)
  )
})).value

/** JSON as the Data API writes it. */
const withoutSpaces = (text: string): string => text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1')

t.test('JSON comes back digit by digit, in whatever form it is asked for', async () => {
  const path = `${url}/v1/databases/${id}`
  const send = async (route: string, body: object, accept = 'application/json'): Promise<string> => {
    const answer = await fetch(`${path}/${route}`, { method: 'POST', headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json', accept }, body: JSON.stringify(body) })
    const answered = await answer.text()
    if (answer.status !== 200) throw new Error(answered)
    return answered
  }
  await query('create table documents (j json, b jsonb)', {})
  const parse = (text: string): unknown => JSON.parse(text)
  await fc.assert(fc.asyncProperty(jsonText.filter(each => !each.includes('\\u0000')), async given => {
    const types = { 1: 'json' }
    const statement = { sql: 'insert into documents values ($1, $1::jsonb) returning j, b, b::text as t, array[b, null] as a', types }
    const inserted = await send('batch', { ...statement, parameterSets: [[given]] })
    const { results: [{ rows: [{ t: printed }] }] } = parse(inserted) as { results: [{ rows: [{ t: string }] }] }
    const asText = JSON.stringify(printed)
    const [j, b] = [withoutSpaces(given), withoutSpaces(printed)]
    const object = `{"j":${j},"b":${b},"t":${asText},"a":[${b},null]}`
    const array = `[${j},${b},${asText},[${b},null]]`
    const line = (text: string): string => `${text}\n`
    const quoted = (text: string): string => /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
    const read = { sql: 'select $1::json as j, $1::jsonb as b, $1::jsonb::text as t, array[$1::jsonb, null] as a', types, parameters: [given] }
    const answers: Array<[form: string, answer: string, wanted: string]> = [
      ['batch', inserted, object],
      ['transaction', await send('transaction', { statements: [{ ...read, rowFormat: 'array' }] }), `[${array}]`],
      ['object', await send('query', read), `[${object}]`],
      ['array', await send('query', { ...read, rowFormat: 'array', mode: 'read' }), `[${array}]`],
      ['NDJSON', await send('query', read, 'application/x-ndjson'), line(object)],
      ['NDJSON of arrays', await send('query', { ...read, rowFormat: 'array' }, 'application/x-ndjson'), line(array)],
      ['CSV', await send('query', read, 'text/csv'), `\r\n${[j, b, printed, `[${b},null]`].map(quoted).join(',')}\r\n`]
    ]
    for (const [form, answer, wanted] of answers) {
      if (!answer.includes(wanted)) throw new Error(`${form}: ${wanted} became ${answer}`)
      if (form !== 'CSV') answer.trimEnd().split(form.startsWith('NDJSON') ? '\n' : '\0').forEach(parse)
    }
  }), { numRuns: 25 })
})

t.test('a whole number that a body of JSON cannot carry is refused, wherever in it', async t => {
  for (const a of [2 ** 53, [2 ** 53], { n: [2 ** 53] }, [{ n: -(2 ** 60) }]]) {
    const { status, body } = await query('select :a', { parameters: { a } })
    t.match([status, body], [400, { code: 'invalid-request', errors: [{ path: '/parameters/a' }] }], JSON.stringify(a))
  }
})

/** For json a text is the text of a JSON value. */
function toJsonText (value: Json, type: string): Json {
  if (!type.startsWith('json')) return value
  if (Array.isArray(value) && type.endsWith('[]')) return value.map(each => toJsonText(each, 'json'))
  return typeof value === 'string' ? JSON.stringify(value) : value
}

/** jsonb keeps no order of keys. */
function isSameJson (a: unknown, b: unknown): boolean {
  const sorted = (value: unknown): unknown => JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => x < y ? -1 : 1)) : inner)
  return sorted(a) === sorted(b)
}

t.test('values and arrays without a type come back as they went in', async () => {
  const fraction = fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true })
  const list = fc.oneof(fc.array(fc.option(text)), fc.array(fc.option(fc.boolean())), fc.array(fc.option(fraction)))
  await fc.assert(fc.asyncProperty(text, list, async (one, many) => {
    const { status, body } = await query('select :one::text as one, :many as many', { parameters: { one, many } })
    if (status !== 200) throw new Error(JSON.stringify(body))
    const [row = {}] = body.rows
    if (row.one !== one || JSON.stringify(row.many) !== JSON.stringify(many)) throw new Error(JSON.stringify([row, one, many]))
  }), { numRuns: 60 })
})

t.test('arrays of types that the Data API cannot return go in as well', async t => {
  const arrays: Array<[type: string, given: Json[], text: string]> = [
    ['interval[]', ['1 day', null], '{"1 day",NULL}'], ['money[]', ['$1,000.00'], '{"$1,000.00"}'], ['int4range[]', ['[1,3)', null], '{"[1,3)",NULL}'],
    ['box[]', ['(2,2),(1,1)', '(4,4),(3,3)'], '{(2,2),(1,1);(4,4),(3,3)}'], ['point[]', ['(1,2)'], '{"(1,2)"}'], ['inet[]', ['10.0.0.1'], '{10.0.0.1}'],
    ['bytea[]', ['AP8=', null], '{"\\\\x00ff",NULL}'], ['text[]', [['a', 'b"'], [null, '']], '{{a,"b\\""},{NULL,""}}'], ['float8[]', [1e300, 2 ** 60], '{1e+300,1.152921504606847e+18}']
  ]
  for (const [type, given, printed] of arrays) t.match((await query('select :a::text as a', { parameters: { a: given }, types: { a: type } })).body.rows, [{ a: printed }], type)
  t.match((await query('select :a as a, :b as b', { parameters: { a: [1, [2, { c: 'd"' }]], b: [] }, types: { a: 'jsonb', b: 'json' } })).body.rows, [{ a: [1, [2, { c: 'd"' }]], b: [] }], 'a list is one value for json')
})

t.test('what could not come back is refused, and named', async t => {
  for (const a of ['a\0b', '\ud800', ['\0']]) {
    const { status, body } = await query('select :a', { parameters: { a } })
    t.match([status, body], [400, { code: 'invalid-request', errors: [{ path: '/parameters/a' }] }])
  }
})
