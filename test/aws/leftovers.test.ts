import {
  DBInstanceNotFoundFault, DeleteDBClusterCommand, DeleteDBInstanceCommand, DescribeDBClustersCommand, DescribeDBClusterSnapshotsCommand,
  InvalidDBClusterStateFault, RDSClient, RDSServiceException
} from '@aws-sdk/client-rds'
import { DeleteSecretCommand, InvalidRequestException, ListSecretsCommand, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createLeftovers, isProtection, type LeftoverCluster } from '../../src/aws/leftovers.js'
import { REGION, STACK_NAME } from '../helpers/facts.js'

/** RDS and Secrets Manager that refuse every call that a test does not expect. */
function createMocked () {
  const clients = { rds: new RDSClient({ region: REGION }), secrets: new SecretsManagerClient({ region: REGION }) }
  const [rds, secrets] = [mockClient(clients.rds), mockClient(clients.secrets)]
  rds.onAnyCommand().rejects(new Error('an unexpected call'))
  secrets.onAnyCommand().rejects(new Error('an unexpected call'))
  return { rds, secrets, leftovers: createLeftovers(() => clients.rds, () => clients.secrets) }
}

const $metadata = {}
const CREATED = new Date(Date.UTC(2026, 10, 1))
const ARN = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:master/acme-Ab12Cd'
const cluster: LeftoverCluster = { name: STACK_NAME, arn: 'x', tags: {}, createdAt: CREATED, status: 'available', isProtected: false, resourceId: 'cluster-X', instances: ['one', 'two'] }

t.test('clusters and snapshots are read page by page, with their tags', async t => {
  const { rds, leftovers } = createMocked()
  const found = (DBClusterIdentifier: string) => ({
    DBClusterIdentifier,
    DBClusterArn: 'x',
    Status: 'available',
    DeletionProtection: true,
    ClusterCreateTime: CREATED,
    DbClusterResourceId: 'cluster-X',
    TagList: [{ Key: 'a', Value: 'b' }],
    DBClusterMembers: [{ DBInstanceIdentifier: 'one' }]
  })
  rds.on(DescribeDBClustersCommand).resolves({ DBClusters: [found('first')], Marker: 'more' })
  rds.on(DescribeDBClustersCommand, { Marker: 'more' }).resolves({ DBClusters: [found('second')] })
  t.match(await leftovers.clusters(REGION), [{ name: 'first', tags: { a: 'b' }, isProtected: true, resourceId: 'cluster-X', instances: ['one'], createdAt: CREATED }, { name: 'second' }])
  rds.on(DescribeDBClusterSnapshotsCommand, { SnapshotType: 'manual' }).resolves({ DBClusterSnapshots: [{ DBClusterSnapshotIdentifier: 'last', Status: 'creating' }] })
  t.match(await leftovers.snapshots(REGION), [{ name: 'last', status: 'creating', tags: {}, isProtected: false }])
})

t.test('a secret is called as its ARN ends, and is removed once', async t => {
  const { secrets, leftovers } = createMocked()
  secrets.on(ListSecretsCommand, { Filters: [{ Key: 'tag-key', Values: ['ours'] }] }).resolves({ SecretList: [{ ARN, CreatedDate: CREATED, Tags: [{ Key: 'ours', Value: 'acme' }] }] })
  t.match(await leftovers.secrets(REGION, 'ours'), [{ name: 'master/acme-Ab12Cd', arn: ARN, tags: { ours: 'acme' }, createdAt: CREATED }])
  secrets.on(DeleteSecretCommand, { SecretId: ARN, RecoveryWindowInDays: 7 }).resolvesOnce({})
    .rejectsOnce(new ResourceNotFoundException({ message: 'no', $metadata }))
    .rejectsOnce(new InvalidRequestException({ message: 'You can\'t perform this operation on the secret because it was marked for deletion.', $metadata }))
    .rejects(new InvalidRequestException({ message: 'You can\'t delete secret that still has replica regions.', $metadata }))
  for (let times = 0; times < 3; times++) await leftovers.removeSecret(REGION, ARN)
  await t.rejects(leftovers.removeSecret(REGION, ARN), { code: 'InvalidRequestException' })
})

t.test('a cluster goes after its instances, with a last snapshot, and goes on where it was', async t => {
  const { rds, leftovers } = createMocked()
  rds.on(DeleteDBInstanceCommand, { DBInstanceIdentifier: 'one' }).rejects(new DBInstanceNotFoundFault({ message: 'no', $metadata }))
  rds.on(DeleteDBInstanceCommand, { DBInstanceIdentifier: 'two' }).resolves({})
  const busy = new InvalidDBClusterStateFault({ message: 'it has instances', $metadata })
  rds.on(DeleteDBClusterCommand, { DBClusterIdentifier: STACK_NAME, SkipFinalSnapshot: false, FinalDBSnapshotIdentifier: 'last' })
    .rejectsOnce(busy).rejectsOnce(busy).rejectsOnce(busy).resolvesOnce({}).resolvesOnce({}).rejects(new Error('down'))
  t.equal(await leftovers.removeCluster(REGION, cluster, 'last'), 'it has instances')
  t.equal(await leftovers.removeCluster(REGION, cluster, 'last'), null)
  t.equal(rds.commandCalls(DeleteDBInstanceCommand).length, 4)
  t.equal(await leftovers.removeCluster(REGION, cluster, 'last'), null)
  await t.rejects(leftovers.removeCluster(REGION, cluster, 'last'), { message: 'down' })
  rds.on(DeleteDBClusterCommand, { DBClusterIdentifier: STACK_NAME, SkipFinalSnapshot: true }).resolves({})
  t.equal(await leftovers.removeCluster(REGION, cluster, null), null)
  t.equal(rds.commandCalls(DeleteDBInstanceCommand).length, 4, 'instances that are on their way out already are left alone')
})

t.test('of a cluster that was protected meanwhile no instance is touched', async t => {
  const { rds, leftovers } = createMocked()
  const message = 'Cannot delete protected Cluster, please disable deletion protection and try again.'
  rds.on(DeleteDBClusterCommand).rejects(new RDSServiceException({ name: 'InvalidParameterCombination', message, $fault: 'client', $metadata: { httpStatusCode: 400 } }))
  t.equal(await leftovers.removeCluster(REGION, cluster, 'last'), message)
  t.ok(isProtection(message))
  t.equal(rds.calls().length, 1)
})
