import { randomUUID } from 'node:crypto'
import type { CreateSecretRequest, CreateSecretResponse, Tag } from '@aws-sdk/client-secrets-manager'
import { AwsError, type Caller } from '../aws.js'
import type { SecretsContext } from './contract.js'
import { nameOf } from './describe.js'
import { arnPrefix, type SecretRecord, type SecretRecords } from './records.js'
import { mergeTags } from './tags.js'
import { checkLengths, checkName, checkOneValue, invalidRequest } from './validation.js'
import { addVersion, CURRENT, hasValue, isSameValue } from './versions.js'

const SUFFIX_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Makes a secret; the same request with the same token again answers the same secret. */
export function createSecret (request: CreateSecretRequest, { region }: Caller, { records, clock, randomBelow }: Omit<SecretsContext, 'rotation'>): CreateSecretResponse {
  const { Name: name = '', ClientRequestToken: versionId = randomUUID() } = request
  checkLengths(request)
  checkName(name)
  checkOneValue(request)
  if (request.AddReplicaRegions?.length) throw invalidRequest('The sandbox does not replicate secrets to other Regions.')

  const known = records.named(name, region)
  if (known) return repeatCreation(known, request, records)
  const now = clock.now()
  const secret: SecretRecord = {
    arn: `${arnPrefix(region)}${name}-${suffix(randomBelow)}`,
    name,
    region,
    tags: mergeTags([], request.Tags ?? []),
    stages: {},
    createdAt: now,
    changedAt: now,
    ...(request.Description === undefined ? {} : { description: request.Description }),
    ...(request.KmsKeyId === undefined ? {} : { kmsKeyId: request.KmsKeyId }),
    ...ownerOf(request.Tags ?? [])
  }
  if (!hasValue(request)) {
    records.save(secret)
    return nameOf(secret)
  }
  return { ...nameOf(addVersion(records, secret, versionId, request, [CURRENT], now)), VersionId: versionId }
}

/** The suffix keeps the ARN of a secret apart from that of a later one with the same name. */
function suffix (randomBelow: (limit: number) => number): string {
  return Array.from({ length: 6 }, () => SUFFIX_CHARACTERS.charAt(randomBelow(SUFFIX_CHARACTERS.length))).join('')
}

/** A service that makes a secret for itself says so in a tag. */
function ownerOf (tags: readonly Tag[]): { owner?: string } {
  const owner = tags.find(({ Key }) => Key === 'aws:secretsmanager:owningService')?.Value
  return owner === undefined ? {} : { owner }
}

function repeatCreation (known: SecretRecord, request: CreateSecretRequest, records: SecretRecords): CreateSecretResponse {
  if (known.deletedAt !== undefined) {
    throw invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.")
  }
  const { ClientRequestToken: versionId } = request
  const version = versionId === undefined ? undefined : records.version(known, versionId)
  const asked = {
    ...(request.SecretString === undefined ? {} : { text: request.SecretString }),
    ...(request.SecretBinary === undefined ? {} : { binary: Buffer.from(request.SecretBinary).toString('base64') })
  }
  if (version && isSameValue(version, asked)) return { ...nameOf(known), VersionId: version.versionId }
  throw new AwsError('ResourceExistsException', `The operation failed because the secret ${known.name} already exists.`)
}
