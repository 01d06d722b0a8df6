import * as Cf from '@aws-sdk/client-cloudformation'
import * as Rds from '@aws-sdk/client-rds'
import * as Secrets from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openSandbox } from '../helpers/sandbox.js'

/*
 * The calls of Terraform's AWS provider, in its order (terraform-provider-aws, `internal/service/{rds,cloudformation,
 * secretsmanager}`): what it creates, which states it waits through, and what it reads back after every step.
 */

const group = { DBClusterParameterGroupName: 'tf-group' }
const cluster = { DBClusterIdentifier: 'tf-cluster' }
const instance = { DBInstanceIdentifier: 'tf-writer' }

async function openClients (t: Test) {
  const sandbox = await openSandbox(t)
  const config = sandbox.clientConfig()
  return {
    rds: new Rds.RDSClient(config),
    cf: new Cf.CloudFormationClient(config),
    secrets: new Secrets.SecretsManagerClient(config),
    sts: new STSClient(config)
  }
}

/** Asks until the state is the target. Rejects for one that the provider does not wait through, as it does. */
async function waitFor (state: () => Promise<string | undefined>, pending: readonly string[], target: string): Promise<void> {
  for (let asked = 0; asked < 1000; asked++) {
    const now = await state()
    if (now === target) return
    if (!pending.includes(now ?? '')) throw new Error(`unexpected state '${now ?? ''}', wanted target '${target}'`)
    await sleep(10)
  }
  throw new Error(`timeout while waiting for state to become '${target}'`)
}

const goneOf = (...names: string[]) => (error: unknown): string => {
  if (error instanceof Error && names.includes(error.name)) return 'gone'
  throw error
}

t.test('a database of its own: subnet group, parameter group, cluster, instance', async t => {
  const { rds, sts } = await openClients(t)
  t.match(await sts.send(new GetCallerIdentityCommand({})), { Account: '000000000000', Arn: String })

  const clusterState = async (): Promise<string | undefined> =>
    await rds.send(new Rds.DescribeDBClustersCommand(cluster)).then(({ DBClusters: [found] = [] }) => found?.Status, goneOf('DBClusterNotFoundFault'))
  const instanceState = async (): Promise<string | undefined> =>
    await rds.send(new Rds.DescribeDBInstancesCommand(instance)).then(({ DBInstances: [found] = [] }) => found?.DBInstanceStatus, goneOf('DBInstanceNotFound', 'DBInstanceNotFoundFault'))
  const ready = async (): Promise<void> => { await waitFor(clusterState, ['backing-up', 'creating', 'migrating', 'modifying', 'preparing-data-migration', 'rebooting', 'resetting-master-credentials'], 'available') }
  const tagsOf = async (arn: string | undefined): Promise<unknown> =>
    (await rds.send(new Rds.ListTagsForResourceCommand({ ResourceName: arn }))).TagList

  const Tags = [{ Key: 'Team', Value: 'data' }]
  const { DBSubnetGroup: subnets } = await rds.send(new Rds.CreateDBSubnetGroupCommand({ DBSubnetGroupName: 'tf-subnets', DBSubnetGroupDescription: 'Managed by Terraform', SubnetIds: ['subnet-0a', 'subnet-0b'], Tags }))
  t.match(await rds.send(new Rds.DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'tf-subnets' })),
    { DBSubnetGroups: [{ DBSubnetGroupName: 'tf-subnets', SubnetGroupStatus: 'Complete', VpcId: String, Subnets: [{ SubnetIdentifier: 'subnet-0a' }, { SubnetIdentifier: 'subnet-0b' }] }] })
  t.strictSame(await tagsOf(subnets?.DBSubnetGroupArn), Tags)

  const { DBClusterParameterGroup: made } = await rds.send(new Rds.CreateDBClusterParameterGroupCommand({ ...group, DBParameterGroupFamily: 'aurora-postgresql17', Description: 'Managed by Terraform', Tags }))
  await rds.send(new Rds.ModifyDBClusterParameterGroupCommand({ ...group, Parameters: [{ ParameterName: 'log_min_duration_statement', ParameterValue: '500', ApplyMethod: 'immediate' }] }))
  const parametersFrom = async (Source: string) =>
    (await rds.send(new Rds.DescribeDBClusterParametersCommand({ ...group, Source }))).Parameters ?? []
  t.match(await parametersFrom('user'), [{ ParameterName: 'log_min_duration_statement', ParameterValue: '500', ApplyMethod: 'immediate' }])
  t.notOk((await parametersFrom('system')).some(({ ParameterName: name }) => name === 'log_min_duration_statement'))
  t.strictSame(await tagsOf(made?.DBClusterParameterGroupArn), Tags)

  await rds.send(new Rds.CreateDBClusterCommand({
    ...cluster,
    Engine: 'aurora-postgresql',
    EngineVersion: '17.7',
    EngineMode: 'provisioned',
    DatabaseName: 'app',
    MasterUsername: 'ada',
    ManageMasterUserPassword: true,
    DBSubnetGroupName: 'tf-subnets',
    DBClusterParameterGroupName: 'tf-group',
    CopyTagsToSnapshot: false,
    DeletionProtection: false,
    StorageEncrypted: true,
    ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 1 },
    Tags
  }))
  await ready()
  const { DBClusters: [read] = [] } = await rds.send(new Rds.DescribeDBClustersCommand(cluster))
  t.match(read, {
    AllocatedStorage: 1,
    AvailabilityZones: [String, String, String],
    BackupRetentionPeriod: 1,
    DBClusterArn: 'arn:aws:rds:us-east-1:000000000000:cluster:tf-cluster',
    DBClusterMembers: [],
    DBClusterParameterGroup: 'tf-group',
    DBSubnetGroup: 'tf-subnets',
    DatabaseName: 'app',
    DbClusterResourceId: /^cluster-/,
    DeletionProtection: false,
    Endpoint: String,
    EngineMode: 'provisioned',
    HostedZoneId: String,
    IAMDatabaseAuthenticationEnabled: false,
    KmsKeyId: /^arn:aws:kms:/,
    MasterUserSecret: { SecretArn: /^arn:aws:secretsmanager:/, SecretStatus: 'active', KmsKeyId: String },
    MasterUsername: 'ada',
    NetworkType: 'IPV4',
    Port: 5432,
    PreferredBackupWindow: /^\d\d:\d\d-\d\d:\d\d$/,
    PreferredMaintenanceWindow: /^\w{3}:\d\d:\d\d-\w{3}:\d\d:\d\d$/,
    ReaderEndpoint: String,
    ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 1 },
    StorageEncrypted: true,
    TagList: Tags,
    VpcSecurityGroups: [{ VpcSecurityGroupId: String, Status: 'active' }]
  })
  t.match(await rds.send(new Rds.DescribeGlobalClustersCommand({ Filters: [{ Name: 'db-cluster-id', Values: [read?.DBClusterArn ?? ''] }] })), { GlobalClusters: [] })
  t.match(await rds.send(new Rds.DescribeDBClustersCommand({ Filters: [{ Name: 'db-cluster-id', Values: ['tf-cluster'] }] })), { DBClusters: [{ DBClusterIdentifier: 'tf-cluster' }] })

  await rds.send(new Rds.EnableHttpEndpointCommand({ ResourceArn: read?.DBClusterArn }))
  await ready()

  await rds.send(new Rds.CreateDBInstanceCommand({ ...instance, ...cluster, DBInstanceClass: 'db.serverless', Engine: 'aurora-postgresql', EngineVersion: '17.7', PromotionTier: 0, PubliclyAccessible: false, AutoMinorVersionUpgrade: true, CopyTagsToSnapshot: false, Tags }))
  await waitFor(instanceState, ['backing-up', 'configuring-enhanced-monitoring', 'configuring-iam-database-auth', 'configuring-log-exports', 'creating', 'maintenance', 'modifying', 'rebooting', 'renaming', 'resetting-master-credentials', 'starting', 'upgrading'], 'available')
  const { DBInstances: [writer] = [] } = await rds.send(new Rds.DescribeDBInstancesCommand(instance))
  t.match(writer, {
    AutoMinorVersionUpgrade: true,
    AvailabilityZone: /^us-east-1[a-f]$/,
    CACertificateIdentifier: String,
    CopyTagsToSnapshot: false,
    DBClusterIdentifier: 'tf-cluster',
    DBInstanceArn: 'arn:aws:rds:us-east-1:000000000000:db:tf-writer',
    DBInstanceClass: 'db.serverless',
    DBParameterGroups: [{ DBParameterGroupName: String }],
    DBSubnetGroup: { DBSubnetGroupName: 'tf-subnets' },
    DbiResourceId: /^db-/,
    Endpoint: { Address: String, Port: 5432 },
    MonitoringInterval: 0,
    NetworkType: 'IPV4',
    PerformanceInsightsEnabled: false,
    PreferredMaintenanceWindow: String,
    PromotionTier: 0,
    PubliclyAccessible: false,
    StorageEncrypted: true,
    TagList: Tags
  })
  t.match(await rds.send(new Rds.DescribeDBInstancesCommand({ Filters: [{ Name: 'dbi-resource-id', Values: [writer?.DbiResourceId ?? ''] }] })), { DBInstances: [instance] })
  const { DBClusters } = await rds.send(new Rds.DescribeDBClustersCommand(cluster))
  t.match(DBClusters, [{ DBClusterMembers: [{ ...instance, IsClusterWriter: true, PromotionTier: 0 }] }])

  const endpoint = { DBClusterEndpointIdentifier: 'tf-custom' }
  const shownEndpoints = async (): Promise<unknown> =>
    (await rds.send(new Rds.DescribeDBClusterEndpointsCommand(endpoint))).DBClusterEndpoints
  const { DBClusterEndpointArn: endpointArn } = await rds.send(new Rds.CreateDBClusterEndpointCommand({ ...endpoint, ...cluster, EndpointType: 'READER', ExcludedMembers: ['tf-writer'], Tags }))
  t.match(await shownEndpoints(), [{ ...cluster, Status: 'available', EndpointType: 'CUSTOM', CustomEndpointType: 'READER', ExcludedMembers: ['tf-writer'], Endpoint: read?.Endpoint }])
  t.strictSame(await tagsOf(endpointArn), Tags)
  const makeAny = new Rds.CreateDBClusterEndpointCommand({ ...endpoint, ...cluster, EndpointType: 'ANY' })
  await t.rejects(rds.send(makeAny), { name: 'DBClusterEndpointAlreadyExistsFault' })
  await t.rejects(rds.send(new Rds.ModifyDBClusterEndpointCommand({ ...endpoint, StaticMembers: ['nobody'] })), { name: 'DBInstanceNotFoundFault' })
  await t.rejects(rds.send(new Rds.ModifyDBClusterEndpointCommand({ ...endpoint, EndpointType: 'WRITER' })), { name: 'InvalidParameterValue' })
  await rds.send(new Rds.ModifyDBClusterEndpointCommand({ ...endpoint, EndpointType: 'ANY', StaticMembers: ['tf-writer'], ExcludedMembers: [] }))
  t.match(await shownEndpoints(), [{ CustomEndpointType: 'ANY', StaticMembers: ['tf-writer'], ExcludedMembers: [] }])
  t.match(await rds.send(new Rds.DeleteDBClusterEndpointCommand(endpoint)), { ...endpoint, Status: 'deleting' })
  t.strictSame(await shownEndpoints(), [])
  await rds.send(makeAny)

  const ServerlessV2ScalingConfiguration = { MinCapacity: 0.5, MaxCapacity: 4 }
  await rds.send(new Rds.ModifyDBClusterCommand({ ...cluster, ApplyImmediately: true, ServerlessV2ScalingConfiguration }))
  await ready()
  await rds.send(new Rds.RemoveTagsFromResourceCommand({ ResourceName: read?.DBClusterArn, TagKeys: ['Team'] }))
  await rds.send(new Rds.AddTagsToResourceCommand({ ResourceName: read?.DBClusterArn, Tags: [{ Key: 'Team', Value: 'core' }] }))
  t.match((await rds.send(new Rds.DescribeDBClustersCommand(cluster))).DBClusters, [{ HttpEndpointEnabled: true, ServerlessV2ScalingConfiguration: { MaxCapacity: 4 }, TagList: [{ Key: 'Team', Value: 'core' }] }])
  await rds.send(new Rds.ResetDBClusterParameterGroupCommand({ ...group, ResetAllParameters: false, Parameters: [{ ParameterName: 'log_min_duration_statement', ApplyMethod: 'immediate' }] }))
  t.strictSame(await parametersFrom('user'), [])

  await rds.send(new Rds.DeleteDBInstanceCommand(instance))
  await waitFor(instanceState, ['configuring-log-exports', 'deleting', 'modifying'], 'gone')
  await rds.send(new Rds.DeleteDBClusterCommand({ ...cluster, SkipFinalSnapshot: false, FinalDBSnapshotIdentifier: 'tf-final' }))
  await waitFor(clusterState, ['available', 'backing-up', 'deleting', 'modifying'], 'gone')
  t.strictSame(await shownEndpoints(), [], 'they go with the cluster')
  t.match(await rds.send(new Rds.DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: 'tf-final' })), { DBClusterSnapshots: [{ Status: 'available' }] })
  await rds.send(new Rds.DeleteDBClusterParameterGroupCommand(group))
  await t.rejects(rds.send(new Rds.DescribeDBClusterParameterGroupsCommand(group)), { name: 'DBParameterGroupNotFoundFault' })
  await rds.send(new Rds.DeleteDBSubnetGroupCommand({ DBSubnetGroupName: 'tf-subnets' }))
  await t.rejects(rds.send(new Rds.DescribeDBSubnetGroupsCommand({ DBSubnetGroupName: 'tf-subnets' })), { name: 'DBSubnetGroupNotFoundFault' })
})

t.test('a secret and its version', async t => {
  const { secrets } = await openClients(t)
  const { ARN: SecretId } = await secrets.send(new Secrets.CreateSecretCommand({ Name: 'tf-secret', Description: '', ForceOverwriteReplicaSecret: false }))
  const described = async () => await secrets.send(new Secrets.DescribeSecretCommand({ SecretId }))
  t.match(await described(), { Name: 'tf-secret', ARN: SecretId, RotationEnabled: undefined })
  t.match(await secrets.send(new Secrets.GetResourcePolicyCommand({ SecretId })), { Name: 'tf-secret', ResourcePolicy: undefined })
  const { VersionId } = await secrets.send(new Secrets.PutSecretValueCommand({ SecretId, SecretString: '{"username":"ada"}' }))
  t.match(await secrets.send(new Secrets.GetSecretValueCommand({ SecretId, VersionId })), { SecretString: '{"username":"ada"}', VersionStages: ['AWSCURRENT'] })
  t.match(await secrets.send(new Secrets.ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true })), { Versions: [{ VersionId }] })
  await secrets.send(new Secrets.UpdateSecretCommand({ SecretId, Description: 'of the app', ForceDeleteWithoutRecovery: undefined } as Secrets.UpdateSecretCommandInput))
  await secrets.send(new Secrets.DeleteSecretCommand({ SecretId, RecoveryWindowInDays: 7 }))
  t.match(await described(), { DeletedDate: Date })
  await t.rejects(secrets.send(new Secrets.GetSecretValueCommand({ SecretId, VersionId })), { name: 'InvalidRequestException' })
})

t.test('a stack', async t => {
  const { cf } = await openClients(t)
  const template = (name: string): string => JSON.stringify({
    Parameters: { Hidden: { Type: 'String', NoEcho: true, Default: 'x' }, Name: { Type: 'String' } },
    Resources: { Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: { Ref: 'Name' } } } },
    Outputs: { Arn: { Value: { Ref: 'Topic' } }, Name: { Value: name } }
  })
  const given = (ParameterValue: string) => [{ ParameterKey: 'Name', ParameterValue }]
  const { StackId: StackName } = await cf.send(new Cf.CreateStackCommand({
    StackName: 'tf',
    ClientRequestToken: 'terraform-20261128000000000000000001',
    TemplateBody: template('one'),
    Parameters: given('a'),
    Tags: [{ Key: 'Team', Value: 'data' }]
  }))
  const state = async (): Promise<string | undefined> =>
    (await cf.send(new Cf.DescribeStacksCommand({ StackName }))).Stacks?.[0]?.StackStatus
  await waitFor(state, ['CREATE_IN_PROGRESS', 'DELETE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS'], 'CREATE_COMPLETE')
  t.match((await cf.send(new Cf.DescribeStacksCommand({ StackName }))).Stacks, [{
    Capabilities: undefined,
    DisableRollback: false,
    NotificationARNs: [],
    Outputs: [{ OutputKey: 'Arn' }, { OutputKey: 'Name', OutputValue: 'one' }],
    Parameters: [{ ParameterKey: 'Hidden', ParameterValue: '****' }, { ParameterKey: 'Name', ParameterValue: 'a' }],
    RoleARN: undefined,
    Tags: [{ Key: 'Team', Value: 'data' }],
    TimeoutInMinutes: undefined
  }])
  t.match(await cf.send(new Cf.GetTemplateCommand({ StackName, TemplateStage: 'Original' })), { TemplateBody: template('one') })

  const update = async (ParameterValue: string, token: string): Promise<unknown> =>
    await cf.send(new Cf.UpdateStackCommand({ StackName, ClientRequestToken: token, TemplateBody: template('two'), Parameters: given(ParameterValue), Tags: [] }))
  await update('b', 'terraform-20261128000000000000000002')
  await waitFor(state, ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'UPDATE_IN_PROGRESS', 'UPDATE_ROLLBACK_IN_PROGRESS', 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'], 'UPDATE_COMPLETE')
  t.strictSame((await cf.send(new Cf.DescribeStacksCommand({ StackName }))).Stacks?.[0]?.Tags, [])
  await t.rejects(update('b', 'terraform-20261128000000000000000003'), { name: 'ValidationError', message: 'No updates are to be performed.' })

  const token = 'terraform-20261128000000000000000004'
  await cf.send(new Cf.DeleteStackCommand({ StackName, ClientRequestToken: token }))
  await waitFor(state, ['DELETE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS'], 'DELETE_COMPLETE')
  const { StackEvents: events = [] } = await cf.send(new Cf.DescribeStackEventsCommand({ StackName }))
  t.match(events.filter(({ ClientRequestToken: of }) => of === token).map(({ ResourceStatus: status }) => status), ['DELETE_COMPLETE', 'DELETE_COMPLETE', 'DELETE_IN_PROGRESS', 'DELETE_IN_PROGRESS'])
  await t.rejects(cf.send(new Cf.DescribeStacksCommand({ StackName: 'tf' })), { name: 'ValidationError', message: 'Stack with id tf does not exist' })
})
