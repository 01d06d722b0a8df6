import {
  CreateDBClusterSnapshotCommand, DeleteDBClusterSnapshotCommand, DescribeDBClustersCommand, DescribeDBClusterSnapshotsCommand,
  StartDBClusterCommand, paginateDescribeDBClusterSnapshots, type DBClusterSnapshot, type RDSClient
} from '@aws-sdk/client-rds'

import { AwsFailure, callAws } from './errors.js'

/** What the stack's outputs do not say of a cluster. */
export interface Cluster {
  arn: string
  /** Such as `available`, which a paused one is too, or `stopped`. */
  status: string
  masterUsername: string
  host: string
  port: number
  /** The database that it was made with. */
  databaseName: string
  engineVersion: string
  /** The moments between which it can be copied as it was; null when AWS says nothing. AWS is some minutes behind. */
  restorable: { from: Date, to: Date } | null
}

/** A copy of a cluster at one moment. */
export interface SnapshotFacts {
  id: string
  arn: string
  /** `available` once it can be restored from. */
  status: string
  /** Null until RDS says. */
  createdAt: Date | null
  engineVersion: string
  sizeGib: number
  /** Identifier of the cluster that it was taken of. */
  cluster: string
  masterUsername: string
  tags: Readonly<Record<string, string>>
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
      status: found.Status ?? '',
      masterUsername: found.MasterUsername,
      host: found.Endpoint ?? '',
      port: found.Port ?? 5432,
      databaseName: found.DatabaseName ?? 'postgres',
      engineVersion: found.EngineVersion ?? '',
      restorable: found.EarliestRestorableTime && found.LatestRestorableTime
        ? { from: found.EarliestRestorableTime, to: found.LatestRestorableTime }
        : null
    }
  }

  /** The manual snapshots of a cluster, newest first, also after the cluster is gone. CloudFormation's final ones are among them. */
  const snapshotsOf = async (region: string, identifier: string): Promise<SnapshotFacts[]> => await callAws(async () => {
    const snapshots: SnapshotFacts[] = []
    const pages = paginateDescribeDBClusterSnapshots({ client: clientFor(region) }, { DBClusterIdentifier: identifier, SnapshotType: 'manual' })
    for await (const page of pages) {
      snapshots.push(...(page.DBClusterSnapshots ?? []).map(toSnapshotFacts))
    }
    return snapshots.sort((a, b) => (b.createdAt?.getTime() ?? Infinity) - (a.createdAt?.getTime() ?? Infinity) || (a.id < b.id ? -1 : 1))
  })

  /** A snapshot by its identifier, null when there is none. */
  const snapshot = async (region: string, identifier: string): Promise<SnapshotFacts | null> => {
    try {
      const { DBClusterSnapshots: [found] = [] } = await callAws(() => clientFor(region).send(
        new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: identifier })))
      return found ? toSnapshotFacts(found) : null
    } catch (error) {
      if (error instanceof AwsFailure && error.code === 'DBClusterSnapshotNotFoundFault') return null
      throw error
    }
  }

  /** Starts a cluster that is stopped; one that somebody else has started meanwhile is no error. */
  const start = async (region: string, identifier: string): Promise<void> => {
    try {
      await callAws(() => clientFor(region).send(new StartDBClusterCommand({ DBClusterIdentifier: identifier })))
    } catch (error) {
      if (!(error instanceof AwsFailure) || error.code !== 'InvalidDBClusterStateFault') throw error
    }
  }

  /** Has a snapshot taken of a cluster, which takes a while. */
  const takeSnapshot = async (
    region: string,
    cluster: string,
    identifier: string,
    tags: Readonly<Record<string, string>>
  ): Promise<SnapshotFacts> => {
    const { DBClusterSnapshot: taken } = await callAws(() => clientFor(region).send(new CreateDBClusterSnapshotCommand({
      DBClusterIdentifier: cluster,
      DBClusterSnapshotIdentifier: identifier,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
    })))
    if (!taken) throw new AwsFailure('unavailable', 'EmptyAnswer', 'CreateDBClusterSnapshot answered no snapshot')
    return toSnapshotFacts(taken)
  }

  /** Removes a snapshot; one that is not there is no error. */
  const removeSnapshot = async (region: string, identifier: string): Promise<void> => {
    try {
      await callAws(() => clientFor(region).send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: identifier })))
    } catch (error) {
      if (!(error instanceof AwsFailure) || error.code !== 'DBClusterSnapshotNotFoundFault') throw error
    }
  }

  return { describe, snapshotsOf, snapshot, takeSnapshot, removeSnapshot, start }
}

function toSnapshotFacts (found: DBClusterSnapshot): SnapshotFacts {
  return {
    id: found.DBClusterSnapshotIdentifier ?? '',
    arn: found.DBClusterSnapshotArn ?? '',
    status: found.Status ?? '',
    createdAt: found.SnapshotCreateTime ?? null,
    engineVersion: found.EngineVersion ?? '',
    sizeGib: found.AllocatedStorage ?? 0,
    cluster: found.DBClusterIdentifier ?? '',
    masterUsername: found.MasterUsername ?? '',
    tags: Object.fromEntries((found.TagList ?? []).map(({ Key = '', Value = '' }) => [Key, Value]))
  }
}
