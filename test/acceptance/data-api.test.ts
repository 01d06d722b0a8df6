import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

import {
  BatchExecuteStatementCommand, BeginTransactionCommand, CommitTransactionCommand, DatabaseErrorException, ExecuteStatementCommand,
  RDSDataClient, RollbackTransactionCommand,
  TransactionNotFoundException, type Field, type TypeHint
} from '@aws-sdk/client-rds-data'
import t from 'tap'

import { LOCAL_SIGNING_SECRET } from '../../scripts/local.js'
import { lackOf } from '../helpers/programs.js'
import { startService } from '../helpers/service.js'

interface Outputs { clusterArn: string, secretArn: string }
interface Created { id: string, outputs: Outputs }

const { url, sandboxUrl, call } = await startService(t)
const create = async (client: string): Promise<Created> =>
  (await call<Created>('POST', '/v1/databases', { client, region: 'us-east-1' }, { prefer: 'wait=60' })).body
const [{ id, outputs: { clusterArn: resourceArn, secretArn } }, other] = await Promise.all([create('acme'), create('other')])
const endpoint = `${url}/v1/databases/${id}/data-api`
const place = { resourceArn, secretArn }
const within = { ...place, database: 'temporal' }

const clientFor = (more: object = {}): RDSDataClient => {
  const client = new RDSDataClient({ endpoint, region: 'us-east-1', credentials: { accessKeyId: 'local-dev', secretAccessKey: LOCAL_SIGNING_SECRET }, maxAttempts: 1, ...more })
  t.teardown(() => { client.destroy() })
  return client
}

interface Raw { status: number, type: string | null, content: string | null, requestId: boolean, body: string }

/** The same bytes, sent straight to AWS and through the mirror. */
async function send (to: string, body: string, headers: Record<string, string> = {}): Promise<Raw> {
  const response = await fetch(to, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })
  const header = (name: string): string | null => response.headers.get(name)
  return { status: response.status, type: header('x-amzn-errortype'), content: header('content-type'), requestId: header('x-amzn-requestid') !== null, body: await response.text() }
}
const straight = async (operation: string, body: string): Promise<Raw> => await send(`${sandboxUrl}/${operation}`, body)
const mirrored = async (operation: string, body: string): Promise<Raw> => await send(`${endpoint}/${operation}`, body, { authorization: 'Bearer local-dev-key' })

await t.test('a client of AWS works as it is, signing its requests', async t => {
  const client = clientFor()
  await client.send(new ExecuteStatementCommand({ ...within, sql: 'create table t (id int8 primary key, name text)' }))
  const { transactionId } = await client.send(new BeginTransactionCommand(within))
  await client.send(new BatchExecuteStatementCommand({
    ...within, transactionId, sql: 'insert into t values (:id, :name)', parameterSets: [1, 2].map(id => [{ name: 'id', value: { longValue: id } }, { name: 'name', value: { stringValue: `n${id}` } }])
  }))
  t.equal((await client.send(new CommitTransactionCommand({ ...place, transactionId }))).transactionStatus, 'Transaction Committed')
  const second = await client.send(new BeginTransactionCommand(within))
  const deleted = await client.send(new ExecuteStatementCommand({ ...within, transactionId: second.transactionId, sql: 'delete from t' }))
  t.equal(deleted.numberOfRecordsUpdated, 2)
  t.equal((await client.send(new RollbackTransactionCommand({ ...place, transactionId: second.transactionId }))).transactionStatus, 'Rollback Complete')
  const { records } = await client.send(new ExecuteStatementCommand({ ...within, sql: 'select * from t order by id' }))
  t.strictSame(records, [[{ longValue: 1 }, { stringValue: 'n1' }], [{ longValue: 2 }, { stringValue: 'n2' }]])
  await t.rejects(client.send(new ExecuteStatementCommand({ ...within, sql: 'selec 1' })), DatabaseErrorException)
  await t.rejects(client.send(new CommitTransactionCommand({ ...place, transactionId })), TransactionNotFoundException)
})

await t.test('what this service refuses, a client of AWS can read', async t => {
  const one = new ExecuteStatementCommand({ ...within, sql: 'select 1' })
  const refusals: Array<[what: string, client: RDSDataClient, name: string, message: RegExp]> = [
    ['a wrong secret', clientFor({ credentials: { accessKeyId: 'local-dev', secretAccessKey: 'x'.repeat(32) } }), 'InvalidSignatureException', /does not match/],
    ['an unknown key', clientFor({ credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: LOCAL_SIGNING_SECRET } }), 'UnrecognizedClientException', /no key here that can sign/],
    ['another region', clientFor({ region: 'eu-west-1' }), 'InvalidSignatureException', /region of the database, which is us-east-1/],
    ['a database that is not there', clientFor({ endpoint: `${endpoint.replace(id, `${id}x`)}` }), 'DatabaseNotFoundException', /no database/],
    ['another database', clientFor({ endpoint: endpoint.replace(id, other.id) }), 'AccessDeniedException', /another cluster/]
  ]
  for (const [what, client, name, message] of refusals) {
    await t.rejects(client.send(one), { name, message, $metadata: { requestId: /\S/ } } as never, what)
  }
})

await t.test('what drivers on top of the Data API send works: numbers for names, hints for types, savepoints for nested transactions', async t => {
  const client = clientFor()
  const execute = async (sql: string, values: Array<[field: Field, typeHint?: TypeHint]> = [], transactionId?: string) =>
    await client.send(new ExecuteStatementCommand({
      ...within,
      sql,
      includeResultMetadata: true,
      parameters: values.map(([value, typeHint], index) => ({ name: String(index + 1), value, ...(typeHint ? { typeHint } : {}) })),
      ...(transactionId ? { transactionId } : {})
    }))
  await execute('create table driven (id serial primary key, at timestamptz, day date, "time" time, u uuid, j jsonb, n numeric(10, 2), texts text[], bytes bytea)')
  const columns = '"id", "at", "day", "time", "u", "j", "n", "texts", "bytes"'
  const { records, columnMetadata } = await execute(`insert into "driven" (${columns}) values (default, :1, :2, :3, :4, :5, :6, :7::text[], :8) returning ${columns}`, [
    [{ stringValue: '2026-01-02 03:04:05.123' }, 'TIMESTAMP'], [{ stringValue: '2026-01-02' }, 'DATE'], [{ stringValue: '03:04:05' }, 'TIME'],
    [{ stringValue: '550e8400-e29b-41d4-a716-446655440000' }, 'UUID'],
    [{ stringValue: '{"a": [1]}' }, 'JSON'], [{ stringValue: '19.99' }, 'DECIMAL'], [{ stringValue: '{a,"b\\"c"}' }], [{ blobValue: Buffer.from('bytes') }]
  ])
  t.strictSame(records, [[
    { longValue: 1 }, { stringValue: '2026-01-02 03:04:05.123' }, { stringValue: '2026-01-02' }, { stringValue: '03:04:05' }, { stringValue: '550e8400-e29b-41d4-a716-446655440000' },
    { stringValue: '{"a":[1]}' }, { stringValue: '19.99' }, { arrayValue: { stringValues: ['a', 'b"c'] } }, { blobValue: new Uint8Array(Buffer.from('bytes')) }
  ]])
  t.strictSame(columnMetadata?.map(({ typeName }) => typeName), ['serial', 'timestamptz', 'date', 'time', 'uuid', 'jsonb', 'numeric', '_text', 'bytea'])
  const { transactionId = '' } = await client.send(new BeginTransactionCommand(within))
  for (const [sql, values] of [
    ['set transaction isolation level serializable read write', []], ['savepoint sp1', []], ['insert into driven (n) values (:1)', [[{ doubleValue: 1.5 }]]], ['rollback to savepoint sp1', []],
    ['savepoint sp2', []], ['insert into driven (n) values (:1)', [[{ longValue: 2 }]]], ['release savepoint sp2', []]
  ] as Array<[string, Array<[Field]>]>) await execute(sql, values, transactionId)
  await client.send(new CommitTransactionCommand({ ...place, transactionId }))
  t.strictSame((await execute('select n from driven where id > :1', [[{ longValue: 1 }]])).records, [[{ stringValue: '2.00' }]])
})

const long = 9007199254740993n
const successes: Array<[operation: string, more: string]> = [
  ['Execute', '"database":"temporal","sql":"select 1 as a, 9007199254740993::int8 as b, 1.50 as c, true as d, null as e, array[1,2] as f","includeResultMetadata":true'],
  ['Execute', `"database":"temporal","sql":"select :n::int8 as n","parameters":[{"name":"n","value":{"longValue":${long}}}]`],
  ['Execute', '"database":"temporal","sql":"select \'{\\"a\\": \\"\\\\u00e4, ]}\\"}\'::jsonb as j, \'\\\\x00ff\'::bytea as b","formatRecordsAs":"JSON"'],
  ['Execute', '"database":"temporal","sql":"select 0::float8 as a, array[-0.0::float8, null] as b"'],
  ['Execute', '"database":"temporal","sql":"create table if not exists bytes (a int)"'],
  ['BatchExecute', '"database":"temporal","sql":"select :a::int","parameterSets":[[{"name":"a","value":{"longValue":1}}],[{"name":"a","value":{"isNull":true}}]]'],
  ['Execute', ' "unknown" : [ { "deep" : 1e400 } ] , "database" : "temporal" , "sql" : "select 1" '],
  ['Execute', '"database":"temporal","sql":"selec 1"'],
  ['Execute', '"database":"temporal","sql":"select * from nothing"'],
  ['Execute', '"database":"temporal","sql":"select \'1 day\'::interval"'],
  ['Execute', '"database":"temporal","sql":"select 1; select 2"'],
  ['Execute', '"database":"temporal","sql":"select repeat(\'x\', 60000) from generate_series(1, 20)"'],
  ['Execute', '"database":"nowhere","sql":"select 1"'],
  ['Execute', '"database":"temporal","schema":"public","sql":"select 1"'],
  ['Execute', '"database":"temporal","sql":7'],
  ['Execute', '"database":"temporal"'],
  ['Execute', '"database":"temporal","sql":"select 1","transactionId":"none"'],
  ['BeginTransaction', '"database":"nowhere"'],
  ['CommitTransaction', '"transactionId":"none"'],
  ['RollbackTransaction', ''],
  ...['select (', "select 'left open", 'select $a$ left open', '/* left open', 'select "left open', '/*+ hint */ selec 1', 'select /*+ hint */ nope', '/*+ /* left open */ select 1', 'select :nope::int, \u00e4', '-- nothing', ' ; ',
    'select current_query()', 'select current_query(), nope', 'insert into bytes select length(current_query()) returning a', "select current_query(), repeat('x', 60000) from generate_series(1, 20)", 'insert into deferring values (length(current_query()))',
    'vacuum /* pg_stat_activity */ bytes', `update bytes set a = length('${'x'.repeat(65_450)}') where a > 0`, "do $$ begin raise exception 'x; Position: 3'; end $$", 'explain select 1', "prepare p as select 'left open"
  ].map((sql): [string, string] => ['Execute', `"database":"temporal","sql":${JSON.stringify(sql)}`])
]

await t.test('every answer and every error is AWS\'s, byte for byte', async t => {
  await mirrored('Execute', '{"sql":"create table deferring (a int references deferring (a) deferrable initially deferred, unique (a), b int default 1 references deferring (a) deferrable initially deferred)"}')
  for (const [operation, more] of successes) {
    const addressed = `{"resourceArn":${JSON.stringify(resourceArn)},"secretArn":${JSON.stringify(secretArn)}${more === '' ? '' : `,${more}`}}`
    const expected = await straight(operation, addressed)
    t.strictSame(await mirrored(operation, addressed), expected, `${operation} ${more} is ${expected.status} ${expected.type ?? ''}`)
    t.strictSame(await mirrored(operation, `{${more}}`), expected, 'and so it is when the path says where')
  }
  t.match((await straight('Execute', `{"resourceArn":"${resourceArn}","secretArn":"${secretArn}",${successes[1]?.[1]}}`)).body, String(long), 'with every digit')
})

await t.test('a transaction is the same on either way', async t => {
  const { transactionId } = JSON.parse((await mirrored('BeginTransaction', '{}')).body) as { transactionId: string }
  const inIt = JSON.stringify({ ...within, transactionId, sql: 'select 1' })
  t.equal((await straight('Execute', inIt)).status, 200)
  const elsewhere = await send(`${url}/v1/databases/${other.id}/data-api/Execute`, JSON.stringify({ transactionId, sql: 'select 1' }), { authorization: 'Bearer local-dev-key' })
  t.match(elsewhere, { status: 404, type: 'TransactionNotFoundException' }, 'and unknown to any other database')
  t.match(await mirrored('CommitTransaction', JSON.stringify({ transactionId })), { status: 200 })
})

await t.test('nothing reaches another database', async t => {
  const { clusterArn, secretArn: otherSecret } = other.outputs
  const attempts: Array<[what: string, body: string, status: number, type: string]> = [
    ['its cluster', JSON.stringify({ resourceArn: clusterArn, sql: 'select 1' }), 403, 'AccessDeniedException'],
    ['its secret', JSON.stringify({ secretArn: otherSecret, sql: 'select 1' }), 403, 'AccessDeniedException'],
    ['its cluster after the right one', `{"resourceArn":"${resourceArn}","sql":"select 1","resourceArn":"${clusterArn}"}`, 400, 'SerializationException'],
    ['its cluster, written in another way', `{"resourceArn":"${resourceArn}","resource\\u0041rn":"${clusterArn}","sql":"select 1"}`, 400, 'SerializationException'],
    ['its cluster under a name that is nearly the same', JSON.stringify({ ResourceArn: clusterArn, sql: 'select 1' }), 400, 'ValidationException'],
    ['a cluster that is no text', JSON.stringify({ resourceArn: [clusterArn], sql: 'select 1' }), 403, 'AccessDeniedException'],
    ['what is not JSON', `{"resourceArn":"${clusterArn}",}`, 400, 'SerializationException'],
    ['what is no object', JSON.stringify([{ resourceArn: clusterArn }]), 400, 'SerializationException']
  ]
  for (const [what, body, status, type] of attempts) {
    const refused = await mirrored('Execute', body)
    t.match(refused, { status, type, content: 'application/problem+json', requestId: true }, what)
    t.notOk(refused.body.includes(other.id.split('.')[1] ?? ''), 'and nothing is told of it')
  }
})

const lack = lackOf('boto3')
if (lack !== null) t.comment(`SKIPPED: boto3 was not tried, for this machine has ${lack}.`)

await t.test('boto3 works as it is', { skip: lack !== null }, async t => {
  const script = `
import boto3, json, os
data = boto3.client('rds-data', endpoint_url=os.environ['ENDPOINT'])
place = json.loads(os.environ['PLACE'])
seen = {'exact': data.execute_statement(**place, sql='select :n::int8 as n', parameters=[{'name': 'n', 'value': {'longValue': ${long}}}])['records']}
transaction = data.begin_transaction(**place)['transactionId']
data.batch_execute_statement(**place, transactionId=transaction, sql='select :a::int', parameterSets=[[{'name': 'a', 'value': {'longValue': 1}}]])
del place['database']
seen['commit'] = data.commit_transaction(**place, transactionId=transaction)['transactionStatus']
def refusal(client, **arguments):
  try: client.execute_statement(**{**place, **arguments})
  except Exception as error: return type(error).__name__ + ' ' + str(error.response['Error']['Code'])
stranger = boto3.client('rds-data', endpoint_url=os.environ['ENDPOINT'], aws_access_key_id='none', aws_secret_access_key='none')
seen['refusals'] = [refusal(data, sql='selec'), refusal(data, sql='select 1', resourceArn=place['resourceArn'] + 'x'), refusal(stranger, sql='select 1')]
print(json.dumps(seen))
`
  const { PATH = '' } = process.env
  const env = { PATH, ENDPOINT: endpoint, PLACE: JSON.stringify(within), AWS_DEFAULT_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local-dev', AWS_SECRET_ACCESS_KEY: LOCAL_SIGNING_SECRET }
  const { stdout } = await promisify(execFile)('python3', ['-c', script], { env, timeout: 60_000 })
  t.match(stdout, String(long), 'with every digit')
  t.match(JSON.parse(stdout), {
    commit: 'Transaction Committed',
    refusals: ['DatabaseErrorException DatabaseErrorException', 'AccessDeniedException AccessDeniedException', 'ClientError UnrecognizedClientException']
  })
})
