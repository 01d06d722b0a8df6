import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { readSandboxConfig } from '../sandbox/config.js'
import { createLog } from '../src/log.js'
import { stopOnSignals } from '../src/signals.js'
import { explainStart, LOCAL_KEY, startLocal } from './local.js'
import { createTerminal, progressBar, type Terminal } from './terminal.js'

// A database from its creation to its end, on free ports and in a folder of its own, which is removed again.
const terminal = createTerminal(process.stdout, process.env)
const dataDir = mkdtempSync(join(tmpdir(), 'aurora-databases-demo-'))
const log = createLog(process.env.LOG_LEVEL ?? 'fatal', process.stderr.isTTY, 2)
const headers = { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json' }
const removeData = (): void => { rmSync(dataDir, { recursive: true, force: true }) }

try {
  const environment = { ...process.env, PORT: '0', SANDBOX_PORT: '0', SANDBOX_DATA_DIR: dataDir }
  Object.assign(process.env, environment)
  const local = await startLocal(readSandboxConfig(environment), process.env, log)
  const close = async (): Promise<void> => {
    await local.close()
    removeData()
  }
  stopOnSignals({ close, graceMs: 30_000, log })
  try {
    await demonstrate(local.url, terminal)
  } finally {
    await close()
  }
  process.exit(0)
} catch (error) {
  terminal.keep()
  terminal.say(terminal.red(explainStart(error)))
  removeData()
  process.exit(1)
}

async function demonstrate (url: string, { say, bold, dim, green, keep }: Terminal): Promise<void> {
  say(`\n${bold('A database for the client acme, in Ireland')}`)
  say(dim(`POST ${url}/v1/databases`))
  const { id } = await call<{ id: string }>(url, 'POST', '/v1/databases', { client: 'acme', region: 'eu-west-1', name: 'orders' })
  await watch(url, id, terminal)
  keep()

  say(`\n${bold('Where it is')}\n${dim(`GET /v1/databases/${id}/outputs`)}`)
  const outputs = await call<Record<string, unknown>>(url, 'GET', `/v1/databases/${id}/outputs`)
  for (const [name, value] of Object.entries(outputs)) say(`  ${name.padEnd(12)} ${String(value)}`)

  say(`\n${bold('SQL over HTTP')}\n${dim(`POST /v1/databases/${id}/query  SELECT version()`)}`)
  const { rows, durationMs } = await call<{ rows: Array<{ version: string }>, durationMs: number }>(url, 'POST', `/v1/databases/${id}/query`, { sql: 'SELECT version()' })
  say(`  ${rows[0]?.version} ${dim(`(${durationMs} ms)`)}`)

  say(`\n${bold('All databases in the region')}\n${dim('GET /v1/databases?region=eu-west-1')}`)
  const { items } = await call<{ items: Array<{ id: string, client: string, name: string, status: string }> }>(url, 'GET', '/v1/databases?region=eu-west-1')
  for (const each of items) say(`  ${each.client}/${each.name}  ${green(each.status)}  ${dim(each.id)}`)

  say(`\n${bold('Gone again, with a final snapshot')}\n${dim(`DELETE /v1/databases/${id}`)}`)
  await call(url, 'DELETE', `/v1/databases/${id}`)
  await watch(url, id, terminal)
  keep()
  say()
}

/** Follows the operation that runs, and shows how far it is. */
async function watch (url: string, id: string, { show, dim, green }: Terminal): Promise<void> {
  for await (const { event, data } of liveEvents(`${url}/v1/databases/${id}/events`)) {
    if (event !== 'database') continue
    const { status, statusReason, operation } = data
    if (status === 'failed') throw new Error(`The database failed: ${statusReason}`)
    const current = operation.steps.find(step => step.status === 'in_progress')?.logicalId ?? ''
    show(`  ${green(progressBar(operation.progress.percent))}  ${status} ${dim(current)}`)
  }
}

interface Change {
  status: string
  statusReason: string | null
  operation: { progress: { percent: number }, steps: Array<{ logicalId: string, status: string }> }
}

/** The messages of a stream of server-sent events. */
async function * liveEvents (url: string): AsyncGenerator<{ event: string, data: Change }> {
  const response = await fetch(url, { headers: { ...headers, accept: 'text/event-stream' } })
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const messages = (text + chunk).split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const fields = Object.fromEntries(message.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
      if (fields.data) yield { event: fields.event ?? '', data: JSON.parse(fields.data) as Change }
    }
  }
}

async function call<Answer = unknown> (url: string, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    ...(body === undefined ? { headers: { authorization: headers.authorization } } : { headers, body: JSON.stringify(body) })
  })
  const answer = await response.json() as Answer & { detail?: string }
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${answer.detail}`)
  return answer
}
