import t from 'tap'
import { ask, caller, PASSWORD, startFixture } from './fixture.js'

const fixture = await startFixture()
t.teardown(fixture.close)
const { operations, whenSettled, databaseOf } = fixture.rds

t.test('a cluster from its creation to its deletion', async t => {
  const { DBCluster: created } = await operations.CreateDBCluster({
    DBClusterIdentifier: 'Acme-Orders',
    Engine: 'aurora-postgresql',
    EngineVersion: '17.7',
    MasterUsername: 'keeper',
    MasterUserPassword: PASSWORD,
    DatabaseName: 'temporal',
    EnableHttpEndpoint: true,
    StorageEncrypted: true,
    ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 4, SecondsUntilAutoPause: 600 },
    Tags: [{ Key: 'client', Value: 'acme' }]
  }, caller)
  t.match(created, {
    DBClusterIdentifier: 'acme-orders',
    DBClusterArn: 'arn:aws:rds:us-east-1:000000000000:cluster:acme-orders',
    Status: 'creating',
    EngineMode: 'provisioned',
    EngineVersion: '17.7',
    HttpEndpointEnabled: true,
    ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 4, SecondsUntilAutoPause: 600 },
    TagList: [{ Key: 'client', Value: 'acme' }]
  })
  await whenSettled('cluster', 'acme-orders', caller)
  t.equal((await fixture.describe('ACME-Orders')).Status, 'available')
  await t.rejects(ask(await fixture.describe('acme-orders'), 'SELECT 1'), 'without an instance there is nobody to answer')

  await operations.CreateDBInstance({ DBInstanceIdentifier: 'Writer', DBClusterIdentifier: 'acme-orders', DBInstanceClass: 'db.serverless', Engine: 'aurora-postgresql' }, caller)
  await whenSettled('instance', 'writer', caller)
  const cluster = await fixture.describe(created?.DBClusterArn ?? '')
  t.match(cluster.DBClusterMembers, [{ DBInstanceIdentifier: 'writer', IsClusterWriter: true }])
  const { DBInstances: [writer] = [] } = await operations.DescribeDBInstances({ Filters: [{ Name: 'db-cluster-id', Values: ['acme-orders'] }] }, caller)
  t.match(writer, { DBInstanceStatus: 'available', Endpoint: { Address: cluster.Endpoint, Port: cluster.Port } })

  t.equal(writer?.PerformanceInsightsEnabled, false)
  await operations.ModifyDBInstance({ DBInstanceIdentifier: 'writer', EnablePerformanceInsights: true, ApplyImmediately: true }, caller)
  await whenSettled('instance', 'writer', caller)
  const { DBInstance: unseen } = await operations.ModifyDBInstance({ DBInstanceIdentifier: 'writer', EnablePerformanceInsights: false }, caller)
  t.match(unseen, { PerformanceInsightsEnabled: false, PerformanceInsightsRetentionPeriod: 7, PerformanceInsightsKMSKeyId: /^arn:aws:kms:us-east-1:/ })
  await whenSettled('instance', 'writer', caller)

  t.same(await ask(cluster, 'SELECT current_user, current_database(), usesuper FROM pg_user WHERE usename = current_user'), [['keeper', 'temporal', false]])
  t.same(await ask(cluster, "SELECT count(*)::int FROM pg_database WHERE datname = 'postgres'", { database: 'postgres' }), [[1]])
  await t.rejects(ask(cluster, 'SELECT 1', { password: 'wrong-password' }), { code: '28P01' })
  await ask(cluster, 'CREATE ROLE app LOGIN')
  await ask(cluster, 'GRANT rds_iam, rds_replication TO app')
  await ask(cluster, 'CREATE EXTENSION pg_stat_statements; CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw')
  t.ok((await ask(cluster, 'SELECT query FROM pg_stat_statements')).length > 0, 'statistics of statements are kept from the start')
  await t.rejects(ask(cluster, 'CREATE EXTENSION file_fdw'), { code: '42501' }, 'what Aurora has not is for superusers')
  await ask(cluster, 'CREATE DATABASE another')

  await t.rejects(operations.DeleteDBCluster({ DBClusterIdentifier: 'acme-orders', SkipFinalSnapshot: true }, caller), {
    code: 'InvalidDBClusterStateFault', message: 'Cluster cannot be deleted, it still contains DB instances in non-deleting state.'
  })
  await operations.DeleteDBInstance({ DBInstanceIdentifier: 'writer' }, caller)
  await operations.DeleteDBCluster({ DBClusterIdentifier: 'acme-orders', SkipFinalSnapshot: true }, caller)
  await whenSettled('cluster', 'acme-orders', caller)
  await t.rejects(fixture.describe('acme-orders'), { code: 'DBClusterNotFoundFault', message: 'DBCluster acme-orders not found.', status: 404 })
  await t.rejects(ask(cluster, 'SELECT 1'), { code: 'ECONNREFUSED' })
})

t.test('a stopped cluster takes no connections until it is started', async t => {
  const cluster = await fixture.makeCluster('stopped')
  await operations.StopDBCluster({ DBClusterIdentifier: 'stopped' }, caller)
  await whenSettled('cluster', 'stopped', caller)
  t.equal((await fixture.describe('stopped')).Status, 'stopped')
  t.match(databaseOf(cluster.DBClusterArn ?? '', caller), { state: 'unavailable', status: 'stopped', writer: {} })
  await t.rejects(ask(cluster, 'SELECT 1'))
  await t.rejects(operations.DeleteDBCluster({ DBClusterIdentifier: 'stopped', SkipFinalSnapshot: true }, caller), { code: 'InvalidDBClusterStateFault', message: 'Db cluster stopped is in stopped state' })
  await operations.StartDBCluster({ DBClusterIdentifier: 'stopped' }, caller)
  await whenSettled('cluster', 'stopped', caller)
  t.same(await ask(cluster, 'SELECT 1'), [[1]])
})

t.test('a changed master password is the one that opens', async t => {
  await operations.CreateDBClusterParameterGroup({ DBClusterParameterGroupName: 'own', DBParameterGroupFamily: 'aurora-postgresql16', Description: 'own' }, caller)
  const cluster = await fixture.makeCluster('renewed', { EngineVersion: '16.8', DBClusterParameterGroupName: 'own' })
  await operations.ModifyDBCluster({ DBClusterIdentifier: 'renewed', MasterUserPassword: 'battery-staple', ApplyImmediately: true }, caller)
  await whenSettled('cluster', 'renewed', caller)
  await t.rejects(ask(cluster, 'SELECT 1'), { code: '28P01' })
  t.same(await ask(cluster, 'SELECT 1', { password: 'battery-staple' }), [[1]])
})

t.test('a new major version, where the same PostgreSQL runs it: the data stays, and groups are those of the new family', async t => {
  const { DBEngineVersions: [version] = [] } = await operations.DescribeDBEngineVersions({ EngineVersion: '16.8' }, caller)
  const [minor] = version?.ValidUpgradeTarget?.filter(({ IsMajorVersionUpgrade }) => !IsMajorVersionUpgrade) ?? []
  const target = version?.ValidUpgradeTarget?.findLast(({ IsMajorVersionUpgrade }) => IsMajorVersionUpgrade)
  const upgrade = async (EngineVersion: string | undefined, more: object = {}): Promise<unknown> =>
    await operations.ModifyDBCluster({ DBClusterIdentifier: 'renewed', EngineVersion, ApplyImmediately: true, ...more }, caller)
  await t.rejects(upgrade('17.7'), { code: 'InvalidParameterCombination', message: 'The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.' })
  await t.rejects(upgrade(minor?.EngineVersion, { DBInstanceParameterGroupName: 'default.aurora-postgresql16' }), { code: 'InvalidParameterCombination', message: /db-instance-parameter-group-name can only be specified for a major/ })
  if (!target?.EngineVersion) {
    t.comment('SKIPPED: a PostgreSQL of every later major is installed here')
    await t.rejects(upgrade('17.7', { AllowMajorVersionUpgrade: true }), { message: /no pg_upgrade/ })
    return
  }
  const family = `default.aurora-postgresql${target.EngineVersion.split('.')[0]}`
  const groups = { DBClusterParameterGroupName: family, DBInstanceParameterGroupName: family }
  await operations.CreateDBParameterGroup({ DBParameterGroupName: 'own', DBParameterGroupFamily: 'aurora-postgresql16', Description: 'own' }, caller)
  await operations.ModifyDBInstance({ DBInstanceIdentifier: 'renewed-1', DBParameterGroupName: 'own' }, caller)
  await whenSettled('instance', 'renewed-1', caller)
  for (const [kind, kept] of [['DB cluster', 'DBClusterParameterGroupName'], ['DB instance', 'DBInstanceParameterGroupName']]) {
    await t.rejects(upgrade(target.EngineVersion, { AllowMajorVersionUpgrade: true, ...groups, [kept ?? '']: undefined }), {
      code: 'InvalidParameterCombination',
      message: `The current ${kind} parameter group own is custom. You must explicitly specify a new ${kind} parameter group, either default or custom, for the engine version upgrade.`
    })
  }
  await ask(await fixture.describe('renewed'), 'CREATE TABLE kept AS SELECT 7 AS id', { password: 'battery-staple' })
  await operations.CreateDBClusterSnapshot({ DBClusterIdentifier: 'renewed', DBClusterSnapshotIdentifier: 'before' }, caller)
  await whenSettled('cluster', 'renewed', caller)
  t.match(await upgrade(target.EngineVersion, { AllowMajorVersionUpgrade: true, ...groups }), { DBCluster: { Status: 'upgrading' } })
  await whenSettled('cluster', 'renewed', caller)
  const upgraded = await fixture.describe('renewed')
  t.match(upgraded, { Status: 'available', EngineVersion: target.EngineVersion, DBClusterParameterGroup: family })
  t.match((await operations.DescribeDBInstances({ DBInstanceIdentifier: 'renewed-1' }, caller)).DBInstances, [{ EngineVersion: target.EngineVersion, DBParameterGroups: [{ DBParameterGroupName: family }] }])
  t.same(await ask(upgraded, 'SELECT id FROM kept', { password: 'battery-staple' }), [[7]])
  await t.rejects(upgrade('16.8'), { code: 'InvalidParameterCombination', message: /^Cannot upgrade/ })
  const restored = { DBClusterIdentifier: 'restored', SnapshotIdentifier: 'before', Engine: 'aurora-postgresql' }
  await t.rejects(operations.RestoreDBClusterFromSnapshot({ ...restored, EngineVersion: '15.18' }, caller), { message: 'The engine version you requested for your restored DB cluster (15.18) is earlier than the engine version of the DB cluster snapshot (16.8).' })
  const { EngineVersion } = target
  t.match(await operations.RestoreDBClusterFromSnapshot({ ...restored, EngineVersion }, caller), { DBCluster: { EngineVersion } })
  await whenSettled('cluster', 'restored', caller)
})

t.test('a managed master password is in a secret that comes and goes with the cluster', async t => {
  const cluster = await fixture.makeCluster('managed', { MasterUserPassword: undefined, ManageMasterUserPassword: true })
  const secretArn = cluster.MasterUserSecret?.SecretArn ?? ''
  t.match(secretArn, /:secret:rds!cluster-[-0-9a-f]+-\w{6}$/)
  const read = async (): Promise<{ username: string, password: string }> => {
    const { SecretString = '' } = await fixture.secrets.operations.GetSecretValue({ SecretId: secretArn }, caller)
    return JSON.parse(SecretString) as { username: string, password: string }
  }
  const before = await read()
  t.same(await ask(cluster, 'SELECT 1', { password: before.password }), [[1]])

  t.equal(cluster.MasterUserSecret?.SecretStatus, 'active')
  const { DBCluster: rotating } = await operations.ModifyDBCluster({ DBClusterIdentifier: 'managed', RotateMasterUserPassword: true, ApplyImmediately: true }, caller)
  t.match(rotating, { Status: 'resetting-master-credentials', MasterUserSecret: { SecretArn: secretArn, SecretStatus: 'rotating' } })
  await whenSettled('cluster', 'managed', caller)
  t.equal((await fixture.describe('managed')).MasterUserSecret?.SecretStatus, 'active')
  t.same(await ask(cluster, 'SELECT 1', { password: (await read()).password }), [[1]])
  await t.rejects(ask(cluster, 'SELECT 1', { password: before.password }), { code: '28P01' })

  const rotated = await read()
  for (const refused of [{ Port: 80 }, { NewDBClusterIdentifier: 'renewed' }]) {
    await t.rejects(operations.ModifyDBCluster({ DBClusterIdentifier: 'managed', RotateMasterUserPassword: true, ApplyImmediately: true, ...refused }, caller), { name: 'AwsError' })
  }
  t.same(await read(), rotated, 'a change that is refused leaves the secret as the server knows it')

  const change = async (more: object): Promise<void> => {
    await operations.ModifyDBCluster({ DBClusterIdentifier: 'managed', ...more }, caller)
    await whenSettled('cluster', 'managed', caller)
  }
  await t.rejects(change({ ManageMasterUserPassword: false }), { code: 'InvalidParameterCombination', message: 'MasterUserPassword must be provided when ManageMasterUserPassword is set to false.' })
  await change({ ManageMasterUserPassword: false, MasterUserPassword: 'battery-staple' })
  t.same(await ask(cluster, 'SELECT 1', { password: 'battery-staple' }), [[1]])
  await t.rejects(read(), { code: 'ResourceNotFoundException' })
  await t.rejects(change({ ManageMasterUserPassword: false, MasterUserPassword: 'battery-staple' }), { code: 'InvalidParameterCombination', message: /not currently managed by RDS/ })
  await change({ ManageMasterUserPassword: true })

  await operations.DeleteDBInstance({ DBInstanceIdentifier: 'managed-1' }, caller)
  await operations.DeleteDBCluster({ DBClusterIdentifier: 'managed', SkipFinalSnapshot: true }, caller)
  await whenSettled('cluster', 'managed', caller)
  await t.rejects(read(), { code: 'ResourceNotFoundException' })
})

t.test('parameters of a cluster parameter group reach the server', async t => {
  const group = { DBClusterParameterGroupName: 'tuning' }
  await operations.CreateDBClusterParameterGroup({ ...group, DBParameterGroupFamily: 'aurora-postgresql17', Description: 'tuned' }, caller)
  const set = async (name: string, value: string): Promise<unknown> => await operations.ModifyDBClusterParameterGroup({ ...group, Parameters: [{ ParameterName: name, ParameterValue: value, ApplyMethod: 'immediate' }] }, caller)
  await set('idle_session_timeout', '60000')
  const cluster = await fixture.makeCluster('tuned', group)
  t.same(await ask(cluster, 'SHOW idle_session_timeout'), [['1min']])

  await t.rejects(set('log_min_error', '1'), { code: 'InvalidParameterValue', message: 'Could not find parameter with name: log_min_error' })
  await t.rejects(set('statement_timeout', 'soon'), { code: 'InvalidParameterValue' })
  await t.rejects(set('max_prepared_transactions', '5'), { code: 'InvalidParameterCombination', message: 'cannot use immediate apply method for static parameter' })
  await set('archive_command', 'touch /tmp/never')
  await set('work_mem', 'GREATEST({DBInstanceClassMemory/1024},8192)')
  t.same(await ask(cluster, 'SHOW work_mem'), [['4MB']], 'a formula needs an instance class')
  t.same(await ask(cluster, 'SHOW archive_mode'), [['off']])

  await operations.ModifyDBClusterParameterGroup({ ...group, Parameters: [{ ParameterName: 'max_prepared_transactions', ParameterValue: '5', ApplyMethod: 'pending-reboot' }, { ParameterName: 'max_connections', ParameterValue: '77', ApplyMethod: 'pending-reboot' }] }, caller)
  t.match((await fixture.describe('tuned')).DBClusterMembers, [{ DBClusterParameterGroupStatus: 'pending-reboot' }])
  await operations.RebootDBInstance({ DBInstanceIdentifier: 'tuned-1' }, caller)
  await fixture.rds.whenSettled('instance', 'tuned-1', caller)
  t.same(await ask(cluster, 'SHOW max_prepared_transactions'), [['5']])
  t.same(await ask(cluster, 'SHOW max_connections'), [['77']])
  t.match((await fixture.describe('tuned')).DBClusterMembers, [{ DBClusterParameterGroupStatus: 'in-sync' }])
})
