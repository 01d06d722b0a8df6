import { DescribeDBClustersCommand, paginateDescribeDBClusterSnapshots, type RDSClient } from '@aws-sdk/client-rds'

import { AwsFailure, callAws } from './errors.js'

/** What the stack's outputs do not say of a cluster. */
export interface Cluster {
  arn: string
  masterUsername: string
  host: string
  port: number
  /** The database that it was made with. */
  databaseName: string
}

/** A copy of a cluster at one moment. */
export interface Snapshot {
  id: string
  arn: string
  /** `available` once it can be restored from. */
  status: string
  createdAt: Date
  engineVersion: string
  sizeGib: number
}

export type Clusters = ReturnType<typeof createClusters>

/** RDS, as far as databases need it. Every function throws {@link AwsFailure}. */
export function createClusters (clientFor: (region: string) => RDSClient) {
  /** A cluster by identifier or ARN. */
  const describe = async (region: string, identifierOrArn: string): Promise<Cluster> => {
    const { DBClusters: [found] = [] } = await callAws(() => clientFor(region).send(
      new DescribeDBClustersCommand({ DBClusterIdentifier: identifierOrArn })))
    if (!found?.DBClusterArn || !found.MasterUsername) throw new AwsFailure('not-found', 'DBClusterNotFoundFault', `DBCluster ${identifierOrArn} not found.`)
    return {
      arn: found.DBClusterArn,
      masterUsername: found.MasterUsername,
      host: found.Endpoint ?? '',
      port: found.Port ?? 5432,
      databaseName: found.DatabaseName ?? 'postgres'
    }
  }

  /** The manual snapshots of a cluster, newest first, also after the cluster is gone. CloudFormation's final ones are among them. */
  const snapshotsOf = async (region: string, identifier: string): Promise<Snapshot[]> => await callAws(async () => {
    const snapshots: Snapshot[] = []
    const pages = paginateDescribeDBClusterSnapshots({ client: clientFor(region) }, { DBClusterIdentifier: identifier, SnapshotType: 'manual' })
    for await (const page of pages) {
      for (const each of page.DBClusterSnapshots ?? []) {
        snapshots.push({
          id: each.DBClusterSnapshotIdentifier ?? '',
          arn: each.DBClusterSnapshotArn ?? '',
          status: each.Status ?? '',
          createdAt: each.SnapshotCreateTime ?? new Date(0),
          engineVersion: each.EngineVersion ?? '',
          sizeGib: each.AllocatedStorage ?? 0
        })
      }
    }
    return snapshots.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
  })

  return { describe, snapshotsOf }
}
