import fc from 'fast-check'
import t from 'tap'

import type { Json } from '../../../src/queries/sql/arguments.js'
import { formatFor, PROBLEM_KEY } from '../../../src/queries/streams/formats.js'
import { nameColumns } from '../../../src/queries/answers/values.js'

const columns = (...names: string[]) => nameColumns(names.map(name => ({ name, type: 'text', isNullable: null })), [PROBLEM_KEY])

/** Reads CSV as PostgreSQL does: a field without quotes and without anything is NULL. */
function readCsv (text: string): Array<Array<string | null>> {
  const rows: Array<Array<string | null>> = [[]]
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  while (field.lastIndex < text.length) {
    const [, quoted, plain = '', end] = field.exec(text) ?? []
    if (end === undefined) throw new Error('not CSV')
    rows.at(-1)?.push(quoted === undefined ? plain || null : quoted.replaceAll('""', '"'))
    if (end === '\r\n') rows.push([])
  }
  return rows.slice(0, -1)
}

t.test('CSV: NULL is nothing, and an empty text is not', async t => {
  const format = formatFor('text/csv', 'object')
  const write = format.writer(columns())
  t.equal(format.head(columns('id', 'a "name"', 'id')), 'id,"a ""name""",id_2\r\n')
  const cases: Array<[value: Json, text: string]> = [
    [null, ''], ['', '""'], ['a', 'a'], ['a,b', '"a,b"'], ['a"b', '"a""b"'], ['a\nb', '"a\nb"'], ['a\rb', '"a\rb"'], [' a', '" a"'], ['a ', '"a "'], ['\\.', '"\\."'], ['é', 'é'],
    [1.5, '1.5'], [true, 'true'], [{ a: [1, null] }, '"{""a"":[1,null]}"'], [[], '[]']
  ]
  for (const [value, text] of cases) t.equal(write([value]), `${text}\r\n`, JSON.stringify(value))
  t.equal(format.problem, null, 'it has no place for a problem')
  t.throws(() => formatFor('text/csv', 'array'), { code: 'invalid-request', errors: [{ path: '/rowFormat' }] })
})

t.test('CSV: what is written is what is read', async t => {
  const write = formatFor('text/csv', 'object').writer(columns())
  const value = fc.option(fc.oneof(fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ' ', '\\', '.', 'a', 'é') }), fc.string({ unit: 'binary' })), { nil: null })
  fc.assert(fc.property(fc.array(fc.array(value, { minLength: 1, maxLength: 4 })), rows => {
    t.strictSame(readCsv(rows.map(write).join('')), rows)
  }))
})

t.test('NDJSON: a row a line, as an object or as an array', async t => {
  const rows = fc.array(fc.tuple(fc.jsonValue(), fc.string({ unit: 'binary' })))
  for (const rowFormat of ['object', 'array'] as const) {
    const format = formatFor('application/x-ndjson', rowFormat)
    const write = format.writer(columns('a"', 'b'))
    fc.assert(fc.property(rows, rows => {
      const lines = rows.map(row => write(row as Json[]))
      t.ok(lines.every(line => line.indexOf('\n') === line.length - 1))
      t.strictSame(lines.map(line => JSON.parse(line) as unknown), rows.map(([a, b]) => JSON.parse(JSON.stringify(rowFormat === 'array' ? [a, b] : { 'a"': a, b })) as unknown))
    }))
  }
  t.equal(formatFor('application/x-ndjson', 'object').writer([])([]), '{}\n', 'a row may have no columns')
})

t.test('NDJSON: no row is taken for a problem', async t => {
  const format = formatFor('application/x-ndjson', 'object')
  t.equal(format.problem?.({ code: 'sql-error' }), `{"${PROBLEM_KEY}":{"code":"sql-error"}}\n`)
  t.equal(format.writer(columns(PROBLEM_KEY))([null]), `{"${PROBLEM_KEY}_2":null}\n`)
})
