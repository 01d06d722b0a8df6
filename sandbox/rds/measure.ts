import { isServerlessV1 } from './cluster-shape.js'
import type { RdsContext } from './context.js'
import { type ClusterRecord, membersOf } from './records.js'

/** A cluster at this moment, as CloudWatch's metrics are made of it. Counters only grow while the cluster lives. */
export interface ClusterMeasurement {
  region: string
  identifier: string
  /** The instances, the writer first; a Serverless v1 cluster has none. */
  instances: Array<{ identifier: string, instanceClass: string, isWriter: boolean }>
  engine: string
  /** Sessions through the address and calls of the Data API in progress. */
  connections: number
  receivedBytes: number
  sentBytes: number
  isPaused: boolean
  /** 0 while paused; absent without Serverless. */
  capacityAcu?: number
  maxCapacityAcu?: number
  /** Of the server's processes since they were started; absent while there are none. */
  usage: () => Promise<{ cpuMs: number, memoryBytes: number } | undefined>
}

/** Every cluster of every region. */
export function measureClusters (context: RdsContext): ClusterMeasurement[] {
  return [...context.records.clusters.all()].map(cluster => {
    const live = context.live(cluster)
    return {
      region: cluster.region,
      identifier: cluster.facts.DBClusterIdentifier,
      instances: membersOf(context.records, cluster).map(({ facts, isWriter }) =>
        ({ identifier: facts.DBInstanceIdentifier, instanceClass: facts.DBInstanceClass, isWriter })),
      engine: 'aurora-postgresql',
      connections: live.uses(),
      ...live.traffic(),
      isPaused: cluster.pausedMs !== undefined,
      ...capacityOf(cluster),
      usage: live.usage
    }
  })
}

/** A running server stands at its minimum, or at the least that runs at all: nothing here makes it scale. */
function capacityOf (cluster: ClusterRecord): Pick<ClusterMeasurement, 'capacityAcu' | 'maxCapacityAcu'> {
  const { ScalingConfigurationInfo: v1, ServerlessV2ScalingConfiguration: v2 } = cluster.facts
  const scaling = isServerlessV1(cluster) ? v1 : v2
  if (!scaling) return {}
  const running = Math.max(scaling.MinCapacity ?? 0, 0.5)
  return { capacityAcu: cluster.pausedMs === undefined ? running : 0, maxCapacityAcu: scaling.MaxCapacity ?? running }
}
