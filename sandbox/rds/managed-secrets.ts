import type { MasterUserSecret } from '@aws-sdk/client-rds'
import type * as Secrets from '@aws-sdk/client-secrets-manager'
import { randomBytes, randomUUID } from 'node:crypto'
import { ACCOUNT, AwsError, type Caller, type OperationsOf } from '../aws.js'
import { serviceKeyArn } from './names.js'

/** The operations of Secrets Manager that RDS calls for a cluster whose master password it manages. */
export type SecretOperations = OperationsOf<typeof Secrets, 'CreateSecret' | 'PutSecretValue' | 'DeleteSecret'>

export type ManagedSecrets = ReturnType<typeof createManagedSecrets>

/** The secrets with master passwords that RDS makes itself (`ManageMasterUserPassword`). */
export function createManagedSecrets (operations: SecretOperations) {
  const own = (region: string): Caller => ({ region, account: ACCOUNT, requestId: 'rds' })
  return {
    create: async (
      region: string, clusterArn: string, username: string, kmsKeyId?: string
    ): Promise<{ secret: MasterUserSecret, password: string }> => {
      const password = newPassword()
      const { ARN } = await operations.CreateSecret({
        Name: `rds!cluster-${randomUUID()}`,
        Description: `Secret associated with primary RDS DB cluster: ${clusterArn}`,
        SecretString: JSON.stringify({ username, password }),
        ClientRequestToken: randomUUID(),
        Tags: [{ Key: 'aws:secretsmanager:owningService', Value: 'rds' }, { Key: 'aws:rds:primaryDBClusterArn', Value: clusterArn }],
        ...(kmsKeyId ? { KmsKeyId: kmsKeyId } : {})
      }, own(region))
      const KmsKeyId = kmsKeyId ?? serviceKeyArn(region, 'secretsmanager')
      return { secret: { SecretArn: ARN, SecretStatus: 'creating', KmsKeyId }, password }
    },
    /** A new password, and what puts it into the secret: at once, so that it can be stored together with what the server is to learn. */
    rotate: (region: string, { SecretArn }: MasterUserSecret, username: string): { password: string, put: () => Promise<unknown> } => {
      const password = newPassword()
      const value = { SecretId: SecretArn, SecretString: JSON.stringify({ username, password }), ClientRequestToken: randomUUID() }
      return { password, put: async () => await operations.PutSecretValue(value, own(region)) }
    },
    /** Removes the secret at once, as AWS does with the cluster; a secret that is gone is no failure. */
    remove: async (region: string, { SecretArn }: MasterUserSecret): Promise<void> => {
      try {
        await operations.DeleteSecret({ SecretId: SecretArn, ForceDeleteWithoutRecovery: true }, own(region))
      } catch (error) {
        if (!(error instanceof AwsError)) throw error
      }
    }
  }
}

function newPassword (): string {
  return randomBytes(24).toString('base64url')
}
