import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Everything that `npm test` checks, in the order in which a mistake is cheapest to find. The build has type-checked already.
const require = createRequire(import.meta.url)
const workspace = mkdtempSync(join(tmpdir(), 'aurora-databases-check-'))
const tapOutput = join(workspace, 'tests.tap')

const checks: ReadonlyArray<{ title: string, script: string, args: string[] }> = [
  { title: 'The style', script: binaryOf('eslint', 'eslint'), args: ['.'] },
  { title: 'The OpenAPI document', script: binaryOf('@redocly/cli', 'redocly'), args: ['lint', 'openapi/openapi.yaml'] },
  { title: 'The tests', script: binaryOf('tap', 'tap'), args: ['run', '--reporter=terse', `--output-file=${tapOutput}`, ...process.argv.slice(3)] }
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
  // Where CI is set, the reporter keeps what failed to itself.
  const env = { ...process.env, CI: 'false', REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'inherit', 'inherit'], env })
  return await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve))
}

/** The file behind a package's command, without a shell in between. */
function binaryOf (name: string, command: string): string {
  const file = require.resolve(`${name}/package.json`)
  const { bin } = JSON.parse(readFileSync(file, 'utf8')) as { bin: string | Record<string, string> }
  return join(file, '..', typeof bin === 'string' ? bin : bin[command] ?? '')
}

/** One line with the count of the test files, for whoever reads only the end. */
function report (): void {
  let output = ''
  try {
    output = readFileSync(tapOutput, 'utf8')
  } catch {
    // The tests did not run: an earlier check failed.
  }
  const passed = output.match(/^ok \d/gm)?.length ?? 0
  const failed = output.match(/^not ok \d/gm)?.length ?? 0
  process.stdout.write(`\n${passed} passed, ${failed + (process.exitCode === 1 && failed === 0 ? 1 : 0)} failed\n`)
}
