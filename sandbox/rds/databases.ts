import type { Caller } from '../aws.js'
import { isServerlessV1, writerOf } from './cluster-shape.js'
import type { RdsContext } from './context.js'
import type { DatabaseState } from './live-cluster.js'
import { nameIn } from './names.js'
import type { ClusterRecord } from './records.js'

/** What the Data API needs to know of a cluster, read at the moment of the call. */
export interface DatabaseAccess {
  clusterArn: string
  /** The cluster's status as DescribeDBClusters shows it (`available`, `stopped`, `creating`). */
  status: string
  state: DatabaseState
  httpEndpointEnabled: boolean
  /** The instance that takes writes; a Serverless v1 cluster has one without ever showing it. Absent: no instance. */
  writer: { arn: string, resourceId: string } | undefined
  /** For `pg`: a directory with the server's socket, and the port that completes the socket's name. */
  host: string
  port: number
  /** Starts the server where it is down; resolves when it takes connections, rejects when it cannot be started. */
  wake: () => Promise<void>
  /** Counts as activity from now until the returned function is called, which may be any number of times. */
  hold: () => () => void
}

/** The Data API's way into the clusters. */
export interface Databases {
  /** The cluster of that ARN in the caller's region and account, or undefined. */
  databaseOf: (resourceArn: string, caller: Caller) => DatabaseAccess | undefined
}

export function createDatabases (context: RdsContext): Databases {
  const { records, postgres } = context
  return {
    databaseOf: (resourceArn, { region }) => {
      const name = resourceArn.startsWith('arn:') ? nameIn(resourceArn, 'cluster', region) : undefined
      const cluster = name === undefined ? undefined : records.clusters.get(region, name)
      if (!cluster) return undefined
      const { facts } = cluster
      const { state, wake, hold } = context.live(cluster)
      const { host, port } = postgres.processes.accessTo(facts.DbClusterResourceId)
      return {
        clusterArn: facts.DBClusterArn,
        status: facts.Status,
        state: state(),
        httpEndpointEnabled: facts.HttpEndpointEnabled ?? false,
        writer: writerIn(context, cluster),
        host,
        port,
        wake,
        hold
      }
    }
  }
}

function writerIn ({ records }: RdsContext, cluster: ClusterRecord): { arn: string, resourceId: string } | undefined {
  if (isServerlessV1(cluster)) return { arn: cluster.facts.DBClusterArn, resourceId: cluster.facts.DbClusterResourceId }
  const writer = writerOf(records, cluster)
  return writer && { arn: writer.facts.DBInstanceArn, resourceId: writer.facts.DbiResourceId }
}
