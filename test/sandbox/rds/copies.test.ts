import type { DBCluster } from '@aws-sdk/client-rds'
import t from 'tap'
import { addWriter, ask, caller, type Fixture, startFixture } from './fixture.js'

const namesIn = async (cluster: DBCluster): Promise<unknown[]> => (await ask(cluster, 'SELECT name FROM guests ORDER BY name')).flat()

const settle = async ({ rds, describe }: Fixture, id: string): Promise<DBCluster> => {
  await rds.whenSettled('cluster', id, caller)
  await addWriter(rds, id)
  return await describe(id)
}

const fixture = await startFixture()
t.teardown(fixture.close)

t.test('clones and restores are copies of the data', async t => {
  const { operations } = fixture.rds
  const source = await fixture.makeCluster('source')
  await ask(source, "CREATE TABLE guests AS SELECT 'ada' AS name")
  await ask(source, "INSERT INTO guests VALUES ('grace')")
  const [[now]] = await ask(source, 'SELECT clock_timestamp()') as [[Date]]
  await ask(source, "INSERT INTO guests VALUES ('joan')")

  await operations.RestoreDBClusterToPointInTime({ DBClusterIdentifier: 'clone', SourceDBClusterIdentifier: 'source', RestoreType: 'copy-on-write', UseLatestRestorableTime: true }, caller)
  await operations.RestoreDBClusterToPointInTime({ DBClusterIdentifier: 'as-it-was', SourceDBClusterIdentifier: 'source', RestoreToTime: new Date(now.getTime() + 1) }, caller)

  const clone = await settle(fixture, 'clone')
  t.same(await namesIn(clone), ['ada', 'grace', 'joan'])
  t.equal(clone.CloneGroupId, (await fixture.describe('source')).CloneGroupId)
  t.same(await namesIn(await settle(fixture, 'as-it-was')), ['ada', 'grace'])

  await ask(clone, "INSERT INTO guests VALUES ('mary')")
  t.same(await namesIn(source), ['ada', 'grace', 'joan'], 'a copy is on its own')

  await operations.RestoreDBClusterToPointInTime({ DBClusterIdentifier: 'of-clone', SourceDBClusterIdentifier: 'clone', RestoreToTime: new Date() }, caller)
  t.same(await namesIn(await settle(fixture, 'of-clone')), ['ada', 'grace', 'joan', 'mary'], 'and has a past of its own')
  await t.rejects(operations.RestoreDBClusterToPointInTime({ DBClusterIdentifier: 'too-early', SourceDBClusterIdentifier: 'source', RestoreToTime: new Date(0) }, caller), { code: 'InvalidRestoreFault' })
})

t.test('snapshots outlive their cluster', async t => {
  const { operations, whenSettled } = fixture.rds
  const lastWords = `last-words-${'of-a-stack-'.repeat(20)}end`
  const source = await fixture.makeCluster('gone', { CopyTagsToSnapshot: true, EnableIAMDatabaseAuthentication: true, Tags: [{ Key: 'client', Value: 'acme' }] })
  await ask(source, "CREATE TABLE guests AS SELECT 'ada' AS name")
  const { DBClusterSnapshot: taken } = await operations.CreateDBClusterSnapshot({ DBClusterIdentifier: 'gone', DBClusterSnapshotIdentifier: 'first-words' }, caller)
  t.equal(taken?.Status, 'creating')
  await whenSettled('cluster', 'gone', caller)
  t.equal((await fixture.describe('gone')).Status, 'available')
  await operations.DeleteDBInstance({ DBInstanceIdentifier: 'gone-1' }, caller)
  await operations.DeleteDBCluster({ DBClusterIdentifier: 'gone', FinalDBSnapshotIdentifier: lastWords }, caller)
  await whenSettled('cluster', 'gone', caller)

  const rds = await fixture.restart()
  const { DBClusterSnapshots: snapshots } = await rds.operations.DescribeDBClusterSnapshots({ DBClusterIdentifier: 'gone' }, caller)
  t.match(snapshots, [{ DBClusterSnapshotIdentifier: 'first-words', Status: 'available' }, { DBClusterSnapshotIdentifier: lastWords, Status: 'available', TagList: [{ Key: 'client', Value: 'acme' }] }])
  const Tags = [{ Key: 'copy', Value: 'yes' }]
  const toCopy = { SourceDBClusterSnapshotIdentifier: lastWords, TargetDBClusterSnapshotIdentifier: 'copied', KmsKeyId: 'key', CopyTags: true, Tags }
  const { DBClusterSnapshot: copied } = await rds.operations.CopyDBClusterSnapshot(toCopy, caller)
  t.match(copied, { StorageEncrypted: true, KmsKeyId: 'key' })
  t.same(copied?.TagList, Tags, 'tags that are given are the only ones')
  await rds.operations.DeleteDBClusterSnapshot({ DBClusterSnapshotIdentifier: 'copied' }, caller)
  const copies = ['again', 'and-again', 'and-once-more']
  await Promise.all(copies.map(async name => await rds.operations.RestoreDBClusterFromSnapshot({
    DBClusterIdentifier: name, SnapshotIdentifier: lastWords, Engine: 'aurora-postgresql', ServerlessV2ScalingConfiguration: { MinCapacity: 1, MaxCapacity: 1 }
  }, caller)))
  t.equal((await fixture.describe('again')).IAMDatabaseAuthenticationEnabled, false)
  for (const name of copies) t.same(await namesIn(await settle(fixture, name)), ['ada'], 'however many are made of it at once')
  await rds.operations.DeleteDBClusterSnapshot({ DBClusterSnapshotIdentifier: lastWords }, caller)
  t.equal((await rds.operations.DescribeDBClusterSnapshots({ DBClusterIdentifier: 'gone' }, caller)).DBClusterSnapshots?.length, 1)
})
