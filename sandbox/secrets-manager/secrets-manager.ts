import { randomInt, randomUUID } from 'node:crypto'
import type {
  CreateSecretRequest, CreateSecretResponse, DeleteResourcePolicyRequest, DeleteResourcePolicyResponse, DeleteSecretRequest,
  DeleteSecretResponse, DescribeSecretRequest, DescribeSecretResponse, GetRandomPasswordRequest, GetRandomPasswordResponse,
  GetResourcePolicyRequest, GetResourcePolicyResponse, GetSecretValueRequest, GetSecretValueResponse, ListSecretsRequest,
  ListSecretsResponse, ListSecretVersionIdsRequest, ListSecretVersionIdsResponse, PutResourcePolicyRequest,
  PutResourcePolicyResponse, PutSecretValueRequest, PutSecretValueResponse, RestoreSecretRequest, RestoreSecretResponse,
  RotateSecretRequest, RotateSecretResponse,
  TagResourceRequest, UntagResourceRequest, UpdateSecretRequest, UpdateSecretResponse, UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse
} from '@aws-sdk/client-secrets-manager'
import type { Logger } from 'pino'
import { AwsError, type Operation } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Store } from '../store.js'
import { createSecret, type CreateDependencies } from './create.js'
import { deleteSecret } from './delete.js'
import { describeSecret, describeVersions, nameOf } from './describe.js'
import { chooseSecrets, pageOf } from './listing.js'
import { generatePassword } from './passwords.js'
import { openRecords, type SecretRecord } from './records.js'
import { createRotation, type Rotator } from './rotation.js'
import { mergeTags, withoutTags } from './tags.js'
import { checkLengths, checkOneValue } from './validation.js'
import { addVersion, chooseVersion, CURRENT, hasValue, relabel, stagesOf } from './versions.js'

export interface SecretsManager {
  operations: {
    CreateSecret: Operation<CreateSecretRequest, CreateSecretResponse>
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
  /** Has secrets of that owner (`rds`) rotated by it: when asked to, and every seven days. */
  rotateBy: (owner: string, rotator: Rotator) => void
  /** Begins to rotate what is due. */
  start: () => void
  close: () => Promise<void>
}

export interface SecretsManagerDependencies {
  store: Store
  clock: Clock
  /** Told of rotations that were due and did not succeed. */
  log?: Pick<Logger, 'warn'>
  /** A whole number from 0 to below `limit`; from the operating system unless a test says otherwise. */
  randomBelow?: (limit: number) => number
}

const DAY_MS = 86_400_000

/** AWS Secrets Manager: values are kept in the sandbox's journal, and shown by GetSecretValue alone. */
export function createSecretsManager ({ store, clock, log = { warn: () => {} }, randomBelow = randomInt }: SecretsManagerDependencies): SecretsManager {
  const records = openRecords(store, clock)
  const dependencies: CreateDependencies = { records, clock, randomBelow }
  const rotation = createRotation({ records, clock, log })
  const closing = new AbortController()
  let rotating: Promise<void> = Promise.resolve()
  const change = (secret: SecretRecord, changes: Partial<SecretRecord>): SecretRecord => {
    const changed = { ...secret, ...changes, changedAt: clock.now() }
    records.save(changed)
    return changed
  }
  const noteReading = (secret: SecretRecord): void => {
    const accessedAt = Math.floor(clock.now() / DAY_MS) * DAY_MS
    if (secret.accessedAt !== accessedAt) records.save({ ...secret, accessedAt })
  }

  return {
    operations: {
      CreateSecret: async (request, caller) => createSecret(request, caller, dependencies),

      GetSecretValue: async (request, { region }) => {
        checkLengths(request)
        const secret = records.findUsable(request.SecretId ?? '', region)
        const { versionId, text, binary, createdAt } = chooseVersion(records, secret, request)
        noteReading(secret)
        return {
          ...nameOf(secret),
          VersionId: versionId,
          ...(text === undefined ? {} : { SecretString: text }),
          ...(binary === undefined ? {} : { SecretBinary: Buffer.from(binary, 'base64') }),
          VersionStages: stagesOf(secret, versionId),
          CreatedDate: new Date(createdAt)
        }
      },

      DescribeSecret: async ({ SecretId = '' }, { region }) => describeSecret(records.find(SecretId, region)),

      ListSecrets: async (request, { region }) => {
        const chosen = chooseSecrets(records.inRegion(region), request)
        const { page, ...next } = pageOf(chosen, request, ({ arn }) => arn)
        return { SecretList: page.map(secret => describeSecret(secret)), ...next }
      },

      ListSecretVersionIds: async (request, { region }) => {
        const secret = records.find(request.SecretId ?? '', region)
        const versions = describeVersions(secret, records.versions(secret), request.IncludeDeprecated === true)
        const { page, ...next } = pageOf(versions, request, ({ VersionId = '' }) => VersionId)
        return { ...nameOf(secret), Versions: page, ...next }
      },

      PutSecretValue: async (request, { region }) => {
        checkLengths(request)
        checkOneValue(request)
        const secret = records.findUsable(request.SecretId ?? '', region)
        const VersionId = request.ClientRequestToken ?? randomUUID()
        const changed = addVersion(records, secret, VersionId, request, request.VersionStages ?? [CURRENT], clock.now())
        return { ...nameOf(changed), VersionId, VersionStages: stagesOf(changed, VersionId) }
      },

      UpdateSecret: async (request, { region }) => {
        checkLengths(request)
        checkOneValue(request)
        const secret = records.findUsable(request.SecretId ?? '', region)
        const VersionId = request.ClientRequestToken ?? randomUUID()
        const valued = hasValue(request) ? addVersion(records, secret, VersionId, request, [CURRENT], clock.now()) : secret
        change(valued, {
          ...(request.Description === undefined ? {} : { description: request.Description }),
          ...(request.KmsKeyId === undefined ? {} : { kmsKeyId: request.KmsKeyId })
        })
        return { ...nameOf(secret), ...(hasValue(request) ? { VersionId } : {}) }
      },

      UpdateSecretVersionStage: async (request, { region }) => {
        checkLengths(request)
        const secret = records.findUsable(request.SecretId ?? '', region)
        return nameOf(change(secret, { stages: relabel(records, secret, request) }))
      },

      DeleteSecret: async (request, caller) => deleteSecret(request, caller, dependencies),

      RestoreSecret: async ({ SecretId = '' }, { region }) => {
        const { deletedAt: _, purgedAt: __, ...restored } = records.find(SecretId, region)
        records.save(restored)
        return nameOf(restored)
      },

      GetRandomPassword: async request => ({ RandomPassword: generatePassword(request, randomBelow) }),

      RotateSecret: async ({ SecretId = '', RotationLambdaARN }, caller) => {
        const secret = records.findUsable(SecretId, caller.region)
        if (RotationLambdaARN !== undefined) throw new AwsError('AccessDeniedException', 'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.')
        const rotated = await rotation.rotate(secret, caller)
        return { ...nameOf(rotated), VersionId: rotated.stages[CURRENT] }
      },

      TagResource: async ({ SecretId = '', Tags = [] }, { region }) => {
        const secret = records.findUsable(SecretId, region)
        change(secret, { tags: mergeTags(secret.tags, Tags) })
        return {}
      },

      UntagResource: async ({ SecretId = '', TagKeys = [] }, { region }) => {
        const secret = records.findUsable(SecretId, region)
        change(secret, { tags: withoutTags(secret.tags, TagKeys) })
        return {}
      },

      GetResourcePolicy: async ({ SecretId = '' }, { region }) => {
        const secret = records.findUsable(SecretId, region)
        return { ...nameOf(secret), ...(secret.policy === undefined ? {} : { ResourcePolicy: secret.policy }) }
      },

      PutResourcePolicy: async ({ SecretId = '', ResourcePolicy = '' }, { region }) =>
        nameOf(change(records.findUsable(SecretId, region), { policy: ResourcePolicy })),

      DeleteResourcePolicy: async ({ SecretId = '' }, { region }) => {
        const { policy: _, ...secret } = records.findUsable(SecretId, region)
        return nameOf(change(secret, {}))
      }
    },
    rotateBy: (owner, rotator) => { rotation.rotators.set(owner, rotator) },
    start: () => { rotating = rotation.keepRotating(closing.signal) },
    close: async () => {
      closing.abort()
      await rotating
    }
  }
}
