import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { mapLimited } from '../src/concurrency.js'

/** One of the things that are checked: a program, and what Node.js is given to run it. */
export interface Check { title: string, args: readonly string[] }

/** What came of it: its exit code decides. `output` is all that it wrote, of a test file its TAP. */
export interface Ended { title: string, hasPassed: boolean, tookMs: number, output: string }

/** Most of a test's time is spent waiting for PostgreSQL processes, not computing. */
const AT_ONCE = 3

/** How long a test may take that has not asked for more, in seconds: tap reads it. */
const TEST_SECONDS = '120'

/** How long one of them may take, whatever its tests have asked for. */
const MOST_MS = 600_000

/** Every compiled test file. */
export function findTestFiles (): string[] {
  const found = readdirSync('dist/test', { recursive: true, encoding: 'utf8' })
  return found.filter(path => path.endsWith('.test.js')).map(path => join('dist/test', path)).toSorted()
}

/** A test file as a process that nothing is loaded into: tap's runner would put its loaders into each, for coverage that nobody asked for. */
export function testOf (file: string): Check {
  return { title: file, args: ['--enable-source-maps', file] }
}

/** Runs checks, some at once, each as a process of its own. Tells of each when it ends. */
export async function runChecks (checks: readonly Check[], env: NodeJS.ProcessEnv, tell: (ended: Ended) => void): Promise<Ended[]> {
  return await mapLimited(checks, AT_ONCE, async check => {
    const ended = await runCheck(check, env)
    tell(ended)
    return ended
  })
}

async function runCheck ({ title, args }: Check, env: NodeJS.ProcessEnv): Promise<Ended> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, TAP_TIMEOUT: TEST_SECONDS }, timeout: MOST_MS, killSignal: 'SIGKILL'
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text })
  const [code, signal] = await new Promise<[code: number | null, signal: string | null]>((resolve, reject) => {
    child.once('error', reject).once('close', (...how) => { resolve(how) })
  })
  if (signal !== null) output += `It was ended by ${signal}.\n`
  return { title, hasPassed: code === 0, tookMs: performance.now() - startedAt, output }
}
