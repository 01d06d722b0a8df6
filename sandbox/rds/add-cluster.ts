import { AwsError, type Caller } from '../aws.js'
import { beginClusterWork } from './cluster-work.js'
import type { RdsContext } from './context.js'
import type { ClusterFacts, ClusterRecord } from './records.js'

/** Throws when the name is taken or the account has as many clusters as it may. */
export function requireRoomForCluster ({ records, quotas }: RdsContext, id: string, caller: Caller): void {
  if (records.clusters.get(caller.region, id)) throw new AwsError('DBClusterAlreadyExistsFault', 'DB Cluster already exists')
  if (records.clusters.in(caller.region).length >= quotas.clusters) {
    throw new AwsError('DBClusterQuotaExceededFault', 'The DB cluster can\'t be created because you have reached the maximum allowed quota of DB clusters.', 403)
  }
}

export interface NewCluster {
  facts: ClusterFacts
  port: number
  verifier?: string | undefined
  copyOf?: string | undefined
  restoreToMs?: number | undefined
  dataSinceMs?: number | undefined
}

/** Records a new cluster, opens its address and begins to make it. A name once recorded is taken for everyone else. */
export async function addCluster (context: RdsContext, { facts, port, dataSinceMs, ...rest }: NewCluster, caller: Caller): Promise<ClusterRecord> {
  const now = context.clock.now()
  const cluster: ClusterRecord = { region: caller.region, facts, createdMs: now, statusMs: now, wantedPort: port, dataSinceMs: dataSinceMs ?? now, ...rest }
  context.records.clusters.put(cluster)
  try {
    const opened = await openAddress(context, cluster)
    beginClusterWork(context, opened)
    return opened
  } catch (error) {
    context.records.clusters.delete(cluster)
    throw new AwsError('InsufficientDBClusterCapacityFault', `The sandbox has no address for another cluster: ${(error as Error).message}`, 403)
  }
}

/** Opens the cluster's address, the one it had if it can be had again, and records it. */
export async function openAddress (context: RdsContext, cluster: ClusterRecord): Promise<ClusterRecord> {
  const { Endpoint: host, Port: port } = cluster.facts
  const address = await context.live(cluster).open(host && port ? { host, port } : undefined, cluster.wantedPort)
  const shown = context.advertisedHost ?? address.host
  if (shown === host && address.port === port) return cluster
  return context.records.clusters.change(cluster, { Endpoint: shown, ReaderEndpoint: shown, Port: address.port })
}
