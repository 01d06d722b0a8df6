import { NumericValue } from '@smithy/core/serde'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import t from 'tap'
import { parseJson, readDocument } from '../../../sandbox/wire/json.js'
import { toJson } from '../../../sandbox/wire/schemas.js'
import { wireServices } from '../../../sandbox/wire/services.js'

t.test('reads what JSON.parse reads', async () => {
  fc.assert(fc.property(fc.json(), source => {
    const hasLongIntegers = /\d{16}/.test(source)
    return hasLongIntegers || JSON.stringify(parseJson(Buffer.from(source))) === JSON.stringify(JSON.parse(source))
  }))
})

t.test('keeps every digit of whole numbers, wherever they stand, and leaves all else as it is', async t => {
  const source = String.raw`{"a":9007199254740993,"b":[-9223372036854775808,1234567890123456],"c":"9007199254740993","d":"\"9007199254740993",
    "e":0.0009008662364296,"f":1e-1234567890123456789,"g":12345678901234.5,"h":12345678901234567890e2,"9007199254740993":1}`
  t.strictSame(parseJson(Buffer.from(source)), {
    a: 9007199254740993n,
    b: [-9223372036854775808n, 1234567890123456],
    c: '9007199254740993',
    d: '"9007199254740993',
    e: 0.0009008662364296,
    f: 0,
    g: 12345678901234.5,
    h: Number('12345678901234567890e2'),
    '9007199254740993': 1
  })
})

t.test('writes every digit of 64-bit integers, in structures and in lists', async () => {
  const shape = wireServices.get('rds-data')?.model.operations.get('ExecuteStatement')?.output ?? assert.fail('no such operation')
  const longs = fc.array(fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { minLength: 1 })
  fc.assert(fc.property(longs, longValues => {
    const written = toJson(shape, { records: [[{ arrayValue: { longValues } }, { longValue: longValues[0] ?? 0n }]] })
    const text = new TextDecoder().decode(Uint8Array.from(written as Uint8Array))
    return text === `{"records":[[{"arrayValue":{"longValues":[${longValues.map(String).join()}]}},{"longValue":${longValues[0] ?? 0n}}]]}`
  }))
})

t.test('writes doubles with the text that they were given, in structures and in lists', async t => {
  const shape = wireServices.get('rds-data')?.model.operations.get('ExecuteStatement')?.output ?? assert.fail('no such operation')
  const two = new NumericValue('2.0', 'bigDecimal')
  const written = toJson(shape, { records: [[{ doubleValue: two }, { arrayValue: { doubleValues: [two, 1.5, null, Number.NaN] } }]] })
  t.equal(Buffer.from(written).toString(), '{"records":[[{"doubleValue":2.0},{"arrayValue":{"doubleValues":[2.0,1.5,null,"NaN"]}}]]}')
})

t.test('numbers that are too long are exact in the Data API, and doubles elsewhere, where code computes with them', async t => {
  const inputOf = (service: string, operation: string) => wireServices.get(service)?.model.operations.get(operation)?.input ?? assert.fail('no such operation')
  t.strictSame(readDocument(inputOf('monitoring', 'GetMetricData'), { MaxDatapoints: 12345678901234567890n }, []), { MaxDatapoints: 12345678901234567000 })
  const parameters = [{ value: { longValue: 9007199254740993n } }]
  t.strictSame(readDocument(inputOf('rds-data', 'ExecuteStatement'), { parameters }, [], true), { parameters })
})
