import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { readFileSync, statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'

import { findTestFiles, runTestFiles, type Ended } from './test-files.js'

// Everything that `npm test` checks, in the order in which a mistake is cheapest to find. The build has type-checked already.
// With test files as arguments, nothing but those.
const require = createRequire(import.meta.url)
const PLENTY_BYTES = 8 * 1024 ** 3
const env = { ...process.env, TMPDIR: placeForFiles(), REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
const chosen = process.argv.slice(3)

const checks: ReadonlyArray<{ title: string, script: string, args: string[] }> = [
  { title: 'The style', script: binaryOf('eslint', 'eslint'), args: ['.'] },
  { title: 'The OpenAPI document', script: binaryOf('@redocly/cli', 'redocly'), args: ['lint', 'openapi/openapi.yaml'] }
]

for (const { title, script, args } of chosen.length > 0 ? [] : checks) {
  process.stdout.write(`\n${title}\n`)
  if (await run(script, args) !== 0) end(0, 1)
}
process.stdout.write('\nThe tests\n')
const files = chosen.length > 0 ? chosen : findTestFiles()
let count = 0
const results = await runTestFiles(files, env, ({ file, hasPassed, tookMs, output }) => {
  process.stdout.write(`${hasPassed ? 'ok' : 'not ok'} ${++count} of ${files.length} ${file} # time=${Math.round(tookMs)}ms\n`)
  // What was not tried is said, whether or not the rest of the file has passed.
  for (const [line] of output.matchAll(/^ *ok .*# SKIP.*$/gm)) process.stdout.write(`${line}\n`)
})
const failed = results.filter(({ hasPassed }) => !hasPassed)
for (const each of failed) process.stdout.write(describe(each))
end(results.length - failed.length, failed.length)

/** The whole of what a file said that failed, for whoever was not there. */
function describe ({ file, output }: Ended): string {
  return `\nnot ok ${file}\n${output}`
}

/** One line with the count, for whoever reads only the end. */
function end (passed: number, failed: number): never {
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  process.exit(failed > 0 ? 1 : 0)
}

async function run (script: string, args: string[]): Promise<number | null> {
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
