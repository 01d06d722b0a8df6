import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'
import { join } from 'node:path'

import pino from 'pino'

import { readSandboxConfig } from '../sandbox/config.js'
import { startSandbox } from '../sandbox/sandbox.js'
import { findTestFiles, runChecks, testOf, type Check, type Ended } from './checks.js'

// Everything that `npm test` checks, beginning with where a mistake is cheapest to find. The build has type-checked already.
// With test files as arguments, nothing but those.
const require = createRequire(import.meta.url)
const PLENTY_BYTES = 8 * 1024 ** 3
const env: NodeJS.ProcessEnv & { TMPDIR: string } = { ...process.env, TMPDIR: placeForFiles(), REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
const chosen = process.argv.slice(3)

const style: Check = { title: 'The style', args: [binaryOf('eslint', 'eslint'), '.'] }
const contract: Check = { title: 'The OpenAPI document', args: [binaryOf('@redocly/cli', 'redocly'), 'lint', 'openapi/openapi.yaml'] }
// Of all tests, most start a sandbox.
if (chosen.length === 0) env.PREPARED_DATA_DIR = await prepareDataDir(env.TMPDIR)
const checks = chosen.length > 0 ? chosen.map(testOf) : [contract, style, ...findTestFiles().map(testOf)]

let count = 0
const results = await runChecks(checks, env, ({ title, hasPassed, tookMs, output }) => {
  process.stdout.write(`${hasPassed ? 'ok' : 'not ok'} ${++count} of ${checks.length} ${title} # time=${Math.round(tookMs)}ms\n`)
  // What was not tried is said, whether or not the rest of the file has passed.
  for (const [line] of output.matchAll(/^ *ok .*# SKIP.*$/gm)) process.stdout.write(`${line}\n`)
})
const failed = results.filter(({ hasPassed }) => !hasPassed)
if (env.PREPARED_DATA_DIR) rmSync(env.PREPARED_DATA_DIR, { recursive: true, force: true })
for (const each of failed) process.stdout.write(describe(each))
process.stdout.write(`\n${results.length - failed.length} passed, ${failed.length} failed\n`)
process.exit(failed.length > 0 ? 1 : 0)

/** The whole of what one said that failed, for whoever was not there. */
function describe ({ title, output }: Ended): string {
  return `\nnot ok ${title}\n${output}`
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

/** The data directory of a sandbox that has been started once, for tests to copy: the first start takes a second of computing. */
async function prepareDataDir (place: string): Promise<string> {
  const dataDir = mkdtempSync(join(place, 'prepared-'))
  const sandbox = await startSandbox({ ...readSandboxConfig({ PATH: process.env.PATH, SANDBOX_PORT: '0', SANDBOX_DATA_DIR: dataDir }), log: pino({ level: 'silent' }) })
  await sandbox.close()
  return dataDir
}

/** The file behind a package's command, without a shell in between. */
function binaryOf (name: string, command: string): string {
  const file = require.resolve(`${name}/package.json`)
  const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { bin: string | Record<string, string> }
  return join(file, '..', typeof bin === 'string' ? bin : bin[command] ?? '')
}
