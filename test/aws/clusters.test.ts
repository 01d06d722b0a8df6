import {
  CreateDBClusterSnapshotCommand, DBClusterSnapshotNotFoundFault, DeleteDBClusterSnapshotCommand, DescribeDBClustersCommand,
  DescribeDBClusterSnapshotsCommand, InvalidDBClusterStateFault, RDSClient, StartDBClusterCommand
} from '@aws-sdk/client-rds'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createClusters } from '../../src/aws/clusters.js'
import { REGION, STACK_NAME } from '../helpers/facts.js'

/** RDS that refuses every call that a test does not expect. */
function createMocked () {
  const client = new RDSClient({ region: REGION })
  const mock = mockClient(client)
  mock.onAnyCommand().rejects(new Error('an unexpected call'))
  return { mock, clusters: createClusters(() => client) }
}

const $metadata = {}
const ARN = 'arn:aws:rds:eu-west-1:000000000000:cluster-snapshot:x'

t.test('a cluster that is not there', async t => {
  const { mock, clusters } = createMocked()
  mock.on(DescribeDBClustersCommand).rejects(Object.assign(new Error('DBCluster x not found.'), { name: 'DBClusterNotFoundFault', $metadata: { httpStatusCode: 404 } }))
  await t.rejects(clusters.describe(REGION, 'x'), { name: 'AwsFailure', kind: 'not-found' } as object as { code: string, errors: never[] })
})

t.test('snapshots are the newest first, and what has no time yet is the newest', async t => {
  const { mock, clusters } = createMocked()
  const snapshot = (DBClusterSnapshotIdentifier: string, day?: number) => ({
    DBClusterSnapshotIdentifier,
    DBClusterIdentifier: STACK_NAME,
    ...(day ? { SnapshotCreateTime: new Date(Date.UTC(2026, 10, day)) } : {}),
    TagList: [{ Key: 'a', Value: 'b' }]
  })
  mock.on(DescribeDBClusterSnapshotsCommand, { DBClusterIdentifier: STACK_NAME, SnapshotType: 'manual' }).resolves({ DBClusterSnapshots: [snapshot('old', 1), snapshot('new', 3)], Marker: 'more' })
  mock.on(DescribeDBClusterSnapshotsCommand, { Marker: 'more' }).resolves({ DBClusterSnapshots: [snapshot('middle', 2), snapshot('unfinished')] })
  const found = await clusters.snapshotsOf(REGION, STACK_NAME)
  t.strictSame(found.map(({ id }) => id), ['unfinished', 'new', 'middle', 'old'])
  t.match(found[0], { createdAt: null, cluster: STACK_NAME, tags: { a: 'b' } })
})

t.test('a snapshot is taken with its tags, and removed', async t => {
  const { mock, clusters } = createMocked()
  mock.on(CreateDBClusterSnapshotCommand, { DBClusterIdentifier: STACK_NAME, DBClusterSnapshotIdentifier: 'x', Tags: [{ Key: 'a', Value: 'b' }] })
    .resolves({ DBClusterSnapshot: { DBClusterSnapshotIdentifier: 'x', DBClusterSnapshotArn: ARN, Status: 'creating' } })
  t.match(await clusters.takeSnapshot(REGION, STACK_NAME, 'x', { a: 'b' }), { id: 'x', arn: ARN, status: 'creating' })
  mock.on(DeleteDBClusterSnapshotCommand, { DBClusterSnapshotIdentifier: 'x' }).resolvesOnce({}).rejects(new DBClusterSnapshotNotFoundFault({ message: 'no', $metadata }))
  await clusters.removeSnapshot(REGION, 'x')
  await clusters.removeSnapshot(REGION, 'x')
  mock.on(CreateDBClusterSnapshotCommand).resolves({})
  await t.rejects(clusters.takeSnapshot(REGION, STACK_NAME, 'x', {}), { code: 'EmptyAnswer' })
})

t.test('a cluster that somebody else has started is started', async t => {
  const { mock, clusters } = createMocked()
  mock.on(StartDBClusterCommand, { DBClusterIdentifier: STACK_NAME })
    .resolvesOnce({})
    .rejectsOnce(new InvalidDBClusterStateFault({ message: 'DbCluster is in starting state', $metadata }))
    .rejects(new Error('down'))
  await clusters.start(REGION, STACK_NAME)
  await clusters.start(REGION, STACK_NAME)
  await t.rejects(clusters.start(REGION, STACK_NAME), { message: 'down' })
})
