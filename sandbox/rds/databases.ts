import { isServerlessV1, writerOf } from './cluster-shape.js'
import type { RdsContext } from './context.js'
import type { Databases } from './database-access.js'
import { nameIn } from './names.js'
import type { ClusterRecord } from './records.js'

/** The Data API's view of the clusters. */
export function createDatabases (context: RdsContext): Databases {
  const { records, postgres } = context
  return {
    databaseOf: (resourceArn, caller) => {
      const name = resourceArn.startsWith('arn:') ? nameIn(resourceArn, 'cluster', caller) : undefined
      const cluster = name === undefined ? undefined : records.clusters.get(caller.region, name)
      if (!cluster) return undefined
      const live = context.live(cluster)
      const { facts } = cluster
      const { host, port } = postgres.processes.accessTo(facts.DbClusterResourceId)
      return {
        clusterArn: facts.DBClusterArn,
        status: facts.Status,
        state: live.state(),
        httpEndpointEnabled: facts.HttpEndpointEnabled ?? false,
        writer: writerIn(context, cluster),
        host,
        port,
        wake: live.wake,
        hold: live.hold
      }
    }
  }
}

function writerIn ({ records }: RdsContext, cluster: ClusterRecord): { arn: string, resourceId: string } | undefined {
  if (isServerlessV1(cluster)) return { arn: cluster.facts.DBClusterArn, resourceId: cluster.facts.DbClusterResourceId }
  const writer = writerOf(records, cluster)
  return writer && { arn: writer.facts.DBInstanceArn, resourceId: writer.facts.DbiResourceId }
}
