import type * as Secrets from '@aws-sdk/client-secrets-manager'
import { randomBytes, randomUUID } from 'node:crypto'
import type { MasterUserSecret, Tag } from '@aws-sdk/client-rds'
import { AwsError, type Caller, type OperationsOf } from '../aws.js'
import { serviceKeyArn } from './names.js'

/** The operations of Secrets Manager that RDS calls for a cluster whose master password it manages. */
export type SecretOperations = OperationsOf<typeof Secrets, 'CreateSecret' | 'PutSecretValue' | 'DeleteSecret'>

interface MadeSecret { secret: MasterUserSecret, password: string }

/** The secrets with master passwords that RDS makes itself (`ManageMasterUserPassword`). */
export interface ManagedSecrets {
  create: (clusterArn: string, username: string, kmsKeyId: string | undefined, caller: Caller) => Promise<MadeSecret>
  /** A new password, and what puts it into the secret: at once, so that it can be stored together with what the server is to learn. */
  rotate: (secret: MasterUserSecret, username: string, caller: Caller) => { password: string, put: () => Promise<unknown> }
  /** Removes the secret at once, as AWS does with the cluster; a secret that is gone is no failure. */
  remove: (secret: MasterUserSecret, caller: Caller) => Promise<void>
}

export function createManagedSecrets (operations: SecretOperations): ManagedSecrets {
  return {
    create: async (clusterArn, username, kmsKeyId, caller) => {
      const password = newPassword()
      const { ARN } = await operations.CreateSecret({
        Name: `rds!cluster-${randomUUID()}`,
        Description: `Secret associated with primary RDS DB cluster: ${clusterArn}`,
        SecretString: secretString(username, password),
        ClientRequestToken: randomUUID(),
        Tags: ownershipTags(clusterArn),
        ...(kmsKeyId ? { KmsKeyId: kmsKeyId } : {})
      }, caller)
      return { secret: { SecretArn: ARN, SecretStatus: 'active', KmsKeyId: kmsKeyId ?? serviceKeyArn(caller, 'secretsmanager') }, password }
    },
    rotate: (secret, username, caller) => {
      const password = newPassword()
      const value = { SecretId: secret.SecretArn, SecretString: secretString(username, password), ClientRequestToken: randomUUID() }
      return { password, put: async () => await operations.PutSecretValue(value, caller) }
    },
    remove: async (secret, caller) => {
      try {
        await operations.DeleteSecret({ SecretId: secret.SecretArn, ForceDeleteWithoutRecovery: true }, caller)
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
      }
    }
  }
}

function secretString (username: string, password: string): string {
  return JSON.stringify({ username, password })
}

function newPassword (): string {
  return randomBytes(24).toString('base64url')
}

function ownershipTags (clusterArn: string): Tag[] {
  return [{ Key: 'aws:secretsmanager:owningService', Value: 'rds' }, { Key: 'aws:rds:primaryDBClusterArn', Value: clusterArn }]
}
