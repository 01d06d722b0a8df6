import type { APIErrorType, BatchGetSecretValueRequest, BatchGetSecretValueResponse, GetSecretValueRequest, GetSecretValueResponse } from '@aws-sdk/client-secrets-manager'
import { AwsError } from '../aws.js'
import type { SecretsContext } from './contract.js'
import { nameOf } from './describe.js'
import { chooseSecrets, pageOf } from './listing.js'
import { checkLengths, invalidParameter } from './validation.js'
import { chooseVersion, stagesOf } from './versions.js'

type Context = Pick<SecretsContext, 'records' | 'clock'>

const DAY_MS = 86_400_000
const BATCH_SIZE = 20

/** A value with its labels; notes the day of the reading. Throws when there is none, or the secret is to be deleted. */
export function readValue ({ records, clock }: Context, request: GetSecretValueRequest, region: string): GetSecretValueResponse {
  checkLengths(request)
  const secret = records.findUsable(request.SecretId ?? '', region)
  const { versionId, text, binary, createdAt } = chooseVersion(records, secret, request)
  const accessedAt = Math.floor(clock.now() / DAY_MS) * DAY_MS
  if (secret.accessedAt !== accessedAt) records.save({ ...secret, accessedAt })
  return {
    ...nameOf(secret),
    VersionId: versionId,
    ...(text === undefined ? {} : { SecretString: text }),
    ...(binary === undefined ? {} : { SecretBinary: Buffer.from(binary, 'base64') }),
    VersionStages: stagesOf(secret, versionId),
    CreatedDate: new Date(createdAt)
  }
}

/** The values of secrets that are named or filtered, one of both. What cannot be read is explained instead. */
export function readValues (context: Context, request: BatchGetSecretValueRequest, region: string): BatchGetSecretValueResponse {
  const { SecretIdList = [], Filters = [], NextToken, MaxResults = BATCH_SIZE } = request
  if ((SecretIdList.length > 0) === (Filters.length > 0)) throw invalidParameter('You must specify either SecretIdList or Filters, and not both.')
  const ids = SecretIdList.length > 0 ? SecretIdList : chooseSecrets(context.records.inRegion(region), { Filters }).map(({ arn }) => arn)
  const { page, ...next } = pageOf(ids, { NextToken, MaxResults }, id => id)
  const SecretValues: GetSecretValueResponse[] = []
  const Errors: APIErrorType[] = []
  for (const SecretId of page) {
    try {
      SecretValues.push(readValue(context, { SecretId }, region))
    } catch (error) {
      if (!(error instanceof AwsError)) throw error
      Errors.push({ SecretId, ErrorCode: error.code, Message: error.message })
    }
  }
  return { SecretValues, Errors, ...next }
}
