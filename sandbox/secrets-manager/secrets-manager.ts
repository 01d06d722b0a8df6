import type * as Sdk from '@aws-sdk/client-secrets-manager'
import { randomInt } from 'node:crypto'
import type { Logger } from 'pino'
import type { OperationsOf } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Store } from '../store.js'
import { refuseUnheeded } from '../unheeded.js'
import type { SecretsContext } from './context.js'
import { openRecords, type SecretRecords } from './records.js'
import { createRotation, type Rotator } from './rotation.js'
import { createSecretOperations } from './secret-operations.js'
import { unheeded } from './unheeded.js'
import { invalidParameter, invalidRequest } from './validation.js'
import { createValueOperations } from './value-operations.js'

/** Those operations of Secrets Manager that there are. */
export type SecretOperations = OperationsOf<typeof Sdk, keyof ReturnType<typeof createOperations>>

export interface SecretsManager {
  operations: SecretOperations
  /** The same for CloudFormation, which tags what it makes. */
  operationsOfCloudFormation: SecretOperations
  /** The same for the service that manages secrets of its own, and may change them. */
  operationsOfOwner: SecretOperations
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

/** AWS Secrets Manager: values are kept in the sandbox's journal, and shown by GetSecretValue alone. */
export function createSecretsManager (
  { store, clock, log = { warn: () => {} }, randomBelow = randomInt }: SecretsManagerDependencies
): SecretsManager {
  const records = openRecords(store, clock)
  const rotation = createRotation({ records, clock, log })
  const context: SecretsContext = { records, rotation, clock, randomBelow }
  const closing = new AbortController()
  let rotating: Promise<void> = Promise.resolve()

  const operations = refuseUnheeded(createOperations(context), unheeded)
  const guarded = guardManaged(operations, records)
  return {
    operations: guardTags(guarded),
    operationsOfCloudFormation: guarded,
    operationsOfOwner: operations,
    rotateBy: (owner, rotator) => { rotation.rotators.set(owner, rotator) },
    start: () => { rotating = rotation.keepRotating(closing.signal) },
    close: async () => {
      closing.abort()
      await rotating
    }
  }
}

function createOperations (context: SecretsContext) {
  return { ...createSecretOperations(context), ...createValueOperations(context) }
}

const CHANGES = ['PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage', 'DeleteSecret'] as const

/**
 * Refuses to whoever calls from outside what only the service that manages a secret may do to it. The API reference has
 * this sentence for it under InvalidRequestException; the wording on the wire could not be checked.
 */
function guardManaged (operations: SecretOperations, records: Pick<SecretRecords, 'findIfThere'>): SecretOperations {
  const guarded = CHANGES.map(name => [name, async (request: { SecretId: string | undefined }, caller: Parameters<SecretOperations['DeleteSecret']>[1]) => {
    if (records.findIfThere(request.SecretId ?? '', caller.region)?.owner !== undefined) {
      throw invalidRequest('The secret is managed by another service, and you must use that service to update it.')
    }
    return await operations[name](request as never, caller)
  }] as const)
  return { ...operations, ...Object.fromEntries(guarded) }
}

/** Refuses the tags that only AWS's own services may give and take, such as those that say whose a secret is. */
function guardTags (operations: SecretOperations): SecretOperations {
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
