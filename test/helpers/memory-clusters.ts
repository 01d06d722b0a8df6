import type { Clusters, SnapshotFacts } from '../../src/aws/clusters.js'
import { AwsFailure } from '../../src/aws/errors.js'

/** Clusters that are all there and alike, and snapshots in memory. */
export interface MemoryClusters extends Clusters {
  calls: string[]
  snapshots: SnapshotFacts[]
}

/** A snapshot of a cluster. */
export function snapshotOf (cluster: string, id: string, facts: Partial<SnapshotFacts> = {}): SnapshotFacts {
  return {
    id,
    arn: `arn:aws:rds:eu-west-1:000000000000:cluster-snapshot:${id}`,
    status: 'available',
    createdAt: new Date('2026-11-23T10:00:00Z'),
    engineVersion: '17.7',
    sizeGib: 1,
    cluster,
    masterUsername: 'postgres',
    tags: {},
    ...facts
  }
}

export function createMemoryClusters (): MemoryClusters {
  const memory: MemoryClusters = {
    calls: [],
    snapshots: [],
    describe: async (_region, arn) => ({
      arn,
      status: 'available',
      masterUsername: 'postgres',
      host: 'cluster.example',
      port: 5432,
      databaseName: 'temporal',
      engineVersion: '17.7',
      restorable: null
    }),
    snapshot: async (_region, id) => memory.snapshots.find(snapshot => snapshot.id === id) ?? null,
    snapshotsOf: async (_region, cluster) => memory.snapshots.filter(snapshot => snapshot.cluster === cluster),
    takeSnapshot: async (_region, cluster, id, tags) => {
      memory.calls.push(`take ${id}`)
      if (memory.snapshots.some(snapshot => snapshot.id === id)) throw new AwsFailure('already-exists', 'DBClusterSnapshotAlreadyExistsFault', 'It exists.')
      const taken = snapshotOf(cluster, id, { status: 'creating', createdAt: null, tags })
      memory.snapshots.unshift(taken)
      return taken
    },
    removeSnapshot: async (_region, id) => {
      memory.calls.push(`remove ${id}`)
      memory.snapshots = memory.snapshots.filter(snapshot => snapshot.id !== id)
    },
    start: async () => {}
  }
  return memory
}
