import {
  DeleteDBClusterCommand, DeleteDBInstanceCommand, paginateDescribeDBClusters, paginateDescribeDBClusterSnapshots, type RDSClient, type Tag
} from '@aws-sdk/client-rds'
import { DeleteSecretCommand, paginateListSecrets, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'

import { AwsFailure, callAws } from './errors.js'

/** Something with tags that may have outlived its stack. */
export interface Leftover {
  /** Unique in its region, among things of its kind. */
  name: string
  arn: string
  tags: Readonly<Record<string, string>>
  createdAt: Date
  /** In the words of its service, such as `available` or `deleting`; empty for a secret. */
  status: string
  /** It refuses its own deletion. */
  isProtected: boolean
}

export interface LeftoverCluster extends Leftover {
  /** Unlike its name, never used again. */
  resourceId: string
  instances: string[]
}

export type Leftovers = ReturnType<typeof createLeftovers>

/** How long a deleted secret can be brought back (`RestoreSecret`), the least that AWS takes. It costs nothing by then. */
const RECOVERY_DAYS = 7

/** What of clusters, snapshots and secrets a region has, and how it goes. Every function throws {@link AwsFailure}. */
export function createLeftovers (rdsFor: (region: string) => RDSClient, secretsFor: (region: string) => SecretsManagerClient) {
  const clusters = async (region: string): Promise<LeftoverCluster[]> => await callAws(async () => {
    const found: LeftoverCluster[] = []
    for await (const { DBClusters = [] } of paginateDescribeDBClusters({ client: rdsFor(region) }, {})) {
      found.push(...DBClusters.map(cluster => ({
        name: cluster.DBClusterIdentifier ?? '',
        arn: cluster.DBClusterArn ?? '',
        tags: toRecord(cluster.TagList),
        createdAt: cluster.ClusterCreateTime ?? new Date(),
        status: cluster.Status ?? '',
        isProtected: cluster.DeletionProtection ?? false,
        resourceId: cluster.DbClusterResourceId ?? '',
        instances: (cluster.DBClusterMembers ?? []).map(({ DBInstanceIdentifier = '' }) => DBInstanceIdentifier)
      })))
    }
    return found
  })

  /** The manual snapshots, of which a final one is one. Those that AWS takes by itself go by themselves. */
  const snapshots = async (region: string): Promise<Leftover[]> => await callAws(async () => {
    const found: Leftover[] = []
    for await (const { DBClusterSnapshots = [] } of paginateDescribeDBClusterSnapshots({ client: rdsFor(region) }, { SnapshotType: 'manual' })) {
      found.push(...DBClusterSnapshots.map(snapshot => ({
        name: snapshot.DBClusterSnapshotIdentifier ?? '',
        arn: snapshot.DBClusterSnapshotArn ?? '',
        tags: toRecord(snapshot.TagList),
        createdAt: snapshot.SnapshotCreateTime ?? new Date(),
        status: snapshot.Status ?? '',
        isProtected: false
      })))
    }
    return found
  })

  /** The secrets with a tag whose key begins so. AWS is up to five minutes behind here (Secrets Manager API, ListSecrets). */
  const secrets = async (region: string, tagKey: string): Promise<Leftover[]> => await callAws(async () => {
    const found: Leftover[] = []
    for await (const { SecretList = [] } of paginateListSecrets({ client: secretsFor(region) }, { Filters: [{ Key: 'tag-key', Values: [tagKey] }] })) {
      found.push(...SecretList.map(secret => ({
        name: (secret.ARN ?? '').split(':').slice(6).join(':'),
        arn: secret.ARN ?? '',
        tags: toRecord(secret.Tags),
        createdAt: secret.CreatedDate ?? new Date(),
        status: '',
        isProtected: false
      })))
    }
    return found
  })

  /** Has a secret deleted in some days, until when it can be brought back. One that is gone, or has been told so before, is no error. */
  const removeSecret = async (region: string, arn: string): Promise<void> => {
    await unless(({ code, message }) => code === 'ResourceNotFoundException' || (code === 'InvalidRequestException' && /(marked|scheduled) for deletion/.test(message)), async () =>
      await secretsFor(region).send(new DeleteSecretCommand({ SecretId: arn, RecoveryWindowInDays: RECOVERY_DAYS })))
  }

  /**
   * Deletes the instances of a cluster, and then the cluster, after a snapshot of that name. Repeated, it goes on. False when the
   * cluster does not let itself be deleted at the moment: in any status but `available`, nothing of it is touched.
   */
  const removeCluster = async (region: string, { name, instances, status, isProtected }: LeftoverCluster, finalSnapshot: string): Promise<boolean> => {
    if (status !== 'available' || isProtected) return false
    for (const instance of instances) {
      await unless(({ code }) => /^(DBInstanceNotFound(Fault)?|InvalidDBInstanceState(Fault)?)$/.test(code), async () =>
        await rdsFor(region).send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: instance })))
    }
    return await unless(({ code }) => code === 'InvalidDBClusterStateFault', async () =>
      await rdsFor(region).send(new DeleteDBClusterCommand({ DBClusterIdentifier: name, SkipFinalSnapshot: false, FinalDBSnapshotIdentifier: finalSnapshot })))
  }

  return { clusters, snapshots, secrets, removeSecret, removeCluster }
}

/** Whether a call was not refused like that. */
async function unless (isExpected: (failure: AwsFailure) => boolean, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await callAws(call)
    return true
  } catch (error) {
    if (error instanceof AwsFailure && isExpected(error)) return false
    throw error
  }
}

function toRecord (tags: readonly Tag[] = []): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}
