import { once } from 'node:events'
import { Agent, request, type IncomingMessage } from 'node:http'
import { json, text } from 'node:stream/consumers'

import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { startReplicaProcess } from '../helpers/replica-process.js'
import { startService } from '../helpers/service.js'

interface Body { status: number, code: string, retryable: boolean, rows: Array<Record<string, unknown>> }

const { call, sandboxUrl } = await startService(t)
const create = async (client: string): Promise<string> =>
  (await call<{ id: string }>('POST', '/v1/databases', { client, region: 'us-east-1' }, { prefer: 'wait=60' })).body.id
const id = await create('acme')
/** Asks by way of a replica that does not stop. */
const look = async (sql: string): Promise<Body> => (await call<Body>('POST', `/v1/databases/${id}/query`, { sql })).body
await look('create table marks (mark text)')

/** A replica as a process of its own, and what asks it over connections that are kept. */
async function startReplica () {
  const { url, kill, exit } = await startReplicaProcess(t, sandboxUrl, { REGIONS: 'us-east-1', STATEMENTS_PER_DATABASE: '3' })
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => { agent.destroy() })
  const ask = async (path: string, body: object, accept = 'application/json') => {
    const sent = request(`${url}/v1/databases/${path}`, { method: 'POST', agent, headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json', accept, prefer: 'wait=60' } })
    sent.end(JSON.stringify(body))
    const [response] = await once(sent, 'response')
    return response as IncomingMessage
  }
  const answerTo = async (path: string, body: object): Promise<Body & { retryAfter: string | undefined }> => {
    const response = await ask(path, body)
    return { ...await json(response) as Body, status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }
  }
  const untilOneWaits = async (): Promise<void> => {
    for (;;) {
      const metrics = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${LOCAL_KEY}` } })).text()
      if (/^aurora_api_gate_waiting\{gate="statements"\} 1$/m.test(metrics)) return
    }
  }
  return { untilOneWaits, stop: () => { kill('SIGTERM') }, exit, ask, answerTo }
}

/** Comes back when so many statements with a marker run. */
async function untilRunning (marker: string, count: number): Promise<void> {
  const [head, tail] = [marker.slice(0, 1), marker.slice(1)]
  await look(`do $$ begin while (select count(*) from pg_stat_activity where state = 'active' and query like '%${head}' || '${tail}%') < ${count} loop perform pg_sleep(0.01), pg_stat_clear_snapshot(); end loop; end $$`)
}

await t.test('a replica that stops lets statements end, and sends away whoever waits', async t => {
  const replica = await startReplica()
  const query = async (sql: string, more: object = {}): Promise<Awaited<ReturnType<typeof replica.answerTo>>> => await replica.answerTo(`${id}/query`, { sql, ...more })
  const stream = await replica.ask(`${id}/query`, { sql: "select n, repeat('x', 1000) from generate_series(1, 1000000) n" }, 'application/x-ndjson')
  const { body: { transactionId } } = await call<{ transactionId: string }>('POST', `/v1/databases/${id}/transactions`, {})
  t.equal((await call('POST', `/v1/databases/${id}/query`, { sql: 'select pg_advisory_xact_lock(1)', transactionId })).status, 200)
  const short = query("with held as (select pg_advisory_xact_lock_shared(1)) select 'ended' as mark from held")
  const written = query("with held as (select pg_advisory_xact_lock_shared(1)) insert into marks select 'written' from held", { timeoutMs: 30_000 })
  const long = query("insert into marks select 'held for too long' from pg_sleep(40)")
  await untilRunning('held', 3)
  const waiting = query("insert into marks values ('too late')")
  await replica.untilOneWaits()
  replica.stop()
  const refused = await waiting
  t.match(refused, { status: 503, code: 'shutting-down', retryable: true, retryAfter: /^\d+$/ }, 'the one that waits for its turn, at once')
  await call('POST', `/v1/databases/${id}/transactions/${transactionId}/commit`)
  const lines = (await text(stream)).trimEnd().split('\n')
  t.match(JSON.parse(lines.at(-1) ?? ''), { 'aurora-databases:problem': { code: 'shutting-down', retryable: true } }, 'a stream says in its last line that it is not whole')
  t.match(await Promise.all([short, written]), [{ status: 200, rows: [{ mark: 'ended' }] }, { status: 200 }])
  t.match(await long, { status: 503, code: 'shutting-down', retryable: true, retryAfter: /^\d+$/ }, 'what takes too long is cancelled, and is certain to have had no effect')
  t.strictSame(await replica.exit, [0, null], 'and the process ends in order')
  t.strictSame((await look('select mark from marks')).rows, [{ mark: 'written' }])
  t.match((await look("select count(*) from pg_stat_activity where query like '%for too long%' and state <> 'idle' and pid <> pg_backend_pid()")).rows, [{ count: '0' }])
  t.match((await look("select count(*) from pg_stat_activity where state like 'idle in transaction%'")).rows, [{ count: '0' }], 'nor is the transaction of the stream still open')
})
