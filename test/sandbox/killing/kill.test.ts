import { existsSync, mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { CreateStackCommand, DescribeStacksCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation'
import t from 'tap'
import { launchSandbox, type SandboxProcess } from '../../helpers/sandbox-process.js'
import { createRandom } from './random.js'
import { createRowsWork, makeTable, type Place } from './rows-work.js'
import { createSecretsWork } from './secrets-work.js'
import { databaseStacks, placeIn, smallStacks } from './stack-kinds.js'
import { createStacksWork } from './stacks-work.js'
import { type Clients, clientsOf, wasAnswered, type Work } from './work.js'

/*
 * Kills the sandbox at random moments of mixed work. KILL_ROUNDS asks for more of it; KILL_SEED has the same chances
 * come out again, as far as the machine lets them.
 */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 6)
const seed = Number(process.env['KILL_SEED'] ?? Date.now() % 1_000_000)
const random = createRandom(seed)
const ROUND_TIMEOUT_MS = 20_000
t.setTimeout(rounds * ROUND_TIMEOUT_MS)
const dataDir = mkdtempSync(join(tmpdir(), 'killed-'))
let sandbox: SandboxProcess = launchSandbox(dataDir)
t.comment(`KILL_SEED=${seed}`)
t.teardown(async () => {
  await sandbox.end('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true })
})

const place = await makeDatabase(clientsOf((await sandbox.up).url))
const stacks = createStacksWork(random, smallStacks)
const rows = createRowsWork(random, place)
const databases = createStacksWork(random, databaseStacks)
const secrets = createSecretsWork(random)

for (let round = 1; round <= rounds; round++) {
  await t.test(`killed for the ${round}. time, it has all that it had acknowledged`, async t => {
    const { url } = await sandbox.up
    const working = [secrets, stacks, stacks, databases, rows, rows].map(async work => await keepAt(work, clientsOf(url)))
    await wait(random.integer(20, 1200))
    await sandbox.end('SIGKILL')
    await Promise.all(working)

    sandbox = launchSandbox(dataDir)
    if (random.chance(0.35)) {
      await wait(random.integer(100, 900))
      await sandbox.end('SIGKILL')
      sandbox = launchSandbox(dataDir)
    }
    const clients = clientsOf((await sandbox.up).url)
    const problems = await Promise.all([secrets, stacks, databases, rows].map(async work => await work.verify(clients)))
    t.strictSame(problems.flat(), [])
  })
}

await t.test('stopped at last, it leaves no server behind', async t => {
  await sandbox.end('SIGTERM')
  t.strictSame(serversIn(dataDir), [])
})

/** Works until the sandbox is no more; an error that it answers is none of a kill's. */
async function keepAt (work: Work, clients: Clients): Promise<void> {
  for (;;) {
    try {
      await work.step(clients)
    } catch (error) {
      if (wasAnswered(error)) throw error
      return
    }
  }
}

async function makeDatabase (clients: Clients): Promise<Place> {
  const { template, parameters } = databaseStacks
  const Parameters = Object.entries(parameters('kept', 7)).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }))
  await clients.stacks.send(new CreateStackCommand({ StackName: 'kept', TemplateBody: template, Parameters }))
  await waitUntilStackCreateComplete({ client: clients.stacks, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StackName: 'kept' })
  const { Stacks: [stack = undefined] = [] } = await clients.stacks.send(new DescribeStacksCommand({ StackName: 'kept' }))
  if (!stack) throw new Error('there is no stack')
  await makeTable(clients, placeIn(stack))
  return placeIn(stack)
}

/** Processes that work in the directory, which a server does; where there is no /proc, those that left their number. */
function serversIn (directory: string): string[] {
  const root = realpathSync(directory)
  if (!existsSync('/proc/self')) return readdirSync(root, { recursive: true }).map(String).filter(name => name.endsWith('postmaster.pid'))
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).filter(pid => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(root)
    } catch {
      return false
    }
  })
}
