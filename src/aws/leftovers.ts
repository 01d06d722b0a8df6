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
    await refusalOf(isGoneSecret, async () =>
      await secretsFor(region).send(new DeleteSecretCommand({ SecretId: arn, RecoveryWindowInDays: RECOVERY_DAYS })))
  }

  /**
   * Deletes a cluster and its instances, after a snapshot of that name, of which there is none with null: RDS takes one only of what is
   * `available`. Repeated, it goes on. Answers why the cluster does not let itself be deleted now, null when it does.
   */
  const removeCluster = async (region: string, cluster: LeftoverCluster, finalSnapshot: string | null): Promise<string | null> => {
    const { name, instances } = cluster
    const last = finalSnapshot === null
      ? { SkipFinalSnapshot: true }
      : { SkipFinalSnapshot: false, FinalDBSnapshotIdentifier: finalSnapshot }
    const deleteCluster = async (): Promise<string | null> => await refusalOf(isRefusedDeletion, async () =>
      await rdsFor(region).send(new DeleteDBClusterCommand({ DBClusterIdentifier: name, ...last })))
    // Asked before the instances go, because a protection that was switched on since the cluster was looked at is the cluster's only.
    const refusal = await deleteCluster()
    if (refusal === null || isProtection(refusal) || instances.length === 0) return refusal
    for (const instance of instances) {
      await refusalOf(isGoneInstance, async () =>
        await rdsFor(region).send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: instance })))
    }
    return await deleteCluster()
  }

  return { clusters, snapshots, secrets, removeSecret, removeCluster }
}

const isGoneSecret = ({ code, message }: AwsFailure): boolean =>
  code === 'ResourceNotFoundException' || (code === 'InvalidRequestException' && /(marked|scheduled) for deletion/.test(message))

const isRefusedDeletion = ({ code, message }: AwsFailure): boolean => code === 'InvalidDBClusterStateFault' || isProtection(message)

const isGoneInstance = ({ code }: AwsFailure): boolean => /^(DBInstanceNotFound(Fault)?|InvalidDBInstanceState(Fault)?)$/.test(code)

/** Whether RDS says that a cluster is protected from deletion ("Deleting an Aurora Serverless v1 DB cluster", Aurora User Guide). */
export function isProtection (refusal: string): boolean {
  return refusal.includes('Cannot delete protected')
}

/** AWS's words when it refuses a call like that, null when it does not. */
async function refusalOf (isExpected: (failure: AwsFailure) => boolean, call: () => Promise<unknown>): Promise<string | null> {
  try {
    await callAws(call)
    return null
  } catch (error) {
    if (error instanceof AwsFailure && isExpected(error)) return error.message
    throw error
  }
}

function toRecord (tags: readonly Tag[] = []): Record<string, string> {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]))
}
