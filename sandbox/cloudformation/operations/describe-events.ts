import type { DescribeEventsInput, DescribeEventsOutput, OperationEvent } from '@aws-sdk/client-cloudformation'
import { AwsError, type Operation } from '../../aws.js'
import { type EngineContext, STACK_TYPE } from '../engine/context.js'
import type { EventRecord, StackRecord } from '../engine/records.js'
import { invalid } from '../template/errors.js'
import { requireStack } from './find-stack.js'
import { pageOf } from './pages.js'

/** DescribeEvents: the events of a stack or of one operation, newest first, optionally only those that say what failed. */
export function createDescribeEvents ({ records }: EngineContext): Operation<DescribeEventsInput, DescribeEventsOutput> {
  return async (input, caller) => {
    if (input.ChangeSetName !== undefined && input.StackName === undefined) throw invalid('The events of a change set are not available in the sandbox. Ask for those of its stack.')
    const stack = input.OperationId === undefined
      ? requireStack(records, input.StackName, caller, 'brackets')
      : ownerOf(records.stacks(caller.region), input.OperationId)
    const events = records.events(stack.id).filter(event => (input.OperationId ?? event.operationId) === event.operationId)
    const wanted = input.Filters?.FailedEvents ? events.filter(isCause) : events
    const { items, ...next } = pageOf([...wanted].reverse(), input.NextToken, ({ id }) => id)
    return { OperationEvents: items.map(toOperationEvent), ...next }
  }
}

function ownerOf (stacks: readonly StackRecord[], operationId: string): StackRecord {
  const owner = stacks.find(stack => stack.operations.some(({ id }) => id === operationId))
  if (!owner) throw new AwsError('OperationNotFoundException', `Operation ${operationId} does not exist`, 404)
  return owner
}

function isCause ({ status, type, reason = '' }: EventRecord): boolean {
  return status.endsWith('_FAILED') && type !== STACK_TYPE && !reason.endsWith('cancelled')
}

function toOperationEvent (event: EventRecord): OperationEvent {
  const isStack = event.type === STACK_TYPE
  return {
    EventId: event.id,
    StackId: event.stackId,
    OperationId: event.operationId,
    OperationType: event.operationType,
    EventType: isStack ? 'STACK_EVENT' : isCause(event) ? 'PROVISIONING_ERROR' : 'PROGRESS_EVENT',
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(event.at),
    ResourceStatus: event.status,
    OperationStatus: isStack ? operationStatusOf(event.status) : undefined,
    ResourceStatusReason: event.reason,
    ResourceProperties: event.properties,
    ClientRequestToken: event.token
  }
}

function operationStatusOf (status: string): 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' {
  if (status.endsWith('_IN_PROGRESS')) return 'IN_PROGRESS'
  return /FAILED|ROLLBACK/.test(status) ? 'FAILED' : 'SUCCEEDED'
}
