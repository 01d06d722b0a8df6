import { DBClusterSnapshotNotFoundFault, DescribeDBClustersCommand, DescribeDBClusterSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds'
import { DescribeSecretCommand, GetSecretValueCommand, InvalidRequestException, ResourceNotFoundException, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createAwsClients } from '../../src/aws/clients.js'
import { createClusters } from '../../src/aws/clusters.js'
import { createSecrets } from '../../src/aws/secrets.js'
import { REGION } from '../helpers/facts.js'

const ARN = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:Mahira-AbCdEf'
const $metadata = { httpStatusCode: 400 }

function createMocked () {
  const client = new SecretsManagerClient({ region: REGION })
  const mock = mockClient(client)
  mock.onAnyCommand().rejects(new Error('an unexpected call'))
  return { mock, secrets: createSecrets(() => client) }
}

t.test('what may be known of a secret', async t => {
  const { mock, secrets } = createMocked()
  const deletedAt = new Date('2026-11-01T00:00:00Z')
  mock.on(DescribeSecretCommand, { SecretId: 'Mahira' }).resolves({ ARN, Name: 'Mahira', Tags: [{ Key: 'a', Value: 'b' }], DeletedDate: deletedAt })
  t.strictSame(await secrets.describe(REGION, 'Mahira'), { arn: ARN, name: 'Mahira', tags: { a: 'b' }, deletedAt })
  mock.on(DescribeSecretCommand).rejects(new ResourceNotFoundException({ message: "Secrets Manager can't find the specified secret.", $metadata }))
  t.equal(await secrets.describe(REGION, 'nothing'), null)
})

const texts: Array<[text: string | undefined, credentials: object | null]> = [
  ['{"username":"master","password":"secret","host":"x"}', { username: 'master', password: 'secret' }],
  ['{"username":"master"}', null],
  ['{"username":"master","password":""}', null],
  ['{"username":1,"password":"secret"}', null],
  ['null', null],
  ['"text"', null],
  ['just-a-password', null],
  [undefined, null]
]
for (const [SecretString, credentials] of texts) {
  t.test(`the credentials in ${SecretString}`, async t => {
    const { mock, secrets } = createMocked()
    mock.on(GetSecretValueCommand, { SecretId: ARN }).resolves({ ARN, ...(SecretString === undefined ? {} : { SecretString }) })
    t.strictSame(await secrets.readCredentials(REGION, ARN), credentials)
  })
}

t.test('a secret that waits for its deletion is refused', async t => {
  const { mock, secrets } = createMocked()
  mock.on(GetSecretValueCommand).rejects(new InvalidRequestException({ message: 'marked for deletion', $metadata }))
  await t.rejects(secrets.readCredentials(REGION, ARN), { name: 'AwsFailure', code: 'InvalidRequestException' })
})

t.test('who the master of a cluster is', async t => {
  const client = new RDSClient({ region: REGION })
  const mock = mockClient(client)
  const clusters = createClusters(() => client)
  mock.on(DescribeDBClustersCommand, { DBClusterIdentifier: 'arn' }).resolves({ DBClusters: [{ DBClusterArn: 'arn', MasterUsername: 'postgres', Endpoint: 'host', Port: 5432, DatabaseName: 'shop', Status: 'available' }] })
  t.strictSame(await clusters.describe(REGION, 'arn'), { arn: 'arn', masterUsername: 'postgres', host: 'host', port: 5432, databaseName: 'shop', engineVersion: '', status: 'available', restorable: null })
  mock.on(DescribeDBClustersCommand).resolves({ DBClusters: [] })
  await t.rejects(clusters.describe(REGION, 'none'), { name: 'AwsFailure', code: 'DBClusterNotFoundFault' })
})

t.test('a snapshot, and that there is none', async t => {
  const client = new RDSClient({ region: REGION })
  const mock = mockClient(client)
  const { snapshot } = createClusters(() => client)
  mock.on(DescribeDBClusterSnapshotsCommand, { DBClusterSnapshotIdentifier: 'final' }).resolves({ DBClusterSnapshots: [{ DBClusterSnapshotIdentifier: 'final', DBClusterIdentifier: 'one', MasterUsername: 'me', TagList: [{ Key: 'team', Value: 'a' }] }] })
  t.match(await snapshot(REGION, 'final'), { id: 'final', cluster: 'one', masterUsername: 'me', tags: { team: 'a' } })
  mock.on(DescribeDBClusterSnapshotsCommand).rejects(new DBClusterSnapshotNotFoundFault({ message: 'not found', $metadata: { httpStatusCode: 404 } }))
  t.equal(await snapshot(REGION, 'none'), null)
})

t.test('each region has one client per service, and statements are never sent twice', async t => {
  const clients = createAwsClients()
  t.teardown(() => { clients.destroy() })
  t.equal(clients.cloudFormation(REGION), clients.cloudFormation(REGION))
  t.not(clients.cloudFormation(REGION), clients.cloudFormation('us-east-1'))
  t.equal(await clients.rds('us-east-1').config.region(), 'us-east-1')
  t.equal(await clients.dataApi(REGION).config.maxAttempts(), 1)
})
