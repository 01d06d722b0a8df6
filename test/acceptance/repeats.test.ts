import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { startService, type Answer } from '../helpers/service.js'

interface Body { rows: Array<{ n: string }>, transactionId: string, code: string, status: string }

const { call, url, sandboxUrl } = await startService(t)
const { body: { id } } = await call<{ id: string }>('POST', '/v1/databases', { client: 'acme', region: 'us-east-1' }, { prefer: 'wait=60' })
const send = async (route: string, body: object = {}): Promise<Answer<Body>> => await call<Body>('POST', `/v1/databases/${id}/${route}`, body)

/** Trouble with calls of the Data API. */
const fault = async (kind: string, operation: string, count: number): Promise<void> => {
  await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ service: 'rds-data', kind, operation, count }) })
}
const faultsLeft = async (): Promise<unknown[]> => (await (await fetch(`${sandboxUrl}/_sandbox/faults`)).json() as { faults: unknown[] }).faults
const countOf = async (): Promise<string | undefined> => (await send('query', { sql: 'select count(*) as n from t' })).body.rows[0]?.n

await send('query', { sql: 'create table t (n int)' })

await t.test('what AWS throttles is done all the same, and once', async t => {
  const insert = { sql: 'insert into t values ($1)', parameters: [1] }
  await fault('throttle', 'ExecuteStatement', 2)
  t.equal((await send('query', insert)).status, 200)
  await fault('throttle', 'BatchExecuteStatement', 2)
  t.equal((await send('batch', { sql: insert.sql, parameterSets: [[2], [3]] })).status, 200)
  await fault('throttle', 'CommitTransaction', 2)
  t.equal((await send('transaction', { statements: [insert, insert] })).status, 200)
  t.strictSame([await countOf(), await faultsLeft()], ['5', []])
})

await t.test('throttled for longer, it is refused, and has not happened', async t => {
  await fault('throttle', 'ExecuteStatement', 4)
  t.match(await send('query', { sql: 'insert into t values (1)' }), { status: 503, body: { code: 'aws-throttled' } })
  t.strictSame([await countOf(), await faultsLeft()], ['5', []])
})

await t.test('a connection that breaks at the beginning of a transaction is not seen', async t => {
  for (const kind of ['drop-before', 'drop-after']) {
    await fault(kind, 'BeginTransaction', 1)
    t.equal((await send('query', { sql: 'insert into t values (1)', timeoutMs: 10_000 })).status, 200, kind)
  }
  const { body: { transactionId } } = await send('transactions')
  t.match(await send(`transactions/${transactionId}/rollback`), { status: 200 })
  t.strictSame([await countOf(), await faultsLeft()], ['7', []])
})

await t.test('a statement whose connection breaks is not sent again', async t => {
  await fault('drop-after', 'ExecuteStatement', 1)
  t.match(await send('query', { sql: 'insert into t values (1)' }), { status: 504, body: { code: 'statement-outcome-unknown' } })
  await fault('drop-before', 'ExecuteStatement', 1)
  t.match(await send('query', { sql: 'insert into t values (1)' }), { status: 504, body: { code: 'statement-outcome-unknown' } })
  t.strictSame([await countOf(), await faultsLeft()], ['8', []])
})

await t.test('a stream goes on where a fetch was throttled', async t => {
  const headers = { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json', accept: 'application/x-ndjson' }
  const sent = httpRequest(`${url}/v1/databases/${id}/query`, { method: 'POST', agent: false, headers })
  sent.end(JSON.stringify({ sql: "select n, repeat('x', 8000) as t from generate_series(1, 3000) as n" }))
  const [answer] = await once(sent, 'response') as [IncomingMessage]
  // Nothing is read yet: by far the most of it has still to be fetched.
  await fault('throttle', 'ExecuteStatement', 3)
  const lines = (await text(answer)).trimEnd().split('\n').map(line => (JSON.parse(line) as { n: number }).n)
  t.strictSame(lines, Array.from({ length: 3_000 }, (_, index) => index + 1))
  t.strictSame(await faultsLeft(), [])
})
