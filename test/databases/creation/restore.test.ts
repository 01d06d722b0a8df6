import t from 'tap'

import { principalOf } from '../../helpers/facts.js'
import { createMemoryClusters, snapshotOf } from '../../helpers/memory-clusters.js'
import { createTestService } from '../../helpers/test-service.js'

const everybody = principalOf()
const ORDERS = { client: 'acme', region: 'eu-west-1', name: 'orders' }
const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`

async function createDeleted () {
  const clusters = createMemoryClusters()
  const service = createTestService(undefined, { clusters })
  await service.databases.create(everybody, { ...ORDERS, tags: { team: 'payments' } }, null)
  service.stacks.advance(NAME, 'CREATE_COMPLETE')
  await service.databases.remove(everybody, ID)
  service.stacks.advance(NAME, 'DELETE_COMPLETE')
  clusters.snapshots = [snapshotOf(NAME, 'unfinished', { status: 'creating' }), snapshotOf(NAME, 'newest'), snapshotOf(NAME, 'older'), snapshotOf('other', 'foreign')]
  const restore = async (snapshotId?: string, parameters?: Record<string, unknown>) =>
    await service.databases.restore(everybody, ID, {
      ...(snapshotId === undefined ? {} : { snapshotId }),
      ...(parameters ? { parameters } : {})
    })
  const origins = () => service.stacks.launches.slice(1)
    .map(({ parameters }) => parameters.SnapshotIdentifier?.split(':').at(-1))
  return { ...service, clusters, restore, origins }
}

t.test('a deleted database comes back from its newest snapshot, as it was', async t => {
  const { restore, stacks, origins } = await createDeleted()
  t.match(await restore(), { isReplay: false, database: { id: ID, status: 'creating', tags: { team: 'payments' } } })
  t.strictSame(origins(), ['newest'])
  for (const status of ['CREATE_IN_PROGRESS', 'CREATE_COMPLETE', 'UPDATE_IN_PROGRESS', 'UPDATE_COMPLETE'] as const) {
    stacks.advance(NAME, status)
    t.match(await restore(), { isReplay: true }, status)
    t.match(await restore('newest'), { isReplay: true })
    await t.rejects(restore('older'), { code: 'database-exists' }, 'it has other data')
  }
  t.equal(stacks.launches.length, 2)
})

t.test('or from one that is named', async t => {
  const { restore, origins } = await createDeleted()
  for (const id of ['foreign', 'never', 'unfinished']) await t.rejects(restore(id), { code: 'no-snapshot' })
  await restore('older')
  t.strictSame(origins(), ['older'])
})

t.test('a create that failed is not restored, unless a snapshot is named', async t => {
  const { restore, stacks, databases, origins } = await createDeleted()
  await databases.create(everybody, ORDERS, null)
  stacks.emit(NAME, 'AuroraWriter', 'CREATE_FAILED', 'out of luck')
  for (const status of ['DELETE_IN_PROGRESS', 'DELETE_COMPLETE'] as const) stacks.advance(NAME, status)
  await t.rejects(restore(), { code: 'no-snapshot', message: /^The creation of .+ failed/ })
  await restore('older')
  t.strictSame(origins().at(-1), 'older')
})

t.test('what an earlier one of the same name left is taken only when it is named, or was what it had been made from', async t => {
  const { restore, stacks, clusters, origins } = await createDeleted()
  const createdAt = new Date('2026-11-20T09:00:00Z')
  clusters.snapshots = [snapshotOf(NAME, 'years-old', { createdAt })]
  await t.rejects(restore(), { code: 'no-snapshot', message: /left no snapshot since it was last made\. An older one can be named/ })
  await restore('years-old')
  stacks.advance(NAME, 'CREATE_COMPLETE')
  stacks.advance(NAME, 'DELETE_COMPLETE')
  await restore()
  t.strictSame(origins(), ['years-old', 'years-old'])
})

t.test('with other parameters, which a repeated request must have too', async t => {
  const { restore, stacks } = await createDeleted()
  const parameters = { MaxCapacity: 8, SecondsUntilAutoPause: 600 }
  await restore(undefined, parameters)
  t.match(stacks.launches.at(-1), { parameters: { MaxCapacity: '8', EngineVersion: '17.7', EnvironmentName: 'dev' }, tags: { team: 'payments' } })
  stacks.advance(NAME, 'CREATE_COMPLETE')
  for (const same of [parameters, undefined, {}, { SecondsUntilAutoPause: 600, MaxCapacity: 8 }]) {
    t.match(await restore(undefined, same), { isReplay: true })
  }
  for (const other of [{ MaxCapacity: 8 }, { ...parameters, EngineVersion: '17.9' }]) await t.rejects(restore(undefined, other), { code: 'database-exists', message: /another request/ })
  t.equal(stacks.launches.length, 2)
})

t.test('parameters that do not go with what there was are refused, and nothing is launched', async t => {
  const { restore, stacks } = await createDeleted()
  const refused: Array<[Record<string, unknown>, RegExp]> = [
    [{ Colour: 'red' }, /not a parameter of/], [{ SnapshotIdentifier: 'x' }, /not a parameter of/], [{ MaxCapacity: '8' }, /without quotes/], [{ MaxCapacity: 2, MinCapacity: 4 }, /at most MaxCapacity/],
    [{ EnvironmentName: 'production' }, /part of what the database is called, and is dev/], [{ DatabaseName: 'other' }, /comes with the data/]
  ]
  for (const [parameters, message] of refused) await t.rejects(restore(undefined, parameters), { code: 'invalid-request', errors: [{ message }] })
  t.equal(stacks.launches.length, 1)
})

t.test('from a snapshot of a version that was retired it comes back with one that RDS upgrades it to', async t => {
  const { restore, stacks, account, clusters } = await createDeleted()
  clusters.snapshots = [snapshotOf(NAME, 'old', { engineVersion: '16.4' })]
  account.upgrades.set('16.4', ['16.6', '16.8', '16.9'])
  await t.rejects(restore(), { code: 'preflight-failed', errors: [{ path: '/parameters/EngineVersion', message: /16\.4, which the snapshot is of, is no longer offered in eu-west-1: set EngineVersion to one of 16\.8\./ }] })
  await t.rejects(restore(undefined, { EngineVersion: '17.7' }), { code: 'preflight-failed', errors: [{ message: /16\.4 cannot be restored to 17\.7/ }] })
  t.equal(stacks.launches.length, 1)
  await restore(undefined, { EngineVersion: '16.8' })
  t.equal(stacks.launches.at(-1)?.parameters.EngineVersion, '16.8')
})

t.test('a version that AWS has upgraded the database to is kept', async t => {
  const { restore, stacks, account, clusters } = await createDeleted()
  account.versions.push({ version: '17.9', modes: ['provisioned'], serverlessV2: null })
  clusters.snapshots = [snapshotOf(NAME, 'newer', { engineVersion: '17.9' })]
  await restore()
  t.equal(stacks.launches.at(-1)?.parameters.EngineVersion, '17.9')
})

t.test('after a restore that failed it can be tried again, whatever was left of it', async t => {
  const { restore, stacks, clock, origins } = await createDeleted()
  await restore()
  stacks.emit(NAME, 'AuroraCluster', 'CREATE_FAILED', 'out of luck')
  stacks.advance(NAME, 'DELETE_IN_PROGRESS')
  await t.rejects(restore(), { code: 'database-busy' }, 'it is being removed')
  stacks.advance(NAME, 'DELETE_COMPLETE')
  t.match(await restore('older'), { isReplay: false })
  for (const status of ['ROLLBACK_COMPLETE', 'DELETE_FAILED'] as const) {
    stacks.advance(NAME, status)
    const again = restore()
    while (stacks.find(NAME).status !== 'DELETE_IN_PROGRESS') await new Promise(setImmediate)
    stacks.advance(NAME, 'DELETE_COMPLETE')
    clock.move(1_000)
    t.match(await again, { isReplay: false }, status)
  }
  t.strictSame(origins(), ['newest', 'older', 'newest', 'newest'])
})

t.test('somebody who makes another database under the key meanwhile has it', async t => {
  const { restore, databases, stacks } = await createDeleted()
  stacks.beforeNext('create', () => { stacks.add({ ...stacks.find(NAME), id: 'arn:other', status: 'CREATE_IN_PROGRESS' }) })
  await t.rejects(restore(), { code: 'database-exists', extensions: { databaseId: ID } })
  const other = await createDeleted()
  await other.databases.create(everybody, ORDERS, null)
  await t.rejects(other.restore(), { code: 'database-exists' })
  t.equal((await databases.get(everybody, ID)).status, 'creating')
})

t.test('what never held data has none to come back from', async t => {
  const service = createTestService()
  await service.databases.create(everybody, ORDERS, null)
  for (const status of ['ROLLBACK_COMPLETE', 'DELETE_COMPLETE'] as const) {
    service.stacks.advance(NAME, status)
    await t.rejects(service.databases.restore(everybody, ID, {}), { code: 'no-snapshot' })
  }
  t.equal(service.stacks.launches.length, 1)
})
