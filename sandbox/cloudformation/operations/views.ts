import type { Parameter, Stack, StackSummary } from '@aws-sdk/client-cloudformation'
import { type EventRecord, latestOperations, type OutputRecord, type ResourceRecord, type StackRecord } from '../engine/records.js'
import type { ParameterValue } from '../template/parameters.js'

function dateOf (time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time)
}

/**
 * A stack as AWS describes it, and, without most of that, lists it: outputs once the operation is over, nothing of a definition that is only reviewed, and
 * lists that are empty left out but for topics and tags (LocalStack's recordings, `test_stacks`, `test_changesets`).
 */
export function toStack (stack: StackRecord): Stack & StackSummary {
  const { definition, status } = stack
  const isOver = !status.endsWith('_IN_PROGRESS')
  const isDeleted = status === 'DELETE_COMPLETE'
  const known = status === 'REVIEW_IN_PROGRESS'
    ? { NotificationARNs: [], Tags: [] }
    : {
        Description: definition.description,
        Parameters: unlessEmpty(definition.parameters.map(toParameter)),
        NotificationARNs: definition.notificationArns,
        Capabilities: unlessEmpty(definition.capabilities as NonNullable<Stack['Capabilities']>),
        RoleARN: definition.roleArn,
        Tags: definition.tags
      }
  return {
    ...known,
    StackId: stack.id,
    StackName: stack.name,
    TemplateDescription: definition.description,
    ChangeSetId: isDeleted ? undefined : stack.changeSetId,
    CreationTime: new Date(stack.createdAt),
    DeletionTime: deletionTimeOf(stack),
    LastUpdatedTime: dateOf(stack.updatedAt),
    RollbackConfiguration: {},
    StackStatus: status,
    StackStatusReason: stack.reason,
    DisableRollback: stack.operations.at(-1)?.disableRollback ?? false,
    TimeoutInMinutes: stack.timeoutMs === undefined ? undefined : stack.timeoutMs / 60_000,
    Outputs: isOver ? unlessEmpty(stack.outputs.map(toOutput)) : undefined,
    EnableTerminationProtection: isDeleted ? undefined : stack.terminationProtection,
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
    RetainExceptOnCreate: stack.retainExceptOnCreate || undefined,
    // Newest first, and only what the last request led to, as AWS was seen to answer in 2026.
    LastOperations: latestOperations(stack).map(({ id, type }) => ({ OperationId: id, OperationType: type })).reverse()
  }
}

/** A deletion that was canceled has no time. */
function deletionTimeOf ({ status, deletedAt }: StackRecord): Date | undefined {
  return /^(DELETE|ROLLBACK)_/.test(status) ? dateOf(deletedAt) : undefined
}

function unlessEmpty<T> (items: T[]): T[] | undefined {
  return items.length === 0 ? undefined : items
}

export function toParameter ({ key, value, resolved, noEcho }: ParameterValue): Parameter {
  if (noEcho) return { ParameterKey: key, ParameterValue: '****' }
  return { ParameterKey: key, ParameterValue: value, ResolvedValue: resolved }
}

function toOutput ({ key, value, description, exportName }: OutputRecord) {
  return { OutputKey: key, OutputValue: value, Description: description, ExportName: exportName }
}

/** An event as both lists of events have it. */
export function toEvent (event: EventRecord, { name }: StackRecord) {
  return {
    StackId: event.stackId,
    StackName: name,
    EventId: event.id,
    OperationId: event.operationId,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(event.at),
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
    ResourceProperties: event.properties,
    ClientRequestToken: event.token
  }
}

/** A resource as every operation that describes or lists resources has it, of which each has a part. */
export function toResource (resource: ResourceRecord, stack: StackRecord) {
  const updatedAt = new Date(resource.updatedAt)
  return {
    StackName: stack.name,
    StackId: stack.id,
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.physicalId || undefined,
    ResourceType: resource.type,
    LastUpdatedTimestamp: updatedAt,
    Timestamp: updatedAt,
    ResourceStatus: resource.status,
    ResourceStatusReason: resource.reason,
    DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' as const }
  }
}
