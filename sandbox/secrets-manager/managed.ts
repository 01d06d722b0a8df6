import { AwsError } from '../aws.js'
import type { SecretOperations } from './contract.js'
import type { SecretRecords } from './records.js'
import { requireOwnKeys } from './tags.js'
import { invalidRequest } from './validation.js'

const CHANGES = ['PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage', 'DeleteSecret'] as const

/**
 * Refuses to whoever calls from outside what only the service that manages a secret may do to it. The API reference has
 * this sentence for it under InvalidRequestException; the wording on the wire could not be checked.
 */
export function guardManaged (operations: SecretOperations, records: Pick<SecretRecords, 'find'>): SecretOperations {
  const guarded = CHANGES.map(name => [name, async (request: { SecretId: string | undefined }, caller: Parameters<SecretOperations['DeleteSecret']>[1]) => {
    if (ownerOf(records, request.SecretId, caller.region) !== undefined) {
      throw invalidRequest('The secret is managed by another service, and you must use that service to update it.')
    }
    return await operations[name](request as never, caller)
  }] as const)
  return { ...operations, ...Object.fromEntries(guarded) }
}

/** Refuses the tags that only AWS's own services may give and take, such as those that say whose a secret is. */
export function guardTags (operations: SecretOperations): SecretOperations {
  return {
    ...operations,
    CreateSecret: async (request, caller) => {
      requireOwnKeys(request.Tags?.map(({ Key }) => Key) ?? [])
      return await operations.CreateSecret(request, caller)
    },
    TagResource: async (request, caller) => {
      requireOwnKeys(request.Tags?.map(({ Key }) => Key) ?? [])
      return await operations.TagResource(request, caller)
    },
    UntagResource: async (request, caller) => {
      requireOwnKeys(request.TagKeys ?? [])
      return await operations.UntagResource(request, caller)
    }
  }
}

/** A secret that there is not is the operation's own to refuse. */
function ownerOf (records: Pick<SecretRecords, 'find'>, secretId = '', region: string): string | undefined {
  try {
    return records.find(secretId, region).owner
  } catch (error) {
    if (error instanceof AwsError) return undefined
    throw error
  }
}
