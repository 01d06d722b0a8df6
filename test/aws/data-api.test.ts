import {
  BeginTransactionCommand, CommitTransactionCommand, DatabaseErrorException, DatabaseResumingException, ExecuteStatementCommand, RDSDataClient, StatementTimeoutException,
  TransactionNotFoundException, UnsupportedResultException
} from '@aws-sdk/client-rds-data'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createDataApi } from '../../src/aws/data-api.js'
import { parseSqlError } from '../../src/aws/sql-error.js'

const client = new RDSDataClient({ region: 'eu-west-1' })
const mock = mockClient(client)
t.beforeEach(() => { mock.reset() })
const dataApi = createDataApi(() => client)
const target = { region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }

t.test('a statement goes out in AWS\'s shapes and its result comes back in ours', async t => {
  mock.on(ExecuteStatementCommand).resolves({
    numberOfRecordsUpdated: 0,
    columnMetadata: [
      { label: 'id', name: 'id', typeName: 'bigserial', nullable: 0 }, { label: 'tags', typeName: '_text', nullable: 1 }, { label: '?column?', typeName: 'bytea', nullable: 2 }
    ],
    records: [
      [{ stringValue: '9007199254740993' }, { arrayValue: { stringValues: ['a', 'b'] } }, { blobValue: new Uint8Array([1]) }],
      [{ stringValue: '2' }, { isNull: true }, { isNull: true }]
    ]
  })
  const args = [
    { name: 'a', value: null }, { name: 'b', value: true }, { name: 'c', value: 7n }, { name: 'd', value: 1.5 }, { name: 'e', value: 'x' }, { name: 'f', value: new Uint8Array([2]) }
  ]
  t.strictSame(await dataApi.execute(target, 'select 1', args, { transactionId: 'tx' }), {
    columns: [{ name: 'id', type: 'bigserial', isNullable: false }, { name: 'tags', type: '_text', isNullable: true }, { name: '?column?', type: 'bytea', isNullable: null }],
    rows: [['9007199254740993', ['a', 'b'], new Uint8Array([1])], ['2', null, null]],
    affected: 0
  })
  t.strictSame(mock.call(0).args[0].input, {
    resourceArn: 'arn:cluster',
    secretArn: 'arn:secret',
    database: 'temporal',
    sql: 'select 1',
    parameters: [
      { name: 'a', value: { isNull: true } }, { name: 'b', value: { booleanValue: true } }, { name: 'c', value: { longValue: 7 } },
      { name: 'd', value: { doubleValue: 1.5 } }, { name: 'e', value: { stringValue: 'x' } }, { name: 'f', value: { blobValue: new Uint8Array([2]) } }
    ],
    includeResultMetadata: true,
    resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'STRING' },
    transactionId: 'tx'
  })
})

t.test('a statement without rows has no columns, one with none of its rows has', async t => {
  mock.on(ExecuteStatementCommand).resolvesOnce({ numberOfRecordsUpdated: 3, generatedFields: [] }).resolvesOnce({ numberOfRecordsUpdated: 0, records: [], columnMetadata: [{ label: 'a', typeName: 'int4' }] })
  t.strictSame(await dataApi.execute(target, 'delete from t', []), { columns: null, rows: [], affected: 3 })
  t.match(await dataApi.execute(target, 'select 1 where false', []), { columns: [{ name: 'a' }], rows: [] })
})

t.test('failures come in our words, and nothing is sent twice', async t => {
  const $metadata = {}
  const sdk = (name: string, status?: number, code?: string): Error => Object.assign(new Error('no luck'), { name, code, $metadata: status === undefined ? undefined : { httpStatusCode: status } })
  const failures: Array<[error: Error, expected: object]> = [
    [new DatabaseErrorException({ message: 'ERROR: relation "nope" does not exist; Position: 15; SQLState: 42P01', $metadata }), { kind: 'sql', sql: { sqlState: '42P01', position: 15 } }],
    [new DatabaseErrorException({ message: 'Transaction is still running a query', $metadata }), { kind: 'busy', sql: null }],
    [new DatabaseErrorException({ message: 'Transaction AbC+/= is not found. Transaction may be expired.', $metadata }), { kind: 'no-transaction' }],
    [new DatabaseErrorException({ message: 'The result contains the unsupported data type POINT.', $metadata }), { kind: 'unsupported' }],
    [new DatabaseErrorException({ message: 'ERROR: canceling statement due to user request; SQLState: 57014', $metadata }), { kind: 'timeout' }],
    [new DatabaseResumingException({ message: 'resuming', $metadata }), { kind: 'resuming' }],
    [new StatementTimeoutException({ message: 'Request timed out', $metadata }), { kind: 'timeout' }],
    [new TransactionNotFoundException({ message: 'Transaction x is not found', $metadata }), { kind: 'no-transaction' }],
    [new UnsupportedResultException({ message: 'The result exceeds the size limit 1 MB.', $metadata }), { kind: 'unsupported', message: /1 MB/ }],
    [sdk('DatabaseUnavailableException', 504), { kind: 'lost' }],
    [sdk('InternalServerErrorException', 500), { kind: 'lost' }],
    [sdk('TimeoutError'), { kind: 'lost' }],
    [sdk('Error', undefined, 'ECONNRESET'), { kind: 'lost' }],
    [sdk('Error', undefined, 'ECONNREFUSED'), { kind: 'aws', aws: { kind: 'unavailable' } }],
    [sdk('ServiceUnavailableError', 503), { kind: 'aws', aws: { kind: 'unavailable' } }],
    [sdk('ThrottlingException', 400), { kind: 'aws', aws: { kind: 'throttled' } }],
    [sdk('AccessDeniedException', 403), { kind: 'aws', aws: { kind: 'denied' } }],
    [sdk('HttpEndpointNotEnabledException', 400), { kind: 'disabled' }]
  ]
  for (const [error, expected] of failures) {
    mock.reset()
    mock.on(BeginTransactionCommand).rejects(error)
    await t.rejects(dataApi.begin(target), expected as Error, `${error.name}: ${error.message}`)
    t.equal(mock.calls().length, 1)
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
  mock.on(CommitTransactionCommand).resolvesOnce({ transactionStatus: 'Transaction Committed' }).resolves({ transactionStatus: 'Rollback Complete' })
  await t.resolves(dataApi.commit(target, 'tx'))
  await t.rejects(dataApi.commit(target, 'tx'), { name: 'DataApiFailure', message: 'Rollback Complete' })
})
