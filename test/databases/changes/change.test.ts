import t from 'tap'

import type { ResourceChange } from '../../../src/aws/change-sets.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import type { ChangeRequest } from '../../../src/databases/changes/resolve-change.js'
import { Problem } from '../../../src/problems.js'
import { principalOf } from '../../helpers/facts.js'
import { scaling } from '../../helpers/memory-change-sets.js'
import { createMemoryClusters } from '../../helpers/memory-clusters.js'
import { createTestService, OUTPUTS } from '../../helpers/test-service.js'

const everybody = principalOf()
const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`
const BIGGER: ChangeRequest = { parameters: { MaxCapacity: 8 } }
const always = (): void => {}
const never = (): void => { throw new Problem('precondition-failed', 'no') }

async function createOrders (parameters: Record<string, unknown> = {}, clusters = createMemoryClusters()) {
  const service = createTestService(undefined, { clusters })
  await service.databases.create(everybody, { client: 'acme', region: 'eu-west-1', name: 'orders', parameters }, null)
  service.stacks.advance(NAME, 'CREATE_COMPLETE')
  type Precondition = Parameters<typeof service.databases.change>[3]
  const change = async (request: ChangeRequest, more: { dryRun?: boolean, precondition?: Precondition } = {}) =>
    await service.databases.change(everybody, ID, request, more.precondition ?? always, more.dryRun ?? false)
  return { ...service, change }
}

t.test('a change is computed, looked at and executed', async t => {
  const { change, changeSets } = await createOrders()
  t.match(await change(BIGGER), { started: true, changes: [scaling] })
  t.strictSame(changeSets.calls, ['create #1', 'describe #1', 'execute #1'])
})

t.test('sent again before it was executed, it finds the change set that it made; after a change it makes another', async t => {
  const { change, changeSets, stacks, clock } = await createOrders()
  changeSets.execute = async () => { throw new AwsFailure('unavailable', 'TimeoutError', 'no answer') }
  await t.rejects(change(BIGGER), { code: 'TimeoutError' })
  await t.rejects(change(BIGGER), { code: 'TimeoutError' })
  t.equal(changeSets.sets.size, 1)
  stacks.advance(NAME, 'UPDATE_ROLLBACK_COMPLETE', { updatedAt: new Date(clock.now() + 1) })
  await t.rejects(change(BIGGER), { code: 'TimeoutError' })
  t.equal(changeSets.sets.size, 2, 'the one that failed cannot be executed again')
})

t.test('a dry run leaves nothing, not even what an earlier one that crashed left', async t => {
  const { change, changeSets, clock } = await createOrders()
  const createdAt = new Date(clock.now())
  const update = { name: '', parameters: {}, kept: [], tags: {} }
  changeSets.sets.set('change-left', { update, createdAt }).set('by-hand', { update, createdAt })
  t.match(await change(BIGGER, { dryRun: true }), { started: false, changes: [scaling] })
  t.strictSame([...changeSets.sets.keys()], ['change-left', 'by-hand'], 'somebody may still be at work on it')
  clock.move(61 * 60_000)
  await change(BIGGER, { dryRun: true })
  t.strictSame([...changeSets.sets.keys()], ['by-hand'], 'what is not ours is left alone')
  changeSets.list = async () => { throw new AwsFailure('throttled', 'Throttling', 'no') }
  t.match(await change(BIGGER, { dryRun: true }), { changes: [scaling] }, 'tidying up is no reason to fail')
})

const harms: Array<[what: string, change: Partial<ResourceChange>, request: ChangeRequest, detail: RegExp | null]> = [
  ['replaces', { replacement: 'always' }, { ...BIGGER, allowInterruption: true }, /replace or remove AuroraCluster/],
  ['may replace', { replacement: 'conditional' }, BIGGER, /replace or remove AuroraCluster/],
  ['removes', { action: 'remove' }, BIGGER, /replace or remove AuroraCluster/],
  ['interrupts', { changedProperties: ['EngineVersion'] }, BIGGER, /interrupt AuroraCluster .*allowInterruption/],
  ['interrupts with leave', { changedProperties: ['EngineVersion'] }, { ...BIGGER, allowInterruption: true }, null]
]
for (const [what, facts, request, detail] of harms) {
  t.test(`what ${what} is ${detail ? 'refused' : 'done'}`, async t => {
    const { change, changeSets } = await createOrders()
    changeSets.answer = { status: 'ready', changes: [{ ...scaling, ...facts }] }
    t.match(await change(request, { dryRun: true }), { changes: [facts] }, 'but shown')
    if (detail) await t.rejects(change(request), { code: 'change-refused', message: detail, extensions: { changes: [facts] } })
    else t.match(await change(request), { started: true })
    t.equal(changeSets.calls.some(call => call.startsWith('execute')), detail === null)
    t.equal(changeSets.sets.size, detail ? 0 : 1, 'and its change set does not stay')
  })
}

t.test('nothing to change', async t => {
  const { change, changeSets } = await createOrders()
  t.match(await change({ parameters: { MaxCapacity: 4 } }, { precondition: never }), { started: false, changes: [] }, 'a retry may be late')
  t.strictSame(changeSets.calls, [])
  changeSets.answer = { status: 'empty' }
  t.match(await change(BIGGER), { started: false, changes: [] })
  t.equal(changeSets.sets.size, 0)
})

t.test('a change that died once it had switched the protection is the same when it is sent again', async t => {
  const { change, changeSets, stacks } = await createOrders()
  const { execute } = changeSets
  changeSets.execute = async () => { throw new AwsFailure('unavailable', 'TimeoutError', 'no answer') }
  const precondition = ({ deletionProtection }: { deletionProtection: boolean }): void => { if (deletionProtection) never() }
  const request = { ...BIGGER, deletionProtection: true }
  await t.rejects(change(request, { precondition }), { code: 'TimeoutError' })
  t.equal(stacks.find(NAME).terminationProtection, true)
  changeSets.execute = execute
  await t.rejects(change(BIGGER, { precondition }), { code: 'precondition-failed' }, 'for any other it has changed')
  t.match(await change(request, { precondition }), { started: true })
})

t.test('nothing is computed for a cluster that somebody has stopped; one that RDS says nothing of is changed', async t => {
  const clusters = createMemoryClusters()
  const { describe } = clusters
  const { change, changeSets } = await createOrders({}, clusters)
  for (const status of ['stopped', 'stopping', 'starting']) {
    clusters.describe = async (...args) => ({ ...await describe(...args), status })
    await t.rejects(change(BIGGER), { code: 'database-not-ready', message: new RegExp(`is ${status}, and RDS changes nothing`), retryAfterSeconds: 30 })
  }
  t.strictSame(changeSets.calls, [])
  clusters.describe = async () => { throw new AwsFailure('throttled', 'Throttling', 'Rate exceeded') }
  t.match(await change(BIGGER), { started: true })
})

t.test('nothing is computed for what somebody has taken the cluster or the secret from', async t => {
  const clusters = createMemoryClusters()
  const { change, changeSets, stacks, secrets } = await createOrders({}, clusters)
  stacks.advance(NAME, 'UPDATE_COMPLETE', { outputs: OUTPUTS })
  await t.rejects(change(BIGGER), { code: 'database-not-ready', message: /^The secret of .+ no longer exists.+has a new one, and its data/ })
  const facts = { arn: OUTPUTS.SecretArn, name: 'MasterSecret', tags: {}, deletedAt: new Date(0) }
  secrets.known.set(OUTPUTS.SecretArn, { facts, credentials: null })
  await t.rejects(change(BIGGER, { dryRun: true }), { code: 'database-not-ready', message: /waits for its deletion\. RestoreSecret/ })
  secrets.known.set(OUTPUTS.SecretArn, { facts: { ...facts, deletedAt: null }, credentials: null })
  const { describe } = clusters
  clusters.describe = async () => { throw new AwsFailure('not-found', 'DBClusterNotFoundFault', 'gone') }
  await t.rejects(change(BIGGER), { code: 'database-not-ready', message: /^The cluster of .+ no longer exists/ })
  t.strictSame(changeSets.calls, [])
  clusters.describe = describe
  t.match(await change(BIGGER), { started: true })
})

t.test('a change that got stuck is not taken for one that was made', async t => {
  const { change, changeSets, stacks } = await createOrders()
  stacks.advance(NAME, 'UPDATE_ROLLBACK_FAILED', { parameters: { ...stacks.find(NAME).parameters, MaxCapacity: '8' } })
  for (const dryRun of [false, true]) await t.rejects(change(BIGGER, { dryRun }), { code: 'database-not-ready', message: /POST .*\/recover/ })
  t.match(await change({ deletionProtection: true }), { started: false, database: { deletionProtection: true } }, 'it can be protected all the same')
  t.strictSame(changeSets.calls, [])
})

t.test('what is no longer as the caller has it is not changed', async t => {
  const { change, changeSets, stacks } = await createOrders()
  for (const request of [BIGGER, { tags: { a: 'b' } }, { deletionProtection: true }]) await t.rejects(change(request, { precondition: never }), { code: 'precondition-failed' })
  t.strictSame([changeSets.calls, stacks.find(NAME).terminationProtection], [[], false])
})

t.test('whoever is slower than another comes again', async t => {
  const races: Array<['create' | 'execute', AwsFailure]> = [
    ['create', new AwsFailure('refused', 'ValidationError', 'Stack:arn is in UPDATE_IN_PROGRESS state and can not be updated.')],
    ['execute', new AwsFailure('refused', 'ChangeSetNotFoundException', 'ChangeSet [x] does not exist')],
    ['execute', new AwsFailure('refused', 'InvalidChangeSetStatusException', 'ChangeSet [x] cannot be executed in its current status of [OBSOLETE]')]
  ]
  for (const [operation, failure] of races) {
    const { change, changeSets } = await createOrders()
    changeSets[operation] = async () => { throw failure }
    await t.rejects(change(BIGGER), { code: 'database-busy', retryAfterSeconds: 5 }, operation)
  }
  const { change, changeSets } = await createOrders()
  changeSets.answer = { status: 'spent' }
  await t.rejects(change(BIGGER), { code: 'database-busy', retryAfterSeconds: 5 })
  t.equal(changeSets.sets.size, 0, 'and finds nothing in its way')
})

t.test('a dry run whose change set another one like it has thrown away makes it again', async t => {
  const { change, changeSets, clock } = await createOrders()
  changeSets.answer = { status: 'gone' }
  const looking = change(BIGGER, { dryRun: true })
  while (changeSets.calls.length < 3) await new Promise(setImmediate)
  changeSets.answer = { status: 'ready', changes: [scaling] }
  clock.move(500)
  t.match(await looking, { changes: [scaling] })
  t.strictSame(changeSets.calls, ['create #1', 'describe #1', 'create #1', 'describe #1', 'remove #1'])
})

t.test('what CloudFormation refuses', async t => {
  const { change, changeSets } = await createOrders()
  changeSets.answer = { status: 'failed', reason: 'No export named x found.' }
  await t.rejects(change(BIGGER), { code: 'preflight-failed', message: /No export named x/ })
  t.equal(changeSets.sets.size, 0)
  changeSets.create = async () => { throw new AwsFailure('refused', 'ValidationError', 'Parameter is wrong.') }
  await t.rejects(change(BIGGER), { code: 'preflight-failed', message: /Parameter is wrong/ })
  changeSets.create = async () => { throw new AwsFailure('throttled', 'Throttling', 'Rate exceeded') }
  await t.rejects(change(BIGGER), { code: 'Throttling' })
})

t.test('what the region cannot do is found before anything is computed', async t => {
  const { change, changeSets, account } = await createOrders({ EngineVersion: '16.8', AutoPause: false, MinCapacity: 1 })
  account.versions = [{ version: '16.8', modes: ['provisioned'], serverlessV2: { minAcu: 0.5, maxAcu: 64 } }]
  await t.rejects(change({ parameters: { AutoPause: true, MaxCapacity: 128 } }), {
    code: 'preflight-failed', errors: [{ path: '/parameters/EngineVersion', message: /cannot pause/ }, { path: '/parameters/EngineVersion', message: /up to 64 ACUs/ }]
  })
  t.strictSame(changeSets.calls, [])
  t.match(await change({ parameters: { DBBackupRetentionPeriod: 7 } }), { started: true }, 'which is nothing to other changes')
  const retired = await createOrders({ EngineVersion: '16.8' })
  retired.account.versions = [{ version: '17.7', modes: ['provisioned'], serverlessV2: { minAcu: 0, maxAcu: 256 } }]
  t.match(await retired.change(BIGGER), { started: true }, 'a version that is not offered any more runs on')
})

const wrong: Array<[Record<string, unknown>, string, RegExp]> = [
  [{ DBBackupRetentionPeriod: 36 }, 'DBBackupRetentionPeriod', /at most 35/],
  [{ SecondsUntilAutoPause: 60 }, 'SecondsUntilAutoPause', /at least 300/],
  [{ MinCapacity: 8 }, 'MinCapacity', /at most MaxCapacity/],
  [{ MaxCapacity: 4.2 }, 'MaxCapacity', /multiple of 0\.5/],
  [{ DatabaseName: 'other' }, 'DatabaseName', /cannot be changed/],
  [{ EngineVersion: '16.8' }, 'EngineVersion', /cannot be changed/]
]
for (const [parameters, name, message] of wrong) {
  t.test(`is refused: ${JSON.stringify(parameters)}`, async t => {
    const { change, changeSets } = await createOrders()
    await t.rejects(change({ parameters }), { code: 'invalid-request', errors: [{ path: `/parameters/${name}`, message }] })
    t.strictSame(changeSets.calls, [])
  })
}

t.test('what is on its way out is neither changed nor protected', async t => {
  const { change, stacks } = await createOrders()
  stacks.advance(NAME, 'DELETE_IN_PROGRESS')
  await t.rejects(change({ deletionProtection: true }), { code: 'database-busy' })
  await t.rejects(change(BIGGER), { code: 'database-busy' })
  stacks.advance(NAME, 'DELETE_COMPLETE')
  await t.rejects(change({ deletionProtection: true }), { code: 'database-not-ready' })
})
