import type { Caller } from '../aws.js'

/**
 * Where a cluster's PostgreSQL stands. `available` takes connections, at most after the moment that `wake` waits for
 * (a server still coming up after a restart of the sandbox); `paused` and `resuming` are auto-pause; `unavailable` is
 * every other status of the cluster (creating, stopped, deleting).
 */
export type DatabaseState = 'available' | 'paused' | 'resuming' | 'unavailable'

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
