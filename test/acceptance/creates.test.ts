import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { CloudFormationClient, CreateStackCommand, ListStacksCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation'
import { CreateDBClusterSnapshotCommand, RDSClient } from '@aws-sdk/client-rds'
import { pino } from 'pino'
import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { parseKeys } from '../../src/access/keys-file.js'
import { readConfig } from '../../src/config.js'
import { createService } from '../../src/service.js'
import { templatesDirectory } from '../../src/templates/catalog.js'
import { startService } from '../helpers/service.js'

interface Database {
  id: string
  status: string
  statusReason: string | null
  stack: { id: string, name: string }
  operation: { id: string }
}

const region = 'eu-west-1'
const service = await startService(t)
const keys = parseKeys(JSON.stringify([
  { id: 'other', sha256: createHash('sha256').update(LOCAL_KEY).digest('hex'), client: '*', scopes: ['*'], regions: ['*'], expiresAt: null }
]))
const config = readConfig({ env: { ...process.env, REGIONS: region, API_KEYS_FILE: 'any' }, readKeys: () => keys, templates: ['aurora-serverless-v2-postgres'] })
const replica = await createService({ config, log: pino({ level: 'silent' }) })
await replica.listen({ port: 0, host: '127.0.0.1' })
t.teardown(async () => { await replica.close() })

const { port } = replica.server.address() as { port: number }
const urls = [service.url, `http://127.0.0.1:${port}`]
const aws = { region, endpoint: service.sandboxUrl, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
const cloudFormation = new CloudFormationClient(aws)
const rds = new RDSClient(aws)
t.teardown(() => {
  cloudFormation.destroy()
  rds.destroy()
})

/** Every stack of that name that there ever was. */
const stacksNamed = async (name: string): Promise<string[]> => {
  const { StackSummaries = [] } = await cloudFormation.send(new ListStacksCommand({}))
  return StackSummaries.filter(({ StackName }) => StackName === name).map(({ StackId = '' }) => StackId)
}

const create = async (url: string, body: object, key?: string) => {
  const response = await fetch(`${url}/v1/databases`, {
    method: 'POST',
    headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
    body: JSON.stringify(body)
  })
  return { url, status: response.status, replayed: response.headers.get('idempotency-replayed'), body: await response.json() as Database & { databaseId?: string, code?: string } }
}

const wait = { prefer: 'wait=60' }

const addFault = async (fault: object): Promise<void> => {
  await fetch(`${service.sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) })
}

await t.test('one request, sent twelve times at once through two replicas, makes one stack', async t => {
  const request = { client: 'acme', region, name: 'orders' }
  const answers = await Promise.all(Array.from({ length: 12 }, async (_, at) => await create(urls[at % 2] ?? '', request, 'key-1')))
  t.strictSame(answers.map(({ status, replayed }) => `${status} ${replayed}`).sort(), [...Array<string>(11).fill('200 true'), '202 null'])
  t.equal(new Set(answers.map(({ body }) => body.stack.id)).size, 1)
  t.equal((await stacksNamed(answers[0]?.body.stack.name ?? '')).length, 1)

  const [first] = answers.filter(({ status }) => status === 202)
  const id = first?.body.id ?? ''
  for (const url of urls) {
    t.match(await create(url, { ...request, tags: { a: 'b' } }), { status: 409, body: { code: 'database-exists', databaseId: id } })
    t.match(await create(url, { ...request, tags: { a: 'b' } }, 'key-1'), { status: 422, body: { code: 'idempotency-key-reused', databaseId: id } })
  }
  t.match(await create(first?.url ?? '', { ...request, name: 'invoices' }, 'key-1'), { status: 422, body: { code: 'idempotency-key-reused', databaseId: id } })
  t.equal((await cloudFormation.send(new ListStacksCommand({}))).StackSummaries?.length, 1, 'none of them launched anything')
})

await t.test('a create in a network waits for the network to be there, and launches nothing before', async t => {
  const request = { client: 'hooli', region, parameters: { NetworkStackName: 'network-of-hooli' } }
  const before = (await cloudFormation.send(new ListStacksCommand({}))).StackSummaries?.length
  t.match(await service.call('POST', '/v1/databases', request), {
    status: 422, body: { code: 'preflight-failed', errors: [{ path: '/parameters/NetworkStackName', message: /network-of-hooli-/ }] }
  })
  t.equal((await cloudFormation.send(new ListStacksCommand({}))).StackSummaries?.length, before)
  await cloudFormation.send(new CreateStackCommand({ StackName: 'network-of-hooli', TemplateBody: readFileSync(new URL('network.yaml', templatesDirectory), 'utf8') }))
  await waitUntilStackCreateComplete({ client: cloudFormation, maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.2 }, { StackName: 'network-of-hooli' })
  t.match(await service.call('POST', '/v1/databases', request, wait), { status: 202, body: { status: 'available' } })
})

await t.test('a create that was done, but whose answer was lost, is found and not repeated', async t => {
  const request = { client: 'acme', region, name: 'lost' }
  await addFault({ service: 'cloudformation', operation: 'CreateStack', kind: 'drop-after', count: 1 })
  const first = await create(urls[0] ?? '', request)
  const second = await create(urls[1] ?? '', request)
  t.match([first, second], [{ status: 202, replayed: null }, { status: 200, replayed: 'true' }], 'the SDK asks again with the same token')
  t.equal(first.body.stack.id, second.body.stack.id)
  t.equal((await stacksNamed(first.body.stack.name)).length, 1)
})

await t.test('what is left of a create that failed is replaced, and what lives is not', async t => {
  const request = { client: 'acme', region, name: 'retried', onFailure: 'keep', deletionProtection: true }
  await addFault({ kind: 'fail-resource', resource: 'MasterSecret', reason: 'No more secrets.', count: 1 })
  const first = await create(urls[0] ?? '', request)
  const failed = await service.call<Database>('GET', `/v1/databases/${first.body.id}`, undefined, { prefer: 'wait=30' })
  t.match(failed.body, { status: 'failed', statusReason: /No more secrets/ })
  const second = await create(urls[1] ?? '', request)
  t.match(second, { status: 202, replayed: null, body: { id: first.body.id } })
  t.not(second.body.stack.id, first.body.stack.id)
  t.match(await create(urls[0] ?? '', request), { status: 200, body: { stack: { id: second.body.stack.id } } })
  t.equal((await stacksNamed(first.body.stack.name)).length, 2)
})

await t.test('a database starts with the data of another: as it is, as it was, or as a snapshot has it', async t => {
  const request = { client: 'acme', region, name: 'shop', parameters: { DatabaseName: 'shop', MaxCapacity: 8 } }
  const { body: { id, stack } } = await service.call<Database>('POST', '/v1/databases', request, wait)
  const query = async (ofId: string, sql: string) => (await service.call<{ rows: unknown[] }>('POST', `/v1/databases/${ofId}/query`, { sql })).body.rows
  const countOf = async (ofId: string) => await query(ofId, 'select count(*)::int as rows from orders')
  await query(id, 'create table orders as select generate_series(1, 10) as id')
  const [moment] = await query(id, "select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') as at") as Array<{ at: string }>
  await rds.send(new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: stack.name, DBClusterSnapshotIdentifier: 'shop-by-hand' }))
  for (let status; status !== 'available';) {
    const { body: { items } } = await service.call<{ items: Array<{ status: string }> }>('GET', `/v1/databases/${id}/snapshots`)
    status = items[0]?.status
  }
  await query(id, 'insert into orders select generate_series(11, 15)')

  const copy = (name: string, source: object) => ({ client: 'acme', region, name, source })
  const copies = [copy('clone', { databaseId: id }), copy('past', { databaseId: id, at: moment?.at }), copy('from-snapshot', { snapshotId: 'shop-by-hand' })]
  const made = await Promise.all(copies.map(async body => await service.call<Database>('POST', '/v1/databases', body, wait)))
  for (const { status, body } of made) {
    t.equal(status, 202)
    t.match(body, { status: 'available', statusReason: null, parameters: { DatabaseName: 'shop', MaxCapacity: 8, EnvironmentName: 'dev' } })
  }
  t.strictSame(await Promise.all(made.map(async ({ body }) => await countOf(body.id))), [[{ rows: 15 }], [{ rows: 10 }], [{ rows: 10 }]])

  const cloneId = made[0]?.body.id ?? ''
  await query(cloneId, 'delete from orders')
  t.strictSame(await countOf(id), [{ rows: 15 }], 'a clone is on its own')

  t.match(await Promise.all(copies.map(async body => await service.call('POST', '/v1/databases', body))), copies.map(() => ({ status: 200 })))
  await service.call('PATCH', `/v1/databases/${id}`, { parameters: { MaxCapacity: 16 } }, wait)
  t.match(await service.call('POST', '/v1/databases', copies[0]), { status: 200 }, 'also once the source is another')

  const changed = await service.call<{ status: string }>('PATCH', `/v1/databases/${made[1]?.body.id}`, { parameters: { MaxCapacity: 2 } }, wait)
  t.match(changed, { status: 202, body: { status: 'available', parameters: { MaxCapacity: 2 } } })
  t.strictSame(await countOf(made[1]?.body.id ?? ''), [{ rows: 10 }], 'a change does not start from the source again')
})

await t.test('what cannot be a source is said before anything is launched', async t => {
  const before = (await cloudFormation.send(new ListStacksCommand({}))).StackSummaries?.length
  const refuse = async (source: object, more: object = {}) =>
    await service.call<{ errors: Array<{ path: string, message: string }> }>('POST', '/v1/databases',
      { client: 'acme', region, name: 'never', source, ...more })
  const { body: { items } } = await service.call<{ items: Database[] }>('GET', '/v1/databases?name=shop')
  const databaseId = items[0]?.id ?? ''
  t.match(await refuse({ databaseId, at: '2020-01-01T00:00:00Z' }), { status: 422, body: { code: 'preflight-failed', errors: [{ path: '/source/at', message: /must be from .+ to / }] } })
  t.match(await refuse({ snapshotId: 'nothing' }), { status: 422, body: { errors: [{ path: '/source/snapshotId' }] } })
  t.match(await refuse({ databaseId: `${region}.nothing` }), { status: 422, body: { errors: [{ path: '/source/databaseId' }] } })
  t.match(await refuse({ databaseId }, { parameters: { DatabaseName: 'other', NetworkStackName: 'nowhere' } }), {
    status: 422, body: { errors: [{ path: '/parameters/DatabaseName', message: /is shop/ }, { path: '/parameters/NetworkStackName' }, { path: '/parameters/NetworkStackName' }] }
  })
  for (const source of [{}, { databaseId, snapshotId: 'a' }, { snapshotId: 'a', at: '2026-01-01T00:00:00Z' }, { databaseId, at: 'yesterday' }]) {
    t.match(await refuse(source), { status: 400, body: { code: 'invalid-request', errors: [{ path: /^\/source/ }] } })
  }
  t.match(await service.call('POST', '/v1/databases?dryRun=true', { client: 'acme', region, name: 'never', source: { databaseId } }), {
    status: 200, body: { parameters: { DatabaseName: 'shop', MaxCapacity: 16 }, findings: [] }
  })
  t.equal((await cloudFormation.send(new ListStacksCommand({}))).StackSummaries?.length, before)
})
