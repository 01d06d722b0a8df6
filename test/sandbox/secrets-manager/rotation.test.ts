import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ModifyDBClusterCommand, CreateDBClusterCommand, DescribeDBClustersCommand, RDSClient } from '@aws-sdk/client-rds'
import { GetSecretValueCommand, RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import t from 'tap'
import { AwsError, type Caller } from '../../../sandbox/aws.js'
import { createSecretsManager } from '../../../sandbox/secrets-manager/secrets-manager.js'
import { openStore } from '../../../sandbox/store.js'
import { openSandbox } from '../../helpers/sandbox.js'
import { createMovableClock } from '../rds/movable-clock.js'

const caller: Caller = { region: 'us-east-1', account: '000000000000', requestId: 'request' }
const owned = { Name: 'rds!cluster-1', Tags: [{ Key: 'aws:secretsmanager:owningService', Value: 'rds' }] }
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

t.test('a managed secret is rotated by its owner when it is asked for, and every seven days', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'))
  const store = openStore(directory)
  const clock = createMovableClock()
  const { operations, operationsOfOwner, rotateBy, start, close } = createSecretsManager({ store, clock })
  t.teardown(async () => {
    await close()
    store.close()
    rmSync(directory, { recursive: true })
  })
  await operationsOfOwner.CreateSecret({ ...owned, SecretString: 'first' }, caller)
  const value = async (): Promise<string | undefined> => (await operations.GetSecretValue({ SecretId: 'rds!cluster-1' }, caller)).SecretString

  let rotations = 0
  rotateBy('rds', async (arn, from) => {
    rotations += 1
    await operationsOfOwner.PutSecretValue({ SecretId: arn, SecretString: `rotated ${rotations}` }, from)
  })
  const { VersionId } = await operations.RotateSecret({ SecretId: 'rds!cluster-1' }, caller)
  t.equal((await operations.GetSecretValue({ SecretId: 'rds!cluster-1' }, caller)).VersionId, VersionId)
  const managed = { name: 'AwsError', code: 'InvalidRequestException', message: 'The secret is managed by another service, and you must use that service to update it.' }
  await t.rejects(operations.PutSecretValue({ SecretId: 'rds!cluster-1', SecretString: 'mine' }, caller), managed)
  await t.rejects(operations.UpdateSecret({ SecretId: 'rds!cluster-1', Description: 'mine' }, caller), managed)
  await t.rejects(operations.DeleteSecret({ SecretId: 'rds!cluster-1', ForceDeleteWithoutRecovery: true }, caller), managed)
  t.equal(await value(), 'rotated 1', 'only its owner changes it')
  const due = clock.now() + 7 * DAY_MS
  t.match(await operations.DescribeSecret({ SecretId: 'rds!cluster-1' }, caller), { RotationEnabled: true, LastRotatedDate: new Date(clock.now()), NextRotationDate: new Date(due) })

  start()
  await clock.whenAsleepFor(HOUR_MS)
  clock.move(7 * DAY_MS - 1)
  await clock.whenAsleepFor(HOUR_MS)
  t.equal(await value(), 'rotated 1')
  clock.move(HOUR_MS)
  await clock.whenAsleepFor(HOUR_MS)
  t.equal(await value(), 'rotated 2')

  await operations.RotateSecret({ SecretId: 'rds!cluster-1', RotateImmediately: false, RotationRules: { AutomaticallyAfterDays: 1 } }, caller)
  t.equal(await value(), 'rotated 2', 'not at once')
  t.match(await operations.DescribeSecret({ SecretId: 'rds!cluster-1' }, caller), { RotationRules: { AutomaticallyAfterDays: 1 }, NextRotationDate: new Date(clock.now() + DAY_MS) })
  clock.move(DAY_MS)
  await clock.whenAsleepFor(HOUR_MS)
  t.equal(await value(), 'rotated 3')
  for (const RotationRules of [{ AutomaticallyAfterDays: 1001 }, { ScheduleExpression: 'cron(0 * * * ? *)' }, { ScheduleExpression: 'rate(3 hours)' }]) {
    await t.rejects(operations.RotateSecret({ SecretId: 'rds!cluster-1', RotationRules }, caller), { code: 'InvalidParameterException' })
  }
  t.equal(await value(), 'rotated 3')

  await operations.CancelRotateSecret({ SecretId: 'rds!cluster-1' }, caller)
  t.match(await operations.DescribeSecret({ SecretId: 'rds!cluster-1' }, caller), { RotationEnabled: false, NextRotationDate: undefined })
  clock.move(30 * DAY_MS)
  await clock.whenAsleepFor(HOUR_MS)
  t.equal(await value(), 'rotated 3', 'what is cancelled is due no more')
  await operations.RotateSecret({ SecretId: 'rds!cluster-1' }, caller)
  t.match(await operations.DescribeSecret({ SecretId: 'rds!cluster-1' }, caller), { RotationEnabled: true, NextRotationDate: new Date(clock.now() + DAY_MS) })

  clock.move(4 * HOUR_MS)
  const RotationRules = { ScheduleExpression: 'cron(0 0/4 * * ? *)', Duration: '2h' }
  await operations.RotateSecret({ SecretId: 'rds!cluster-1', RotateImmediately: false, RotationRules }, caller)
  const { NextRotationDate: next, RotationRules: shown } = await operations.DescribeSecret({ SecretId: 'rds!cluster-1' }, caller)
  t.equal(next?.getTime(), (Math.floor(clock.now() / (4 * HOUR_MS)) + 1) * 4 * HOUR_MS, 'a calendar counts from when it was set')
  t.same(shown, { ...RotationRules, AutomaticallyAfterDays: 1 })
})

t.test('who cannot be rotated', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'))
  const store = openStore(directory)
  t.teardown(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  const { operations, operationsOfOwner, rotateBy } = createSecretsManager({ store, clock: createMovableClock() })
  await operations.CreateSecret({ Name: 'mine', SecretString: 'x' }, caller)
  await operationsOfOwner.CreateSecret({ ...owned, SecretString: 'x' }, caller)
  rotateBy('rds', async () => { throw new AwsError('InvalidDBClusterStateFault', 'DB Cluster is not in available state.') })
  await t.rejects(operations.RotateSecret({ SecretId: 'mine' }, caller), { code: 'InvalidRequestException', message: 'No Lambda rotation function ARN is associated with this secret.' })
  await t.rejects(operations.RotateSecret({ SecretId: 'mine', RotationLambdaARN: 'arn:aws:lambda:us-east-1:000000000000:function:a' }, caller), { code: 'InvalidParameterException', message: /no Lambda functions/ })
  await t.rejects(operations.RotateSecret({ SecretId: 'rds!cluster-1' }, caller), { code: 'InvalidRequestException', message: 'DB Cluster is not in available state.' })
  t.notOk((await operations.DescribeSecret({ SecretId: 'rds!cluster-1' }, caller)).LastRotatedDate)
  t.match(await operations.CancelRotateSecret({ SecretId: 'mine' }, caller), { Name: 'mine' }, 'nor is there anything to cancel')
})

t.test('the master password of a cluster is rotated from either side', async t => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rotation-'))
  const sandbox = await openSandbox(t, { dataDir })
  const [rds, secrets] = [new RDSClient(sandbox.clientConfig()), new SecretsManagerClient(sandbox.clientConfig())]
  const made = await rds.send(new CreateDBClusterCommand({ DBClusterIdentifier: 'orders', Engine: 'aurora-postgresql', MasterUsername: 'ada', ManageMasterUserPassword: true }))
  const SecretId = made.DBCluster?.MasterUserSecret?.SecretArn
  const password = async (): Promise<string | undefined> => (await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString
  const settled = async (DBClusterIdentifier = 'orders'): Promise<void> => {
    while ((await rds.send(new DescribeDBClustersCommand({ DBClusterIdentifier }))).DBClusters?.[0]?.Status !== 'available');
  }
  await settled()
  const first = await password()
  await secrets.send(new RotateSecretCommand({ SecretId }))
  const second = await password()
  await settled()
  await rds.send(new ModifyDBClusterCommand({ DBClusterIdentifier: 'orders', NewDBClusterIdentifier: 'purchases', ApplyImmediately: true }))
  await settled('purchases')
  await secrets.send(new RotateSecretCommand({ SecretId }))
  const renamed = await password()
  await settled('purchases')
  await rds.send(new ModifyDBClusterCommand({ DBClusterIdentifier: 'purchases', RotateMasterUserPassword: true, ApplyImmediately: true }))
  const third = await password()
  t.equal(new Set([first, second, renamed, third]).size, 4)
  const lines = readFileSync(join(dataDir, 'journal.jsonl'), 'utf8').split('\n').filter(line => line.includes(JSON.stringify(third).slice(1, -1)))
  t.equal(lines.length, 1)
  t.match(lines[0], /resetting-master-credentials/, 'a sandbox that is killed there knows of both, the new password and that the server is to learn it, or of neither')
  t.notMatch(sandbox.logged.join('\n'), (JSON.parse(second ?? '{}') as { password: string }).password)
})
