import type { OperationType, ResourceStatus, StackStatus } from '@aws-sdk/client-cloudformation'
import type { JsonObject } from '../template/json.js'
import type { ParameterValue } from '../template/parameters.js'

export interface TagRecord { Key: string, Value: string }

export interface OutputRecord {
  key: string
  value: string
  description?: string | undefined
  exportName?: string | undefined
}

/** What a stack is made from. The template's text is in a collection of its own, under `template`. */
export interface Definition {
  template: string
  description?: string | undefined
  parameters: ParameterValue[]
  tags: TagRecord[]
  capabilities: string[]
  notificationArns: string[]
  roleArn?: string | undefined
  /** Set where a stack was kept as its create failed: there is no going back to that. */
  incomplete?: true
}

export interface OperationRecord {
  id: string
  type: OperationType
  /** The caller's ClientRequestToken, stamped on every event of the operation. */
  token?: string | undefined
  startedAt: number
  disableRollback: boolean
  /** Resources that a rollback or deletion leaves as they are. */
  skipped: string[]
  /** For a deletion: whether what can not be deleted is left behind. */
  forced?: boolean | undefined
}

/** The latest operation on a stack, and before it, when it was a rollback, what was rolled back. */
export function latestOperations ({ operations }: Pick<StackRecord, 'operations'>): OperationRecord[] {
  return operations.slice(Math.max(0, operations.findLastIndex(({ type }) => !type.includes('ROLLBACK'))))
}

export interface StackRecord {
  id: string
  name: string
  region: string
  status: StackStatus
  reason?: string | undefined
  definition: Definition
  /** What an update that is under way, or has failed, goes back to. */
  previous?: Definition | undefined
  outputs: OutputRecord[]
  /** Names of the exports of other stacks that this one uses. */
  imports: string[]
  onFailure: 'ROLLBACK' | 'DO_NOTHING' | 'DELETE'
  timeoutMs?: number | undefined
  terminationProtection: boolean
  retainExceptOnCreate: boolean
  operations: OperationRecord[]
  changeSetId?: string | undefined
  createdAt: number
  updatedAt?: number | undefined
  deletedAt?: number | undefined
}

/** A resource as it is, or was: enough to change it, delete it, or go back to it. */
export interface Incarnation {
  /** What AWS calls PhysicalResourceId and `Ref` returns; empty until the resource exists. */
  physicalId: string
  /** Random part of the names that the sandbox gives; chosen, and stored, before the resource is made. */
  nonce: string
  /** Evaluated, with text scalars and with dynamic references as they stand in the template. */
  properties: JsonObject
  attributes: JsonObject
  dependsOn: string[]
  deletionPolicy?: string | undefined
  updateReplacePolicy?: string | undefined
}

export interface ResourceRecord extends Incarnation {
  stackId: string
  logicalId: string
  type: string
  status: ResourceStatus
  reason?: string | undefined
  /** The operation that gave it its status. */
  operationId: string
  /** As it was before the update under way touched it; null when that update adds it. */
  previous?: Incarnation | null | undefined
  /** What a replacement left behind, to be deleted in the cleanup phase. */
  leftover?: Incarnation | undefined
  updatedAt: number
}

/** What of a resource's record is about how it is, and not about what happens to it. */
export function incarnationOf (resource: ResourceRecord): Incarnation {
  const { physicalId, nonce, properties, attributes, dependsOn, deletionPolicy, updateReplacePolicy } = resource
  return { physicalId, nonce, properties, attributes, dependsOn, deletionPolicy, updateReplacePolicy }
}

export interface EventRecord {
  id: string
  stackId: string
  operationId: string
  operationType: OperationType
  token?: string | undefined
  logicalId: string
  physicalId: string
  type: string
  status: ResourceStatus
  reason?: string | undefined
  properties?: string | undefined
  at: number
}
