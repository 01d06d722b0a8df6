import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'

// Everything that `npm test` checks, in the order in which a mistake is cheapest to find. The build has type-checked already.
const require = createRequire(import.meta.url)
const PLENTY_BYTES = 8 * 1024 ** 3
const place = placeForFiles()
const workspace = mkdtempSync(join(place, 'aurora-databases-check-'))
const tapOutput = join(workspace, 'tests.tap')
/** A person watches the tests run; a pipe gets a line per test file, and the whole of those that failed. */
const isTerminal = process.stdout.isTTY

const checks: ReadonlyArray<{ title: string, script: string, args: string[] }> = [
  { title: 'The style', script: binaryOf('eslint', 'eslint'), args: ['.'] },
  { title: 'The OpenAPI document', script: binaryOf('@redocly/cli', 'redocly'), args: ['lint', 'openapi/openapi.yaml'] },
  { title: 'The tests', script: binaryOf('tap', 'tap'), args: ['run', `--reporter=${isTerminal ? 'terse' : 'silent'}`, `--output-file=${tapOutput}`, ...process.argv.slice(3)] }
]

try {
  for (const { title, script, args } of checks) {
    process.stdout.write(`\n${title}\n`)
    if (await run(script, args) !== 0) {
      process.exitCode = 1
      break
    }
  }
  report()
} finally {
  rmSync(workspace, { recursive: true, force: true })
}

async function run (script: string, args: string[]): Promise<number | null> {
  const env = { ...process.env, TMPDIR: place, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'inherit', 'inherit'], env })
  return await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve))
}

/**
 * Where the tests keep their files. They make and remove the data of some hundred PostgreSQL servers, which on a disk takes longer
 * than all else: it is kept in memory where there is plenty.
 */
function placeForFiles (): string {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return Math.min(bavail * bsize, freemem()) > PLENTY_BYTES ? '/dev/shm' : tmpdir()
  } catch {
    return tmpdir() // Only Linux has it.
  }
}

/** The file behind a package's command, without a shell in between. */
function binaryOf (name: string, command: string): string {
  const file = require.resolve(`${name}/package.json`)
  const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { bin: string | Record<string, string> }
  return join(file, '..', typeof bin === 'string' ? bin : bin[command] ?? '')
}

/** What each test file came to, where nobody watched; and one line with their count, for whoever reads only the end. */
function report (): void {
  const files = readOutput().split(/^(?=# Subtest: )/m).filter(part => part.startsWith('# Subtest: '))
  const results = files.map(text => ({ text, line: /^(?:not )?ok \d.*$/m.exec(text)?.[0] ?? 'not ok: it did not end' }))
  const failed = results.filter(({ line }) => line.startsWith('not ok'))
  if (!isTerminal) process.stdout.write([...results.map(({ line }) => line), ...failed.map(({ text }) => text)].map(text => `${text}\n`).join(''))
  const others = process.exitCode === 1 && failed.length === 0 ? 1 : 0
  process.stdout.write(`\n${results.length - failed.length} passed, ${failed.length + others} failed\n`)
}

function readOutput (): string {
  try {
    return readFileSync(tapOutput, 'utf8')
  } catch {
    return '' // The tests did not run: an earlier check failed.
  }
}
