import type * as Rds from '@aws-sdk/client-rds'
import { AUTHORITIES, showCertificate } from './certificates.js'
import { readInsights, readParameterGroup } from './cluster-facts.js'
import { off, pickGiven, type RdsContext } from './context.js'
import { findVersions, optionGroupOf } from './engine-versions.js'
import { arnOf, newResourceId, zonesOf } from './names.js'
import { type ClusterRecord, type InstanceFacts, type InstanceRecord, membersOf } from './records.js'
import { addTags } from './tags.js'

/** What is shown of an instance as it was last asked for. */
export const CHANGEABLE = [
  'PreferredMaintenanceWindow', 'AutoMinorVersionUpgrade', 'PubliclyAccessible', 'PromotionTier', 'CopyTagsToSnapshot',
  'MonitoringInterval', 'MonitoringRoleArn', 'DatabaseInsightsMode', 'PerformanceInsightsKMSKeyId', 'PerformanceInsightsRetentionPeriod',
  'CACertificateIdentifier'
] as const

/** What the cluster decides, and its instances show. */
const OF_CLUSTER = [
  'MasterUsername', 'BackupRetentionPeriod', 'PreferredBackupWindow', 'VpcSecurityGroups', 'StorageEncrypted', 'KmsKeyId', 'StorageType',
  'IAMDatabaseAuthenticationEnabled', 'EngineLifecycleSupport'
] as const

/** A new member of the cluster, its writer if it is the first. */
export function newInstance (context: RdsContext, cluster: ClusterRecord, id: string, input: Rds.CreateDBInstanceMessage): InstanceRecord {
  const { region, facts: { EngineVersion, DBClusterIdentifier, PreferredMaintenanceWindow } } = cluster
  const now = context.clock.now()
  const facts: InstanceFacts = {
    AvailabilityZone: zonesOf(region)[0],
    PreferredMaintenanceWindow,
    ...off('CopyTagsToSnapshot', 'CustomerOwnedIpEnabled', 'DedicatedLogVolume', 'DeletionProtection', 'MultiAZ', 'PubliclyAccessible'),
    AutoMinorVersionUpgrade: true,
    PromotionTier: 1,
    MonitoringInterval: 0,
    CACertificateIdentifier: AUTHORITIES[0],
    ...pickGiven(input, [...CHANGEABLE, 'AvailabilityZone']),
    DBInstanceIdentifier: id,
    DBInstanceArn: arnOf(region, 'db', id),
    DbiResourceId: newResourceId('db'),
    DBClusterIdentifier,
    DBInstanceClass: input.DBInstanceClass ?? '',
    DBInstanceStatus: 'creating',
    Engine: 'aurora-postgresql',
    EngineVersion,
    LicenseModel: 'postgresql-license',
    AllocatedStorage: 1,
    StorageType: 'aurora',
    StorageThroughput: 0,
    NetworkType: 'IPV4',
    BackupTarget: 'region',
    DbInstancePort: 0,
    DBSecurityGroups: [],
    DBParameterGroups: readGroup(context, input.DBParameterGroupName, EngineVersion, region),
    ReadReplicaDBInstanceIdentifiers: [],
    DomainMemberships: [],
    AssociatedRoles: [],
    ...readInsights({ EnablePerformanceInsights: false, ...input }, undefined, region),
    TagList: addTags([], input.Tags)
  }
  const isWriter = !membersOf(context.records, cluster).some(({ isWriter }) => isWriter)
  return { region, facts, createdMs: now, statusMs: now, isWriter }
}

/** The parameter group of that name as an instance shows it, or the default one. */
export function readGroup (
  { records }: RdsContext, name: string | undefined, engineVersion: string | undefined, region: string
): Rds.DBParameterGroupStatus[] {
  const [version] = findVersions(engineVersion ?? '')
  const DBParameterGroupName = version && readParameterGroup(records.instanceParameterGroups, name, version, region)
  return [{ DBParameterGroupName, ParameterApplyStatus: 'in-sync' }]
}

/** An instance as DescribeDBInstances shows it. */
export function showInstance ({ records, clock }: Pick<RdsContext, 'records' | 'clock'>, instance: InstanceRecord): Rds.DBInstance {
  const { region, facts, createdMs } = instance
  const ofCluster = records.clusters.get(region, facts.DBClusterIdentifier)?.facts
  const [version] = findVersions(facts.EngineVersion ?? '')
  const { Endpoint: Address, Port, HostedZoneId, DatabaseName, DBSubnetGroup = 'default' } = ofCluster ?? {}
  return {
    ...facts,
    ...(ofCluster && pickGiven(ofCluster, OF_CLUSTER)),
    DBName: DatabaseName,
    DBSubnetGroup: records.subnetGroups.get(region, DBSubnetGroup)?.facts,
    ...(ofCluster && facts.DBInstanceStatus !== 'creating' ? { Endpoint: { Address, Port, HostedZoneId } } : {}),
    OptionGroupMemberships: [{ OptionGroupName: version && optionGroupOf(version.family), Status: 'in-sync' }],
    PendingModifiedValues: {},
    CertificateDetails: showCertificate(facts.CACertificateIdentifier, createdMs),
    InstanceCreateTime: new Date(createdMs),
    LatestRestorableTime: new Date(clock.now())
  }
}
