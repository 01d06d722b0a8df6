import { NumericValue } from '@smithy/core/serde'
import fc from 'fast-check'
import t from 'tap'
import { builtInType, type ColumnType } from '../../../sandbox/rds-data/column-types.js'
import { parseArrayText, toField } from '../../../sandbox/rds-data/field-values.js'

const typeOf = (oid: number): ColumnType => builtInType(oid) ?? { name: '', jdbcType: 0, kind: undefined }
const TIMESTAMPTZ = typeOf(1184)
const NUMERIC = typeOf(1700)
const INT8 = typeOf(20)
const FLOAT8 = typeOf(701)

t.test('a timestamptz is shown in UTC, with as much fraction as it has', async t => {
  const shown: Array<[printed: string, wanted: string]> = [
    ['2026-09-17 17:08:20.855153+00', '2026-09-17 17:08:20.855153'],
    ['2026-09-17 17:08:20.8+00', '2026-09-17 17:08:20.800'],
    ['2026-09-17 17:08:20.8551+00', '2026-09-17 17:08:20.855100'],
    ['2026-09-17 17:08:20+00', '2026-09-17 17:08:20'],
    ['2026-12-31 20:08:20-03', '2026-12-31 23:08:20'],
    ['2027-01-01 05:38:20+05:30', '2027-01-01 00:08:20'],
    ['0998-12-31 20:53:32-03:06:28', '0999-01-01 00:00:00'],
    ['0044-03-15 12:00:00+00 BC', '0044-03-15 12:00:00 BC'],
    ['12026-01-01 00:00:00+00', '12026-01-01 00:00:00']
  ]
  for (const [printed, wanted] of shown) t.strictSame(toField(printed, TIMESTAMPTZ), { stringValue: wanted }, printed)
})

t.test('an infinite time fails the call without a word, as on AWS', async t => {
  t.throws(() => toField('infinity', TIMESTAMPTZ), { code: 'InternalFailure', status: 500, message: '' })
})

t.test('numbers come as the result options say', async t => {
  t.strictSame(toField('12.50', NUMERIC), { stringValue: '12.50' })
  t.strictSame(toField('12.50', NUMERIC, { decimalReturnType: 'DOUBLE_OR_LONG' }), { doubleValue: 12.5 })
  t.strictSame(toField('12', NUMERIC, { decimalReturnType: 'DOUBLE_OR_LONG' }), { longValue: 12 })
  t.strictSame(toField('12345678901234567890', NUMERIC, { decimalReturnType: 'DOUBLE_OR_LONG' }), { doubleValue: new NumericValue('12345678901234567000.0', 'bigDecimal') }, 'too long for a long')
  t.strictSame(toField('5.00', NUMERIC, { decimalReturnType: 'DOUBLE_OR_LONG' }), { doubleValue: new NumericValue('5.0', 'bigDecimal') })
  t.strictSame(toField('-0', FLOAT8), { doubleValue: new NumericValue('-0.0', 'bigDecimal') }, 'a whole double says that it is one')
  t.strictSame(toField('{9007199254740993,1}', typeOf(1016)), { arrayValue: { longValues: [9007199254740993n, 1] } })
  t.strictSame(toField('9007199254740993', INT8), { longValue: 9007199254740993n }, 'exact beyond 2^53')
  t.strictSame(toField('7', INT8, { longReturnType: 'STRING' }), { stringValue: '7' })
})

t.test('a NULL of a type that is refused is refused', async t => {
  t.throws(() => toField(null, { name: 'interval', jdbcType: 1111, kind: undefined }), {
    code: 'UnsupportedResultException', message: 'The result contains the unsupported data type INTERVAL.'
  })
})

/** An array's text as PostgreSQL prints it. */
function print (elements: Array<string | null>): string {
  const quoted = elements.map(element => {
    if (element === null) return 'NULL'
    return /^[a-z0-9]+$/.test(element) && element !== 'null' ? element : `"${element.replace(/["\\]/g, '\\$&')}"`
  })
  return `{${quoted.join(',')}}`
}

t.test('any array is read back', async () => {
  const element = fc.option(fc.oneof(fc.string(), fc.constantFrom('NULL', 'null', '', '{', '}', ',', '"', '\\', ' a ')))
  fc.assert(fc.property(fc.array(element), elements => {
    const read = parseArrayText(print(elements))
    return read !== undefined && read.length === elements.length && read.every((value, index) => value === elements[index])
  }))
})

t.test('arrays with bounds of their own are read, those of two dimensions are not', async t => {
  t.strictSame(parseArrayText('[0:1]={1,2}'), ['1', '2'])
  t.equal(parseArrayText('{{1,2},{3,4}}'), undefined)
  t.equal(parseArrayText('[1:1][-2:-1]={{1,2}}'), undefined)
  t.strictSame(parseArrayText('{}'), [])
})
