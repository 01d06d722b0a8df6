import { isServerlessV1 } from './cluster-shape.js'
import type { RdsContext } from './context.js'
import { membersOf } from './records.js'

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

/** Every cluster of every region. A running server stands at its minimum, or at the least that runs at all: nothing here makes it scale. */
export function measureClusters (context: RdsContext): ClusterMeasurement[] {
  return [...context.records.clusters.all()].map(cluster => {
    const { region, pausedMs, facts } = cluster
    const scaling = isServerlessV1(cluster) ? facts.ScalingConfigurationInfo : facts.ServerlessV2ScalingConfiguration
    const running = Math.max(scaling?.MinCapacity ?? 0, 0.5)
    const live = context.live(cluster)
    return {
      region,
      identifier: facts.DBClusterIdentifier,
      instances: membersOf(context.records, cluster).map(({ facts, isWriter }) =>
        ({ identifier: facts.DBInstanceIdentifier, instanceClass: facts.DBInstanceClass, isWriter })),
      engine: 'aurora-postgresql',
      connections: live.uses(),
      ...live.traffic(),
      isPaused: pausedMs !== undefined,
      ...(scaling && { capacityAcu: pausedMs === undefined ? running : 0, maxCapacityAcu: scaling.MaxCapacity ?? running }),
      usage: live.usage
    }
  })
}
