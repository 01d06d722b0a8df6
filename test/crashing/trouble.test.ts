import t, { type Test } from 'tap'

import { problemKinds, type ProblemCode } from '../../src/problems.js'
import { openSandbox } from '../helpers/sandbox.js'
import { openAccount } from './account.js'
import { changes } from './changes.js'
import { creates } from './creates.js'
import { deletions } from './deletions.js'
import { createReplicas, REGION, type Answer, type Replica, type Request } from './replicas.js'
import { createStock, type Setting } from './stock.js'
import { createTrials } from './trial.js'
import { createRandom } from '../sandbox/killing/random.js'

const OTHER_REGION = 'us-east-1'
const CALLS_PER_SECOND = 200

/*
 * TROUBLE_SEED has the same operations and faults come out again, the faults as far as the calls come in the same order. CRASH_POINTS=all
 * tries every operation.
 */
const seed = Number(process.env['TROUBLE_SEED'] ?? Date.now() % 1_000_000)
const chances = createRandom(seed)
t.comment(`TROUBLE_SEED=${seed}`)
t.setTimeout(300_000)

const sandbox = await openSandbox(t, { clusterQuota: 10_000, random: () => chances.integer(0, 999_999) / 1_000_000 })
const steward = await (await createReplicas(sandbox.url)).start()
const replicas = await createReplicas(sandbox.url, [REGION, OTHER_REGION], CALLS_PER_SECOND)
const aws = openAccount(sandbox.url)
t.teardown(async () => {
  steward.end()
  aws.close()
})
const faults = `${sandbox.url}/_sandbox/faults`
const addFault = async (fault: object): Promise<void> => { await fetch(faults, { method: 'POST', body: JSON.stringify(fault) }) }
const clearFaults = async (): Promise<void> => { await fetch(faults, { method: 'DELETE' }) }
const setting: Setting = { stock: createStock(steward), aws, steward, addFault }
const { runUndisturbed, settle } = createTrials(setting, replicas)

/** Nobody is asked to try more often. */
const MOST_TRIES = 40

/** What a patient client gets in the end: it repeats what it is told may be repeated. How long it is told to wait is not waited. */
async function persist (t: Test, replica: Replica, request: Request): Promise<Answer> {
  for (let tries = 1; ; tries++) {
    const answer = await replica.ask(request)
    if (answer.status < 400) return answer
    const { code, retryable, requestId } = answer.body
    const isClear = answer.status !== 500 && retryable === true && problemKinds[code as ProblemCode]?.retryable && requestId !== undefined
    if (!isClear || tries === MOST_TRIES) {
      t.fail(`${request.method} ${request.path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer
    }
    t.ok(answer.status !== 503 || Number(answer.headers['retry-after']) > 0, 'a 503 says when to come again')
  }
}

const share = process.env['CRASH_POINTS'] === 'all' ? 1 : 0.35
const tried = [...creates, ...changes, ...deletions].filter(({ name, aheadMs }) => !aheadMs && !/dry run|secret that|tags$|the protection$/.test(name) && chances.chance(share))

await t.test('throttled, failing and with answers lost, every request ends as on a good day, for a client that repeats what may be repeated', async t => {
  const undisturbed = []
  for (const operation of tried) undisturbed.push((await runUndisturbed(operation)).outcome)
  const prepared = []
  for (const operation of tried) prepared.push(await operation.prepare(setting))

  const replica = await replicas.start()
  await addFault({ kind: 'throttle', rate: 0.3 })
  await addFault({ kind: 'error-500', rate: 0.1 })
  await addFault({ kind: 'drop-after', rate: 0.1 })
  const beganAt = Date.now()
  const answers = await Promise.all(prepared.map(async ({ request }) => await persist(t, replica, request)))
  const endedAt = Date.now()
  await clearFaults()
  for (const paced of ['cloudformation', 'rds']) {
    const calls = replica.line.calls.filter(({ service, atMs }) => service === paced && atMs <= endedAt)
    t.ok(calls.length > 0 && calls.length <= CALLS_PER_SECOND * (Math.ceil((endedAt - beganAt) / 1_000) + 1), `${calls.length} calls of ${paced} in ${endedAt - beganAt} ms`)
  }
  for (const [at, operation] of tried.entries()) {
    const answer = answers[at]
    const whose = prepared[at]
    if (!answer || !whose) continue
    t.ok(answer.status === operation.status || answer.status === operation.statusOfRepeat, `${operation.name}: ${answer.status}`)
    t.strictSame(await settle(operation, whose, replica, answer), undisturbed[at], operation.name)
  }
  replica.end()
})

await t.test('a region that answers nothing neither slows nor breaks another', async t => {
  const create = (region: string): Request => ({ method: 'POST', path: '/v1/databases', body: { client: setting.stock.newClient(), region } })
  const replica = await replicas.start()
  await addFault({ kind: 'delay', delayMs: 600_000, region: OTHER_REGION })
  let isOver = false
  const inTheDark = replica.ask(create(OTHER_REGION)).then(answer => {
    isOver = true
    return answer
  })
  const { status, body } = await replica.ask(create(REGION))
  t.match([status, isOver], [202, false], 'it is not waited for')
  t.match(await replica.ask({ method: 'GET', path: `/v1/databases/${String(body.id)}`, headers: { prefer: 'wait=60' } }), { status: 200, body: { status: 'available' } })
  t.match(await replica.ask({ method: 'GET', path: `/v1/databases?region=${REGION}&limit=200` }), { status: 200, body: { regions: [{ region: REGION, status: 'ok' }] } })
  await clearFaults()
  replica.end()
  t.match(await inTheDark, { status: 503, body: { retryable: true } })

  const another = await replicas.start()
  await addFault({ kind: 'drop-before', region: OTHER_REGION })
  t.match(await another.ask(create(OTHER_REGION)), { status: 503, body: { code: 'aws-unavailable', retryable: true } })
  const { body: list } = await another.ask({ method: 'GET', path: '/v1/databases' })
  t.match(list.regions, [{ region: REGION, status: 'ok' }, { region: OTHER_REGION, status: 'unavailable' }])
  await clearFaults()
  another.end()
})
