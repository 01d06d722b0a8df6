import t from 'tap'

import { createDataApi } from '../../src/aws/data-api.js'
import { AwsFailure, toFailure } from '../../src/aws/errors.js'
import { NeverSent, type HttpAnswer } from '../../src/aws/http-posts.js'
import { parseSqlError } from '../../src/aws/sql-error.js'

const target = { region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }

const answer = (body: object, status = 200, headers: Record<string, string> = {}): HttpAnswer =>
  ({ status, headers, body: Buffer.from(JSON.stringify(body)) })

const refusal = (name: string, message: string, status = 400): HttpAnswer => answer({ message }, status, { 'x-amzn-errortype': `${name}:http://x` })

/** The Data API over a wire that answers these, one after the other, and what went over it. */
function dataApiOver (...answers: Array<HttpAnswer | Error>) {
  const sent: Array<{ region: string, operation: string, input: unknown }> = []
  const dataApi = createDataApi({
    forward: async (region, operation, body) => {
      sent.push({ region, operation, input: JSON.parse(Buffer.from(body).toString()) })
      const next = answers.shift()
      if (!next || next instanceof Error) throw next ?? new Error('nothing was to be sent')
      return next
    }
  })
  return { dataApi, sent }
}

t.test('64-bit integers in arrays keep their digits, and texts that look like them stay texts', async t => {
  const text = '"longValues":[9007199254740993]'
  const body = `{"columnMetadata":[{"label":"n","typeName":"_int8"},{"label":"t","typeName":"text"}],"records":[[{"arrayValue":{"longValues": [9007199254740993, null,
    -9223372036854775808,1]}},{"stringValue":${JSON.stringify(text)}}]]}`
  const { dataApi } = dataApiOver({ status: 200, headers: {}, body: Buffer.from(body) })
  t.strictSame((await dataApi.execute(target, 'select 1', [])).rows, [[['9007199254740993', null, '-9223372036854775808', 1], text]])
})

t.test('a statement goes out in AWS\'s shapes and its result comes back in ours', async t => {
  const { dataApi, sent } = dataApiOver(answer({
    numberOfRecordsUpdated: 0,
    columnMetadata: [
      { label: 'id', name: 'id', typeName: 'bigserial', nullable: 0 }, { label: 'tags', typeName: '_text', nullable: 1 }, { label: '?column?', typeName: 'bytea', nullable: 2 },
      { label: 'ratio', typeName: 'float8', nullable: 1 }, { label: 'ratios', typeName: '_float8', nullable: 1 },
      { label: 'on', typeName: 'bool', nullable: 1 }, { label: 'many', typeName: '_int4', nullable: 1 }
    ],
    records: [
      [{ stringValue: '9007199254740993' }, { arrayValue: { stringValues: ['a', 'b'] } }, { blobValue: 'AQ==' }, { doubleValue: 'NaN' },
        { arrayValue: { doubleValues: [0.5, '-Infinity', null] } }, { booleanValue: false }, { arrayValue: { longValues: [1] } }],
      [{ stringValue: '' }, { isNull: true }, { isNull: true }, { doubleValue: 1.5 }, { arrayValue: {} }, { isNull: true }, { arrayValue: { longValues: [] } }]
    ]
  }))
  const args = [
    { name: 'a', value: null }, { name: 'b', value: true }, { name: 'c', value: 7n }, { name: 'd', value: 1.5 },
    { name: 'e', value: 'x' }, { name: 'f', value: new Uint8Array([2]) }, { name: 'g', value: -Infinity }
  ]
  const { columns, rows, affected } = await dataApi.execute(target, 'select 1', args, { transactionId: 'tx' })
  t.strictSame(columns?.slice(0, 3), [{ name: 'id', type: 'bigserial', isNullable: false }, { name: 'tags', type: '_text', isNullable: true }, { name: '?column?', type: 'bytea', isNullable: null }])
  t.strictSame(rows, [
    ['9007199254740993', ['a', 'b'], Buffer.from([1]), NaN, [0.5, -Infinity, null], false, [1]],
    ['', null, null, 1.5, [], null, []]
  ])
  t.equal(affected, 0)
  t.strictSame(sent, [{
    region: 'eu-west-1',
    operation: 'Execute',
    input: {
      resourceArn: 'arn:cluster',
      secretArn: 'arn:secret',
      database: 'temporal',
      sql: 'select 1',
      parameters: [
        { name: 'a', value: { isNull: true } }, { name: 'b', value: { booleanValue: true } }, { name: 'c', value: { longValue: 7 } }, { name: 'd', value: { doubleValue: 1.5 } },
        { name: 'e', value: { stringValue: 'x' } }, { name: 'f', value: { blobValue: 'Ag==' } }, { name: 'g', value: { doubleValue: '-Infinity' } }
      ],
      includeResultMetadata: true,
      resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'STRING' },
      transactionId: 'tx'
    }
  }])
})

t.test('a statement without rows has no columns, one with none of its rows has', async t => {
  const { dataApi } = dataApiOver(
    answer({ numberOfRecordsUpdated: 3, generatedFields: [] }), answer({ numberOfRecordsUpdated: 0, records: [], columnMetadata: [{ label: 'a', typeName: 'int4' }] }))
  t.strictSame(await dataApi.execute(target, 'delete from t', []), { columns: null, rows: [], affected: 3 })
  t.match(await dataApi.execute(target, 'select 1 where false', []), { columns: [{ name: 'a' }], rows: [] })
})

t.test('failures come in our words, and nothing is sent twice', async t => {
  const broken = (code: string): AwsFailure => toFailure(Object.assign(new Error('no luck'), { code }))
  const failures: Array<[answer: HttpAnswer | Error, expected: object]> = [
    [refusal('DatabaseErrorException', 'ERROR: relation "nope" does not exist; Position: 15; SQLState: 42P01'), { kind: 'sql', sql: { sqlState: '42P01', position: 15 } }],
    [refusal('DatabaseErrorException', 'Transaction is still running a query'), { kind: 'busy', sql: null }],
    [refusal('DatabaseErrorException', 'Transaction AbC+/= is not found. Transaction may be expired.'), { kind: 'no-transaction' }],
    [refusal('DatabaseErrorException', 'The result contains the unsupported data type POINT.'), { kind: 'unsupported' }],
    [refusal('DatabaseErrorException', 'ERROR: canceling statement due to user request; SQLState: 57014'), { kind: 'timeout' }],
    [refusal('DatabaseResumingException', 'resuming'), { kind: 'resuming' }],
    [refusal('StatementTimeoutException', 'Request timed out'), { kind: 'timeout' }],
    [refusal('TransactionNotFoundException', 'Transaction x is not found', 404), { kind: 'no-transaction' }],
    [refusal('UnsupportedResultException', 'The result exceeds the size limit 1 MB.'), { kind: 'unsupported', message: /1 MB/ }],
    [refusal('DatabaseUnavailableException', 'no luck', 504), { kind: 'lost' }],
    [refusal('InternalServerErrorException', 'no luck', 500), { kind: 'lost' }],
    [{ status: 502, headers: {}, body: Buffer.from('<html>') }, { kind: 'lost' }],
    [{ status: 200, headers: {}, body: Buffer.from('{"rec') }, { kind: 'lost' }],
    [broken('ECONNRESET'), { kind: 'lost' }],
    [toFailure(new NeverSent('no luck')), { kind: 'aws', aws: { kind: 'unavailable' } }],
    [refusal('ServiceUnavailableError', 'no luck', 503), { kind: 'aws', aws: { kind: 'unavailable' } }],
    [refusal('ThrottlingException', 'Rate exceeded'), { kind: 'aws', aws: { kind: 'throttled' } }],
    [new AwsFailure('denied', 'AccessDeniedException', 'not authorized'), { kind: 'aws', aws: { kind: 'denied' } }],
    [refusal('HttpEndpointNotEnabledException', 'no luck'), { kind: 'disabled' }],
    [refusal('InvalidResourceStateException', 'It is stopped.'), { kind: 'stopped' }]
  ]
  for (const [failure, expected] of failures) {
    const { dataApi, sent } = dataApiOver(failure)
    await t.rejects(dataApi.begin(target), { name: 'DataApiFailure', ...expected }, JSON.stringify(expected))
    t.equal(sent.length, 1)
  }
})

t.test('an error of PostgreSQL is taken apart, whichever way AWS wrote it', async t => {
  const none = { detail: null, hint: null, position: null }
  const texts: Array<[text: string, wanted: unknown]> = [
    ['ERROR: operator does not exist: integer = text; Hint: No operator matches; the given name.; Position: 36; SQLState: 42883',
      { ...none, sqlState: '42883', message: 'operator does not exist: integer = text', hint: 'No operator matches; the given name.', position: 36 }],
    ['ERROR: duplicate key value violates unique constraint "episodes_pk"\n  Detail: Key (pid)=(m1) already exists.; SQLState: 23505',
      { ...none, sqlState: '23505', message: 'duplicate key value violates unique constraint "episodes_pk"', detail: 'Key (pid)=(m1) already exists.' }],
    ['ERROR: syntax error at or near "selec"\n  Position: 1; SQLState: 42601', { ...none, sqlState: '42601', message: 'syntax error at or near "selec"', position: 1 }],
    ['FATAL: password authentication failed for user "x"; SQLState: 28P01', { ...none, sqlState: '28P01', message: 'password authentication failed for user "x"' }],
    ['Database name is not the same as transaction database', null]
  ]
  for (const [text, wanted] of texts) t.strictSame(parseSqlError(text), wanted, text)
})

t.test('a commit that AWS answers with a rollback has failed', async t => {
  const { dataApi } = dataApiOver(answer({ transactionStatus: 'Transaction Committed' }), answer({ transactionStatus: 'Rollback Complete' }))
  await t.resolves(dataApi.commit(target, 'tx'))
  await t.rejects(dataApi.commit(target, 'tx'), { name: 'DataApiFailure', message: 'Rollback Complete' })
})
