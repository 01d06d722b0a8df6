import { UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation'
import { DescribeDBClusterSnapshotsCommand } from '@aws-sdk/client-rds'
import { CreateSecretCommand, DescribeSecretCommand, TagResourceCommand } from '@aws-sdk/client-secrets-manager'
import { pino } from 'pino'
import t from 'tap'

import { localKeys } from '../../scripts/local.js'
import { createAwsClients } from '../../src/aws/clients.js'
import { systemClock } from '../../src/clock.js'
import { readConfig } from '../../src/config.js'
import type { Orphan, OrphanKind } from '../../src/databases/orphans/orphan.js'
import { createOrphans } from '../../src/databases/orphans/orphans.js'
import { createDependencies } from '../../src/service.js'
import { principalOf } from '../helpers/facts.js'
import { startService } from '../helpers/service.js'

interface Database { id: string, status: string, outputs: { secretArn: string, clusterName: string } }

const HOUR_MS = 3_600_000
const region = 'eu-west-1'
const wait = { prefer: 'wait=60' }
const { call, sandboxUrl } = await startService(t)
const clients = createAwsClients()
t.teardown(() => { clients.destroy() })
const config = readConfig({ env: { ...process.env, REGIONS: `${region},us-east-1`, API_KEYS_FILE: 'any' }, readKeys: () => localKeys, templates: ['aurora-serverless-v2-postgres'] })
/** The orphans that a replica sees whose clock is two hours ahead: nothing has to grow old here. */
const { orphans } = createDependencies({ config, log: pino({ level: 'silent' }), clients, clock: { now: () => Date.now() + 2 * HOUR_MS, sleep: systemClock.sleep } }).databases
const operator = principalOf()
const list = async (...kinds: OrphanKind[]): Promise<Orphan[]> =>
  (await orphans.list(operator, { regions: [region], kinds, limit: 50, cursor: null })).items
const remove = async (id: string, confirm: string | null = null): Promise<Orphan | null> =>
  (await orphans.remove(operator, id, confirm))?.orphan ?? null
const fault = async (body: object): Promise<void> => { await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(body) }) }

const create = async (name: string, more: object = {}): Promise<Database> => (await call<Database>('POST', '/v1/databases', { client: 'acme', region, name, ...more }, wait)).body
const living = await create('living')
t.equal(living.status, 'available')

/** Ids of what the living database has made, as they would be if it were left over. */
const ofLiving = [`${region}.cluster.${living.outputs.clusterName}`, `${region}.secret.${living.outputs.secretArn.split(':')[6]}`, `${region}.stack.${living.outputs.clusterName}`]

await t.test('what lives is neither found nor removed', async t => {
  await call('POST', `/v1/databases/${living.id}/snapshots`, {}, wait)
  const { DBClusterSnapshots: [snapshot] = [] } = await clients.rds(region).send(new DescribeDBClusterSnapshotsCommand({ SnapshotType: 'manual' }))
  const { ARN: somebodys = '' } = await clients.secrets(region).send(new CreateSecretCommand({
    Name: 'somebodys',
    SecretString: '{}',
    Tags: [{ Key: 'aurora-databases:client', Value: 'acme' }, { Key: 'aurora-databases:name', Value: 'gone' }]
  }))
  t.strictSame(await list(), [])
  for (const id of [...ofLiving, `${region}.snapshot.${snapshot?.DBClusterSnapshotIdentifier}`, `${region}.secret.${somebodys.split(':')[6]}`]) {
    await t.rejects(remove(id, living.id), { code: 'not-found' }, id)
  }
  t.match((await call<Database>('GET', `/v1/databases/${living.id}`)).body, { status: 'available' })
})

await t.test('the final snapshot of a deleted database goes only when that is meant', async t => {
  const { id, outputs } = await create('deleted')
  await call('DELETE', `/v1/databases/${id}`, undefined, wait)
  const [snapshot, ...others] = await list()
  t.strictSame(others, [], 'its secret and its cluster went with it')
  t.match(snapshot, { region, kind: 'snapshot', databaseId: id, client: 'acme', status: 'available', restorable: true, protected: false, reason: /deleted/ })
  t.ok((snapshot?.ageSeconds ?? 0) >= 7_000)
  for (const confirm of [null, living.id]) await t.rejects(remove(snapshot?.id ?? '', confirm), { code: 'confirmation-required', extensions: { databaseId: id } })
  t.equal((await list('snapshot')).length, 1)
  t.match(await remove(snapshot?.id ?? '', id), { id: snapshot?.id })
  t.strictSame(await list(), [])
  t.equal(await remove(snapshot?.id ?? '', id), null, 'it is gone')
  t.ok(outputs)
})

await t.test('a create that failed, a deletion that failed, and what that left behind', async t => {
  const stackOf = (id: string): string => id.slice(region.length + 1)
  const broken = await call<Database>('POST', '/v1/databases', { client: 'acme', region, name: 'stuck' }, wait)
  const { id, outputs } = broken.body
  await fault({ kind: 'fail-resource', stack: stackOf(id), resource: 'AuroraCluster', reason: 'It is in use.', count: 1 })
  t.match((await call('DELETE', `/v1/databases/${id}`, undefined, wait)).body, { status: 'delete_failed' })
  t.match(await list(), [{ id: `${region}.stack.${stackOf(id)}`, kind: 'stack', status: 'DELETE_FAILED', databaseId: id, restorable: true }], 'what the stack has is the stack\'s')
  await t.rejects(remove(`${region}.stack.${stackOf(id)}`), { code: 'confirmation-required' }, 'its cluster is still there')

  t.match(await call('POST', `/v1/databases/${id}/recover`, { retain: ['AuroraCluster'] }, wait), { body: { status: 'deleted' } })
  const left = await list('cluster', 'secret', 'stack')
  t.match(left, [{ id: `${region}.cluster.${outputs.clusterName}`, kind: 'cluster', databaseId: id, reason: /left it behind/ }])
  t.match(await remove(left[0]?.id ?? ''), { kind: 'cluster', status: 'available' })
  for (let looks = 0; looks < 200 && (await list('cluster')).length > 0; looks++) t.match((await remove(left[0]?.id ?? ''))?.status ?? 'gone', /deleting|gone|available/)
  t.match(await list(), [{ kind: 'snapshot', databaseId: id, name: new RegExp(`^orphan-${outputs.clusterName}-`), restorable: true }], 'with a final snapshot')
  await remove((await list())[0]?.id ?? '', id)
})

await t.test('a secret without its stack', async t => {
  const secrets = clients.secrets(region)
  const { Tags = [] } = await secrets.send(new DescribeSecretCommand({ SecretId: living.outputs.secretArn }))
  const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'MasterSecret-left', SecretString: '{}', Tags: Tags.filter(({ Key }) => !Key?.startsWith('aws:')) }))
  t.strictSame(await list('secret'), [], 'one with the tags of a living database is its own')
  await secrets.send(new TagResourceCommand({ SecretId: ARN, Tags: [{ Key: 'aurora-databases:name', Value: 'gone' }] }))
  const [secret] = await list('secret')
  t.match(secret, { id: `${region}.secret.${ARN.split(':')[6]}`, kind: 'secret', restorable: false })
  const named = await create('named', { parameters: { DBMaster: 'MasterSecret-left' }, onFailure: 'keep' })
  t.match(named, { code: 'preflight-failed' }, 'it has no credentials')
  await remove(secret?.id ?? '')
  t.match(await secrets.send(new DescribeSecretCommand({ SecretId: ARN })), { DeletedDate: Date }, 'it can be brought back')
  t.strictSame(await list('secret'), [])
})

await t.test('a create that failed and was kept, protected or not', async t => {
  await fault({ kind: 'fail-resource', resource: 'AuroraWriter', reason: 'No capacity.', count: 1 })
  const failed = await create('failing', { onFailure: 'keep', deletionProtection: true })
  t.equal(failed.status, 'failed')
  const [orphan] = await list('stack')
  t.match(orphan, { kind: 'stack', status: 'CREATE_FAILED', databaseId: failed.id, protected: true, reason: /creation of the database failed/ })
  await t.rejects(remove(orphan?.id ?? ''), { code: 'deletion-protected' })
  const unprotect = new UpdateTerminationProtectionCommand({ StackName: orphan?.name, EnableTerminationProtection: false })
  await clients.cloudFormation(region).send(unprotect)
  t.match(await remove(orphan?.id ?? ''), { id: orphan?.id })
  t.match((await call('GET', `/v1/databases/${failed.id}`, undefined, wait)).body, { stack: { status: 'DELETE_COMPLETE' } })
  t.strictSame(await list('stack', 'cluster', 'secret'), [])
  for (const { id, databaseId } of await list('snapshot')) await remove(id, databaseId)
})

await t.test('a region that fails is named, and pages go on where the last one ended', async t => {
  for (const name of ['one', 'two', 'three']) {
    const { id } = await create(name)
    await call('DELETE', `/v1/databases/${id}`, undefined, wait)
  }
  const names: string[] = []
  for (let cursor: string | null = null, more = true; more;) {
    const page: Awaited<ReturnType<typeof orphans.list>> = await orphans.list(operator, { regions: [], kinds: ['snapshot'], limit: 2, cursor })
    names.push(...page.items.map(({ name }) => name))
    cursor = page.nextCursor
    more = cursor !== null
  }
  t.equal(new Set(names).size, 3)
  await fault({ kind: 'throttle', service: 'cloudformation', operation: 'DescribeStacks', region: 'us-east-1' })
  const { items, regions } = await orphans.list(operator, { regions: [], kinds: [], limit: 50, cursor: null })
  t.equal(items.length, 3)
  t.match(regions, [{ region, status: 'ok', asOf: Date, problem: null }, { region: 'us-east-1', status: 'unavailable', asOf: null, problem: 'aws-throttled' }])
  await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'DELETE' })
})

await t.test('a cluster of which RDS takes no snapshot goes without one, if that is meant, and one that was protected meanwhile stays', async t => {
  const never = async (): Promise<never> => { throw new Error('an unexpected call') }
  const tags = Object.fromEntries(['client', 'name', 'environment', 'template', 'fingerprint'].map(name => [`aurora-databases:${name}`, 'acme']))
  const cluster = { name: 'left', arn: 'arn:left', tags, createdAt: new Date(0), isProtected: false, resourceId: 'cluster-X', instances: ['one'] }
  const setUp = (status: string, refusal: string | null = null) => {
    const snapshots: Array<string | null> = []
    const removing = createOrphans({
      stacks: { list: async () => [], describe: never, remove: never },
      clusters: { start: never, removeSnapshot: never },
      leftovers: {
        clusters: async () => [{ ...cluster, status }],
        snapshots: async () => [],
        secrets: async () => [],
        removeSecret: never,
        removeCluster: async (_region, _cluster, snapshot) => { snapshots.push(snapshot); return refusal }
      },
      index: { describe: never },
      clock: systemClock,
      regions: [region],
      newToken: () => 'token'
    })
    return { snapshots, remove: async (confirm: string | null = null) => await removing.remove(operator, `${region}.cluster.left`, confirm) }
  }
  const stuck = setUp('inaccessible-encryption-credentials')
  const { databaseId = '' } = (await stuck.remove().then(() => ({}), (error: { extensions: object }) => error.extensions)) as { databaseId?: string }
  t.match(await stuck.remove(databaseId), { isBegun: true, orphan: { restorable: true, reason: /KMS key is gone.* RDS takes no final snapshot of it\./ } })
  t.strictSame(stuck.snapshots, [null])
  for (const status of ['modifying', 'backing-up']) {
    const passing = setUp(status)
    await t.rejects(passing.remove(databaseId), { code: 'database-busy', message: new RegExp(status) })
    t.strictSame(passing.snapshots, [])
  }
  await t.rejects(setUp('available', 'Cannot delete protected Cluster, please disable deletion protection and try again.').remove(), { code: 'deletion-protected' })
  await t.rejects(setUp('available', 'It still contains instances.').remove(), { code: 'database-busy', message: /not deleted yet: It still contains instances\. Send/ })
})

await t.test('over HTTP: what is young is none yet, and keys of one client see none', async t => {
  t.match(await call('GET', `/v1/orphans?region=${region}&kind=snapshot&kind=secret`), { status: 200, body: { items: [], nextCursor: null, regions: [{ region, status: 'ok' }] } })
  const { DBClusterSnapshots: [young] = [] } = await clients.rds(region).send(new DescribeDBClusterSnapshotsCommand({ SnapshotType: 'manual' }))
  t.match(await call('DELETE', `/v1/orphans/${region}.snapshot.${young?.DBClusterSnapshotIdentifier}`), { status: 404, body: { code: 'not-found' } })
  t.match(await call('DELETE', `/v1/orphans/${region}.snapshot.nothing`), { status: 204 })
  t.match(await call('DELETE', '/v1/orphans/ap-south-1.snapshot.nothing'), { status: 404 })
  t.match(await call('DELETE', '/v1/orphans/nothing'), { status: 400 })
  t.match(await call('GET', '/v1/orphans?kind=table'), { status: 400 })
  await t.rejects(orphans.list(principalOf({ client: 'acme' }), { regions: [], kinds: [], limit: 50, cursor: null }), { code: 'forbidden' })
  await t.rejects(orphans.remove(principalOf({ client: 'acme' }), ofLiving[0] ?? '', null), { code: 'forbidden' })
})
