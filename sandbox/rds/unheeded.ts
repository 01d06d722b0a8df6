import type { Unheeded, UnheededRow } from '../unheeded.js'
import { ENGINE, FAMILIES, optionGroupOf } from './engine-versions.js'

const CLUSTERS = ['CreateDBCluster', 'ModifyDBCluster', 'RestoreDBClusterFromSnapshot', 'RestoreDBClusterToPointInTime']
const INSTANCES = ['CreateDBInstance', 'ModifyDBInstance']

/** What AWS says of what other engines have, such as clusters with their own storage (terraform-provider-aws#30596). */
const foreign: UnheededRow['refusal'] = ['InvalidParameterCombination', member => `${member} isn't supported for DB engine ${ENGINE}.`]

/** What AWS calls members that it does not call by the words of their names. */
const CALLED: Readonly<Record<string, string>> = {
  CloudwatchLogsExportConfiguration: 'cloudwatch logs exports',
  DBName: 'database name',
  DBPortNumber: 'database endpoint port number',
  EnableCloudwatchLogsExports: 'cloudwatch logs exports',
  EnableIAMDatabaseAuthentication: 'IAM database authentication',
  MasterUsername: 'master user name',
  PreferredBackupWindow: 'backup window',
  VpcSecurityGroupIds: 'vpc security group'
}

function called (member: string): string {
  if (member.endsWith('Password') || member === 'MasterUserSecretKmsKeyId') return 'master user password'
  return CALLED[member] ?? member.replaceAll(/(?<=[a-z])[A-Z]/g, letter => ` ${letter}`).toLowerCase()
}

/** API reference of CreateDBInstance. */
const setForCluster = refused(['CreateDBInstance'], [
  'AllocatedStorage', 'BackupRetentionPeriod', 'DBName', 'EnableCloudwatchLogsExports', 'ManageMasterUserPassword', 'MasterUserPassword',
  'MasterUserSecretKmsKeyId', 'MasterUsername', 'PreferredBackupWindow'
], ['InvalidParameterCombination', member => `The requested DB Instance will be a member of a DB Cluster. Set ${called(member)} for the DB Cluster.`], [])

/** crossplane-contrib/provider-aws#1529, aws-controllers-k8s/community#2683 */
const modifiedWithCluster = refused(['ModifyDBInstance'], [
  'AllocatedStorage', 'BackupRetentionPeriod', 'CloudwatchLogsExportConfiguration', 'DBPortNumber', 'DeletionProtection', 'EnableIAMDatabaseAuthentication',
  'EngineLifecycleSupport', 'ManageMasterUserPassword', 'MasterUserPassword', 'MasterUserSecretKmsKeyId', 'NetworkType', 'PreferredBackupWindow',
  'RotateMasterUserPassword', 'StorageType', 'VpcSecurityGroupIds'
], ['InvalidParameterCombination', member => `The specified DB Instance is a member of a cluster. Modify ${called(member).replace(' period', '')} for the DB Cluster using the ModifyDbCluster API`], [])

/** For operations, what members are refused with, and the values of theirs that ask for nothing. Without a refusal of AWS's, ours. */
function refused (of: readonly string[], members: readonly string[], refusal?: UnheededRow['refusal'], harmless?: readonly unknown[]): UnheededRow {
  return { of, members, ...(refusal && { refusal }), ...(harmless && { harmless }) }
}

/** For operations, members that make no difference, and why. */
function idle (of: readonly string[], members: readonly string[], why: string): UnheededRow {
  return { of, members, idle: why }
}

/** A refusal of what cannot be combined, in one sentence of AWS's. */
function combination (sentence: string): UnheededRow['refusal'] {
  return ['InvalidParameterCombination', () => sentence]
}

const rows: readonly UnheededRow[] = [
  setForCluster,
  modifiedWithCluster,
  refused(CLUSTERS, ['AllocatedStorage', 'CACertificateIdentifier', 'DBClusterInstanceClass', 'Iops', 'PubliclyAccessible'], foreign, []),
  refused([...CLUSTERS, ...INSTANCES], [
    'AdditionalStorageVolumes', 'AutomationMode', 'CustomIamInstanceProfile', 'DBSecurityGroups', 'DBSystemId', 'DedicatedLogVolume', 'DisableDomain',
    'EnableCustomerOwnedIp', 'MaxAllocatedStorage', 'MultiTenant', 'NcharCharacterSetName', 'ProcessorFeatures', 'RdsCustomClusterConfiguration',
    'ReplicaMode', 'ResumeFullAutomationModeMinutes', 'StorageThroughput', 'TdeCredentialArn', 'TdeCredentialPassword', 'Timezone', 'UseDefaultProcessorFeatures'
  ], foreign, [false, 0]),
  refused(INSTANCES, ['Iops'], foreign, [0]),
  refused(['CreateDBInstance'], ['BackupTarget'], foreign, ['region']),
  refused(CLUSTERS, ['StorageType'], ['InvalidParameterCombination', (_member, type) => `You can't use the ${type} storage type.`], ['aurora', 'aurora-iopt1']),
  refused([...CLUSTERS, ...INSTANCES], ['OptionGroupName'], [
    'OptionGroupNotFoundFault', (_member, name) => `Specified OptionGroupName: ${name} not found.`, 404
  ], FAMILIES.map(optionGroupOf)),
  refused(CLUSTERS, ['Domain'], ['DomainNotFoundFault', (_member, domain) => `Domain ${domain} not found: this sandbox has no directories.`, 404]),
  refused(['CreateDBCluster', 'ModifyDBCluster'], ['GlobalClusterIdentifier'], [
    'GlobalClusterNotFoundFault', (_member, name) => `Global cluster ${name} not found: this sandbox has no global databases.`, 404
  ]),
  refused(CLUSTERS, ['ReplicationSourceIdentifier'], combination('This sandbox has no replication between clusters: leave ReplicationSourceIdentifier out.')),
  refused(INSTANCES, ['MultiAZ'], combination(`VPC Multi-AZ DB Instances are not available for engine: ${ENGINE}`)),
  refused(CLUSTERS, ['BacktrackWindow'], ['InvalidParameterValue', () => 'Backtrack is not enabled for the postgres engine.'], [0]),
  refused(['CreateDBInstance'], ['DeletionProtection'], combination('Deletion Protection can only be applied on the Cluster level, not for individual instances')),
  refused(['DeleteDBInstance'], ['FinalDBSnapshotIdentifier'], combination('FinalDBSnapshotIdentifier can not be specified when deleting a cluster instance')),
  refused(['RebootDBInstance'], ['ForceFailover'], combination('ForceFailover can\'t be specified if the instance isn\'t configured for Multi-AZ.')),
  // boto3#4634
  refused(['RestoreDBClusterToPointInTime'], [
    'EnablePerformanceInsights', 'MonitoringInterval', 'MonitoringRoleArn', 'PerformanceInsightsRetentionPeriod'
  ], combination('You can enable Performance Insights or set the Enhanced Monitoring interval only when restoring from a source Aurora Limitless DB cluster'), []),
  refused(['ModifyDBInstance'], ['Engine'], undefined, [ENGINE]),
  refused(INSTANCES, ['LicenseModel'], undefined, ['postgresql-license']),
  refused([...CLUSTERS, ...INSTANCES], ['MasterUserAuthenticationType'], undefined, ['password']),
  refused(['CreateDBCluster'], ['ClusterScalabilityType'], undefined, ['standard']),
  refused(['DeleteDBCluster'], ['DeleteAutomatedBackups'], undefined, [true]),
  refused(CLUSTERS, ['EnableVPCNetworking'], undefined, [true]),
  refused(INSTANCES, ['Domain']),
  refused([...CLUSTERS, ...INSTANCES], [
    'AwsBackupRecoveryPointArn', 'CharacterSetName', 'DBCapacityReservationIdentifier', 'DomainAuthSecretArn', 'DomainDnsIps', 'DomainFqdn', 'DomainIAMRoleName',
    'DomainOu', 'EnableGlobalWriteForwarding', 'EnableInternetAccessGateway', 'EnableLimitlessDatabase', 'EnableLocalWriteForwarding', 'TagSpecifications',
    'WithExpressConfiguration'
  ]),

  idle(['CreateDBCluster', 'CopyDBClusterSnapshot'], ['PreSignedUrl'], 'It is for what is in another region, which its ARN is refused for.'),
  idle(['CreateDBInstance'], ['KmsKeyId', 'StorageEncrypted'], 'The cluster has the say, and its are shown (API reference; cfn-lint#4069).'),
  idle(['RestoreDBClusterFromSnapshot'], ['DatabaseName'], 'The databases come with the data.'),
  idle(['ModifyDBCluster'], ['AllowEngineModeChange'], 'It allows what is refused anyway.'),
  idle(['ModifyDBInstance'], ['AllowMajorVersionUpgrade'], 'It allows what is refused anyway.'),
  idle(['ModifyDBInstance'], ['ApplyImmediately', 'CertificateRotationRestart'], 'Every change is applied at once, and certificates need no restart.'),
  idle(['DeleteDBInstance'], ['DeleteAutomatedBackups', 'SkipFinalSnapshot'], 'An instance of a cluster has neither.'),
  idle(['DescribeDBClusters', 'DescribeDBClusterSnapshots', 'DescribeDBSnapshots'], ['IncludeShared', 'IncludePublic'], 'There is one account, and nothing is shared with it.'),
  idle(['DescribeDBEngineVersions'], ['ListSupportedCharacterSets', 'ListSupportedTimezones'], 'Aurora PostgreSQL has none to list.'),
  idle([
    'DescribeCertificates', 'DescribeDBClusterParameters', 'DescribeDBParameters', 'DescribeEngineDefaultClusterParameters', 'DescribeEngineDefaultParameters',
    'ListTagsForResource'
  ], ['Filters'], 'AWS does not heed it either (API reference).'),
  idle(['DescribeExportTasks', 'DescribePendingMaintenanceActions', 'DescribeReservedDBInstances', 'DescribeTenantDatabases'], [
    'DBInstanceClass', 'DBInstanceIdentifier', 'Duration', 'LeaseId', 'MultiAZ', 'OfferingType', 'ProductDescription', 'ReservedDBInstancesOfferingId',
    'ResourceIdentifier', 'SourceArn', 'SourceType', 'TenantDBName'
  ], 'Of nothing, any choice is nothing.'),
  idle(['CreateDBSnapshot', 'StartDBInstance', 'StopDBInstance'], [
    'DBCapacityReservationIdentifier', 'DBSnapshotIdentifier', 'DetachFromDBCapacityReservation', 'Tags'
  ], 'The operation is refused whatever it is given.'),
  idle(['ModifyDBClusterParameterGroup', 'ModifyDBParameterGroup', 'ResetDBClusterParameterGroup', 'ResetDBParameterGroup'], [
    'Parameters.MinimumEngineVersion'
  ], 'It comes back from a description.')
]

export const unheeded: Unheeded = { code: 'InvalidParameterCombination', rows }
