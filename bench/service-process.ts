import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openPlainClient, type PlainClient } from './plain-client.js'

const PROGRAM = fileURLToPath(new URL('../src/server.js', import.meta.url))
const KEY = 'bench-key'

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
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
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
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', line => {
      const found = /listening at (http:[^"]+)/.exec(line)?.[1]
      if (found) resolve(found)
    })
    exited.then(() => { reject(new Error('the service ended')) }, reject)
  })
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

/** What a program needs of ours, without an AWS account that may be in it. */
function environment (): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }
}
