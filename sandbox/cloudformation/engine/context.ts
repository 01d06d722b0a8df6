import type { ResourceStatus, StackStatus } from '@aws-sdk/client-cloudformation'
import type { Logger } from 'pino'
import { ACCOUNT, type Caller } from '../../aws.js'
import type { Clock } from '../../clock.js'
import type { ResourceHandler } from '../resources/handler.js'
import type { Specification } from '../specification/specification.js'
import type { DynamicReference } from './dynamic-references.js'
import type { Records } from './memory.js'
import type { EventRecord, OperationRecord, ResourceRecord, StackRecord } from './records.js'

/** What every step of the engine works with. */
export interface EngineContext {
  records: Records
  clock: Clock
  log: Pick<Logger, 'error' | 'info'>
  specification: () => Promise<Specification>
  handlerOf: (type: string) => ResourceHandler
  resolve: (reference: DynamicReference, caller: Caller) => Promise<string>
  /** The reason for which a resource is made to fail, for tests of what launches stacks. */
  failureOf: (stackName: string, logicalId: string) => string | undefined
  newId: () => string
  /** Twelve characters, capitals and digits. */
  newNonce: () => string
}

export const STACK_TYPE = 'AWS::CloudFormation::Stack'

/** The stack's record; it is there as long as the stack is not forgotten, which takes 90 days. */
export function stackOf ({ records }: EngineContext, stackId: string): StackRecord {
  const stack = records.stack(stackId)
  if (!stack) throw new Error(`no stack ${stackId}`)
  return stack
}

export function operationOf (stack: StackRecord): OperationRecord {
  const operation = stack.operations.at(-1)
  if (!operation) throw new Error(`no operation on stack ${stack.id}`)
  return operation
}

export function callerOf (stack: StackRecord): Caller {
  return { region: stack.region, account: ACCOUNT, requestId: operationOf(stack).id }
}

const OPERATIONS_KEPT = 10

/** What an operation on a stack is asked for; see {@link OperationRecord}. */
export interface Launch {
  type: OperationRecord['type']
  token: string | undefined
  disableRollback?: boolean | undefined
  skipped?: string[] | undefined
  forced?: boolean
}

/** The stack with a new operation: every event from here on carries its id and the caller's token. */
export function withOperation (context: EngineContext, stack: StackRecord, launch: Launch): StackRecord {
  const { disableRollback = false, skipped = [] } = launch
  const operation = { ...launch, id: context.newId(), startedAt: context.clock.now(), disableRollback, skipped }
  return { ...stack, operations: [...stack.operations, operation].slice(-OPERATIONS_KEPT) }
}

/** AWS says of a stack when its deletion began, and takes the rollback of a create for one. */
const DELETING: readonly StackStatus[] = ['DELETE_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS']

/** Stores the stack with a status, and its event. */
export function setStackStatus (context: EngineContext, stack: StackRecord, status: StackStatus, reason?: string): void {
  const deletedAt = DELETING.includes(status) ? context.clock.now() : stack.deletedAt
  const next = { ...stack, deletedAt, status, reason }
  context.records.together(() => {
    context.records.putStack(next)
    addEvent(context, next, { logicalId: next.name, physicalId: next.id, type: STACK_TYPE, status: status as ResourceStatus, reason })
  })
}

/** Gives a resource a status, with its event. A deletion shows the properties that were shown last. */
export function setResourceStatus (
  context: EngineContext,
  resource: ResourceRecord,
  change: Partial<ResourceRecord> & Pick<ResourceRecord, 'status'>,
  shownProperties?: string
): ResourceRecord {
  const stack = stackOf(context, resource.stackId)
  const next = { ...resource, reason: undefined, ...change, operationId: operationOf(stack).id, updatedAt: context.clock.now() }
  const { logicalId, physicalId, type, status, reason } = next
  const properties = shownProperties ?? (status.startsWith('DELETE') ? lastShown(context, next) : undefined)
  context.records.together(() => {
    context.records.resources.put(next)
    addEvent(context, stack, { logicalId, physicalId, type, status, reason, properties })
  })
  return next
}

function lastShown ({ records }: EngineContext, { stackId, logicalId }: ResourceRecord): string | undefined {
  return records.events.of(stackId).findLast(event => event.logicalId === logicalId && event.properties !== undefined)?.properties
}

type Happening = Pick<EventRecord, 'logicalId' | 'physicalId' | 'type' | 'status' | 'reason' | 'properties'> & { id?: string }

/** Events of one stack have different times, so that their ids, which AWS makes from the time, differ too. */
export function addEvent (context: EngineContext, stack: StackRecord, happening: Happening): void {
  const { id: operationId, type: operationType, token } = operationOf(stack)
  const last = context.records.events.of(stack.id).at(-1)?.at ?? 0
  const at = Math.max(context.clock.now(), last + 1)
  const ownId = happening.type === STACK_TYPE && happening.physicalId === stack.id
    ? context.newId()
    : `${happening.logicalId}-${happening.status}-${new Date(at).toISOString()}`
  context.records.events.put({ ...happening, id: happening.id ?? ownId, at, stackId: stack.id, operationId, operationType, token })
}
