import type * as Sdk from '@aws-sdk/client-secrets-manager'
import { randomUUID } from 'node:crypto'
import { AwsError, type OperationsOf } from '../aws.js'
import type { SecretsContext } from './context.js'
import { describeSecret, nameOf } from './describe.js'
import { chooseSecrets, pageOf } from './listing.js'
import { validatePolicy } from './policies.js'
import { arnPrefix, type SecretRecord } from './records.js'
import { checkName, checkOneValue, invalidParameter, invalidRequest } from './validation.js'
import { addVersion, CURRENT, hasValue, isSameValue, tokenInUse, valueOf } from './versions.js'

const SUFFIX_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const DAY_MS = 86_400_000
const DEFAULT_WINDOW_DAYS = 30
const MOST_TAGS = 50

/** How secrets come, go, come back and change by themselves, and what is about them and not their values. Policies are kept and not enforced. */
export function createSecretOperations ({ records, rotation, clock, randomBelow }: SecretsContext) {
  /** The suffix keeps the ARN of a secret apart from that of a later one with the same name. */
  const newSuffix = (): string => Array.from({ length: 6 }, () => SUFFIX_CHARACTERS.charAt(randomBelow(SUFFIX_CHARACTERS.length))).join('')

  /** The same request with the same token again answers the same secret. */
  const repeatCreation = (known: SecretRecord, request: Sdk.CreateSecretRequest): Sdk.CreateSecretResponse => {
    if (known.deletedAt !== undefined) throw invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.")
    const { ClientRequestToken: versionId } = request
    const version = versionId === undefined ? undefined : records.version(known, versionId)
    if (version && !isSameValue(version, valueOf(request))) throw tokenInUse(known, version.versionId)
    if (version) return { ...nameOf(known), VersionId: version.versionId }
    throw new AwsError('ResourceExistsException', `The operation failed because the secret ${known.name} already exists.`)
  }

  /** It does not mind that there is no such secret. */
  const deleteNow = (secretId: string, region: string): Sdk.DeleteSecretResponse => {
    const DeletionDate = new Date(clock.now())
    const secret = records.findIfThere(secretId, region)
    if (secret) {
      records.remove(secret)
      return { ...nameOf(secret), DeletionDate }
    }
    const prefix = arnPrefix(region)
    const ARN = secretId.startsWith('arn:') ? secretId : `${prefix}${secretId}`
    return { ARN, Name: ARN.replace(prefix, ''), DeletionDate }
  }

  return {
    CreateSecret: async (request, { region }) => {
      const { Name: name = '', ClientRequestToken: versionId = randomUUID(), Tags: tags } = request
      checkName(name)
      checkOneValue(request)
      if (request.AddReplicaRegions?.length) throw invalidRequest('The sandbox does not replicate secrets to other Regions.')
      const known = records.named(name, region)
      if (known) return repeatCreation(known, request)
      const now = clock.now()
      const secret: SecretRecord = {
        arn: `${arnPrefix(region)}${name}-${newSuffix()}`,
        name,
        region,
        tags: tags?.length ? mergeTags([], tags) : undefined,
        stages: {},
        createdAt: now,
        changedAt: now,
        description: request.Description,
        kmsKeyId: request.KmsKeyId,
        // A service that makes a secret for itself says so in a tag.
        owner: tags?.find(({ Key }) => Key === 'aws:secretsmanager:owningService')?.Value
      }
      if (!hasValue(request)) return nameOf(records.save(secret))
      return { ...nameOf(addVersion(records, secret, versionId, request, [CURRENT], now)), VersionId: versionId }
    },

    DescribeSecret: async ({ SecretId = '' }, { region }) => describeSecret(records.find(SecretId, region)),

    ListSecrets: async (request, { region }) => {
      const { page, NextToken } = pageOf(chooseSecrets(records.inRegion(region), request), request, ({ arn }) => arn)
      return { SecretList: page.map(describeSecret), NextToken }
    },

    DeleteSecret: async (request, { region }) => {
      const { SecretId = '', RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: forced } = request
      if (forced && days !== undefined) throw invalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
      if (days !== undefined && (days < 7 || days > 30)) throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).')
      if (forced) return deleteNow(SecretId, region)
      const secret = records.findUsable(SecretId, region)
      const now = clock.now()
      const purgedAt = now + (days ?? DEFAULT_WINDOW_DAYS) * DAY_MS
      records.save(secret, { deletedAt: now, purgedAt })
      return { ...nameOf(secret), DeletionDate: new Date(purgedAt) }
    },

    RestoreSecret: async ({ SecretId = '' }, { region }) => {
      const secret = records.find(SecretId, region)
      return nameOf(records.save(secret, { deletedAt: undefined, purgedAt: undefined }))
    },

    RotateSecret: async ({ SecretId = '', RotationLambdaARN, RotationRules, RotateImmediately = true }, caller) => {
      const secret = records.findUsable(SecretId, caller.region)
      // No code that Terraform tries again for a minute, as it does AccessDeniedException and InvalidRequestException.
      if (RotationLambdaARN !== undefined) throw invalidParameter('The sandbox invokes no Lambda functions: it rotates only secrets that RDS manages, without RotationLambdaARN.')
      const scheduled = rotation.schedule(secret, RotationRules)
      const rotated = RotateImmediately ? await rotation.rotate(scheduled, caller) : scheduled
      return { ...nameOf(rotated), VersionId: rotated.stages[CURRENT] }
    },

    /** Nobody's own secrets rotate here, so that there is nothing to cancel; of managed ones it can be (terraform-provider-aws#49659). */
    CancelRotateSecret: async ({ SecretId = '' }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      return nameOf(secret.owner === undefined ? secret : records.save(secret, { isRotationCancelled: true }))
    },

    TagResource: async ({ SecretId = '', Tags = [] }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      records.change(secret, { tags: mergeTags(secret.tags, Tags) })
      return {}
    },

    UntagResource: async ({ SecretId = '', TagKeys = [] }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      records.change(secret, { tags: secret.tags?.filter(({ Key = '' }) => !TagKeys.includes(Key)) })
      return {}
    },

    GetResourcePolicy: async ({ SecretId = '' }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      return { ...nameOf(secret), ResourcePolicy: secret.policy }
    },

    PutResourcePolicy: async ({ SecretId = '', ResourcePolicy = '', BlockPublicPolicy = false }, { region }) => {
      const secret = records.findUsable(SecretId, region)
      if (!validatePolicy(ResourcePolicy).PolicyValidationPassed && BlockPublicPolicy) {
        throw new AwsError('PublicPolicyException', 'The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad access to the secret.')
      }
      return nameOf(records.change(secret, { policy: ResourcePolicy }))
    },

    ValidateResourcePolicy: async ({ SecretId, ResourcePolicy = '' }, { region }) => {
      if (SecretId !== undefined) records.findUsable(SecretId, region)
      return validatePolicy(ResourcePolicy)
    },

    DeleteResourcePolicy: async ({ SecretId = '' }, { region }) =>
      nameOf(records.change(records.findUsable(SecretId, region), { policy: undefined }))
  } satisfies Partial<OperationsOf<typeof Sdk>>
}

/** New tags over old ones of the same key. Throws LimitExceededException beyond 50; AWS's own do not count (API reference, TagResource). */
function mergeTags (tags: readonly Sdk.Tag[] = [], added: readonly Sdk.Tag[]): Sdk.Tag[] {
  const merged = new Map([...tags, ...added].map(({ Key = '', Value = '' }) => [Key, Value]))
  if ([...merged.keys()].filter(key => !key.startsWith('aws:')).length > MOST_TAGS) throw new AwsError('LimitExceededException', `You can't attach more than ${MOST_TAGS} tags to a secret.`)
  return [...merged].map(([Key, Value]) => ({ Key, Value }))
}
