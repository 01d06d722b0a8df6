import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import type { Test } from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { keyOf } from './facts.js'

/** The service alone, as a process of its own that can be told to stop, or killed. */
export interface ReplicaProcess {
  url: string
  kill: (signal: 'SIGTERM' | 'SIGKILL') => void
  exit: Promise<[code: number | null]>
}

/** Starts one over a sandbox. It knows the key of the other tests, and ends with the test. */
export async function startReplicaProcess (t: Test, sandboxUrl: string, env: Record<string, string>): Promise<ReplicaProcess> {
  const directory = mkdtempSync(join(tmpdir(), 'aurora-databases-replica-'))
  const keysFile = join(directory, 'keys.json')
  writeFileSync(keysFile, JSON.stringify([keyOf(LOCAL_KEY)]))
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('../../src/server.js', import.meta.url))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, API_KEYS_FILE: keysFile, PORT: '0', AWS_ENDPOINT_URL: sandboxUrl, AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox', ...env }
  })
  t.teardown(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  const exit = once(child, 'exit') as ReplicaProcess['exit']
  const url = await new Promise<string>((resolve, reject) => {
    exit.then(([code]) => { reject(new Error(`ended with ${code}`)) }, reject)
    if (child.stdout) {
      createInterface(child.stdout).on('line', line => {
        const [address] = /http:\/\/\S+:\d+/.exec(line) ?? []
        if (address) resolve(address)
      })
    }
  })
  return { url, kill: signal => { child.kill(signal) }, exit }
}
