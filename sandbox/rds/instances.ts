import type * as Rds from '@aws-sdk/client-rds'
import { ACCOUNT, AwsError, type Caller, type OperationsOf } from '../aws.js'
import { AUTHORITIES, requireAuthority, showCertificate } from './certificates.js'
import { isServerlessV1 } from './cluster-shape.js'
import { pickGiven, type RdsContext, refuseStopped } from './context.js'
import { findVersions } from './engine-versions.js'
import { readInsights } from './insights.js'
import { arnOf, invalidCombination, invalidValue, newResourceId, readIdentifier, zonesOf } from './names.js'
import { readParameterGroup } from './new-cluster.js'
import { type Filterable, select } from './paging.js'
import { type ClusterRecord, type InstanceFacts, type InstanceRecord, membersOf } from './records.js'
import { addTags } from './tags.js'
import { beginInstanceWork } from './work.js'

/** What is shown of an instance as it was last asked for. */
const CHANGEABLE = [
  'PreferredMaintenanceWindow', 'AutoMinorVersionUpgrade', 'PubliclyAccessible', 'PromotionTier', 'CopyTagsToSnapshot',
  'MonitoringInterval', 'MonitoringRoleArn', 'DatabaseInsightsMode', 'PerformanceInsightsKMSKeyId', 'PerformanceInsightsRetentionPeriod',
  'CACertificateIdentifier'
] as const

/** What an instance may only be given as its cluster has it: the member that says so of the cluster, and what AWS calls it. */
const AS_THE_CLUSTER = {
  DBSubnetGroupName: ['DBSubnetGroup', 'DB subnet group'],
  EnableIAMDatabaseAuthentication: ['IAMDatabaseAuthenticationEnabled', 'IAM database authentication'],
  EngineLifecycleSupport: ['EngineLifecycleSupport', 'engine lifecycle support'],
  NetworkType: ['NetworkType', 'network type'],
  Port: ['Port', 'database endpoint port number'],
  StorageType: ['StorageType', 'storage type']
} as const

const FILTERABLE: Filterable<InstanceRecord> = {
  'db-instance-id': ({ facts }) => [facts.DBInstanceIdentifier, facts.DBInstanceArn],
  'db-cluster-id': ({ region, facts }) => [facts.DBClusterIdentifier, arnOf({ region, account: ACCOUNT }, 'cluster', facts.DBClusterIdentifier)],
  'dbi-resource-id': ({ facts }) => [facts.DbiResourceId],
  engine: ({ facts }) => [facts.Engine],
  domain: () => []
}

const MEMBER_SNAPSHOT = 'The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.'
const MEMBER_STOP = 'aurora-postgresql DB instances are not eligible for stopping and starting.'

export function createInstanceOperations (context: RdsContext) {
  const { records, clock } = context
  const begin = (instance: InstanceRecord): { DBInstance: Rds.DBInstance } => {
    beginInstanceWork(context, instance)
    return { DBInstance: showInstance(context, instance) }
  }
  /** What instances of other engines do by themselves, those of Aurora do with their cluster. */
  const refuse = (input: { DBInstanceIdentifier?: string | undefined }, refusal: AwsError, caller: Caller): never => {
    records.instances.require(input.DBInstanceIdentifier, caller)
    throw refusal
  }
  return {
    CreateDBInstance: async (input, caller) => {
      const id = readIdentifier('DBInstanceIdentifier', input.DBInstanceIdentifier)
      const cluster = readCluster(context, input, caller)
      records.instances.requireRoom(id, caller)
      const members = membersOf(records, cluster)
      const now = clock.now()
      const facts = newFacts(context, id, input, cluster, caller)
      const isWriter = !members.some(({ isWriter }) => isWriter)
      const instance: InstanceRecord = { region: caller.region, facts, createdMs: now, statusMs: now, isWriter }
      records.instances.put(instance)
      return begin(instance)
    },

    DescribeDBInstances: async (input, caller) => {
      const { page, Marker } = select(records.instances, input.DBInstanceIdentifier, input, FILTERABLE, caller)
      return { DBInstances: page.map(instance => showInstance(context, instance)), Marker }
    },

    ModifyDBInstance: async (input, caller) => {
      const instance = context.records.instances.require(input.DBInstanceIdentifier, caller)
      requireAvailable(instance, 'Database instance is not in available state.')
      refuseUpgrade(instance, input)
      if (input.DBInstanceClass) requireClass(input.DBInstanceClass, instance.facts.EngineVersion)
      requireAuthority(input.CACertificateIdentifier)
      requireMonitoringRole({ ...instance.facts, ...pickGiven(input, ['MonitoringInterval', 'MonitoringRoleArn']) })
      const renamed = rename(context, instance, input.NewDBInstanceIdentifier, caller)
      const { DBParameterGroupName: group } = input
      return begin(context.records.instances.change(renamed, {
        ...pickGiven(input, [...CHANGEABLE, 'DBInstanceClass']),
        ...readInsights(input, instance.facts, caller),
        ...(group ? { DBParameterGroups: parameterGroup(context, group, instance.facts.EngineVersion, caller) } : {}),
        DBInstanceStatus: 'modifying'
      }))
    },

    RebootDBInstance: async (input, caller) => {
      const instance = context.records.instances.require(input.DBInstanceIdentifier, caller)
      requireAvailable(instance, 'Instance cannot currently reboot due to an in-progress management operation.')
      return begin(context.records.instances.change(instance, { DBInstanceStatus: 'rebooting' }))
    },

    DeleteDBInstance: async (input, caller) => {
      const instance = context.records.instances.require(input.DBInstanceIdentifier, caller)
      if (input.FinalDBSnapshotIdentifier) throw invalidCombination('FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance')
      if (instance.facts.DBInstanceStatus === 'deleting') throw new AwsError('InvalidDBInstanceState', `Instance ${instance.facts.DBInstanceIdentifier} is already being deleted.`)
      refuseStopped(records.clusters.get(caller.region, instance.facts.DBClusterIdentifier))
      return begin(context.records.instances.change(instance, { DBInstanceStatus: 'deleting' }))
    },

    CreateDBSnapshot: async (input, caller) => refuse(input, invalidValue(MEMBER_SNAPSHOT), caller),
    StartDBInstance: async (input, caller) => refuse(input, invalidCombination(MEMBER_STOP), caller),
    StopDBInstance: async (input, caller) => refuse(input, invalidCombination(MEMBER_STOP), caller)
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** An instance as DescribeDBInstances shows it: what the cluster decides is the cluster's. */
function showInstance ({ records, clock }: Pick<RdsContext, 'records' | 'clock'>, instance: InstanceRecord): Rds.DBInstance {
  const cluster = records.clusters.get(instance.region, instance.facts.DBClusterIdentifier)
  const shown = {
    ...instance.facts,
    CertificateDetails: showCertificate(instance.facts.CACertificateIdentifier, instance.createdMs),
    InstanceCreateTime: new Date(instance.createdMs),
    LatestRestorableTime: new Date(clock.now())
  }
  if (!cluster) return shown
  const { facts } = cluster
  const isReachable = instance.facts.DBInstanceStatus !== 'creating'
  return {
    ...shown,
    MasterUsername: facts.MasterUsername,
    DBName: facts.DatabaseName,
    ...(isReachable ? { Endpoint: { Address: facts.Endpoint, Port: facts.Port, HostedZoneId: facts.HostedZoneId } } : {}),
    BackupRetentionPeriod: facts.BackupRetentionPeriod,
    PreferredBackupWindow: facts.PreferredBackupWindow,
    VpcSecurityGroups: facts.VpcSecurityGroups,
    DBSubnetGroup: records.subnetGroups.get(instance.region, facts.DBSubnetGroup ?? 'default')?.facts,
    StorageEncrypted: facts.StorageEncrypted,
    KmsKeyId: facts.KmsKeyId,
    IAMDatabaseAuthenticationEnabled: facts.IAMDatabaseAuthenticationEnabled
  }
}

/** Instances come to a version with their cluster (aws-controllers-k8s/community#2683), and stay in its subnets. */
function refuseUpgrade ({ facts: { EngineVersion: version = '' } }: InstanceRecord, { EngineVersion: wanted, DBSubnetGroupName: group }: Rds.ModifyDBInstanceMessage): void {
  const other = wanted && !isVersion(wanted, version) ? 'the DB engine version' : group ? 'the DB subnet group' : undefined
  if (other) throw invalidCombination(`The specified DB Instance is a member of a cluster. Modify ${other} for the DB Cluster using the ModifyDbCluster API`)
}

/** Whether a request that names a version, or the major alone, means that one. */
function isVersion (wanted: string, version: string): boolean {
  return wanted === version || wanted === version.split('.')[0]
}

function readCluster (context: RdsContext, input: Rds.CreateDBInstanceMessage, caller: Caller): ClusterRecord {
  if (input.Engine !== 'aurora-postgresql') throw invalidValue(`Invalid DB engine: ${input.Engine ?? ''}. This sandbox runs aurora-postgresql only.`)
  if (!input.DBClusterIdentifier) throw invalidCombination('The parameter DBClusterIdentifier must be provided for the engine aurora-postgresql.')
  const cluster = context.records.clusters.require(input.DBClusterIdentifier, caller)
  requireClass(input.DBInstanceClass, cluster.facts.EngineVersion)
  requireAuthority(input.CACertificateIdentifier)
  for (const [member, [fact, called]] of Object.entries(AS_THE_CLUSTER)) {
    const given = input[member as keyof typeof AS_THE_CLUSTER]
    const kept = cluster.facts[fact] ?? (fact === 'StorageType' ? 'aurora' : undefined)
    if (given !== undefined && given !== kept) throw invalidCombination(`The requested DB Instance will be a member of a DB Cluster. Set ${called} for the DB Cluster.`)
  }
  const groups = cluster.facts.VpcSecurityGroups?.map(({ VpcSecurityGroupId: id }) => id)
  if (input.VpcSecurityGroupIds?.some(id => !groups?.includes(id))) throw invalidCombination('The requested DB Instance will be a member of a DB Cluster. Set vpc security group for the DB Cluster.')
  requireMonitoringRole(input)
  if (isServerlessV1(cluster)) throw invalidValue('Instances cannot be added to Aurora Serverless clusters.')
  if (input.DeletionProtection) throw invalidCombination('Deletion Protection can only be applied on the Cluster level, not for individual instances')
  if (input.DBInstanceClass === 'db.serverless' && !cluster.facts.ServerlessV2ScalingConfiguration) {
    throw new AwsError('InvalidDBClusterStateFault', 'Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.')
  }
  const { EngineVersion: version } = cluster.facts
  if (input.EngineVersion && !isVersion(input.EngineVersion, version)) {
    throw invalidCombination(`The engine version that you requested for your DB instance (${input.EngineVersion}) does not match the engine version of your DB cluster (${version}).`)
  }
  if (cluster.facts.Status === 'deleting') throw new AwsError('InvalidDBClusterStateFault', `DB cluster ${cluster.facts.DBClusterIdentifier} is in deleting state.`)
  return cluster
}

function newFacts (
  context: RdsContext, id: string, input: Rds.CreateDBInstanceMessage, cluster: ClusterRecord, caller: Caller
): InstanceFacts {
  return {
    AvailabilityZone: zonesOf(caller.region)[0],
    PreferredMaintenanceWindow: cluster.facts.PreferredMaintenanceWindow,
    AutoMinorVersionUpgrade: true,
    PubliclyAccessible: false,
    PromotionTier: 1,
    CopyTagsToSnapshot: false,
    MonitoringInterval: 0,
    CACertificateIdentifier: AUTHORITIES[0],
    ...pickGiven(input, [...CHANGEABLE, 'AvailabilityZone']),
    DBInstanceIdentifier: id,
    DBInstanceArn: arnOf(caller, 'db', id),
    DbiResourceId: newResourceId('db'),
    DBClusterIdentifier: cluster.facts.DBClusterIdentifier,
    DBInstanceClass: input.DBInstanceClass ?? '',
    DBInstanceStatus: 'creating',
    Engine: 'aurora-postgresql',
    EngineVersion: cluster.facts.EngineVersion,
    LicenseModel: 'postgresql-license',
    AllocatedStorage: 1,
    StorageType: 'aurora',
    NetworkType: 'IPV4',
    BackupTarget: 'region',
    MultiAZ: false,
    DbInstancePort: 0,
    DBSecurityGroups: [],
    DBParameterGroups: parameterGroup(context, input.DBParameterGroupName, cluster.facts.EngineVersion, caller),
    OptionGroupMemberships: [],
    ReadReplicaDBInstanceIdentifiers: [],
    DomainMemberships: [],
    AssociatedRoles: [],
    DeletionProtection: false,
    ...readInsights({ EnablePerformanceInsights: false, ...input }, {}, caller),
    TagList: addTags([], input.Tags)
  }
}

function parameterGroup (
  { records }: RdsContext, wanted: string | undefined, engineVersion: string | undefined, caller: Caller
): InstanceFacts['DBParameterGroups'] {
  const [version] = findVersions(engineVersion ?? '')
  const name = version && readParameterGroup(records.instanceParameterGroups, wanted, version, caller)
  return [{ DBParameterGroupName: name, ParameterApplyStatus: 'in-sync' }]
}

function requireMonitoringRole (
  { MonitoringInterval: seconds = 0, MonitoringRoleArn: role }: Pick<Rds.DBInstance, 'MonitoringInterval' | 'MonitoringRoleArn'>
): void {
  if (seconds > 0 && !role) throw invalidCombination('A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.')
}

/** Aurora PostgreSQL runs on memory-optimized classes and the larger burstable ones (Aurora User Guide, "DB instance classes"). */
const AURORA_CLASS = /^db\.(serverless|t(3|4g)\.(medium|large)|(r\d[a-z]*|x2g)\.\d*x?large)$/

function requireClass (name: string | undefined, version: string | undefined): void {
  if (!name) throw new AwsError('MissingParameter', 'The request must contain the parameter DBInstanceClass.')
  if (!/^db\.[a-z0-9]+(\.[a-z0-9]+)?$/.test(name)) throw invalidValue(`Invalid DB Instance class: ${name}`)
  if (AURORA_CLASS.test(name)) return
  throw invalidCombination(`RDS does not support creating a DB instance with the following combination: DBInstanceClass=${name}, Engine=aurora-postgresql, EngineVersion=${version}, LicenseModel=postgresql-license. For supported combinations of instance class and database engine version, see the documentation.`)
}

function requireAvailable ({ facts }: InstanceRecord, refusal: string): void {
  if (facts.DBInstanceStatus !== 'available') throw new AwsError('InvalidDBInstanceState', refusal)
}

function rename ({ records }: RdsContext, instance: InstanceRecord, newIdentifier: string | undefined, caller: Caller): InstanceRecord {
  if (!newIdentifier) return instance
  const id = readIdentifier('NewDBInstanceIdentifier', newIdentifier)
  if (records.instances.get(caller.region, id)) throw new AwsError('DBInstanceAlreadyExists', 'DB instance already exists')
  return records.instances.rename(instance, { DBInstanceIdentifier: id, DBInstanceArn: arnOf(caller, 'db', id) })
}
