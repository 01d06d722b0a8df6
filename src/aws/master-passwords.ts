import { DescribeDBClustersCommand, ModifyDBClusterCommand, type RDSClient } from '@aws-sdk/client-rds'
import {
  DescribeSecretCommand, GetSecretValueCommand, PutSecretValueCommand, UpdateSecretVersionStageCommand, type SecretsManagerClient
} from '@aws-sdk/client-secrets-manager'

import { AwsFailure, callAws } from './errors.js'

/** The labels that Secrets Manager itself gives a meaning to. */
export const CURRENT = 'AWSCURRENT'
export const PREVIOUS = 'AWSPREVIOUS'
export const PENDING = 'AWSPENDING'

/** What may be known of a secret's versions without reading any. */
export interface SecretVersions {
  /** The labels of each version that has one, by its id. */
  stages: ReadonlyMap<string, readonly string[]>
  /** Secrets Manager rotates it by itself, with a function of the account's or as another service asks. */
  rotatesItself: boolean
}

/** One version of a secret. `value` is null when it is no JSON object. */
export interface SecretVersion { id: string, value: Readonly<Record<string, unknown>> | null }

interface NewVersion { id: string, value: object, stages: string[] }

/** How far a cluster is with its master password. */
export interface PasswordState {
  /** No change of any kind is under way. */
  isSettled: boolean
  /** Of the cluster, such as `available`. */
  status: string
  /** The secret that RDS keeps the password in, where RDS manages it. */
  managed: { secretArn: string, isRotating: boolean } | null
}

export type MasterPasswords = ReturnType<typeof createMasterPasswords>

/** Passwords of master users, in secrets and in clusters. Every function throws {@link AwsFailure}, and no error has a password in it. */
export function createMasterPasswords (secretsFor: (region: string) => SecretsManagerClient, rdsFor: (region: string) => RDSClient) {
  /** The versions of a secret, null when there is none or it waits for its deletion. */
  const versionsOf = async (region: string, secretArn: string): Promise<SecretVersions | null> => await orNull('not-found', async () => {
    const secret = await secretsFor(region).send(new DescribeSecretCommand({ SecretId: secretArn }))
    const { VersionIdsToStages: stages = {}, RotationEnabled, DeletedDate } = secret
    return DeletedDate ? null : { stages: new Map(Object.entries(stages)), rotatesItself: RotationEnabled ?? false }
  })

  /** A version by its id, the current one with null; null when there is none. */
  const read = async (region: string, secretArn: string, versionId: string | null): Promise<SecretVersion | null> => await orNull('not-found', async () => {
    const { VersionId = '', SecretString } = await secretsFor(region).send(new GetSecretValueCommand({ SecretId: secretArn, ...(versionId === null ? {} : { VersionId: versionId }) }))
    return { id: VersionId, value: parseObject(SecretString) }
  })

  /**
   * Adds a version under an id of our own (32 to 64 characters). False when there is one of that id with another value, which never
   * changes (Secrets Manager API, PutSecretValue, ClientRequestToken): whoever comes second finds what the first one has put there.
   */
  const add = async (region: string, secretArn: string, { id, value, stages }: NewVersion): Promise<boolean> =>
    await orNull('already-exists', async () => {
      await secretsFor(region).send(new PutSecretValueCommand({
        SecretId: secretArn,
        ClientRequestToken: id,
        SecretString: JSON.stringify(value),
        VersionStages: stages
      }))
      return true
    }) ?? false

  /** Moves a label; to nowhere with null. False when it is not where it was said to be: AWS moves it from there only. */
  const move = async (region: string, secretArn: string, stage: string, from: string | null, to: string | null): Promise<boolean> => await orNull('refused', async () => {
    await secretsFor(region).send(new UpdateSecretVersionStageCommand({
      SecretId: secretArn,
      VersionStage: stage,
      ...(from === null ? {} : { RemoveFromVersionId: from }),
      ...(to === null ? {} : { MoveToVersionId: to })
    }))
    return true
  }) ?? false

  const stateOf = async (region: string, clusterArn: string): Promise<PasswordState> => {
    const { DBClusters: [cluster] = [] } = await callAws(() =>
      rdsFor(region).send(new DescribeDBClustersCommand({ DBClusterIdentifier: clusterArn })))
    const { Status, PendingModifiedValues, MasterUserSecret: secret } = cluster ?? {}
    return {
      isSettled: Status === 'available' && PendingModifiedValues?.MasterUserPassword === undefined,
      status: Status ?? '',
      managed: secret?.SecretArn ? { secretArn: secret.SecretArn, isRotating: secret.SecretStatus === 'rotating' } : null
    }
  }

  /** Has RDS change the password, which takes it a while; false when the cluster takes no change now. Sessions go on. */
  const set = async (region: string, clusterArn: string, password: string): Promise<boolean> =>
    // Without ApplyImmediately a cluster gets its password in its next maintenance window (RDS API, ModifyDBCluster).
    await modify(region, { DBClusterIdentifier: clusterArn, MasterUserPassword: password, ApplyImmediately: true })

  /** Has RDS make and set a new password in the secret that it manages; false when the cluster takes no change now. */
  const rotateManaged = async (region: string, clusterArn: string): Promise<boolean> =>
    await modify(region, { DBClusterIdentifier: clusterArn, RotateMasterUserPassword: true, ApplyImmediately: true })

  const modify = async (region: string, input: ConstructorParameters<typeof ModifyDBClusterCommand>[0]): Promise<boolean> => {
    try {
      await callAws(() => rdsFor(region).send(new ModifyDBClusterCommand(input)))
      return true
    } catch (error) {
      if (error instanceof AwsFailure && error.code === 'InvalidDBClusterStateFault') return false
      throw error
    }
  }

  return { versionsOf, read, add, move, stateOf, set, rotateManaged }
}

/** What a call answers; null when it fails in the one way that is expected. */
async function orNull<T> (kind: AwsFailure['kind'], call: () => Promise<T>): Promise<T | null> {
  try {
    return await callAws(call)
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === kind) return null
    throw error
  }
}

function parseObject (text: string | undefined): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null
  } catch {
    return null
  }
}
