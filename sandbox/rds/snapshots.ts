import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import { NO_SNAPSHOT, pickGiven, type RdsContext, requireStatus } from './context.js'
import { arnOf, newResourceId, readIdentifier, standInId } from './names.js'
import { type Filterable, listed, select } from './paging.js'
import type { ClusterRecord, SnapshotRecord } from './records.js'
import { addTags } from './tags.js'

const FILTERABLE: Filterable<SnapshotRecord> = {
  'db-cluster-snapshot-id': ({ facts }) => [facts.DBClusterSnapshotIdentifier, facts.DBClusterSnapshotArn],
  'db-cluster-id': ({ region, facts }) => [facts.DBClusterIdentifier, arnOf(region, 'cluster', facts.DBClusterIdentifier ?? '')],
  'db-cluster-resource-id': ({ facts }) => [facts.DbClusterResourceId],
  'snapshot-type': ({ facts }) => [facts.SnapshotType],
  engine: ({ facts }) => [facts.Engine]
}

/** What a snapshot has of the cluster that it is taken of. */
const OF_CLUSTER = [
  'AvailabilityZones', 'DBClusterIdentifier', 'DbClusterResourceId', 'Engine', 'EngineMode', 'EngineVersion', 'IAMDatabaseAuthenticationEnabled',
  'KmsKeyId', 'MasterUsername', 'StorageEncrypted', 'StorageType'
] as const

export function createSnapshotOperations (context: RdsContext) {
  const { records, together, postgres } = context
  return {
    CreateDBClusterSnapshot: async (input, { region }) => {
      const name = readIdentifier('DBClusterSnapshotIdentifier', input.DBClusterSnapshotIdentifier)
      const cluster = records.clusters.require(input.DBClusterIdentifier, region)
      requireStatus(cluster, NO_SNAPSHOT, ['available', 'stopped'])
      records.snapshots.requireRoom(name, region)
      const { snapshot, backingUp } = together(() => ({
        snapshot: addSnapshot(context, cluster, name, input.Tags),
        backingUp: records.clusters.change(cluster, { Status: 'backing-up' })
      }))
      beginSnapshot(context, backingUp, snapshot, cluster.facts.Status)
      return { DBClusterSnapshot: showSnapshot(snapshot) }
    },

    DescribeDBClusterSnapshots: async (input, { region }) => {
      const members = { 'db-cluster-id': input.DBClusterIdentifier, 'snapshot-type': input.SnapshotType, 'db-cluster-resource-id': input.DbClusterResourceId }
      const asFilters = Object.entries(members).flatMap(([Name, value]) => value ? [{ Name, Values: [value] }] : [])
      const request = { ...input, Filters: [...input.Filters ?? [], ...asFilters] }
      return listed('DBClusterSnapshots', select(records.snapshots, input.DBClusterSnapshotIdentifier, request, FILTERABLE, region), showSnapshot)
    },

    CopyDBClusterSnapshot: async (input, { region }) => {
      const source = records.snapshots.require(input.SourceDBClusterSnapshotIdentifier, region)
      const name = readIdentifier('TargetDBClusterSnapshotIdentifier', input.TargetDBClusterSnapshotIdentifier)
      records.snapshots.requireRoom(name, region)
      const copy: SnapshotRecord = {
        ...source,
        dataId: newResourceId('snapshot'),
        facts: {
          ...source.facts,
          DBClusterSnapshotIdentifier: name,
          DBClusterSnapshotArn: arnOf(region, 'cluster-snapshot', name),
          SourceDBClusterSnapshotArn: source.facts.DBClusterSnapshotArn,
          ...(input.KmsKeyId ? { StorageEncrypted: true, KmsKeyId: input.KmsKeyId } : {}),
          TagList: copiedTags(input.CopyTags, source.facts.TagList, input.Tags)
        }
      }
      await postgres.data.copy(source.dataId, copy.dataId)
      records.snapshots.put(copy)
      return { DBClusterSnapshot: showSnapshot(copy) }
    },

    DeleteDBClusterSnapshot: async (input, { region }) => {
      const snapshot = records.snapshots.require(input.DBClusterSnapshotIdentifier, region)
      requireAvailable(snapshot)
      records.snapshots.delete(snapshot)
      await postgres.data.remove(snapshot.dataId)
      return { DBClusterSnapshot: { ...showSnapshot(snapshot), Status: 'deleted' } }
    },

    DescribeDBClusterSnapshotAttributes: async (input, { region }) => {
      const { facts } = records.snapshots.require(input.DBClusterSnapshotIdentifier, region)
      return { DBClusterSnapshotAttributesResult: { DBClusterSnapshotIdentifier: facts.DBClusterSnapshotIdentifier, DBClusterSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: [] }] } }
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** Takes the snapshot and gives the cluster back the status it had; also what a start does with an unfinished one. */
export function beginSnapshot (context: RdsContext, cluster: ClusterRecord, snapshot: SnapshotRecord, statusAfter: string): void {
  const release = (): void => { context.records.clusters.change(cluster, { Status: statusAfter }) }
  context.jobs.run(cluster.facts.DbClusterResourceId, async () => { await fillSnapshot(context, snapshot, release) }, () => {
    context.together(() => {
      context.records.snapshots.put({ ...snapshot, facts: { ...snapshot.facts, Status: 'failed' } })
      release()
    })
  })
}

/** Throws AWS's refusal of a snapshot that is not all there. */
export function requireAvailable ({ facts: { DBClusterSnapshotIdentifier: name, Status: status } }: SnapshotRecord): void {
  if (status !== 'available') throw new AwsError('InvalidDBClusterSnapshotStateFault', `DBClusterSnapshot ${name} is in ${status} state.`)
}

function showSnapshot (snapshot: SnapshotRecord): Rds.DBClusterSnapshot {
  return { ...snapshot.facts, SnapshotCreateTime: new Date(snapshot.createdMs), ClusterCreateTime: new Date(snapshot.clusterCreatedMs) }
}

/** Whoever gives tags gets those alone (RDS User Guide, "Copying tags to DB snapshots"). */
function copiedTags (isCopying: boolean | undefined, from: Rds.Tag[] | undefined, given: Rds.Tag[] | undefined): Rds.Tag[] {
  return addTags([], given?.length || !isCopying ? given : from)
}

/** Puts the record of a snapshot that is yet to be taken. */
function addSnapshot ({ records, clock }: RdsContext, cluster: ClusterRecord, name: string, tags: Rds.Tag[] = []): SnapshotRecord {
  const { region, facts } = cluster
  const now = clock.now()
  const snapshot: SnapshotRecord = {
    region,
    dataId: newResourceId('snapshot'),
    createdMs: now,
    statusMs: now,
    clusterCreatedMs: cluster.createdMs,
    cluster: facts,
    facts: {
      ...pickGiven(facts, OF_CLUSTER),
      DBClusterSnapshotIdentifier: name,
      DBClusterSnapshotArn: arnOf(region, 'cluster-snapshot', name),
      AllocatedStorage: 0,
      Status: 'creating',
      Port: 0,
      VpcId: standInId('vpc', region),
      LicenseModel: 'postgresql-license',
      SnapshotType: 'manual',
      PercentProgress: 0,
      TagList: copiedTags(facts.CopyTagsToSnapshot, facts.TagList, tags)
    }
  }
  records.snapshots.put(snapshot)
  return snapshot
}

/** Copies the cluster's data into the snapshot, and records `andThen` with it; doing it again after a crash makes no second copy. */
async function fillSnapshot (
  { records, together, postgres, jobs, durations }: RdsContext, snapshot: SnapshotRecord, andThen = (): void => {}
): Promise<void> {
  await postgres.data.copy(snapshot.cluster.DbClusterResourceId, snapshot.dataId)
  await jobs.until(snapshot.statusMs, durations.snapshot)
  together(() => {
    records.snapshots.put({ ...snapshot, facts: { ...snapshot.facts, Status: 'available', PercentProgress: 100 } })
    andThen()
  })
}

/** Takes the final snapshot of a cluster, or finishes the one that was begun before a crash. */
export async function takeSnapshot (context: RdsContext, cluster: ClusterRecord, name: string): Promise<void> {
  await fillSnapshot(context, context.records.snapshots.get(cluster.region, name) ?? addSnapshot(context, cluster, name))
}
