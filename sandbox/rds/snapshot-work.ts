import type { Tag } from '@aws-sdk/client-rds'
import { AwsError, type Caller } from '../aws.js'
import type { RdsContext } from './context.js'
import { arnOf, newResourceId, standInId } from './names.js'
import type { ClusterRecord, SnapshotRecord } from './records.js'
import { addTags } from './tags.js'

/** Refuses another snapshot when its name or the quota is used up. */
export function requireRoomForSnapshot ({ records, quotas }: Pick<RdsContext, 'records' | 'quotas'>, name: string, caller: Caller): void {
  if (records.snapshots.get(caller.region, name)) {
    throw new AwsError('DBClusterSnapshotAlreadyExistsFault', `Cannot create the cluster snapshot because a snapshot with the identifier ${name} already exists.`)
  }
  if (records.snapshots.in(caller.region).length >= quotas.snapshots) {
    throw new AwsError('SnapshotQuotaExceeded', 'Cannot create more than the allowed number of snapshots.')
  }
}

/** Puts the record of a snapshot that is yet to be taken. */
export function addSnapshot ({ records, clock }: RdsContext, cluster: ClusterRecord, name: string, caller: Caller, tags: Tag[]): SnapshotRecord {
  const { facts } = cluster
  const snapshot: SnapshotRecord = {
    region: caller.region,
    dataId: newResourceId('snapshot'),
    createdMs: clock.now(),
    statusMs: clock.now(),
    clusterCreatedMs: cluster.createdMs,
    cluster: facts,
    facts: {
      AvailabilityZones: facts.AvailabilityZones,
      DBClusterSnapshotIdentifier: name,
      DBClusterIdentifier: facts.DBClusterIdentifier,
      DBClusterSnapshotArn: arnOf(caller, 'cluster-snapshot', name),
      DbClusterResourceId: facts.DbClusterResourceId,
      Engine: facts.Engine,
      EngineMode: facts.EngineMode,
      EngineVersion: facts.EngineVersion,
      AllocatedStorage: 0,
      Status: 'creating',
      Port: 0,
      VpcId: standInId('vpc', cluster.region),
      MasterUsername: facts.MasterUsername,
      LicenseModel: 'postgresql-license',
      SnapshotType: 'manual',
      PercentProgress: 0,
      StorageEncrypted: facts.StorageEncrypted,
      KmsKeyId: facts.KmsKeyId,
      IAMDatabaseAuthenticationEnabled: facts.IAMDatabaseAuthenticationEnabled,
      StorageType: facts.StorageType,
      TagList: addTags(facts.CopyTagsToSnapshot ? facts.TagList ?? [] : [], tags)
    }
  }
  records.snapshots.put(snapshot)
  return snapshot
}

/** Copies the cluster's data into the snapshot, and records `andThen` with it; doing it again after a crash makes no second copy. */
export async function fillSnapshot ({ records, together, postgres, jobs, durations }: RdsContext, snapshot: SnapshotRecord, andThen = (): void => {}): Promise<void> {
  await postgres.data.copy(snapshot.cluster.DbClusterResourceId, snapshot.dataId)
  await jobs.until(snapshot.statusMs, durations.snapshot)
  together(() => {
    records.snapshots.put({ ...snapshot, facts: { ...snapshot.facts, Status: 'available', PercentProgress: 100 } })
    andThen()
  })
}

/** Takes the final snapshot of a cluster, or finishes the one that was begun before a crash. */
export async function takeSnapshot (context: RdsContext, cluster: ClusterRecord, name: string, caller: Caller): Promise<void> {
  const begun = context.records.snapshots.get(caller.region, name)
  await fillSnapshot(context, begun ?? addSnapshot(context, cluster, name, caller, []))
}
