import type * as Secrets from '@aws-sdk/client-secrets-manager'
import type { OperationsOf } from '../aws.js'
import type { Clock } from '../clock.js'
import type { SecretRecords } from './records.js'
import type { Rotation } from './rotation.js'

/** The operations of Secrets Manager that are implemented, by their AWS names. A type, since an interface has no index signature for the wire. */
export type SecretOperations = OperationsOf<typeof Secrets,
  'CreateSecret' | 'BatchGetSecretValue' | 'GetSecretValue' | 'DescribeSecret' | 'ListSecrets' | 'ListSecretVersionIds' | 'PutSecretValue' |
  'UpdateSecret' | 'UpdateSecretVersionStage' | 'DeleteSecret' | 'RestoreSecret' | 'GetRandomPassword' | 'RotateSecret' | 'TagResource' |
  'UntagResource' | 'GetResourcePolicy' | 'PutResourcePolicy' | 'DeleteResourcePolicy'
>

/** What the operations work with. */
export interface SecretsContext {
  records: SecretRecords
  rotation: Pick<Rotation, 'rotate' | 'schedule'>
  clock: Pick<Clock, 'now'>
  /** A whole number from 0 to below `limit`. */
  randomBelow: (limit: number) => number
}
