import type { Test } from 'tap'

import { openSandbox } from '../helpers/sandbox.js'
import { createRandom, type Random } from '../sandbox/killing/random.js'
import { openAccount } from './account.js'
import type { Point } from './line.js'
import type { Operation } from './operations.js'
import { createReplicas, type Answer, type Replica } from './replicas.js'
import { createStock, type Setting } from './stock.js'
import { createTrials, type Trials } from './trial.js'

/*
 * CRASH_POINTS is the share of the calls that only read at which a crash is tried, `all` for every one; those that change something are
 * tried in any case. CRASH_SEED has the same ones come out again, CRASH_ONLY picks operations by a part of their names.
 */
const share = process.env['CRASH_POINTS'] === 'all' ? 1 : Number(process.env['CRASH_POINTS'] ?? 0.02)
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000)
const only = process.env['CRASH_ONLY'] ?? ''

/** How many are tried at the same time. */
const AT_ONCE = 3

const TIMEOUT_MS = share > 0.5 ? 1_200_000 : 300_000

/**
 * Has the service die at its calls to AWS: before a call, and after it was done but before the answer was read. Another service,
 * that was started after it or has been there all the time, gets the same request, and must come to the same answer and leave the same in
 * AWS as when nothing happens.
 */
export async function tryCrashes (t: Test, operations: readonly Operation[]): Promise<void> {
  t.setTimeout(TIMEOUT_MS)
  t.comment(`CRASH_SEED=${seed}`)
  const sandbox = await openSandbox(t, { clusterQuota: 10_000 })
  const replicas = await createReplicas(sandbox.url)
  const [steward, neighbour] = [await replicas.start(), await replicas.start()]
  const aws = openAccount(sandbox.url)
  t.teardown(async () => {
    for (const replica of [steward, neighbour]) replica.end()
    aws.close()
  })
  const addFault = async (fault: object): Promise<void> => { await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) }) }
  const setting: Setting = { stock: createStock(steward), aws, steward, addFault }
  const trials = createTrials(setting, replicas)
  const random = createRandom(seed)
  for (const operation of operations.filter(({ name }) => name.includes(only))) {
    await t.test(`${operation.name}, with a crash in it`, async t => {
      await tryOne(t, operation, trials, neighbour, random)
      t.strictSame(sandbox.logged.filter(line => line.startsWith('{"level":50')), [], 'nothing went wrong in the sandbox by itself')
    })
  }
}

async function tryOne (t: Test, operation: Operation, trials: Trials, neighbour: Replica, random: Random): Promise<void> {
  const { runUndisturbed, runWithCrash } = trials
  const undisturbed = await runUndisturbed(operation)
  const possible = undisturbed.calls.flatMap(call => (['before', 'after'] as const).map(moment => ({ ...call, moment })))
  const points = possible.filter(({ operation }) => !readsOnly.test(operation) || random.chance(share))
  t.comment(`${points.length} of ${possible.length} points`)
  const tryNext = async (): Promise<void> => {
    for (let point = points.shift(); point; point = points.shift()) {
      const isNeighbour = !operation.aheadMs && random.chance(0.5)
      const { outcome, answer, hasCrashed } = await runWithCrash(operation, point, isNeighbour ? neighbour : null)
      const where = `${hasCrashed ? 'a crash' : 'it did not come to a crash'} ${nameOf(point)}, ${isNeighbour ? 'and the neighbour' : 'and a new one'}`
      if (!readsOnly.test(point.operation)) t.ok(hasCrashed, where)
      t.ok(answer.status === operation.status || (answer.status === operation.statusOfRepeat && isKnown(operation, answer)), `${where}: ${answer.status} ${String(answer.body.code ?? '')}`)
      t.strictSame(outcome, undisturbed.outcome, where)
    }
  }
  // What services do by themselves, they do wherever they find it.
  await Promise.all(Array.from({ length: operation.isOver ? 1 : AT_ONCE }, tryNext))
}

const readsOnly = /^(Describe|List|Get|Validate)/

function nameOf ({ operation, occurrence, moment }: Point): string {
  return `${moment} ${operation} ${occurrence}`
}

/** A create says that it is a repeated one; a change finds nothing to change any more. */
function isKnown ({ isAnsweredOnce }: Operation, { headers, body }: Answer): boolean {
  return isAnsweredOnce === true || headers['idempotency-replayed'] === 'true' || body.status === 'available' || body.status === 'updating'
}
