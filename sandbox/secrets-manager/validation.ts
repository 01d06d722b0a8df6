import { AwsError } from '../aws.js'
import type { Constraints } from '../constraints.js'

/** What the service model says of members, whichever the operation. */
export const constraints: Constraints = {
  Name: { bounds: [1, 512] },
  SecretId: { bounds: [1, 2048] },
  Description: { bounds: [0, 2048] },
  KmsKeyId: { bounds: [0, 2048] },
  SecretString: { bounds: [1, 65_536], isSecret: true },
  SecretBinary: { bounds: [1, 65_536], isSecret: true },
  ClientRequestToken: { bounds: [32, 64] },
  VersionId: { bounds: [32, 64] },
  VersionStage: { bounds: [1, 256] },
  VersionStages: { bounds: [1, 20] },
  MoveToVersionId: { bounds: [32, 64] },
  RemoveFromVersionId: { bounds: [32, 64] },
  Tags: { bounds: [0, Infinity], items: { Key: { bounds: [1, 128] }, Value: { bounds: [0, 256] } } },
  MaxResults: { bounds: [1, 100] },
  NextToken: { bounds: [1, 4096] },
  Filters: { bounds: [0, 10] },
  SecretIdList: { bounds: [1, 20] },
  ResourcePolicy: { bounds: [1, 20_480] },
  PasswordLength: { bounds: [1, 4096] },
  ExcludeCharacters: { bounds: [0, 4096] }
}

/** Throws ValidationException for a name with characters that a secret's name may not have. */
export function checkName (name: string): void {
  if (/^[A-Za-z0-9/_+=.@!-]+$/.test(name)) return
  throw new AwsError('ValidationException', 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!')
}

/** A value as a request gives it. */
export interface SecretValue { SecretString?: string | undefined, SecretBinary?: Uint8Array | undefined }

/** Throws when a secret is given both kinds of value. */
export function checkOneValue ({ SecretString, SecretBinary }: SecretValue): void {
  if (SecretString === undefined || SecretBinary === undefined) return
  throw invalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.")
}

/** Throws for a new value that is none; an empty text is none either. */
export function requireValue ({ SecretString, SecretBinary }: SecretValue): void {
  if (!SecretString && !SecretBinary?.length) throw invalidRequest('You must provide either SecretString or SecretBinary.')
}

export function invalidParameter (message: string): AwsError {
  return new AwsError('InvalidParameterException', message)
}

export function invalidRequest (message: string): AwsError {
  return new AwsError('InvalidRequestException', message)
}
