import type * as Sdk from '@aws-sdk/client-secrets-manager'
import { randomInt } from 'node:crypto'
import type { Logger } from 'pino'
import { checkedBefore, type OperationsOf } from '../aws.js'
import type { Clock, Repetition } from '../clock.js'
import { checkConstraints } from '../constraints.js'
import type { Store } from '../store.js'
import { refuseUnheeded } from '../unheeded.js'
import type { SecretsContext } from './context.js'
import { openRecords } from './records.js'
import { createRotation, type Rotator } from './rotation.js'
import { createSecretOperations } from './secret-operations.js'
import { unheeded } from './unheeded.js'
import { constraints, invalidParameter, invalidRequest, requireValue, type SecretValue } from './validation.js'
import { createValueOperations } from './value-operations.js'

/** Those operations of Secrets Manager that there are. */
export type SecretOperations = OperationsOf<typeof Sdk, keyof ReturnType<typeof createOperations>>

/** What rotates secrets that are due, once it was started. */
export interface SecretsManager extends Repetition {
  operations: SecretOperations
  /** The same for CloudFormation, which tags what it makes. */
  operationsOfCloudFormation: SecretOperations
  /** The same for the service that manages secrets of its own, and may change them. */
  operationsOfOwner: SecretOperations
  /** Has secrets of that owner (`rds`) rotated by it: when asked to, and every seven days. */
  rotateBy: (owner: string, rotator: Rotator) => void
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

  const operations = refuseUnheeded(createOperations(context), unheeded)
  const operationsOf = (...checks: Check[]): SecretOperations => checkedBefore(operations, (name, request, { region }) => {
    const isManaged = (secretId: string): boolean => records.findIfThere(secretId, region)?.owner !== undefined
    for (const check of [checkValues, ...checks]) check(name, request, isManaged)
  })

  return {
    operations: operationsOf(refuseManaged, refuseTagsOfAws),
    operationsOfCloudFormation: operationsOf(refuseManaged),
    operationsOfOwner: operationsOf(),
    rotateBy: (owner, rotator) => { rotation.rotators.set(owner, rotator) },
    start: rotation.start,
    close: rotation.close
  }
}

function createOperations (context: SecretsContext) {
  return { ...createSecretOperations(context), ...createValueOperations(context) }
}

type Check = (name: string, request: Parts, isManaged: (secretId: string) => boolean) => void

/** What of requests is looked at before any operation. */
interface Parts extends SecretValue { SecretId?: string, Tags?: Sdk.Tag[], TagKeys?: string[] }

const checkValues: Check = (name, request) => {
  if (name === 'PutSecretValue') requireValue(request)
  checkConstraints('ValidationException', constraints, request)
}

const CHANGES: readonly string[] = ['PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage', 'DeleteSecret']

/**
 * Refuses to whoever calls from outside what only the service that manages a secret may do to it. The API reference has
 * this sentence for it under InvalidRequestException; the wording on the wire could not be checked.
 */
const refuseManaged: Check = (name, { SecretId = '' }, isManaged) => {
  if (CHANGES.includes(name) && isManaged(SecretId)) throw invalidRequest('The secret is managed by another service, and you must use that service to update it.')
}

/** Refuses the tags that only AWS's own services may give and take ("Do not use the aws: prefix", API reference of TagResource; the words could not be checked). */
const refuseTagsOfAws: Check = (_name, { Tags = [], TagKeys = [] }) => {
  const keys = [...Tags.map(({ Key = '' }) => Key), ...TagKeys]
  if (keys.some(key => key.toLowerCase().startsWith('aws:'))) throw invalidParameter('Tag keys that begin with "aws:" are reserved for AWS use.')
}
