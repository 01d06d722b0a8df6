import t from 'tap'

import { AwsFailure } from '../../../src/aws/errors.js'
import type { Cluster, SnapshotFacts } from '../../../src/aws/clusters.js'
import type { Stack } from '../../../src/aws/stacks.js'
import { toDatabase } from '../../../src/databases/database.js'
import type { Found } from '../../../src/databases/find.js'
import { planLaunch, type CreateRequest, type CreateSource } from '../../../src/databases/creation/launch.js'
import { createPrepare } from '../../../src/databases/creation/source.js'
import { readOwnTags } from '../../../src/databases/tags.js'
import { Problem } from '../../../src/problems.js'
import { loadCatalog } from '../../../src/templates/catalog.js'
import { principalOf, REGION, STACK_NAME, stackOf } from '../../helpers/facts.js'
import { DEFAULT_TEMPLATE, REGIONS } from '../../helpers/test-service.js'

const catalog = loadCatalog()
const options = { catalog, defaultTemplate: DEFAULT_TEMPLATE, regions: REGIONS }
const ID = `${REGION}.${STACK_NAME}`
const AT = '2026-11-23T08:00:00Z'

const PARAMETERS = {
  EnvironmentName: 'production',
  DatabaseName: 'shop',
  DBMaster: 'Mahira',
  MaxCapacity: '8',
  AutoPause: 'true',
  MinCapacity: '2',
  EngineVersion: '17',
  ClusterName: STACK_NAME,
  ClientName: 'acme'
}
const CLUSTER: Cluster = {
  arn: 'arn',
  status: 'available',
  masterUsername: 'master',
  host: '',
  port: 5432,
  databaseName: 'shop',
  engineVersion: '17.7',
  restorable: { from: new Date('2026-11-20T00:00:00Z'), to: new Date('2026-11-23T09:00:00Z') }
}
const SNAPSHOT: SnapshotFacts = {
  id: 'final',
  arn: 'arn:aws:rds:eu-west-1:0:cluster-snapshot:final',
  status: 'available',
  createdAt: new Date(0),
  engineVersion: '17.5',
  sizeGib: 1,
  cluster: STACK_NAME,
  masterUsername: 'master',
  tags: {}
}

interface World { stack?: Partial<Stack> | null, cluster?: Cluster | AwsFailure, snapshot?: SnapshotFacts | null }

function foundOf (stack: Stack): Found {
  const own = readOwnTags(stack)
  if (!own) throw new Error('not a database')
  return { stack, events: [], own, database: toDatabase(stack, own, catalog.get(own.template) ?? null, null) }
}

/** What becomes of a request where there is one database, with its cluster, and one snapshot. */
async function prepare ({ stack = {}, cluster = CLUSTER, snapshot = null }: World, source: CreateSource, more: Partial<CreateRequest> = {}, client = '*') {
  const principal = principalOf({ client })
  const request: CreateRequest = { client: 'acme', region: REGION, name: 'copy', source, ...more }
  const found = stack && foundOf(stackOf({ parameters: PARAMETERS, ...stack }))
  return await createPrepare({
    catalog,
    find: async (_principal, id) => {
      if (found && id === ID && (client === '*' || found.own.client === client)) return found
      throw new Problem('not-found', 'There is none.')
    },
    clusters: {
      describe: async () => {
        if (cluster instanceof AwsFailure) throw cluster
        return cluster
      },
      snapshot: async (_region, id) => snapshot?.id === id ? snapshot : null
    }
  })(principal, request, planLaunch(request, null, options))
}

t.test('what Serverless v1 left behind comes back on v2 from a snapshot, and from nothing else', async t => {
  const ofV1 = { parameters: { EnvironmentName: 'dev', DatabaseName: 'shop', MinCapacity: '2', MaxCapacity: '384', EngineVersion: '13.9' }, tags: { ...stackOf().tags, 'aurora-databases:template': 'aurora-serverless-postgres' } }
  const snapshot = { ...SNAPSHOT, engineVersion: '13.9' }
  const more = { parameters: { EngineVersion: '13.23', MaxCapacity: 16 } }
  const { plan, found } = await prepare({ stack: { ...ofV1, status: 'DELETE_COMPLETE' }, snapshot }, { snapshotId: 'final' }, more)
  t.strictSame(found, [])
  t.match(plan, { template: { name: DEFAULT_TEMPLATE }, values: { DatabaseName: 'shop', MinCapacity: 2, MaxCapacity: 16, EngineVersion: '13.23' }, origin: { snapshotVersion: '13.9' } })
  await t.rejects(prepare({ stack: ofV1, snapshot }, { snapshotId: 'final' }), { code: 'invalid-request', errors: [{ path: '/parameters/MaxCapacity' }] }, 'what v2 does not have is said')
  t.match((await prepare({ stack: ofV1 }, { databaseId: ID }, more)).found, [{ path: '/source/databaseId', message: /AWS makes no copy on v2: take a snapshot of it/ }])
  const back = await prepare({ snapshot: SNAPSHOT }, { snapshotId: 'final' }, { template: 'aurora-serverless-postgres' })
  t.match(back.found, [{ path: '/template', message: /must be aurora-serverless-v2-postgres/ }], 'and there is no way back')
})

t.test('a create without a source stays as it is', async t => {
  const request: CreateRequest = { client: 'acme', region: REGION }
  const plan = planLaunch(request, null, options)
  const never = async (): Promise<never> => { throw new Error('an unexpected call') }
  const prepare = createPrepare({ catalog, find: never, clusters: { describe: never, snapshot: never } })
  t.strictSame(await prepare(principalOf(), request, plan), { plan, found: [] })
})

t.test('a clone has what its source has, but for its own environment and what the request says', async t => {
  const { plan, found } = await prepare({}, { databaseId: ID }, { parameters: { MaxCapacity: 16 } })
  t.strictSame(found, [])
  t.match(plan.values, { EnvironmentName: 'dev', DatabaseName: 'shop', DBMaster: 'Mahira', MaxCapacity: 16, MinCapacity: 2, EngineVersion: '17.7' })
  t.match(plan.launch.parameters, { SourceClusterIdentifier: STACK_NAME, RestoreToTime: '', SnapshotIdentifier: '', ClusterName: plan.launch.stackName, ClientName: 'acme', EnvironmentName: 'dev' })
  t.equal(plan.origin?.masterUsername, 'master')
})

t.test('a moment is given to AWS in UTC', async t => {
  for (const at of [AT, '2026-11-23T10:00:00+02:00']) {
    const { plan, found } = await prepare({}, { databaseId: ID, at })
    t.strictSame(found, [])
    t.match(plan.launch.parameters, { SourceClusterIdentifier: STACK_NAME, RestoreToTime: '2026-11-23T08:00:00.000Z' })
    for (const name of ['SourceClusterIdentifier', 'RestoreToTime', 'SnapshotIdentifier']) {
      t.match(plan.launch.parameters[name], plan.template.parameters.find(parameter => parameter.name === name)?.allowedPattern ?? /never/)
    }
  }
})

t.test('a snapshot brings its version, and what its database had, also once that is deleted', async t => {
  for (const status of ['CREATE_COMPLETE', 'DELETE_COMPLETE'] as const) {
    const { plan, found } = await prepare({ stack: { status }, snapshot: SNAPSHOT }, { snapshotId: 'final' })
    t.strictSame(found, [])
    t.match(plan.values, { DatabaseName: 'shop', MaxCapacity: 8, EngineVersion: '17.5', EnvironmentName: 'dev' })
    t.match(plan.launch.parameters, { SnapshotIdentifier: SNAPSHOT.arn, SourceClusterIdentifier: '', RestoreToTime: '' })
  }
  const { plan, found } = await prepare({ stack: null, snapshot: SNAPSHOT }, { snapshotId: 'final' }, { parameters: { DatabaseName: 'any' } })
  t.strictSame(found, [], 'of a database that nobody remembers, an operator knows what it had')
  t.match(plan.values, { DatabaseName: 'any', MaxCapacity: 4, EngineVersion: '17.5' })
})

const ofAcme = { ...SNAPSHOT, tags: { 'aurora-databases:client': 'acme' } }

interface Refusal {
  what: string
  world: World
  source: CreateSource
  more?: Partial<CreateRequest>
  client?: string
  path: string
  message: RegExp
}

const refusals: Refusal[] = [
  { what: 'a database in another region', world: {}, source: { databaseId: `us-east-1.${STACK_NAME}` }, path: '/source/databaseId', message: /must be a database in eu-west-1/ },
  { what: 'a database that is not there', world: { stack: null }, source: { databaseId: ID }, path: '/source/databaseId', message: /^There is no database eu-west-1\./ },
  { what: "another client's database", world: { stack: { tags: { 'aurora-databases:client': 'other', 'aurora-databases:name': 'x' } } }, client: 'acme', source: { databaseId: ID }, path: '/source/databaseId', message: /^There is no database eu-west-1\./ },
  { what: 'a deleted database', world: { stack: { status: 'DELETE_COMPLETE' } }, source: { databaseId: ID }, path: '/source/databaseId', message: /snapshotId/ },
  ...(['CREATE_IN_PROGRESS', 'DELETE_IN_PROGRESS', 'ROLLBACK_COMPLETE'] as const).map(status => (
    { what: `a database that is ${status}`, world: { stack: { status } }, source: { databaseId: ID }, path: '/source/databaseId', message: /only a database that is available/ })),
  { what: 'a database without its cluster', world: { cluster: new AwsFailure('not-found', 'DBClusterNotFoundFault', 'gone') }, source: { databaseId: ID }, path: '/source/databaseId', message: /^The cluster of .* no longer exists/ },
  { what: 'a moment before the backups begin', world: {}, source: { databaseId: ID, at: '2026-11-19T23:59:59Z' }, path: '/source/at', message: /must be from 2026-11-20T00:00:00.000Z to 2026-11-23T09:00:00.000Z/ },
  { what: 'a moment that is not backed up yet', world: {}, source: { databaseId: ID, at: '2026-11-23T09:00:01Z' }, path: '/source/at', message: /must be from/ },
  { what: 'another template', world: {}, source: { databaseId: ID }, more: { template: 'aurora-serverless-postgres' }, path: '/template', message: /must be aurora-serverless-v2-postgres/ },
  { what: 'another name for the data', world: {}, source: { databaseId: ID }, more: { parameters: { DatabaseName: 'other' } }, path: '/parameters/DatabaseName', message: /is shop/ },
  { what: 'another version for a copy', world: {}, source: { databaseId: ID }, more: { parameters: { EngineVersion: '17.9' } }, path: '/parameters/EngineVersion', message: /is 17\.7/ },
  { what: 'a snapshot that is not there', world: {}, source: { snapshotId: 'final' }, path: '/source/snapshotId', message: /^There is no snapshot final in eu-west-1/ },
  { what: "another client's snapshot", world: { stack: null, snapshot: ofAcme }, client: 'other', more: { client: 'other' }, source: { snapshotId: 'final' }, path: '/source/snapshotId', message: /^There is no snapshot final in eu-west-1/ },
  { what: 'a snapshot that is not finished', world: { snapshot: { ...SNAPSHOT, status: 'creating' } }, source: { snapshotId: 'final' }, path: '/source/snapshotId', message: /is creating/ }
]
for (const { what, world, source, more, client, path, message } of refusals) {
  t.test(`is no source: ${what}`, async t => {
    const { plan, found } = await prepare(world, source, more, client)
    t.match(found, [{ path, message }])
    t.equal(found.length, 1)
    t.match(plan.launch.parameters, { SnapshotIdentifier: '', SourceClusterIdentifier: '' }, 'and nothing is taken of it')
  })
}

t.test("a client's own snapshot is a source, by its tag alone", async t => {
  t.strictSame((await prepare({ stack: null, snapshot: ofAcme }, { snapshotId: 'final' }, {}, 'acme')).found, [])
})

t.test('what the source has and the request says has to go together', async t => {
  await t.rejects(prepare({ stack: { parameters: { ...PARAMETERS, MinCapacity: '6' } } }, { databaseId: ID }, { parameters: { MaxCapacity: 4 } }), {
    code: 'invalid-request', errors: [{ path: '/parameters/MinCapacity' }]
  })
})

t.test('an AWS that does not answer is no finding', async t => {
  await t.rejects(prepare({ cluster: new AwsFailure('throttled', 'Throttling', 'Rate exceeded') }, { databaseId: ID }), { name: 'AwsFailure', code: 'Throttling' })
})

t.test('a request is told by what it says, and not by what its source has', async t => {
  const fingerprintOf = (request: Partial<CreateRequest>): string => planLaunch({ client: 'acme', region: REGION, ...request }, null, options).own.fingerprint
  const clone = { source: { databaseId: ID } }
  t.equal(fingerprintOf(clone), fingerprintOf({ source: { databaseId: ID } }))
  const others = [{}, clone, { ...clone, parameters: { MaxCapacity: 4 } }, { source: { databaseId: ID, at: AT } }, { source: { snapshotId: 'final' } }]
  t.equal(new Set(others.map(fingerprintOf)).size, others.length)
  t.ok(fingerprintOf({ ...clone, parameters: { MinCapacity: 6 } }), 'limits between parameters wait for the source')
})
