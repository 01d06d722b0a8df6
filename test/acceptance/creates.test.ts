import { createHash } from 'node:crypto'

import { CloudFormationClient, ListStacksCommand } from '@aws-sdk/client-cloudformation'
import { pino } from 'pino'
import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { parseKeys } from '../../src/access/keys-file.js'
import { readConfig } from '../../src/config.js'
import { createService } from '../../src/service.js'
import { startService } from '../helpers/service.js'

interface Database { id: string, status: string, statusReason: string | null, stack: { id: string, name: string }, operation: { id: string } }

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
const cloudFormation = new CloudFormationClient({ region, endpoint: service.sandboxUrl, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } })
t.teardown(() => { cloudFormation.destroy() })

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
