import type * as Sdk from '@aws-sdk/client-secrets-manager'
import { randomUUID } from 'node:crypto'
import { AwsError, type OperationsOf } from '../aws.js'
import { checkConstraints } from '../constraints.js'
import type { SecretsContext } from './context.js'
import { describeVersions, nameOf } from './describe.js'
import { chooseSecrets, pageOf } from './listing.js'
import { generatePassword } from './passwords.js'
import { checkOneValue, invalidParameter } from './validation.js'
import { addVersion, chooseVersion, CURRENT, hasValue, relabel, stagesOf } from './versions.js'

const DAY_MS = 86_400_000
const BATCH_SIZE = 20

/** What reads and stores values, moves the labels of their versions, and makes new ones up. */
export function createValueOperations ({ records, clock, randomBelow }: SecretsContext) {
  /** A value with its labels; notes the day of the reading. Throws when there is none, or the secret is to be deleted. */
  const readValue = (request: Sdk.GetSecretValueRequest, region: string): Sdk.GetSecretValueResponse => {
    const secret = records.findUsable(request.SecretId ?? '', region)
    const { versionId, text, binary, createdAt } = chooseVersion(records, secret, request)
    const accessedAt = Math.floor(clock.now() / DAY_MS) * DAY_MS
    if (secret.versionsAccessedAt?.[versionId] !== accessedAt) {
      records.save(secret, { accessedAt, versionsAccessedAt: { ...secret.versionsAccessedAt, [versionId]: accessedAt } })
    }
    return {
      ...nameOf(secret),
      VersionId: versionId,
      SecretString: text,
      SecretBinary: binary === undefined ? undefined : Buffer.from(binary, 'base64'),
      VersionStages: stagesOf(secret, versionId),
      CreatedDate: new Date(createdAt)
    }
  }

  return {
    GetSecretValue: async (request, { region }) => readValue(request, region),

    /** The values of secrets that are named or filtered, one of both. What cannot be read is explained instead. */
    BatchGetSecretValue: async ({ SecretIdList = [], Filters = [], NextToken: from, MaxResults }, { region }) => {
      if ((SecretIdList.length > 0) === (Filters.length > 0)) throw invalidParameter("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
      checkConstraints('ValidationException', { MaxResults: { bounds: [1, BATCH_SIZE] } }, { MaxResults })
      if (MaxResults !== undefined && Filters.length === 0) throw invalidParameter("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.")
      const ids = SecretIdList.length > 0 ? SecretIdList : chooseSecrets(records.inRegion(region), { Filters }).map(({ arn }) => arn)
      const { page, NextToken } = pageOf(ids, { NextToken: from, MaxResults: MaxResults ?? BATCH_SIZE }, id => id)
      const SecretValues: Sdk.GetSecretValueResponse[] = []
      const Errors: Sdk.APIErrorType[] = []
      for (const SecretId of page) {
        try {
          SecretValues.push(readValue({ SecretId }, region))
        } catch (error) {
          if (!(error instanceof AwsError)) throw error
          Errors.push({ SecretId, ErrorCode: error.code, Message: error.message })
        }
      }
      return { SecretValues, Errors, NextToken }
    },

    ListSecretVersionIds: async (request, { region }) => {
      const secret = records.find(request.SecretId ?? '', region)
      const versions = describeVersions(secret, records.versions(secret), request.IncludeDeprecated === true)
      const { page, NextToken } = pageOf(versions, request, ({ VersionId = '' }) => VersionId)
      return { ...nameOf(secret), Versions: page, NextToken }
    },

    PutSecretValue: async (request, { region }) => {
      checkOneValue(request)
      const secret = records.findUsable(request.SecretId ?? '', region)
      const VersionId = request.ClientRequestToken ?? randomUUID()
      const changed = addVersion(records, secret, VersionId, request, request.VersionStages ?? [CURRENT], clock.now())
      return { ...nameOf(changed), VersionId, VersionStages: stagesOf(changed, VersionId) }
    },

    UpdateSecret: async (request, { region }) => {
      checkOneValue(request)
      const secret = records.findUsable(request.SecretId ?? '', region)
      const VersionId = hasValue(request) ? request.ClientRequestToken ?? randomUUID() : undefined
      const valued = VersionId === undefined ? secret : addVersion(records, secret, VersionId, request, [CURRENT], clock.now())
      records.change(valued, { description: request.Description ?? valued.description, kmsKeyId: request.KmsKeyId ?? valued.kmsKeyId })
      return { ...nameOf(secret), VersionId }
    },

    UpdateSecretVersionStage: async (request, { region }) => {
      const secret = records.findUsable(request.SecretId ?? '', region)
      return nameOf(records.change(secret, { stages: relabel(records, secret, request) }))
    },

    GetRandomPassword: async request => ({ RandomPassword: generatePassword(request, randomBelow) })
  } satisfies Partial<OperationsOf<typeof Sdk>>
}
