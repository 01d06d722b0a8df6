import type { Unheeded, UnheededRow } from '../unheeded.js'
import { ENGINE, FAMILIES, optionGroupOf } from './engine-versions.js'

const CLUSTERS = ['CreateDBCluster', 'ModifyDBCluster', 'RestoreDBClusterFromSnapshot', 'RestoreDBClusterToPointInTime']
const INSTANCES = ['CreateDBInstance', 'ModifyDBInstance']

/** What AWS says of what other engines have, such as clusters with their own storage (terraform-provider-aws#30596). */
const foreign: UnheededRow['refusal'] = ['InvalidParameterCombination', member => `${member} isn't supported for DB engine ${ENGINE}.`]

/** What belongs to the cluster, as AWS calls it where an instance is given it (API reference of CreateDBInstance). */
const SET_FOR_CLUSTER: Readonly<Record<string, string>> = {
  AllocatedStorage: 'allocated storage',
  BackupRetentionPeriod: 'backup retention period',
  DBName: 'database name',
  EnableCloudwatchLogsExports: 'cloudwatch logs exports',
  ManageMasterUserPassword: 'master user password',
  MasterUserPassword: 'master user password',
  MasterUserSecretKmsKeyId: 'master user password',
  MasterUsername: 'master user name',
  PreferredBackupWindow: 'backup window'
}

/** The same of a change (crossplane-contrib/provider-aws#1529, aws-controllers-k8s/community#2683). */
const MODIFIED_WITH_CLUSTER: Readonly<Record<string, string>> = {
  AllocatedStorage: 'allocated storage',
  BackupRetentionPeriod: 'backup retention',
  CloudwatchLogsExportConfiguration: 'cloudwatch logs exports',
  DBPortNumber: 'database endpoint port number',
  DeletionProtection: 'deletion protection',
  EnableIAMDatabaseAuthentication: 'IAM database authentication',
  EngineLifecycleSupport: 'engine lifecycle support',
  ManageMasterUserPassword: 'master user password',
  MasterUserPassword: 'master user password',
  MasterUserSecretKmsKeyId: 'master user password',
  NetworkType: 'network type',
  PreferredBackupWindow: 'backup window',
  RotateMasterUserPassword: 'master user password',
  StorageType: 'storage type',
  VpcSecurityGroupIds: 'vpc security group'
}

export const unheeded: Unheeded = {
  code: 'InvalidParameterCombination',
  rows: [
    {
      of: ['CreateDBInstance'],
      members: Object.keys(SET_FOR_CLUSTER),
      refusal: ['InvalidParameterCombination', member => `The requested DB Instance will be a member of a DB Cluster. Set ${SET_FOR_CLUSTER[member]} for the DB Cluster.`],
      harmless: []
    },
    {
      of: ['ModifyDBInstance'],
      members: Object.keys(MODIFIED_WITH_CLUSTER),
      refusal: ['InvalidParameterCombination', member => `The specified DB Instance is a member of a cluster. Modify ${MODIFIED_WITH_CLUSTER[member]} for the DB Cluster using the ModifyDbCluster API`],
      harmless: []
    },
    {
      of: CLUSTERS,
      members: ['AllocatedStorage', 'CACertificateIdentifier', 'DBClusterInstanceClass', 'Iops', 'PubliclyAccessible'],
      refusal: foreign,
      harmless: []
    },
    {
      of: CLUSTERS,
      members: ['StorageType'],
      refusal: ['InvalidParameterCombination', (_member, type) => `You can't use the ${type} storage type.`],
      harmless: ['aurora', 'aurora-iopt1']
    },
    {
      of: [...CLUSTERS, ...INSTANCES],
      members: ['OptionGroupName'],
      refusal: ['OptionGroupNotFoundFault', (_member, name) => `Specified OptionGroupName: ${name} not found.`, 404],
      harmless: FAMILIES.map(optionGroupOf)
    },
    {
      of: CLUSTERS,
      members: ['Domain'],
      refusal: ['DomainNotFoundFault', (_member, domain) => `Domain ${domain} not found: this sandbox has no directories.`, 404]
    },
    {
      members: ['GlobalClusterIdentifier'],
      of: ['CreateDBCluster', 'ModifyDBCluster'],
      refusal: ['GlobalClusterNotFoundFault', (_member, name) => `Global cluster ${name} not found: this sandbox has no global databases.`, 404]
    },
    {
      members: ['ReplicationSourceIdentifier'],
      refusal: ['InvalidParameterCombination', member => `This sandbox has no replication between clusters: leave ${member} out.`]
    },
    {
      of: INSTANCES,
      members: ['MultiAZ'],
      refusal: ['InvalidParameterCombination', () => `VPC Multi-AZ DB Instances are not available for engine: ${ENGINE}`]
    },
    {
      members: [
        'AdditionalStorageVolumes', 'AutomationMode', 'CustomIamInstanceProfile', 'DBSecurityGroups', 'DBSystemId', 'DedicatedLogVolume', 'DisableDomain',
        'EnableCustomerOwnedIp', 'MaxAllocatedStorage', 'MultiTenant', 'NcharCharacterSetName', 'ProcessorFeatures', 'RdsCustomClusterConfiguration',
        'ReplicaMode', 'ResumeFullAutomationModeMinutes', 'StorageThroughput', 'TdeCredentialArn', 'TdeCredentialPassword', 'Timezone', 'UseDefaultProcessorFeatures'
      ],
      refusal: foreign,
      harmless: [false, 0]
    },
    { of: INSTANCES, members: ['Iops'], refusal: foreign, harmless: [0] },
    { members: ['BacktrackWindow'], refusal: ['InvalidParameterValue', () => 'Backtrack is not enabled for the postgres engine.'], harmless: [0] },
    { of: ['CreateDBInstance'], members: ['BackupTarget'], refusal: foreign, harmless: ['region'] },
    { of: ['ModifyDBInstance'], members: ['Engine'], harmless: [ENGINE] },
    { of: INSTANCES, members: ['LicenseModel'], harmless: ['postgresql-license'] },
    { members: ['MasterUserAuthenticationType'], harmless: ['password'] },
    { of: ['CreateDBCluster'], members: ['ClusterScalabilityType'], harmless: ['standard'] },
    { of: ['DeleteDBCluster'], members: ['DeleteAutomatedBackups'], harmless: [true] },
    { members: ['EnableVPCNetworking'], harmless: [true] },
    {
      of: [...CLUSTERS, ...INSTANCES],
      members: [
        'AwsBackupRecoveryPointArn', 'CharacterSetName', 'DBCapacityReservationIdentifier', 'DomainAuthSecretArn', 'DomainDnsIps', 'DomainFqdn', 'DomainIAMRoleName',
        'DomainOu', 'EnableGlobalWriteForwarding', 'EnableInternetAccessGateway', 'EnableLimitlessDatabase', 'EnableLocalWriteForwarding', 'TagSpecifications',
        'WithExpressConfiguration'
      ]
    },
    { of: INSTANCES, members: ['Domain'] },
    {
      of: ['RebootDBInstance'],
      members: ['ForceFailover'],
      refusal: ['InvalidParameterCombination', () => 'ForceFailover can\'t be specified if the instance isn\'t configured for Multi-AZ.']
    },

    { members: ['PreSignedUrl'], idle: 'It is for what is in another region, which its ARN is refused for.' },
    { of: ['CreateDBInstance'], members: ['KmsKeyId', 'StorageEncrypted'], idle: 'The cluster has the say, and its are shown (API reference; cfn-lint#4069).' },
    { of: ['RestoreDBClusterFromSnapshot'], members: ['DatabaseName'], idle: 'The databases come with the data.' },
    { of: ['ModifyDBCluster'], members: ['AllowEngineModeChange'], idle: 'It allows what is refused anyway.' },
    { of: ['ModifyDBInstance'], members: ['AllowMajorVersionUpgrade'], idle: 'It allows what is refused anyway.' },
    { of: ['ModifyDBInstance'], members: ['ApplyImmediately', 'CertificateRotationRestart'], idle: 'Every change is applied at once, and certificates need no restart.' },
    { of: ['DeleteDBInstance'], members: ['DeleteAutomatedBackups', 'SkipFinalSnapshot'], idle: 'An instance of a cluster has neither.' },
    { members: ['IncludeShared', 'IncludePublic'], idle: 'There is one account, and nothing is shared with it.' },
    { of: ['DescribeDBEngineVersions'], members: ['ListSupportedCharacterSets', 'ListSupportedTimezones'], idle: 'Aurora PostgreSQL has none to list.' },
    {
      of: ['DescribeDBClusterParameters', 'DescribeDBParameters', 'DescribeEngineDefaultClusterParameters', 'DescribeEngineDefaultParameters', 'ListTagsForResource'],
      members: ['Filters'],
      idle: 'AWS does not heed it either (API reference).'
    },
    {
      of: ['DescribeExportTasks', 'DescribePendingMaintenanceActions', 'DescribeReservedDBInstances', 'DescribeTenantDatabases'],
      members: [
        'DBInstanceClass', 'DBInstanceIdentifier', 'Duration', 'LeaseId', 'MultiAZ', 'OfferingType', 'ProductDescription', 'ReservedDBInstancesOfferingId',
        'ResourceIdentifier', 'SourceArn', 'SourceType', 'TenantDBName'
      ],
      idle: 'Of nothing, any choice is nothing.'
    },
    {
      of: ['CreateDBSnapshot', 'StartDBInstance', 'StopDBInstance'],
      members: ['DBCapacityReservationIdentifier', 'DBSnapshotIdentifier', 'DetachFromDBCapacityReservation', 'Tags'],
      idle: 'The operation is refused whatever it is given.'
    },
    { members: ['Parameters.MinimumEngineVersion'], idle: 'It comes back from a description.' }
  ]
}
