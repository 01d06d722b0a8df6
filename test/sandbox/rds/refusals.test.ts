import t from 'tap'
import { caller, PASSWORD, startFixture } from './fixture.js'

const GOOD = { DBClusterIdentifier: 'fine', Engine: 'aurora-postgresql', MasterUsername: 'keeper', MasterUserPassword: PASSWORD }
const SCALING = { MinCapacity: 0, MaxCapacity: 4 }

/** What is wrong with a request for a cluster, the code it is refused with, and what the message must say. */
const REFUSED: ReadonlyArray<[object, string, RegExp]> = [
  [{ DBClusterIdentifier: '1st' }, 'InvalidParameterValue', /DBClusterIdentifier is not a valid identifier/],
  [{ DBClusterIdentifier: 'a--b' }, 'InvalidParameterValue', /not a valid identifier/],
  [{ DBClusterIdentifier: 'ends-' }, 'InvalidParameterValue', /not a valid identifier/],
  [{ DBClusterIdentifier: 'x'.repeat(64) }, 'InvalidParameterValue', /not a valid identifier/],
  [{ Engine: 'aurora-mysql' }, 'InvalidParameterValue', /aurora-mysql/],
  [{ EngineVersion: '16.6' }, 'InvalidParameterCombination', /^Cannot find version 16\.6 for aurora-postgresql$/],
  [{ GlobalClusterIdentifier: 'world' }, 'GlobalClusterNotFoundFault', /^Global cluster world not found/],
  [{ ReplicationSourceIdentifier: 'arn:aws:rds:eu-west-1:000000000000:cluster:source' }, 'InvalidParameterCombination', /no replication/],
  [{ EngineMode: 'global' }, 'InvalidParameterValue', /global/],
  [{ EngineMode: 'serverless', EngineVersion: '17.7' }, 'InvalidParameterValue', /^The engine mode serverless you requested is currently unavailable\.$/],
  [{ MasterUsername: 'admin' }, 'InvalidParameterValue', /^MasterUsername admin cannot be used as it is a reserved word used by the engine$/],
  [{ MasterUsername: 'pg_keeper' }, 'InvalidParameterValue', /reserved by the PostgreSQL engine/],
  [{ MasterUsername: '1keeper' }, 'InvalidParameterValue', /must begin with a letter/],
  [{ MasterUsername: '' }, 'InvalidParameterValue', /^The parameter MasterUsername must be provided and must not be blank\.$/],
  [{ MasterUserPassword: 'short' }, 'InvalidParameterValue', /MasterUserPassword/],
  [{ MasterUserPassword: 'has/slash-in-it' }, 'InvalidParameterValue', /Only printable ASCII/],
  [{ MasterUserPassword: 'has spaces in it' }, 'InvalidParameterValue', /Only printable ASCII/],
  [{ ManageMasterUserPassword: true }, 'InvalidParameterCombination', /ManageMasterUserPassword/],
  [{ ManageMasterUserPassword: true, EngineMode: 'serverless', EngineVersion: '13.9' }, 'InvalidParameterValue', /^The parameter ManageMasterUserPassword is not valid for engine mode: serverless\.$/],
  [{ MasterUserSecretKmsKeyId: 'mine' }, 'InvalidParameterCombination', /^A ManageMasterUserPassword value is required when MasterUserSecretKmsKeyId is specified\.$/],
  [{ DatabaseName: '1st' }, 'InvalidParameterValue', /DatabaseName/],
  [{ DatabaseName: 'rdsadmin' }, 'InvalidParameterValue', /^DatabaseName rdsadmin cannot be used\. It is a reserved word for this engine$/],
  [{ BackupRetentionPeriod: 36 }, 'InvalidParameterValue', /between 1 and 35/],
  [{ ServerlessV2ScalingConfiguration: { MinCapacity: 1 } }, 'InvalidParameterValue', /^Both MinCapacity and MaxCapacity must be specified/],
  [{ ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 0.5 } }, 'InvalidParameterValue', /maximum capacity must be at least 1\.0/],
  [{ ServerlessV2ScalingConfiguration: { MinCapacity: 8, MaxCapacity: 4 } }, 'InvalidParameterValue', /minimum capacity 8\.0/],
  [{ ServerlessV2ScalingConfiguration: { MinCapacity: 0.7, MaxCapacity: 4 } }, 'InvalidParameterValue', /0\.7/],
  [{ ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 500 } }, 'InvalidParameterValue', /at most 256\.0/],
  [{ ServerlessV2ScalingConfiguration: SCALING, EngineVersion: '13.9' }, 'InvalidParameterValue', /minimum capacity 0\.0/],
  [{ ServerlessV2ScalingConfiguration: { ...SCALING, SecondsUntilAutoPause: 299 } }, 'InvalidParameterValue', /between 300 and 86400/],
  [{ ServerlessV2ScalingConfiguration: { MinCapacity: 1, MaxCapacity: 4, SecondsUntilAutoPause: 300 } }, 'InvalidParameterValue', /^SecondsUntilAutoPause can only be specified when minimum capacity is 0\.$/],
  [{ ScalingConfiguration: { MinCapacity: 2 } }, 'InvalidParameterCombination', /^You can only specify scaling configuration for an Aurora Serverless v1 cluster\.$/],
  [{ EngineMode: 'serverless', ScalingConfiguration: { MinCapacity: 3 } }, 'InvalidParameterValue', /3/],
  [{ EngineMode: 'serverless', ScalingConfiguration: { SecondsUntilAutoPause: 60 } }, 'InvalidParameterValue', /300/],
  [{ EnableHttpEndpoint: true, EngineVersion: '13.9' }, 'InvalidParameterCombination', /HTTP endpoint/],
  [{ DBSubnetGroupName: 'nowhere' }, 'DBSubnetGroupNotFoundFault', /nowhere/],
  [{ DBClusterParameterGroupName: 'nothing' }, 'DBClusterParameterGroupNotFound', /nothing/],
  [{ Port: 1149 }, 'InvalidParameterValue', /^Invalid endpoint port 1149\. Valid range is: 1150-65535$/],
  [{ PreferredBackupWindow: '0700-0800' }, 'InvalidParameterValue', /^Invalid backup window time '0700' specified\. Should be specified as a time hh24:mi \(24H Clock UTC\)\. Example: 03:15$/],
  [{ PreferredBackupWindow: '23:50-00:19' }, 'InvalidParameterValue', /^Backup window must be at least 30 minutes\.$/],
  [{ PreferredMaintenanceWindow: 'day:01:00-day:02:00' }, 'InvalidParameterValue', /^Invalid maintenance window time 'day:01:00' specified/],
  [{ PreferredMaintenanceWindow: 'sun:01:00-sun:01:10' }, 'InvalidParameterValue', /^Maintenance window must be at least 30 minutes\.$/],
  [{ PreferredBackupWindow: '23:30-00:30', PreferredMaintenanceWindow: 'Sat:00:00-Sat:01:00' }, 'InvalidParameterValue', /^The backup window and maintenance window must not overlap\.$/],
  [{ EnableCloudwatchLogsExports: ['postgresql', 'general'] }, 'InvalidParameterCombination', /^You cannot use the log types 'general' with engine version aurora-postgresql 17\.7\./],
  [{ AllocatedStorage: 10 }, 'InvalidParameterCombination', /^AllocatedStorage isn't supported for DB engine aurora-postgresql\.$/],
  [{ DatabaseInsightsMode: 'advanced', EnablePerformanceInsights: true }, 'InvalidParameterCombination', /at least 465 days\.$/],
  [{ PubliclyAccessible: false }, 'InvalidParameterCombination', /^PubliclyAccessible isn't supported for DB engine aurora-postgresql\.$/],
  [{ StorageType: 'gp3' }, 'InvalidParameterCombination', /^You can't use the gp3 storage type\.$/],
  [{ OptionGroupName: 'mine' }, 'OptionGroupNotFoundFault', /^Specified OptionGroupName: mine not found\.$/],
  [{ Domain: 'd-1234567890' }, 'DomainNotFoundFault', /^Domain d-1234567890 not found/],
  [{ TagSpecifications: [{ ResourceType: 'cluster-auto-backup' }] }, 'InvalidParameterCombination', /^The sandbox does not implement TagSpecifications: leave it out\.$/],
  [{ MasterUserAuthenticationType: 'iam-db-auth' }, 'InvalidParameterCombination', /does not implement MasterUserAuthenticationType/],
  [{ EnableLimitlessDatabase: true }, 'InvalidParameterCombination', /does not implement EnableLimitlessDatabase/]
]

t.test('refusals of RDS, which leave nothing behind', async t => {
  const fixture = await startFixture({ quotas: { clusters: 1 } })
  t.teardown(fixture.close)
  const { operations, whenSettled } = fixture.rds

  for (const [wrong, code, message] of REFUSED) {
    await t.rejects(operations.CreateDBCluster({ ...GOOD, ...wrong }, caller), { code, message }, JSON.stringify(wrong))
  }
  t.same((await operations.DescribeDBClusters({}, caller)).DBClusters, [])
  t.same((await fixture.secrets.operations.ListSecrets({}, caller)).SecretList, [])

  const idle = { OptionGroupName: 'default:aurora-postgresql-17', EnableGlobalWriteForwarding: false, MasterUserAuthenticationType: 'password' as const, TagSpecifications: [] }
  const insights = { DatabaseInsightsMode: 'advanced' as const, EnablePerformanceInsights: true, PerformanceInsightsRetentionPeriod: 465 }
  const fine = { ...idle, ...insights, DatabaseName: 'postgres', StorageType: 'aurora-iopt1', AssociatedRoles: [{ RoleArn: 'arn:aws:iam::000000000000:role/import' }], PreferredBackupWindow: '23:30-00:00', PreferredMaintenanceWindow: 'Sat:22:45-Sat:23:30', EnableCloudwatchLogsExports: ['postgresql'] }
  t.match(await operations.CreateDBCluster({ ...GOOD, ...fine, DeletionProtection: true }, caller), {
    DBCluster: { StorageType: 'aurora-iopt1', AssociatedRoles: [{ ...fine.AssociatedRoles[0], Status: 'ACTIVE' }] }
  })
  await t.rejects(operations.CreateDBCluster(GOOD, caller), { code: 'DBClusterAlreadyExistsFault', message: 'DB Cluster already exists' })
  await t.rejects(operations.CreateDBCluster({ ...GOOD, DBClusterIdentifier: 'second' }, caller), { code: 'DBClusterQuotaExceededFault', status: 403 })
  t.match((await operations.DescribeAccountAttributes({}, caller)).AccountQuotas?.find(({ AccountQuotaName }) => AccountQuotaName === 'DBClusters'), { Used: 1, Max: 1 })
  await t.rejects(operations.ModifyDBCluster({ DBClusterIdentifier: 'fine', BackupRetentionPeriod: 2 }, caller), { code: 'InvalidDBClusterStateFault', message: 'DB cluster is not available for modification with status creating' })
  await t.rejects(operations.CreateDBClusterSnapshot({ DBClusterIdentifier: 'fine', DBClusterSnapshotIdentifier: 'early' }, caller), { code: 'InvalidDBClusterStateFault', message: 'Can\'t create a snapshot because the database cluster fine isn\'t currently in the available state.' })
  await whenSettled('cluster', 'fine', caller)

  const remove = { DBClusterIdentifier: 'fine' }
  await t.rejects(operations.DeleteDBCluster({ ...remove, SkipFinalSnapshot: true }, caller), { code: 'InvalidParameterCombination', message: 'Cannot delete protected Cluster, please disable deletion protection and try again.' })
  await t.rejects(operations.ModifyDBCluster({ ...remove, ScalingConfiguration: { MinCapacity: 2 } }, caller), { message: /^You can only specify scaling configuration/ })
  await t.rejects(operations.ModifyDBCluster({ ...remove, DBClusterInstanceClass: 'db.serverless' }, caller), { message: /^DBClusterInstanceClass isn't supported for DB engine aurora-postgresql/ })
  await t.rejects(operations.ModifyDBCluster({ ...remove, EngineVersion: '17.9' }, caller), { code: 'InvalidDBClusterStateFault', message: 'Cannot modify engine version without a healthy primary instance in DB cluster: fine' })
  const clone = { DBClusterIdentifier: 'clone', SourceDBClusterIdentifier: 'fine', UseLatestRestorableTime: true }
  await t.rejects(operations.RestoreDBClusterToPointInTime({ ...clone, MonitoringInterval: 0 }, caller), { code: 'InvalidParameterCombination', message: /only when restoring from a source Aurora Limitless DB cluster$/ })
  await t.rejects(operations.ModifyDBCluster({ ...remove, PreferredBackupWindow: '03:00-03:10' }, caller), { message: 'Backup window must be at least 30 minutes.' })
  await t.rejects(operations.ModifyDBCluster({ ...remove, CloudwatchLogsExportConfiguration: { EnableLogTypes: ['audit'] } }, caller), { message: /^You cannot use the log types 'audit'/ })
  await operations.ModifyDBCluster({ ...remove, DeletionProtection: false }, caller)
  await whenSettled('cluster', 'fine', caller)
  await t.rejects(operations.DeleteDBCluster(remove, caller), { code: 'InvalidParameterCombination', message: /^FinalDBSnapshotIdentifier is required/ })
  await t.rejects(operations.DeleteDBCluster({ ...remove, SkipFinalSnapshot: true, FinalDBSnapshotIdentifier: 'x' }, caller), { code: 'InvalidParameterCombination' })

  const instance = { DBInstanceIdentifier: 'one', DBClusterIdentifier: 'fine', DBInstanceClass: 'db.serverless', Engine: 'aurora-postgresql' }
  await t.rejects(operations.CreateDBInstance(instance, caller), { code: 'InvalidDBClusterStateFault', message: /^Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance/ })
  await t.rejects(operations.CreateDBInstance({ ...instance, DBClusterIdentifier: 'none' }, caller), { code: 'DBClusterNotFoundFault' })
  const alone = { DBInstanceIdentifier: 'one', DBInstanceClass: 'db.t4g.micro', AllocatedStorage: 20, MasterUsername: 'keeper', MasterUserPassword: PASSWORD }
  await t.rejects(operations.CreateDBInstance({ ...alone, Engine: 'postgres' }, caller), { message: /^Invalid DB engine: postgres\./ })
  await t.rejects(operations.CreateDBInstance({ ...alone, Engine: 'aurora-postgresql' }, caller), { message: /^The parameter DBClusterIdentifier must be provided/ })
  const wrong: Array<[object, RegExp]> = [
    [{ MasterUserPassword: PASSWORD }, /^The requested DB Instance will be a member of a DB Cluster\. Set master user password for the DB Cluster\.$/],
    [{ VpcSecurityGroupIds: ['sg-elsewhere'] }, /Set vpc security group for the DB Cluster\.$/],
    [{ Engine: 'mysql' }, /^The engine name requested for your DB instance \(mysql\) doesn't match the engine name of your DB cluster \(aurora-postgresql\)\.$/],
    [{ StorageType: 'gp3' }, /Set storage type for the DB Cluster\.$/],
    [{ Port: 5433 }, /Set database endpoint port number for the DB Cluster\.$/],
    [{ DBSubnetGroupName: 'elsewhere' }, /Set DB subnet group for the DB Cluster\.$/],
    [{ MultiAZ: true }, /^VPC Multi-AZ DB Instances are not available for engine: aurora-postgresql$/],
    [{ MaxAllocatedStorage: 100 }, /^MaxAllocatedStorage isn't supported for DB engine aurora-postgresql\.$/],
    [{ DBInstanceClass: 'db.t2.micro' }, /^RDS does not support creating a DB instance with the following combination: DBInstanceClass=db\.t2\.micro, Engine=aurora-postgresql, EngineVersion=17\.7, /],
    [{ MonitoringInterval: 60 }, /^A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0\.$/],
    [{ DBParameterGroupName: 'older' }, /^The parameter group older with DBParameterGroupFamily aurora-postgresql16 can't be used for this instance\. Use a parameter group with DBParameterGroupFamily aurora-postgresql17\.$/],
    [{ DBParameterGroupName: 'none' }, /^DBParameterGroup not found: none$/],
    [{ CACertificateIdentifier: 'rds-ca-2019' }, /^Certificate rds-ca-2019 not found$/],
    [{ DBParameterGroupName: 'default.aurora-postgresql16' }, /^The parameter group default\.aurora-postgresql16 with DBParameterGroupFamily aurora-postgresql16 can't be used/]
  ]
  await operations.CreateDBParameterGroup({ DBParameterGroupName: 'older', DBParameterGroupFamily: 'aurora-postgresql16', Description: 'older' }, caller)
  for (const [more, message] of wrong) await t.rejects(operations.CreateDBInstance({ ...instance, DBInstanceClass: 'db.r6g.large', ...more }, caller), { message })
  await t.rejects(operations.CreateDBInstance({ ...instance, DBInstanceClass: 'db.r6g.large', EngineVersion: '16.8' }, caller), { message: /does not match the engine version of your DB cluster \(17\.7\)/ })
  await t.rejects(operations.DescribeDBInstances({ DBInstanceIdentifier: 'one' }, caller), { code: 'DBInstanceNotFound', status: 404 })
  await t.rejects(operations.DescribeDBClusters({ Filters: [{ Name: 'colour', Values: ['red'] }] }, caller), { message: 'Unrecognized filter name: colour' })
  await t.rejects(operations.DescribeDBClusters({ Filters: [{ Name: 'engine', Values: [] }] }, caller), { code: 'InvalidParameterCombination', message: /must not be empty/ })
  const filtered = async (DBClusterIdentifier: string, Name: string, value: string): Promise<Array<string | undefined>> => {
    const { DBClusters = [] } = await operations.DescribeDBClusters({ DBClusterIdentifier, Filters: [{ Name, Values: [value] }] }, caller)
    return DBClusters.map(found => found.DBClusterIdentifier)
  }
  t.same(await filtered('none', 'db-cluster-id', 'FINE'), ['fine'], 'an identifier is one more value of the filter for identifiers')
  await t.rejects(filtered('fine', 'engine', 'mysql'), { code: 'DBClusterNotFoundFault', message: 'DBCluster fine not found.' })
  await t.rejects(operations.FailoverDBCluster({ ...remove, TargetDBInstanceIdentifier: 'one' }, caller), { code: 'InvalidParameterValue', message: 'Cannot find target instance: one' })
  await t.rejects(operations.ModifyDBCluster({ ...remove, DBInstanceParameterGroupName: 'older' }, caller), { message: /can only be specified for a major version upgrade\.$/ })
  await t.rejects(operations.ModifyDBCluster({ ...remove, EngineMode: 'serverless' }, caller), { message: /does not change the engine mode/ })
  await t.rejects(operations.DescribeDBClusters({ MaxRecords: 5 }, caller), { message: /Must be between 20 and 100/ })
  await t.rejects(operations.DescribeDBClusters({ Marker: 'elsewhere' }, caller), { code: 'InvalidParameterValue' })
  await t.rejects(operations.CreateDBSubnetGroup({ DBSubnetGroupName: 'thin', DBSubnetGroupDescription: 'thin', SubnetIds: ['subnet-1'] }, caller), { code: 'DBSubnetGroupDoesNotCoverEnoughAZs' })
  await t.rejects(operations.CreateDBSubnetGroup({ DBSubnetGroupName: 'none', DBSubnetGroupDescription: 'none', SubnetIds: [] }, caller), { code: 'InvalidSubnet', message: 'Subnet IDs are required.' })
  const tag = async (Key: string, Value: string): Promise<unknown> => await operations.CreateDBSubnetGroup({ DBSubnetGroupName: 'tagged', DBSubnetGroupDescription: 'x', SubnetIds: ['subnet-1', 'subnet-2'], Tags: [{ Key, Value }] }, caller)
  await t.rejects(tag('aws:made', 'x'), { code: 'InvalidParameterValue', message: 'Tag keys cannot start with the reserved prefix "aws:".' })
  await t.rejects(tag('hours', 'off(M-F,18)'), { code: 'InvalidParameterValue', message: /^Tag values may only contain unicode letters/ })
  await tag('größe', 'a_b.c:d/e=f+g-h@i j')
  await t.rejects(operations.ListTagsForResource({ ResourceName: 'arn:aws:rds:us-east-1:000000000000:cluster:none' }, caller), { code: 'DBClusterNotFoundFault' })
  await t.rejects(operations.EnableHttpEndpoint({ ResourceArn: 'arn:aws:rds:us-east-1:000000000000:cluster:none' }, caller), { code: 'ResourceNotFoundFault', status: 404 })
})

t.test('Serverless v1 can be as retired as it is on AWS', async t => {
  const fixture = await startFixture({ serverlessV1: 'retired', isIdle: true })
  t.teardown(fixture.close)
  await t.rejects(fixture.rds.operations.CreateDBCluster({ ...GOOD, EngineMode: 'serverless', EngineVersion: '13.9' }, caller), {
    code: 'InvalidParameterValue', status: 400, message: 'The engine mode serverless you requested is currently unavailable.'
  })
})

t.test('versions that AWS has retired can be had where that is set, and for Serverless v1', async t => {
  const fixture = await startFixture({ retiredVersions: 'allowed', isIdle: true })
  t.teardown(fixture.close)
  const { operations } = fixture.rds
  const parameterGroup = { DBClusterParameterGroupName: 'old', DBParameterGroupFamily: 'aurora-postgresql9.6', Description: 'old' }
  await operations.CreateDBClusterParameterGroup(parameterGroup, caller)
  t.match(await operations.CreateDBCluster({ ...GOOD, EngineVersion: '9.6.12', DBClusterParameterGroupName: 'old' }, caller), { DBCluster: { EngineVersion: '9.6.12' } })
  t.match(await operations.CreateDBCluster({ ...GOOD, DBClusterIdentifier: 'first', EngineMode: 'serverless', EngineVersion: '10.7' }, caller), { DBCluster: { EngineMode: 'serverless' } })
  const instance = { DBInstanceIdentifier: 'one', DBClusterIdentifier: 'fine', DBInstanceClass: 'db.r5.large', Engine: 'aurora-postgresql' }
  t.match(await operations.CreateDBInstance(instance, caller), { DBInstance: { DBParameterGroups: [{ DBParameterGroupName: 'default.aurora-postgresql9.6' }] } })
  await t.rejects(operations.CreateDBInstance({ ...instance, DBInstanceIdentifier: 'two', DBClusterIdentifier: 'first' }, caller), { code: 'InvalidParameterValue', message: 'Instances cannot be added to Aurora Serverless clusters.' })
  await t.rejects(operations.CreateDBCluster({ ...GOOD, DBClusterIdentifier: 'never', EngineVersion: '12.99' }, caller), { message: 'Cannot find version 12.99 for aurora-postgresql' })
  const { DBEngineVersions: listed = [] } = await operations.DescribeDBEngineVersions({}, caller)
  t.notOk(listed.some(({ EngineVersion }) => EngineVersion === '15.4'))
  const { DBEngineVersions: [retired] = [] } = await operations.DescribeDBEngineVersions({ EngineVersion: '16.4', IncludeAll: true }, caller)
  t.match(retired, { Status: 'deprecated', ValidUpgradeTarget: { length: Number, 0: { EngineVersion: '16.8', IsMajorVersionUpgrade: false }, 1: { EngineVersion: '16.9' } } })
})

t.test('what tools ask for beside clusters', async t => {
  const fixture = await startFixture({ isIdle: true })
  t.teardown(fixture.close)
  const { operations } = fixture.rds
  t.strictSame(await operations.DescribeDBSnapshots({}, caller), { DBSnapshots: [] })
  await t.rejects(operations.DescribeDBSnapshots({ DBSnapshotIdentifier: 'x' }, caller), { code: 'DBSnapshotNotFound', status: 404, message: 'DBSnapshot not found: x' })
  await t.rejects(operations.DescribeReservedDBInstances({ ReservedDBInstanceId: 'x' }, caller), { code: 'ReservedDBInstanceNotFound' })

  t.match(await operations.DescribeCertificates({ CertificateIdentifier: 'rds-ca-ecc384-g1' }, caller), {
    DefaultCertificateForNewLaunches: 'rds-ca-rsa2048-g1', Certificates: [{ CertificateType: 'CA', ValidTill: new Date('2121-05-25T23:34:57Z') }]
  })
  await t.rejects(operations.DescribeCertificates({ CertificateIdentifier: 'rds-ca-2019' }, caller), { code: 'CertificateNotFound', status: 404 })
  const usualGroup = 'arn:aws:rds:us-east-1:000000000000:cluster-pg:default.aurora-postgresql17'
  t.same(await operations.ListTagsForResource({ ResourceName: usualGroup }, caller), { TagList: [] })
  await operations.CreateDBCluster(GOOD, caller)
  const role = { DBClusterIdentifier: 'fine', RoleArn: 'arn:aws:iam::000000000000:role/import' }
  await operations.AddRoleToDBCluster({ ...role, FeatureName: 's3Import' }, caller)
  await t.rejects(operations.AddRoleToDBCluster(role, caller), { code: 'DBClusterRoleAlreadyExists' })
  t.match((await operations.DescribeDBClusters({}, caller)).DBClusters, [{ AssociatedRoles: [{ RoleArn: role.RoleArn, FeatureName: 's3Import', Status: 'ACTIVE' }] }])
  await t.rejects(operations.RemoveRoleFromDBCluster({ ...role, FeatureName: 's3Export' }, caller), { code: 'DBClusterRoleNotFound' })
  await operations.RemoveRoleFromDBCluster(role, caller)
  await t.rejects(operations.RemoveRoleFromDBCluster(role, caller), { code: 'DBClusterRoleNotFound', status: 404 })

  const family = { DBParameterGroupFamily: 'aurora-postgresql17' }
  await operations.CreateDBClusterParameterGroup({ ...family, DBClusterParameterGroupName: 'own', Description: 'own' }, caller)
  await operations.ModifyDBClusterParameterGroup({ DBClusterParameterGroupName: 'own', Parameters: [{ ParameterName: 'work_mem', ParameterValue: '8192' }] }, caller)
  const target = { TargetDBClusterParameterGroupIdentifier: 'copy', TargetDBClusterParameterGroupDescription: 'a copy' }
  t.match(await operations.CopyDBClusterParameterGroup({ SourceDBClusterParameterGroupIdentifier: 'own', ...target }, caller), { DBClusterParameterGroup: { ...family, DBClusterParameterGroupName: 'copy', Description: 'a copy' } })
  t.match((await operations.DescribeDBClusterParameters({ DBClusterParameterGroupName: 'copy', Source: 'user' }, caller)).Parameters, [{ ParameterName: 'work_mem', ParameterValue: '8192' }])
  await t.rejects(operations.CopyDBClusterParameterGroup({ SourceDBClusterParameterGroupIdentifier: 'default.aurora-postgresql17', ...target }, caller), { code: 'InvalidParameterValue' })
  const defaults = await operations.DescribeEngineDefaultClusterParameters({ ...family, MaxRecords: 20 }, caller)
  t.match(defaults.EngineDefaults, { ...family, Marker: /./, Parameters: [{ Source: 'engine-default' }] })
  await t.rejects(operations.DescribeEngineDefaultParameters({ DBParameterGroupFamily: 'mysql8.0' }, caller), { code: 'InvalidParameterValue' })
})

t.test('what is in use, changing or the default stays as it is', async t => {
  const fixture = await startFixture({ isIdle: true })
  t.teardown(fixture.close)
  const { operations } = fixture.rds
  const group = { DBClusterParameterGroupName: 'own' }
  await operations.CreateDBClusterParameterGroup({ ...group, DBParameterGroupFamily: 'aurora-postgresql17', Description: 'own' }, caller)
  await operations.CreateDBSubnetGroup({ DBSubnetGroupName: 'net', DBSubnetGroupDescription: 'net', SubnetIds: ['subnet-1', 'subnet-2'] }, caller)
  await operations.CreateDBCluster({ ...GOOD, ...group, DBSubnetGroupName: 'net' }, caller)
  const instance = { DBInstanceIdentifier: 'one' }
  await operations.CreateDBInstance({ ...instance, DBClusterIdentifier: 'fine', DBInstanceClass: 'db.r6g.large', Engine: 'aurora-postgresql' }, caller)

  const refused: Array<[() => Promise<unknown>, string, string]> = [
    [async () => await operations.DeleteDBClusterParameterGroup(group, caller), 'InvalidDBParameterGroupState', 'One or more database instances are still members of this parameter group own, so the group cannot be deleted'],
    [async () => await operations.DeleteDBParameterGroup({ DBParameterGroupName: 'default.aurora-postgresql17' }, caller), 'InvalidDBParameterGroupState', 'Default DBParameterGroup cannot be deleted: default.aurora-postgresql17'],
    [async () => await operations.ModifyDBParameterGroup({ DBParameterGroupName: 'default.aurora-postgresql17', Parameters: [] }, caller), 'InvalidParameterValue', 'Cannot modify a default parameter group.'],
    [async () => await operations.DeleteDBSubnetGroup({ DBSubnetGroupName: 'net' }, caller), 'InvalidDBSubnetGroupStateFault', "Cannot delete the subnet group 'net' because at least one database cluster: fine is still using it."],
    [async () => await operations.ModifyDBInstance({ ...instance, PromotionTier: 2 }, caller), 'InvalidDBInstanceState', 'Database instance is not in available state.'],
    [async () => await operations.RebootDBInstance(instance, caller), 'InvalidDBInstanceState', 'Instance cannot currently reboot due to an in-progress management operation.'],
    [async () => await operations.StopDBInstance(instance, caller), 'InvalidParameterCombination', 'aurora-postgresql DB instances are not eligible for stopping and starting.'],
    [async () => await operations.CreateDBSnapshot({ ...instance, DBSnapshotIdentifier: 'one' }, caller), 'InvalidParameterValue', 'The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.'],
    [async () => await operations.StartDBInstance({ DBInstanceIdentifier: 'none' }, caller), 'DBInstanceNotFound', 'DBInstance none not found.']
  ]
  for (const [answer, code, message] of refused) await t.rejects(answer(), { code, message })
  await operations.DeleteDBInstance(instance, caller)
  await t.rejects(operations.DeleteDBInstance(instance, caller), { code: 'InvalidDBInstanceState', message: 'Instance one is already being deleted.' })
})

t.test('lists have pages', async t => {
  const fixture = await startFixture({ isIdle: true })
  t.teardown(fixture.close)
  const { operations } = fixture.rds
  const first = await operations.DescribeDBEngineVersions({ MaxRecords: 20 }, caller)
  const second = await operations.DescribeDBEngineVersions({ MaxRecords: 20, Marker: first.Marker }, caller)
  t.equal(first.DBEngineVersions?.length, 20)
  t.equal(second.Marker, undefined)
  const versions = [...first.DBEngineVersions ?? [], ...second.DBEngineVersions ?? []]
  t.equal(new Set(versions.map(({ EngineVersion }) => EngineVersion)).size, versions.length)
  await t.resolves(operations.DescribeOrderableDBInstanceOptions({ Engine: 'aurora-postgresql', MaxRecords: 1000 }, caller), 'as Terraform asks')
  t.match(versions.find(({ EngineVersion }) => EngineVersion === '17.7'), { ServerlessV2FeaturesSupport: { MinCapacity: 0, MaxCapacity: 256 }, SupportedEngineModes: ['provisioned'] })
  t.match(versions.find(({ EngineVersion }) => EngineVersion === '13.9'), { ServerlessV2FeaturesSupport: { MinCapacity: 0.5, MaxCapacity: 128 }, SupportedEngineModes: ['provisioned', 'serverless'] })
})
