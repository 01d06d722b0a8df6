import type { SecretOperations } from './secrets-manager.js'
import type { SecretRecords } from './records.js'
import { invalidParameter, invalidRequest } from './validation.js'

const CHANGES = ['PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage', 'DeleteSecret'] as const

/**
 * Refuses to whoever calls from outside what only the service that manages a secret may do to it. The API reference has
 * this sentence for it under InvalidRequestException; the wording on the wire could not be checked.
 */
export function guardManaged (operations: SecretOperations, records: Pick<SecretRecords, 'findIfThere'>): SecretOperations {
  const guarded = CHANGES.map(name => [name, async (request: { SecretId: string | undefined }, caller: Parameters<SecretOperations['DeleteSecret']>[1]) => {
    if (records.findIfThere(request.SecretId ?? '', caller.region)?.owner !== undefined) {
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

/** Throws for keys that are AWS's own ("Do not use the aws: prefix", API reference of TagResource; the words could not be checked). */
function requireOwnKeys (keys: ReadonlyArray<string | undefined>): void {
  if (keys.some(key => key?.toLowerCase().startsWith('aws:'))) throw invalidParameter('Tag keys that begin with "aws:" are reserved for AWS use.')
}
