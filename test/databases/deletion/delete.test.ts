import t from 'tap'

import { AwsFailure } from '../../../src/aws/errors.js'
import type { StackStatus } from '../../../src/aws/stacks.js'
import { createFinalSnapshot } from '../../../src/databases/deletion/final-snapshot.js'
import { createUntilRunning } from '../../../src/databases/running.js'
import { Problem } from '../../../src/problems.js'
import { loadCatalog } from '../../../src/templates/catalog.js'
import { principalOf, stackOf } from '../../helpers/facts.js'
import { createMemoryChangeSets } from '../../helpers/memory-change-sets.js'
import { createStandingClock } from '../../helpers/standing-clock.js'
import { createTestService } from '../../helpers/test-service.js'

const everybody = principalOf()
const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`
const WITHOUT = { finalSnapshot: false }

async function createOrders (finalSnapshots: 'always' | 'optional' = 'optional', exports: string[] = []) {
  const service = createTestService(undefined, { finalSnapshots })
  const { stacks, databases, changeSets } = service
  await databases.create(everybody, { client: 'acme', region: 'eu-west-1', name: 'orders' }, null)
  stacks.advance(NAME, 'CREATE_COMPLETE', { exports })
  let template = stacks.launches[0]?.templateBody ?? ''
  stacks.templateOf = async () => template
  const execute = (): void => { template = [...changeSets.sets.values()].at(-1)?.update.templateBody ?? template }
  changeSets.execute = async () => { execute() }
  return { ...service, isSkipped: () => template.includes('FinalSnapshot: skipped'), execute, removals: () => stacks.calls.filter(call => call.startsWith('remove ')).length }
}

t.test('a final snapshot is taken unless the configuration and the request say otherwise', async t => {
  const strict = await createOrders('always')
  await t.rejects(strict.databases.remove(everybody, ID, WITHOUT), { code: 'final-snapshot-required', message: /FINAL_SNAPSHOTS/ })
  t.equal(strict.removals(), 0)
  t.match(await strict.databases.remove(everybody, ID), { status: 'deleting' })
  t.strictSame([strict.isSkipped(), strict.changeSets.calls], [false, []])
  const lax = await createOrders()
  t.match(await lax.databases.remove(everybody, ID, WITHOUT), { status: 'deleting' })
  t.strictSame([lax.isSkipped(), lax.removals()], [true, 1])
})

t.test('what died after the switch is finished by the same request, and undone by the other', async t => {
  for (const request of [WITHOUT, { finalSnapshot: true }]) {
    const { databases, stacks, isSkipped, changeSets } = await createOrders()
    stacks.failNext('remove', new AwsFailure('unavailable', 'TimeoutError', 'no answer'))
    await t.rejects(databases.remove(everybody, ID, WITHOUT), { code: 'TimeoutError' })
    t.match([isSkipped(), stacks.find(NAME).status], [true, 'CREATE_COMPLETE'])
    t.match(await databases.remove(everybody, ID, request), { status: 'deleting' })
    t.strictSame([isSkipped(), changeSets.sets.size], [!request.finalSnapshot, request.finalSnapshot ? 2 : 1])
  }
})

t.test('what has changed since it was seen is not deleted, and what is being deleted already has not', async t => {
  const { databases, stacks, removals, changeSets, execute } = await createOrders()
  const conditionOf = (name: string) => ({ ...WITHOUT, precondition: { name, assert: () => { throw new Problem('precondition-failed', 'no') } } })
  const stale = conditionOf('"stale"')
  await t.rejects(databases.remove(everybody, ID, stale), { code: 'precondition-failed' })
  t.equal(removals(), 0)
  let token = ''
  changeSets.execute = async (_region, _stackId, _name, given) => {
    token = given
    execute()
  }
  const seen = { ...WITHOUT, precondition: { name: '"seen"', assert: () => {} } }
  stacks.failNext('remove', new AwsFailure('unavailable', 'TimeoutError', 'no answer'))
  await t.rejects(databases.remove(everybody, ID, seen), { code: 'TimeoutError' })
  for (const status of ['UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE'] as const) stacks.advance(NAME, status, { token })
  await t.rejects(databases.remove(everybody, ID, stale), { code: 'precondition-failed' }, 'what began a deletion is no leave for another one')
  for (let times = 0; times < 2; times++) t.match(await databases.remove(everybody, ID, conditionOf('"seen"')), { status: 'deleting' }, 'and the same goes on')
  t.match(await databases.remove(everybody, ID, stale), { status: 'deleting' })
})

t.test('an update that takes longer is waited for by whoever asks again', async t => {
  const { databases, stacks, changeSets, clock, execute, removals } = await createOrders()
  changeSets.execute = async (_region, _stackId, _name, token) => { stacks.advance(NAME, 'UPDATE_IN_PROGRESS', { token, reason: 'User Initiated' }) }
  const isWaiting = async (): Promise<void> => { while ((await clock.whenAsleep()).length < 2) await new Promise(setImmediate) }
  const waiting = databases.remove(everybody, ID, WITHOUT)
  await isWaiting()
  clock.move(45_000)
  await t.rejects(waiting, { code: 'database-busy', retryAfterSeconds: 10 })
  t.equal(removals(), 0)
  const again = databases.remove(everybody, ID, WITHOUT)
  await isWaiting()
  execute()
  stacks.advance(NAME, 'UPDATE_COMPLETE')
  clock.move(5_000)
  t.match(await again, { status: 'deleting' }, 'also by one that was sent before it was over')
})

t.test('an update that CloudFormation takes back deletes nothing', async t => {
  const { databases, stacks, changeSets, removals } = await createOrders()
  changeSets.execute = async () => {
    stacks.advance(NAME, 'UPDATE_IN_PROGRESS', { token: 'update-9', reason: 'User Initiated' })
    stacks.emit(NAME, 'AuroraCluster', 'UPDATE_FAILED', 'out of luck')
    stacks.advance(NAME, 'UPDATE_ROLLBACK_COMPLETE')
  }
  await t.rejects(databases.remove(everybody, ID, WITHOUT), { code: 'final-snapshot-required', message: /out of luck/ })
  t.equal(removals(), 0)
})

t.test('how a deletion goes on that has failed was decided before', async t => {
  const stuck: StackStatus[] = ['DELETE_FAILED', 'UPDATE_ROLLBACK_FAILED']
  for (const status of stuck) {
    const taken = await createOrders()
    taken.stacks.advance(NAME, status)
    await t.rejects(taken.databases.remove(everybody, ID, WITHOUT), { code: 'final-snapshot-required', message: /remove the snapshot afterwards/ }, status)
    t.match(await taken.databases.remove(everybody, ID), { status: 'deleting' })
    const skipped = await createOrders()
    await skipped.databases.remove(everybody, ID, WITHOUT)
    skipped.stacks.advance(NAME, status)
    await t.rejects(skipped.databases.remove(everybody, ID), { code: 'final-snapshot-required', message: /was begun with finalSnapshot=false/ }, status)
    t.match(await skipped.databases.remove(everybody, ID, WITHOUT), { status: 'deleting' })
  }
})

t.test('what never held data needs no preparation', async t => {
  for (const status of ['CREATE_IN_PROGRESS', 'ROLLBACK_COMPLETE', 'CREATE_FAILED'] as const) {
    const { databases, stacks, changeSets } = await createOrders('optional', ['x'])
    stacks.advance(NAME, status)
    t.match(await databases.remove(everybody, ID, WITHOUT), {}, status)
    t.strictSame([changeSets.calls, stacks.calls.filter(call => call.startsWith('importersOf')), stacks.find(NAME).status], [[], [], 'DELETE_IN_PROGRESS'])
  }
})

t.test('what others import stays', async t => {
  const { databases, stacks, removals } = await createOrders('always', ['acme-DNSName', 'acme-DBPort', 'acme-DBName'])
  stacks.importers.set('acme-DNSName', ['reports', 'billing']).set('acme-DBPort', ['billing'])
  await t.rejects(databases.remove(everybody, ID), { code: 'exports-in-use', extensions: { importers: ['billing', 'reports'] }, message: /billing and reports import\. / })
  t.equal(removals(), 0)
  stacks.importers.clear()
  stacks.failNext('importersOf', new AwsFailure('throttled', 'Throttling', 'no'))
  t.match(await databases.remove(everybody, ID), { status: 'deleting' }, 'CloudFormation finds what we could not')
})

t.test('a change that comes between is waited for', async t => {
  const { databases, stacks } = await createOrders()
  stacks.failNext('remove', new AwsFailure('refused', 'ValidationError', 'Stack [x] cannot be deleted while in status UPDATE_IN_PROGRESS'))
  await t.rejects(databases.remove(everybody, ID), { code: 'database-busy' })
})

t.test('every template says how it is deleted, in the words in which it is switched', async t => {
  for (const { name, body } of loadCatalog().values()) {
    let template = body
    const changeSets = createMemoryChangeSets()
    const { isTaken, startSwitch } = createFinalSnapshot({ stacks: { templateOf: async () => template }, changeSets, clock: createStandingClock(), newToken: () => '1' })
    changeSets.execute = async () => { template = [...changeSets.sets.values()].at(-1)?.update.templateBody ?? '' }
    t.equal(await isTaken(stackOf()), true, name)
    await startSwitch(stackOf(), false)
    t.strictSame([await isTaken(stackOf()), /DeletionPolicy: Snapshot/.test(template)], [false, false])
    await t.rejects(startSwitch(stackOf(), false), { code: 'final-snapshot-required' }, 'nothing is left to switch')
    await startSwitch(stackOf(), true)
    t.equal(template, body, 'there and back is where it was')
  }
})

t.test('a cluster that is stopped is started, and waited for', async t => {
  const clock = createStandingClock()
  const statuses = ['stopping', 'stopped', 'starting', 'available']
  const started: string[] = []
  const cluster = { arn: '', masterUsername: '', host: '', port: 5432, databaseName: '', engineVersion: '', restorable: null }
  const clusters = { describe: async () => ({ ...cluster, status: statuses[0] ?? '' }), start: async (_region: string, name: string) => { started.push(name) } }
  const untilRunning = createUntilRunning({ clusters, clock }, 45_000)
  const running = untilRunning(stackOf({ parameters: { ClusterName: 'orders' } }))
  while (statuses.length > 1) {
    await clock.whenAsleep()
    statuses.shift()
    clock.move(3_000)
  }
  t.equal(await running, true)
  t.strictSame(started, ['orders'])
  statuses.unshift('starting')
  const late = untilRunning(stackOf())
  await clock.whenAsleep()
  clock.move(45_000)
  t.equal(await late, false)
  t.equal(await createUntilRunning({ clusters: { ...clusters, describe: async () => { throw new AwsFailure('not-found', 'DBClusterNotFoundFault', 'no') } }, clock }, 0)(stackOf()), true, 'where there is none')
})
