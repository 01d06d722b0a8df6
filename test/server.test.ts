import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import t from 'tap'

import { keyOf } from './helpers/facts.js'

const program = fileURLToPath(new URL('../src/server.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'aurora-databases-server-'))
t.teardown(() => { rmSync(directory, { recursive: true, force: true }) })
const keysFile = join(directory, 'keys.json')
writeFileSync(keysFile, JSON.stringify([keyOf('token')]))

const configured = { REGIONS: 'eu-west-1', API_KEYS_FILE: keysFile, PORT: '0' }

function run (env: Record<string, string>): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--no-warnings', program], { env: { PATH: process.env.PATH, ...env } })
  t.teardown(() => { child.kill('SIGKILL') })
  return child
}

const exitOf = async (child: ChildProcessWithoutNullStreams): Promise<number | null> => (await once(child, 'exit') as [number | null])[0]

t.test('without a configuration it says what is missing, and does not start', async t => {
  const child = run({ PORT: 'http' })
  const [errors, output, code] = await Promise.all([text(child.stderr), text(child.stdout), exitOf(child)])
  t.equal(code, 1)
  t.match(errors, /^The configuration is not valid:\n {2}- PORT must.*\n {2}- REGIONS must.*\n {2}- API_KEYS_FILE must.*\n+$/)
  t.equal(output, '')
})

t.test('it answers until it is told to stop, and then ends in order', async t => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const child = run(configured)
    const lines: Array<Record<string, unknown>> = []
    const listening = new Promise<string>(resolve => {
      createInterface(child.stdout).on('line', line => {
        const entry = JSON.parse(line) as Record<string, unknown>
        lines.push(entry)
        const [address] = /http:\/\/\S+/.exec(String(entry.msg)) ?? []
        if (address) resolve(address)
      })
    })
    const url = await listening
    t.equal((await fetch(`${url}/healthz`)).status, 200)
    t.equal((await fetch(`${url}/v1/templates`, { headers: { authorization: 'Bearer token' } })).status, 200)
    child.kill(signal)
    t.equal(await exitOf(child), 0)
    t.match(lines.filter(({ msg }) => msg === 'stopping'), [{ signal }])
  }
})

t.test('a port that is taken is an error in the log, and the end', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => { server.close() })
  await once(server, 'listening')
  const child = run({ ...configured, PORT: String((server.address() as AddressInfo).port) })
  const [output, code] = await Promise.all([text(child.stdout), exitOf(child)])
  t.equal(code, 1)
  t.match(output, /EADDRINUSE/)
})
