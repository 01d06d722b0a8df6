import { DescribeDBClustersCommand, InvalidDBClusterStateFault, ModifyDBClusterCommand, RDSClient } from '@aws-sdk/client-rds'
import {
  DescribeSecretCommand, GetSecretValueCommand, InvalidParameterException, PutSecretValueCommand, ResourceExistsException,
  ResourceNotFoundException,
  SecretsManagerClient, UpdateSecretVersionStageCommand
} from '@aws-sdk/client-secrets-manager'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createMasterPasswords } from '../../src/aws/master-passwords.js'
import { REGION } from '../helpers/facts.js'

const ARN = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:MasterSecret-AbCdEf'
const CLUSTER = 'arn:aws:rds:eu-west-1:000000000000:cluster:orders'
const fault = { message: 'no', $metadata: { httpStatusCode: 400 } }

function createMocked () {
  const secretsClient = new SecretsManagerClient({ region: REGION })
  const rdsClient = new RDSClient({ region: REGION })
  const [secrets, rds] = [mockClient(secretsClient), mockClient(rdsClient)]
  secrets.onAnyCommand().rejects(new Error('an unexpected call'))
  rds.onAnyCommand().rejects(new Error('an unexpected call'))
  return { secrets, rds, passwords: createMasterPasswords(() => secretsClient, () => rdsClient) }
}

t.test('the versions of a secret', async t => {
  const { secrets, passwords } = createMocked()
  secrets.on(DescribeSecretCommand, { SecretId: ARN }).resolves({ VersionIdsToStages: { one: ['AWSCURRENT'] }, RotationEnabled: true })
  t.strictSame(await passwords.versionsOf(REGION, ARN), { stages: new Map([['one', ['AWSCURRENT']]]), rotatesItself: true })
  secrets.on(DescribeSecretCommand).resolves({ VersionIdsToStages: {}, DeletedDate: new Date() })
  t.equal(await passwords.versionsOf(REGION, ARN), null, 'one that waits for its deletion')
  secrets.on(DescribeSecretCommand).rejects(new ResourceNotFoundException(fault))
  t.equal(await passwords.versionsOf(REGION, ARN), null)

  secrets.on(GetSecretValueCommand, { SecretId: ARN, VersionId: 'one' }).resolves({ VersionId: 'one', SecretString: '{"password":"a"}' })
  t.strictSame(await passwords.read(REGION, ARN, 'one'), { id: 'one', value: { password: 'a' } })
  for (const SecretString of ['a', '[]', 'null']) {
    secrets.on(GetSecretValueCommand, { SecretId: ARN }).resolves({ VersionId: 'two', SecretString })
    t.strictSame(await passwords.read(REGION, ARN, null), { id: 'two', value: null })
  }
})

t.test('a version is added once, and a label moved from where it is', async t => {
  const { secrets, passwords } = createMocked()
  const version = { id: 'rotation-1', value: { password: 'a' }, stages: ['AWSPENDING'] }
  secrets.on(PutSecretValueCommand, { SecretId: ARN, ClientRequestToken: 'rotation-1', SecretString: '{"password":"a"}', VersionStages: ['AWSPENDING'] }).resolves({})
  t.equal(await passwords.add(REGION, ARN, version), true)
  secrets.on(PutSecretValueCommand).rejects(new ResourceExistsException(fault))
  t.equal(await passwords.add(REGION, ARN, version), false, 'somebody else was first')

  secrets.on(UpdateSecretVersionStageCommand, { SecretId: ARN, VersionStage: 'AWSCURRENT', RemoveFromVersionId: 'one', MoveToVersionId: 'two' }).resolves({})
  t.equal(await passwords.move(REGION, ARN, 'AWSCURRENT', 'one', 'two'), true)
  secrets.on(UpdateSecretVersionStageCommand).rejects(new InvalidParameterException(fault))
  t.equal(await passwords.move(REGION, ARN, 'AWSCURRENT', 'one', 'two'), false)
  secrets.on(UpdateSecretVersionStageCommand).rejects(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }))
  await t.rejects(passwords.move(REGION, ARN, 'AWSCURRENT', 'one', 'two'), { name: 'AwsFailure', code: 'ThrottlingException' })
})

t.test('a cluster is given a password at once, unless it is busy', async t => {
  const { rds, passwords } = createMocked()
  rds.on(ModifyDBClusterCommand, { DBClusterIdentifier: CLUSTER, MasterUserPassword: 'a', ApplyImmediately: true }).resolves({})
  t.equal(await passwords.set(REGION, CLUSTER, 'a'), true)
  rds.on(ModifyDBClusterCommand, { DBClusterIdentifier: CLUSTER, RotateMasterUserPassword: true, ApplyImmediately: true }).resolves({})
  t.equal(await passwords.rotateManaged(REGION, CLUSTER), true)
  rds.on(ModifyDBClusterCommand).rejects(new InvalidDBClusterStateFault(fault))
  t.equal(await passwords.set(REGION, CLUSTER, 'a'), false)

  const states: Array<[cluster: object, state: object]> = [
    [{ Status: 'available' }, { isSettled: true, status: 'available', managed: null }],
    [{ Status: 'available', PendingModifiedValues: { MasterUserPassword: '****' } }, { isSettled: false, status: 'available', managed: null }],
    [{ Status: 'resetting-master-credentials' }, { isSettled: false, status: 'resetting-master-credentials', managed: null }],
    [{ Status: 'available', MasterUserSecret: { SecretArn: ARN, SecretStatus: 'rotating' } }, { isSettled: true, status: 'available', managed: { secretArn: ARN, isRotating: true } }]
  ]
  for (const [cluster, state] of states) {
    rds.on(DescribeDBClustersCommand, { DBClusterIdentifier: CLUSTER }).resolves({ DBClusters: [cluster] })
    t.strictSame(await passwords.stateOf(REGION, CLUSTER), state)
  }
})
