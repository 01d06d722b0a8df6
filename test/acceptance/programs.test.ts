import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'

const quiet = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }

/** A program of the npm scripts, as its own process, and what it has printed so far. */
interface Program { process: ChildProcess, output: string, ended: Promise<number | null> }

function run (script: string, env: Record<string, string>): Program {
  const child = spawn(process.execPath, [`dist/scripts/${script}.js`], { env: { ...process.env, ...quiet, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const program: Program = { process: child, output: '', ended: new Promise(resolve => child.once('close', resolve)) }
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => { program.output += chunk })
  return program
}

/** The first match in what a program prints; rejects when it ends before. */
async function printed (program: Program, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const match = pattern.exec(program.output)
    if (match) return match
    const more = new Promise<'more'>(resolve => { program.process.stdout?.once('data', () => { resolve('more') }) })
    if (await Promise.race([more, program.ended]) !== 'more') throw new Error(`ended with: ${program.output}`)
  }
}

await t.test('npm start: everything is back after a Ctrl-C', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'aurora-databases-start-'))
  t.teardown(() => { rmSync(dataDir, { recursive: true, force: true }) })
  const env = { PORT: '0', SANDBOX_PORT: '0', SANDBOX_PACE: 'instant', SANDBOX_DATA_DIR: dataDir }
  const authorization = `Bearer ${LOCAL_KEY}`

  const first = run('start', env)
  const [, command = ''] = await printed(first, /^ {2}(curl .+)$/m)
  const [, url = ''] = /(http:\S+)\/v1/.exec(command) ?? []
  const [, body = ''] = /-d '(.+)'/.exec(command) ?? []
  const created = await fetch(`${url}/v1/databases`, { method: 'POST', headers: { authorization, 'content-type': 'application/json', prefer: 'wait=60' }, body })
  const { id, status } = await created.json() as { id: string, status: string }
  t.equal(status, 'available')
  // A terminal and npm both pass a Ctrl-C on: it arrives twice.
  first.process.kill('SIGINT')
  first.process.kill('SIGINT')
  t.equal(await first.ended, 0)

  const second = run('start', env)
  const [, address = ''] = await printed(second, /(http:\S+)\/v1/)
  const query = await fetch(`${address}/v1/databases/${id}/query`, { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body: '{"sql":"select 42 as answer"}' })
  t.match(await query.json(), { rows: [{ answer: 42 }] })
  second.process.kill('SIGTERM')
  t.equal(await second.ended, 0)
})

await t.test('npm start: a port that is taken is said so', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'aurora-databases-start-'))
  t.teardown(() => { rmSync(dataDir, { recursive: true, force: true }) })
  const first = run('start', { PORT: '0', SANDBOX_PORT: '0', SANDBOX_DATA_DIR: join(dataDir, 'first') })
  const [, port = ''] = await printed(first, /http:\/\/127\.0\.0\.1:(\d+)\/v1/)
  const second = run('start', { PORT: port, SANDBOX_PORT: '0', SANDBOX_DATA_DIR: join(dataDir, 'second') })
  t.equal(await second.ended, 1)
  t.match(second.output, `Port ${port} is taken`)
  first.process.kill('SIGTERM')
  t.equal(await first.ended, 0)
})

await t.test('npm run demo: a database from its creation to its end', async t => {
  const demo = run('demo', { SANDBOX_PACE: 'instant' })
  t.equal(await demo.ended, 0, demo.output)
  t.match(demo.output, /100 % {2}available/)
  t.match(demo.output, /PostgreSQL \d+/)
  t.match(demo.output, /100 % {2}deleted/)
  t.notMatch(demo.output, '\u001b', 'no colours in a pipe')
})
