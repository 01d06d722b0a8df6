import type * as Rds from '@aws-sdk/client-rds'
import type { DBClusterSnapshot } from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import { clusterKey, type RdsContext, requireStatus } from './context.js'
import { arnOf, nameIn, newResourceId, readIdentifier } from './names.js'
import { type Filterable, filterBy, pageOf } from './paging.js'
import type { ClusterRecord, SnapshotRecord } from './records.js'
import { addSnapshot, fillSnapshot, requireRoomForSnapshot } from './snapshot-work.js'
import { addTags } from './tags.js'

const FILTERABLE: Filterable<SnapshotRecord> = {
  'db-cluster-id': ({ facts }) => [facts.DBClusterIdentifier],
  'db-cluster-snapshot-id': ({ facts }) => [facts.DBClusterSnapshotIdentifier, facts.DBClusterSnapshotArn],
  'snapshot-type': ({ facts }) => [facts.SnapshotType],
  engine: ({ facts }) => [facts.Engine]
}

export function createSnapshotOperations (context: RdsContext) {
  const { records, together, postgres } = context
  return {
    CreateDBClusterSnapshot: async (input, caller) => {
      const name = readIdentifier('DBClusterSnapshotIdentifier', input.DBClusterSnapshotIdentifier)
      const cluster = context.records.clusters.require(input.DBClusterIdentifier, caller)
      requireStatus(cluster, 'stopped')
      requireRoomForSnapshot(context, name, caller)
      const { snapshot, backingUp } = together(() => ({
        snapshot: addSnapshot(context, cluster, name, caller, addTags([], input.Tags)),
        backingUp: context.records.clusters.change(cluster, { Status: 'backing-up' })
      }))
      beginSnapshot(context, backingUp, snapshot, cluster.facts.Status)
      return { DBClusterSnapshot: showSnapshot(snapshot) }
    },

    DescribeDBClusterSnapshots: async (input, caller) => {
      const named = input.DBClusterSnapshotIdentifier
      const cluster = input.DBClusterIdentifier && nameIn(input.DBClusterIdentifier, 'cluster', caller)?.toLowerCase()
      const found = (records.snapshots.list(named, caller))
        .filter(({ facts }) => !cluster || facts.DBClusterIdentifier === cluster)
        .filter(({ facts }) => !input.SnapshotType || facts.SnapshotType === input.SnapshotType)
        .filter(({ facts }) => !input.DbClusterResourceId || facts.DbClusterResourceId === input.DbClusterResourceId)
      const { page, Marker } = pageOf(filterBy(found, input.Filters, FILTERABLE), input)
      return { DBClusterSnapshots: page.map(showSnapshot), Marker }
    },

    CopyDBClusterSnapshot: async (input, caller) => {
      const source = context.records.snapshots.require(input.SourceDBClusterSnapshotIdentifier, caller)
      const name = readIdentifier('TargetDBClusterSnapshotIdentifier', input.TargetDBClusterSnapshotIdentifier)
      if (records.snapshots.get(caller.region, name)) throw alreadyExists(name)
      const copy: SnapshotRecord = {
        ...source,
        dataId: newResourceId('snapshot'),
        facts: {
          ...source.facts,
          DBClusterSnapshotIdentifier: name,
          DBClusterSnapshotArn: arnOf(caller, 'cluster-snapshot', name),
          SourceDBClusterSnapshotArn: source.facts.DBClusterSnapshotArn,
          TagList: addTags(input.CopyTags ? source.facts.TagList : [], input.Tags)
        }
      }
      await postgres.data.copy(source.dataId, copy.dataId)
      records.snapshots.put(copy)
      return { DBClusterSnapshot: showSnapshot(copy) }
    },

    DeleteDBClusterSnapshot: async (input, caller) => {
      const snapshot = context.records.snapshots.require(input.DBClusterSnapshotIdentifier, caller)
      if (snapshot.facts.Status !== 'available') throw new AwsError('InvalidDBClusterSnapshotStateFault', `DBClusterSnapshot ${snapshot.facts.DBClusterSnapshotIdentifier} is in ${snapshot.facts.Status} state.`)
      records.snapshots.delete(snapshot)
      await postgres.data.remove(snapshot.dataId)
      return { DBClusterSnapshot: { ...showSnapshot(snapshot), Status: 'deleted' } }
    },

    DescribeDBClusterSnapshotAttributes: async (input, caller) => {
      const { facts } = context.records.snapshots.require(input.DBClusterSnapshotIdentifier, caller)
      return { DBClusterSnapshotAttributesResult: { DBClusterSnapshotIdentifier: facts.DBClusterSnapshotIdentifier, DBClusterSnapshotAttributes: [{ AttributeName: 'restore', AttributeValues: [] }] } }
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** Takes the snapshot and gives the cluster back the status it had; also what a start does with an unfinished one. */
export function beginSnapshot (context: RdsContext, cluster: ClusterRecord, snapshot: SnapshotRecord, statusAfter: string): void {
  const release = (): void => { context.records.clusters.change(cluster, { Status: statusAfter }) }
  context.jobs.run(clusterKey(cluster), async () => { await fillSnapshot(context, snapshot, release) }, () => {
    context.together(() => {
      context.records.snapshots.put({ ...snapshot, facts: { ...snapshot.facts, Status: 'failed' } })
      release()
    })
  })
}

function showSnapshot (snapshot: SnapshotRecord): DBClusterSnapshot {
  return { ...snapshot.facts, SnapshotCreateTime: new Date(snapshot.createdMs), ClusterCreateTime: new Date(snapshot.clusterCreatedMs) }
}

function alreadyExists (name: string): AwsError {
  return new AwsError('DBClusterSnapshotAlreadyExistsFault', `Cannot create the cluster snapshot because a snapshot with the identifier ${name} already exists.`)
}
