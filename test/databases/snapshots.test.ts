import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import type { StackStatus } from '../../src/aws/stacks.js'
import { principalOf } from '../helpers/facts.js'
import { createMemoryClusters, snapshotOf } from '../helpers/memory-clusters.js'
import { createTestService } from '../helpers/test-service.js'

const everybody = principalOf()
const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`
const FINAL = `${NAME}-snapshot-auroracluster-1abc`

async function createOrders (status: StackStatus = 'CREATE_COMPLETE') {
  const clusters = createMemoryClusters()
  const service = createTestService(undefined, { clusters })
  await service.databases.create(everybody, { client: 'acme', region: 'eu-west-1', name: 'orders' }, null)
  if (status.startsWith('DELETE')) service.stacks.advance(NAME, 'DELETE_IN_PROGRESS', { token: 'delete-1' })
  service.stacks.advance(NAME, status)
  return { ...service, clusters }
}

t.test('a snapshot is taken once for a name', async t => {
  const { databases: { snapshots }, clusters } = await createOrders()
  t.match(await snapshots.take(everybody, ID, { name: 'before-migration' }, null), { isReplay: false, snapshot: { id: `${NAME}-before-migration`, status: 'creating', origin: 'requested', createdAt: null } })
  t.match(await snapshots.take(everybody, ID, { name: 'before-migration' }, null), { isReplay: true, snapshot: { id: `${NAME}-before-migration` } })
  t.match(clusters.snapshots, [{ cluster: NAME, tags: { 'aurora-databases:client': 'acme', 'aurora-databases:snapshot': 'requested' } }])
  t.strictSame(clusters.calls, [`take ${NAME}-before-migration`])
})

t.test('and once for an Idempotency-Key, which is its sender\'s own', async t => {
  const { databases: { snapshots }, clusters, stacks } = await createOrders()
  const first = await snapshots.take(everybody, ID, {}, 'monday')
  t.match(first, { isReplay: false, snapshot: { id: /-key-[a-z2-7]{12}$/ } })
  t.match(await snapshots.take(everybody, ID, {}, 'monday'), { isReplay: true, snapshot: { id: first.snapshot.id } })
  t.match(await snapshots.take(everybody, ID, { name: 'second' }, 'tuesday'), { isReplay: false })
  t.match(await snapshots.take(everybody, ID, { name: 'second' }, 'tuesday'), { isReplay: true })
  await t.rejects(snapshots.take(everybody, ID, { name: 'third' }, 'tuesday'), { code: 'idempotency-key-reused' })
  t.match(await snapshots.take(principalOf({ client: 'acme' }), ID, {}, 'monday'), { isReplay: false })
  t.equal(clusters.snapshots.length, 3)
  stacks.advance(NAME, 'DELETE_IN_PROGRESS', { token: 'delete-1' })
  t.match(await snapshots.take(everybody, ID, {}, 'monday'), { isReplay: true }, 'also when the database is gone by then')
  await t.rejects(snapshots.take(everybody, ID, {}, 'wednesday'), { code: 'database-not-ready' })
})

t.test('without either it is named after the second', async t => {
  const { databases: { snapshots } } = await createOrders()
  t.match(await snapshots.take(everybody, ID, {}, null), { snapshot: { id: `${NAME}-at-20261123t090000` } })
})

t.test('what RDS says', async t => {
  const failures: Array<[AwsFailure, object]> = [
    [new AwsFailure('refused', 'InvalidDBClusterStateFault', 'DB cluster is in modifying state'), { code: 'database-busy', retryAfterSeconds: 30 }],
    [new AwsFailure('quota', 'SnapshotQuotaExceededFault', 'Cannot create more than the allowed number of snapshots.'), { code: 'snapshot-refused', message: /allowed number/ }],
    [new AwsFailure('not-found', 'DBClusterNotFoundFault', 'no'), { code: 'database-not-ready' }],
    [new AwsFailure('throttled', 'Throttling', 'Rate exceeded'), { code: 'Throttling' }]
  ]
  for (const [failure, refusal] of failures) {
    const { databases: { snapshots }, clusters } = await createOrders()
    clusters.takeSnapshot = async () => { throw failure }
    await t.rejects(snapshots.take(everybody, ID, {}, null), refusal as { code: string, errors: never[] })
  }
})

t.test('whoever is slower finds the snapshot of the other', async t => {
  const { databases: { snapshots }, clusters } = await createOrders()
  const { takeSnapshot } = clusters
  clusters.takeSnapshot = async (...args) => {
    await takeSnapshot(...args)
    return await takeSnapshot(...args)
  }
  t.match(await snapshots.take(everybody, ID, { name: 'x' }, null), { isReplay: true, snapshot: { id: `${NAME}-x` } })
  t.equal(clusters.snapshots.length, 1)
})

t.test('where a snapshot comes from', async t => {
  const { databases: { snapshots }, clusters } = await createOrders()
  clusters.snapshots = [snapshotOf(NAME, FINAL), snapshotOf(NAME, 'by-hand'), snapshotOf('other', 'foreign')]
  t.match(await snapshots.list(everybody, ID), [{ id: FINAL, origin: 'final' }, { id: 'by-hand', origin: 'other' }])
  t.match(await snapshots.get(everybody, ID, 'by-hand'), { origin: 'other' })
  await t.rejects(snapshots.get(everybody, ID, 'foreign'), { code: 'not-found' })
})

t.test('another database\'s snapshot is none, and neither is one of another client', async t => {
  const { databases: { snapshots }, clusters } = await createOrders()
  clusters.snapshots = [snapshotOf(NAME, 'mine'), snapshotOf('globex-main-dev-abcdefgh', 'theirs')]
  for (const id of ['theirs', 'never-there']) await t.rejects(snapshots.remove(everybody, ID, id, true), { code: 'not-found' })
  const stranger = principalOf({ client: 'globex' })
  const asks: Array<() => Promise<unknown>> = [
    async () => await snapshots.list(stranger, ID), async () => await snapshots.get(stranger, ID, 'mine'), async () => await snapshots.take(stranger, ID, {}, null), async () => { await snapshots.remove(stranger, ID, 'mine', true) }
  ]
  for (const ask of asks) {
    await t.rejects(ask(), { code: 'not-found' })
  }
  t.strictSame(clusters.calls, [])
})

t.test('removing can be repeated', async t => {
  const { databases: { snapshots }, clusters } = await createOrders()
  await snapshots.take(everybody, ID, { name: 'x' }, null)
  for (let times = 0; times < 2; times++) await snapshots.remove(everybody, ID, `${NAME}-x`, false)
  t.strictSame(clusters.calls, [`take ${NAME}-x`, `remove ${NAME}-x`])
  await snapshots.take(everybody, ID, { name: 'x' }, null)
  clusters.removeSnapshot = async () => { throw new AwsFailure('refused', 'InvalidDBClusterSnapshotStateFault', 'It is in creating state.') }
  await t.rejects(snapshots.remove(everybody, ID, `${NAME}-x`, false), { code: 'snapshot-busy', retryAfterSeconds: 30 })
})

t.test('the newest snapshot of a deleted database goes only when that is said', async t => {
  for (const status of ['DELETE_IN_PROGRESS', 'DELETE_FAILED', 'DELETE_COMPLETE'] as const) {
    const { databases: { snapshots }, clusters } = await createOrders(status)
    clusters.snapshots = [snapshotOf(NAME, FINAL), snapshotOf(NAME, 'older'), snapshotOf(NAME, 'unfinished', { status: 'creating' })]
    await snapshots.remove(everybody, ID, 'older', false)
    await t.rejects(snapshots.remove(everybody, ID, FINAL, false), { code: 'last-snapshot', message: new RegExp(FINAL) }, status)
    await snapshots.remove(everybody, ID, FINAL, true)
    t.strictSame(clusters.calls, ['remove older', `remove ${FINAL}`])
  }
})

t.test('nor do all of them go at once, nor that which a restore has failed from', async t => {
  const { databases: { snapshots }, clusters, stacks } = await createOrders('DELETE_COMPLETE')
  clusters.snapshots = [snapshotOf(NAME, 'newest'), snapshotOf(NAME, 'older')]
  const [older, newest] = await Promise.allSettled(['older', 'newest'].map(async id => { await snapshots.remove(everybody, ID, id, false) }))
  t.match([older?.status, newest], ['fulfilled', { reason: { code: 'last-snapshot' } }])
  t.match(clusters.snapshots, [{ id: 'newest' }])
  stacks.add({ ...stacks.find(NAME), id: 'arn:restored', status: 'ROLLBACK_COMPLETE' })
  await t.rejects(snapshots.remove(everybody, ID, 'newest', false), { code: 'last-snapshot' })
})

t.test('a deleted database is shown with its snapshots', async t => {
  const { databases, clusters } = await createOrders('DELETE_COMPLETE')
  clusters.snapshots = [snapshotOf(NAME, FINAL)]
  t.match(await databases.get(everybody, ID), { status: 'deleted', snapshots: [{ id: FINAL, origin: 'final' }] })
  clusters.snapshotsOf = async () => { throw new AwsFailure('throttled', 'Throttling', 'no') }
  t.match(await databases.get(everybody, ID), { status: 'deleted', snapshots: null })
})
