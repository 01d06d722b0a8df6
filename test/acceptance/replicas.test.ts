import { createHash } from 'node:crypto'

import { pino } from 'pino'
import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { parseKeys } from '../../src/access/keys-file.js'
import { readConfig } from '../../src/config.js'
import { createService } from '../../src/service.js'
import { startReplicaProcess } from '../helpers/replica-process.js'
import { startService } from '../helpers/service.js'

interface Message { event?: string, id?: string, data?: { status?: string, logicalId?: string } }
interface Database { id: string, status: string, parameters: Record<string, unknown> }

const region = 'eu-west-1'
const first = await startService(t, { SANDBOX_PACE: 'fast' })
const keys = parseKeys(JSON.stringify([
  { id: 'any', sha256: createHash('sha256').update(LOCAL_KEY).digest('hex'), client: '*', scopes: ['*'], regions: ['*'], expiresAt: null }
]))

/** Another service over the same sandbox, which can be stopped. */
async function startReplica (): Promise<{ url: string, stop: () => Promise<void> }> {
  const config = readConfig({ env: { ...process.env, REGIONS: region, API_KEYS_FILE: 'any' }, readKeys: () => keys, templates: ['aurora-serverless-v2-postgres'] })
  const app = await createService({ config, log: pino({ level: 'silent' }) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(async () => { await app.close() })
  return { url, stop: async () => { await app.close() } }
}

const doomed = await startReplicaProcess(t, first.sandboxUrl, { REGIONS: region, POLL_MS: '100', CALLS_PER_SECOND: '1000' })
const headers = { authorization: `Bearer ${LOCAL_KEY}` }

/** The messages of a live stream, until it ends or the reader has enough. */
async function * follow (url: string, id: string, lastId: string | null): AsyncGenerator<Message> {
  const response = await fetch(`${url}/v1/databases/${id}/events`, { headers: { ...headers, accept: 'text/event-stream', ...(lastId === null ? {} : { 'last-event-id': lastId }) } })
  let text = ''
  for await (const chunk of (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream())) {
    const parts = (text + chunk).split('\n\n')
    text = parts.pop() ?? ''
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').map(line => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)])) as Record<string, string>
      yield { ...fields, ...(fields['data'] ? { data: JSON.parse(fields['data']) as object } : {}) }
    }
  }
}

await t.test('a live stream goes on at whatever replica there is, with every event once and in order', async t => {
  const { body: { id } } = await first.call<Database>('POST', '/v1/databases', { client: 'acme', region, name: 'orders' })
  const seen: string[] = []
  let replica = await startReplica()
  /** Takes up the stream at a replica; whether it has come to its end. */
  const take = async (url: string, afterTwo: () => 'leave' | 'stay'): Promise<boolean> => {
    let taken = 0
    for await (const { event, id: eventId } of follow(url, id, seen.at(-1) ?? null)) {
      if (event === 'stack-event' && eventId) seen.push(eventId)
      if (event === 'end') return true
      if (event === 'stack-event' && ++taken === 2 && afterTwo() === 'leave') return false
    }
    return false
  }
  const killing = take(doomed.url, () => { doomed.kill('SIGKILL'); return 'stay' })
  await t.rejects(killing, { message: 'terminated' }, 'the first is killed in the middle of the stream')
  // Away after each second event; the replica that was asked may be gone by then.
  for (let turns = 0; !await take(turns % 2 === 0 ? first.url : replica.url, () => 'leave'); turns++) {
    if (turns % 2 === 1) {
      await replica.stop()
      replica = await startReplica()
    }
  }
  const { body: { items } } = await first.call<{ items: Array<{ id: string }> }>('GET', `/v1/databases/${id}/events`)
  t.ok(items.length > 10)
  t.strictSame(seen, items.map(({ id }) => id))
})

await t.test('what one replica took, and stopped at, another goes on with', async t => {
  const call = async (url: string, method: string, path: string, body?: object) => {
    const response = await fetch(url + path, {
      method, headers: { ...headers, prefer: 'wait=60', ...(body ? { 'content-type': 'application/json' } : {}) }, ...(body ? { body: JSON.stringify(body) } : {})
    })
    return { status: response.status, body: await response.json() as Database }
  }
  const request = { client: 'acme', region, name: 'invoices' }
  const steps: Array<[method: 'POST' | 'PATCH' | 'DELETE', operation: string, body: object | undefined, repeated: number, expected: object]> = [
    ['POST', 'create', request, 200, { status: 'available' }],
    ['PATCH', 'update', { parameters: { MaxCapacity: 8 } }, 200, { status: 'available', parameters: { MaxCapacity: 8 } }],
    ['DELETE', 'delete', undefined, 202, { status: 'deleted' }]
  ]
  let id = ''
  for (const [method, operation, body, repeated, expected] of steps) {
    const replica = await startReplica()
    const path = method === 'POST' ? '/v1/databases' : `/v1/databases/${id}`
    const begun = call(replica.url, method, path, body)
    // It waits for the operation to settle, and is stopped as soon as the operation has begun.
    for (let type = ''; type !== operation;) {
      const { body: { items } } = await first.call<{ items: Database[] }>('GET', `/v1/databases?region=${region}&name=invoices`, undefined, { 'cache-control': 'no-cache' })
      id = items[0]?.id ?? id
      if (id !== '') type = (await first.call<{ items: Array<{ type: string }> }>('GET', `/v1/databases/${id}/operations`)).body.items[0]?.type ?? ''
    }
    await replica.stop()
    t.match(await begun, { status: 202, body: { id } }, 'whoever waited is told how it was then')
    t.match((await call(first.url, 'GET', `/v1/databases/${id}`)).body, expected)
    t.match(await call(first.url, method, path, body), { status: repeated, body: expected }, `${method}, sent again`)
  }
})
