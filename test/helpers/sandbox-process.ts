import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** The sandbox as a program of its own, so that it can be killed and weighed. */
export interface SandboxProcess {
  pid: number
  /** Rejects with the end of its log when it does not come up. */
  up: Promise<{ url: string, startMs: number }>
  /** Resolves once the process is gone: `SIGKILL` as a crash would have it, `SIGTERM` as an orderly stop. */
  end: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void>
}

const PROGRAM = fileURLToPath(new URL('../../sandbox/main.js', import.meta.url))
const START_TIMEOUT_MS = 60_000
const KEPT_LINES = 20

/** Launches the sandbox on a free port, at pace `instant` unless `env` says otherwise. */
export function launchSandbox (dataDir: string, env: Readonly<Record<string, string>> = {}): SandboxProcess {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], SANDBOX_PORT: '0', SANDBOX_PACE: 'instant', SANDBOX_DATA_DIR: dataDir, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', ...env }
  })
  const exited = once(child, 'exit')
  const up = announcedUrl(child, exited).then(url => ({ url, startMs: performance.now() - startedAt }))
  up.catch(() => {})
  return {
    pid: child.pid ?? 0,
    up,
    end: async signal => {
      child.kill(signal)
      await exited
    }
  }
}

async function announcedUrl (child: ChildProcessByStdio<null, Readable, Readable>, exited: Promise<unknown>): Promise<string> {
  const lines: string[] = []
  const announced = new Promise<string>(resolve => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', line => {
        lines.push(line)
        if (lines.length > KEPT_LINES) lines.shift()
        const url = /"url":"(http[^"]+)".*"the sandbox is up"/.exec(line)?.[1]
        if (url) resolve(url)
      })
    }
  })
  const ended = exited.then(() => { throw new Error(`the sandbox ended:\n${lines.join('\n')}`) })
  ended.catch(() => {})
  const limit = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  return await Promise.race([announced, ended]).finally(() => clearTimeout(limit))
}
