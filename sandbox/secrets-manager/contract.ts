import type {
  BatchGetSecretValueRequest, BatchGetSecretValueResponse, CreateSecretRequest, CreateSecretResponse, DeleteResourcePolicyRequest, DeleteResourcePolicyResponse, DeleteSecretRequest,
  DeleteSecretResponse, DescribeSecretRequest, DescribeSecretResponse, GetRandomPasswordRequest, GetRandomPasswordResponse,
  GetResourcePolicyRequest, GetResourcePolicyResponse, GetSecretValueRequest, GetSecretValueResponse, ListSecretsRequest,
  ListSecretsResponse, ListSecretVersionIdsRequest, ListSecretVersionIdsResponse, PutResourcePolicyRequest,
  PutResourcePolicyResponse, PutSecretValueRequest, PutSecretValueResponse, RestoreSecretRequest, RestoreSecretResponse,
  RotateSecretRequest, RotateSecretResponse,
  TagResourceRequest, UntagResourceRequest, UpdateSecretRequest, UpdateSecretResponse, UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse
} from '@aws-sdk/client-secrets-manager'
import type { Operation } from '../aws.js'
import type { Clock } from '../clock.js'
import type { SecretRecords } from './records.js'
import type { Rotation } from './rotation.js'

/** The operations of Secrets Manager that are implemented, by their AWS names. A type, since an interface has no index signature for the wire. */
export type SecretOperations = {
  CreateSecret: Operation<CreateSecretRequest, CreateSecretResponse>
  BatchGetSecretValue: Operation<BatchGetSecretValueRequest, BatchGetSecretValueResponse>
  GetSecretValue: Operation<GetSecretValueRequest, GetSecretValueResponse>
  DescribeSecret: Operation<DescribeSecretRequest, DescribeSecretResponse>
  ListSecrets: Operation<ListSecretsRequest, ListSecretsResponse>
  ListSecretVersionIds: Operation<ListSecretVersionIdsRequest, ListSecretVersionIdsResponse>
  PutSecretValue: Operation<PutSecretValueRequest, PutSecretValueResponse>
  UpdateSecret: Operation<UpdateSecretRequest, UpdateSecretResponse>
  UpdateSecretVersionStage: Operation<UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse>
  DeleteSecret: Operation<DeleteSecretRequest, DeleteSecretResponse>
  RestoreSecret: Operation<RestoreSecretRequest, RestoreSecretResponse>
  GetRandomPassword: Operation<GetRandomPasswordRequest, GetRandomPasswordResponse>
  RotateSecret: Operation<RotateSecretRequest, RotateSecretResponse>
  TagResource: Operation<TagResourceRequest, object>
  UntagResource: Operation<UntagResourceRequest, object>
  GetResourcePolicy: Operation<GetResourcePolicyRequest, GetResourcePolicyResponse>
  PutResourcePolicy: Operation<PutResourcePolicyRequest, PutResourcePolicyResponse>
  DeleteResourcePolicy: Operation<DeleteResourcePolicyRequest, DeleteResourcePolicyResponse>
}

/** What the operations work with. */
export interface SecretsContext {
  records: SecretRecords
  rotation: Pick<Rotation, 'rotate' | 'schedule'>
  clock: Pick<Clock, 'now'>
  /** A whole number from 0 to below `limit`. */
  randomBelow: (limit: number) => number
}
