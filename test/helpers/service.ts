import { rmSync } from 'node:fs'

import { pino, type Logger } from 'pino'
import type { Test } from 'tap'

import { readSandboxConfig } from '../../sandbox/config.js'
import { LOCAL_KEY, startLocal } from '../../scripts/local.js'
import { makeDataDir } from './data-dir.js'

/** An answer of the service, read. */
export interface Answer<Body> { status: number, headers: Headers, body: Body }

export interface Service {
  url: string
  sandboxUrl: string
  call: <Body = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>
  ) => Promise<Answer<Body>>
}

/** The service over a sandbox of its own, both over the wire, for one test file. Ends and removes everything with the test. */
export async function startService (t: Test, env: Record<string, string> = {}, log: Logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' })): Promise<Service> {
  const dataDir = makeDataDir()
  Object.assign(process.env, { PORT: '0', POLL_MS: '100', CALLS_PER_SECOND: '1000', SANDBOX_PORT: '0', SANDBOX_PACE: 'instant', SANDBOX_DATA_DIR: dataDir, ...env })
  const local = await startLocal(readSandboxConfig(process.env), process.env, log)
  t.teardown(async () => {
    await local.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const call: Service['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(local.url + path, {
      method,
      headers: { authorization: `Bearer ${LOCAL_KEY}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as never }
  }
  return { url: local.url, sandboxUrl: local.sandboxUrl, call }
}
