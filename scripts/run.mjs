// The first thing that runs on a fresh clone: plain JavaScript, and nothing but Node.js.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

const commands = {
  start: ['dist/scripts/start.js'],
  'start:aws': ['dist/src/server.js'],
  sandbox: ['dist/sandbox/main.js'],
  demo: ['dist/scripts/demo.js'],
  openapi: ['dist/scripts/openapi.js'],
  bench: ['dist/bench/main.js'],
  test: ['dist/scripts/check.js']
}

const [name = ''] = process.argv.slice(2)
const [script] = commands[name] ?? []
if (!script) fail(`usage: node scripts/run.mjs ${Object.keys(commands).join(' | ')}`)

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) fail(`This needs Node.js 20.19 or newer; here is ${process.versions.node}.`)

// The SDK says at every start that releases from 2027 on will need a newer Node.js; the versions in the lock file do not.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

await installIfNeeded()
await buildIfNeeded(name === 'test')
// In this very process, so that a Ctrl-C reaches the program once and nothing stands in between.
await import(pathToFileURL(join(root, script)).href)

/** npm writes its hidden lock file last, so it is newer than the lock file only after a whole install of it. */
async function installIfNeeded () {
  if (modified('node_modules/.package-lock.json') >= modified('package-lock.json')) return
  say('Installing the packages (once) …')
  await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
}

/** A build from nothing leaves no test behind whose source is gone. */
async function buildIfNeeded (fromNothing) {
  if (fromNothing) rmSync('dist', { recursive: true, force: true })
  const sources = ['src', 'routes', 'sandbox', 'scripts', 'test', 'bench'].filter(existsSync).flatMap(folder =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter(file => file.isFile()).map(file => join(file.parentPath ?? file.path, file.name)))
  const newest = Math.max(...[...sources, 'tsconfig.json', 'package-lock.json'].map(modified))
  if (modified('dist/.tsbuildinfo') >= newest) return
  say('Building …')
  await run(process.execPath, [createRequire(import.meta.url).resolve('typescript/bin/tsc')])
}

function modified (file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

async function run (command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' })
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('exit', resolve))
  if (code !== 0) fail(`${command} ${args.join(' ')} ended with ${code}`)
}

function say (line) {
  process.stderr.write(`${line}\n`)
}

function fail (line) {
  say(line)
  process.exit(1)
}
