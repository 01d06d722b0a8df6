import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import t from 'tap'

import { LOCAL_KEY, localKeys } from '../../scripts/local.js'
import { openSandbox } from '../helpers/sandbox.js'
import { openAccount } from './account.js'
import { openLine, type Point } from './line.js'
import { REGION, type Request } from './replicas.js'

/*
 * The other tests of this folder cut the line of a service in this process. Here it is a process that is killed, at the points where
 * most is at stake, to show that it comes to the same.
 */
const PROGRAM = fileURLToPath(new URL('../../src/server.js', import.meta.url))
t.setTimeout(180_000)
const sandbox = await openSandbox(t)
const aws = openAccount(sandbox.url)
const directory = mkdtempSync(join(tmpdir(), 'killed-services-'))
const keysFile = join(directory, 'keys.json')
writeFileSync(keysFile, JSON.stringify(localKeys.map(key => ({ ...key, signingSecret: null }))))
t.teardown(async () => {
  aws.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Reply { status: number, replayed: string | null, body: Record<string, unknown> }

/** A service as a process of its own. It is killed at the point, if one is given. */
async function startProcess (point: Point | null): Promise<{ ask: (request: Request) => Promise<Reply | null>, end: () => Promise<void> }> {
  const line = await openLine(sandbox.url)
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      PORT: '0',
      REGIONS: REGION,
      API_KEYS_FILE: keysFile,
      POLL_MS: '100',
      CALLS_PER_SECOND: '500',
      AWS_ENDPOINT_URL: line.url,
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true'
    }
  })
  const exited = once(child, 'exit')
  t.teardown(() => {
    child.kill('SIGKILL')
    line.close()
  })
  void line.whenCut.then(() => { child.kill('SIGKILL') })
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', text => {
      const listening = /Server listening at (http:[^"]+)"/.exec(text)?.[1]
      if (listening) resolve(listening)
    })
    void exited.then(() => { reject(new Error('the service ended')) })
  })
  if (point) line.cutAt(point)
  return {
    ask: async ({ method, path, body, headers }) => {
      try {
        const response = await fetch(url + path, {
          method, headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json', ...headers }, ...(body ? { body: JSON.stringify(body) } : {})
        })
        return { status: response.status, replayed: response.headers.get('idempotency-replayed'), body: await response.json() as Record<string, unknown> }
      } catch (error) {
        if (!line.isCut()) throw error
        await exited
        return null
      }
    },
    end: async () => {
      child.kill('SIGTERM')
      await exited
      line.close()
    }
  }
}

await t.test('a process that is killed leaves what one leaves that is cut off, and the next one goes on', async t => {
  const settled = { prefer: 'wait=60' }
  const create: Request = { method: 'POST', path: '/v1/databases', body: { client: 'acme', region: REGION } }
  const first = await startProcess({ operation: 'CreateStack', occurrence: 1, moment: 'after' })
  t.equal(await first.ask(create), null, 'the stack is made, and nobody is told')

  const second = await startProcess({ operation: 'ExecuteChangeSet', occurrence: 1, moment: 'before' })
  const made = await second.ask({ ...create, headers: settled })
  t.match(made, { status: 200, replayed: 'true', body: { status: 'available' } })
  const change: Request = { method: 'PATCH', path: `/v1/databases/${String(made?.body.id)}`, body: { parameters: { MaxCapacity: 8 } } }
  t.equal(await second.ask(change), null, 'the change is computed, and not made')

  const third = await startProcess(null)
  t.match(await third.ask({ ...change, headers: settled }), { status: 202, body: { status: 'available', parameters: { MaxCapacity: 8 } } })
  t.match(await aws.belongingsOf('acme'), {
    stacks: [{ status: 'UPDATE_COMPLETE' }], changeSets: [], clusters: ['available'], instances: ['available'], snapshots: [], secrets: ['there']
  })
  for (const each of [first, second, third]) await each.end()
})
