import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { pino } from 'pino'
import t from 'tap'

import { readSandboxConfig } from '../../sandbox/config.js'
import { startSandbox } from '../../sandbox/sandbox.js'
import { systemClock } from '../../src/clock.js'
import { readConfig } from '../../src/config.js'
import { createService } from '../../src/service.js'
import { keyOf } from '../helpers/facts.js'
import { createMovableClock } from '../sandbox/rds-data/movable-clock.js'

interface Answer {
  compute?: { state: string, capacityAcu: number | null } | null
  code?: string
  rows?: unknown[]
  resumedAfterMs?: number | null
}

const log = pino({ level: 'silent' })
const dataDir = mkdtempSync(join(tmpdir(), 'aurora-databases-waking-'))
const clock = createMovableClock(Date.now())
const sandbox = await startSandbox({ ...readSandboxConfig({ SANDBOX_PORT: '0', SANDBOX_PACE: 'instant', SANDBOX_DATA_DIR: dataDir, PATH: process.env.PATH }), log, clock })
Object.assign(process.env, { AWS_ENDPOINT_URL: sandbox.url, AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox' })
const config = readConfig({
  env: { REGIONS: 'us-east-1', POLL_MS: '100', CALLS_PER_SECOND: '1000', API_KEYS_FILE: 'keys', AWS_ENDPOINT_URL: sandbox.url },
  readKeys: () => [keyOf('all'), keyOf('asker', { scopes: ['query:read'] })],
  templates: ['aurora-serverless-v2-postgres']
})
/** How far the clocks were moved on; the service's runs by itself too, for it waits for what really takes a while. */
let aheadMs = 0
const app = await createService({ config, log, clock: { now: () => Date.now() + aheadMs, sleep: systemClock.sleep } })
t.teardown(async () => {
  await app.close()
  await sandbox.close()
  rmSync(dataDir, { recursive: true, force: true })
})

interface Posted {
  status: number
  body: Answer & { id: string, status: string }
}

const post = async (url: string, payload: object, prefer: string): Promise<Posted> => {
  const response = await app.inject({ method: 'POST', url, headers: { authorization: 'Bearer all', prefer }, payload })
  return { status: response.statusCode, body: response.json() }
}
const { body: { id, status } } = await post('/v1/databases', { client: 'acme', region: 'us-east-1' }, 'wait=60')
t.equal(status, 'available')
const query = async (sql: string, prefer: string, more: object = {}): Promise<{ status: number, body: Answer }> =>
  await post(`/v1/databases/${id}/query`, { sql, ...more }, prefer)

/** Lets so much time pass without a call that the cluster pauses for sure. */
const pause = async (): Promise<void> => {
  for (let minutes = 0; minutes < 10; minutes++) await clock.move(60_000)
  aheadMs += 600_000
}

t.test('a paused database is woken by the statement, which runs once', async t => {
  await query('create table woken (id serial)', 'wait=5')
  for (const more of [{}, { timeoutMs: 5_000 }]) {
    await pause()
    const { status, body } = await query('insert into woken default values returning id', 'wait=20', more)
    t.equal(status, 200, JSON.stringify(body))
    t.ok((body.resumedAfterMs ?? 0) > 0, 'it says how long that took')
  }
  t.match((await query('select count(*) from woken', 'wait=0')).body, { rows: [{ count: '2' }], resumedAfterMs: null })
})

t.test('who does not want to wait is told to come back', async t => {
  await pause()
  const { status, body } = await query('select 1', 'wait=0')
  t.equal(status, 503)
  t.match(body, { code: 'database-resuming', retryable: true })
  t.equal((await query('select 1', 'wait=20')).status, 200)
})

t.test('a database says whether it is paused, and is woken ahead of time', async t => {
  const get = async (): Promise<Answer['compute']> =>
    (await app.inject({ url: `/v1/databases/${id}`, headers: { authorization: 'Bearer all' } })).json<Answer>().compute
  const resume = async (prefer: string) => await post(`/v1/databases/${id}/resume`, {}, prefer)
  t.match(await get(), { state: 'active' }, 'a statement has just run')
  await pause()
  t.strictSame(await get(), { state: 'paused', capacityAcu: 0 })
  t.match(await resume('wait=0'), { status: 202, body: { id, compute: { state: 'resuming', capacityAcu: 0 } } })
  t.match(await get(), { state: 'resuming' })
  for (const time of ['once', 'and again']) t.match(await resume('wait=20'), { status: 200, body: { compute: { state: 'active' }, createdAt: String } }, time)
  const asked = await app.inject({ method: 'POST', url: `/v1/databases/${id}/resume`, headers: { authorization: 'Bearer asker' } })
  t.strictSame([asked.statusCode, asked.json()], [200, { id, status: 'available', compute: { state: 'active', capacityAcu: null } }], 'a key that may read no database hears no more of it')
  t.match((await query('select 1', 'wait=0')).body, { resumedAfterMs: null })

  await pause()
  await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ service: 'monitoring', kind: 'throttle' }) })
  t.equal(await get(), null, 'unknown, and no failure, while CloudWatch is throttled')
  await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'DELETE' })
})

t.test('only a database that is there can be woken', async t => {
  const { status, body } = await post(`/v1/databases/${id}-none/resume`, {}, 'wait=0')
  t.match([status, body.code], [404, 'not-found'])
  await app.inject({ method: 'DELETE', url: `/v1/databases/${id}`, headers: { authorization: 'Bearer all', prefer: 'wait=60' } })
  const gone = await post(`/v1/databases/${id}/resume`, {}, 'wait=0')
  t.match([gone.status, gone.body.code], [409, 'database-not-ready'])
})
