import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { mapLimited } from '../src/concurrency.js'

/** What came of a test file: its exit code decides. `output` is its TAP, with what it wrote besides. */
export interface Ended { file: string, hasPassed: boolean, tookMs: number, output: string }

/** Most of a test's time is spent waiting for PostgreSQL processes, not computing. */
const AT_ONCE = 3

/** How long a test may take that has not asked for more, in seconds: tap reads it. */
const TEST_SECONDS = '120'

/** How long a file may take, whatever its tests have asked for. */
const FILE_MS = 600_000

/** Every compiled test file. */
export function findTestFiles (): string[] {
  const found = readdirSync('dist/test', { recursive: true, encoding: 'utf8' })
  return found.filter(path => path.endsWith('.test.js')).map(path => join('dist/test', path)).toSorted()
}

/**
 * Runs test files, some at once, each as a process of its own that nothing is loaded into: the runner of tap would put its loaders
 * into each, for coverage that is not wanted here, which takes longer than most of the tests. Tells of each file when it ends.
 */
export async function runTestFiles (files: readonly string[], env: NodeJS.ProcessEnv, tell: (ended: Ended) => void): Promise<Ended[]> {
  return await mapLimited(files, AT_ONCE, async file => {
    const ended = await runFile(file, env)
    tell(ended)
    return ended
  })
}

async function runFile (file: string, env: NodeJS.ProcessEnv): Promise<Ended> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    stdio: ['ignore', 'pipe', 'pipe'], env: { ...env, TAP_TIMEOUT: TEST_SECONDS }, timeout: FILE_MS, killSignal: 'SIGKILL'
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text })
  const [code, signal] = await new Promise<[code: number | null, signal: string | null]>((resolve, reject) => {
    child.once('error', reject).once('close', (...how) => { resolve(how) })
  })
  if (signal !== null) output += `It was ended by ${signal}.\n`
  return { file, hasPassed: code === 0, tookMs: performance.now() - startedAt, output }
}
