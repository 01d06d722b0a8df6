import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openPlainClient, type PlainClient } from './plain-client.js'

const PROGRAM = fileURLToPath(new URL('../src/server.js', import.meta.url))
const KEY = 'bench-key'
const LOOK_EVERY_MS = 20

export interface ServiceProcess {
  call: PlainClient['send']
  /** The body of the answer while it comes; throws on any other status than 2xx. */
  stream: (path: string, body: unknown, headers: Record<string, string>) => Promise<AsyncIterable<Uint8Array>>
  pid: number
  end: () => Promise<void>
}

/** Starts the service as a program of its own, on a free port, over AWS at `awsUrl`; its keys are kept in `directory`. */
export async function startServiceProcess (awsUrl: string, directory: string): Promise<ServiceProcess> {
  const keysFile = join(directory, 'keys.json')
  const sha256 = createHash('sha256').update(KEY).digest('hex')
  writeFileSync(keysFile, JSON.stringify([{ id: 'bench', sha256, client: '*', scopes: ['*'], regions: ['*'] }]))
  // A file, as in operation: lines through a pipe would be read by the very program that measures.
  const logFile = join(directory, 'service.log')
  const log = openSync(logFile, 'w')
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', log, 'inherit'],
    env: {
      ...environment(),
      NODE_ENV: 'production',
      PORT: '0',
      REGIONS: 'us-east-1',
      API_KEYS_FILE: keysFile,
      AWS_ENDPOINT_URL: awsUrl,
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any'
    }
  })
  const exited = once(child, 'exit')
  closeSync(log)
  const url = await urlIn(logFile, exited)
  const client = openPlainClient(url, { authorization: `Bearer ${KEY}` })
  return {
    call: client.send,
    stream: async (path, body, headers) => {
      const response = await fetch(url + path, { method: 'POST', headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) })
      if (!response.ok || !response.body) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`)
      return response.body
    },
    pid: child.pid ?? 0,
    end: async () => {
      client.close()
      child.kill('SIGTERM')
      await exited
    }
  }
}

/** Waits for the line that says where the service listens. */
async function urlIn (logFile: string, exited: Promise<unknown>): Promise<string> {
  let hasExited = false
  exited.finally(() => { hasExited = true }).catch(() => {})
  for (;;) {
    const found = /listening at (http:[^"]+)/.exec(readFileSync(logFile, 'utf8'))?.[1]
    if (found) return found
    if (hasExited) throw new Error(`the service ended: ${readFileSync(logFile, 'utf8')}`)
    await setTimeout(LOOK_EVERY_MS)
  }
}

/** What a program needs of ours, without an AWS account that may be in it. */
function environment (): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
}
