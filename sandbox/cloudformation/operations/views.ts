import type { Parameter, Stack, StackResourceDetail, StackResourceSummary, StackSummary } from '@aws-sdk/client-cloudformation'
import { type EventRecord, latestOperations, type OutputRecord, type ResourceRecord, type StackRecord } from '../engine/records.js'
import type { ParameterValue } from '../template/parameters.js'

const drift = { StackDriftStatus: 'NOT_CHECKED' } as const
const resourceDrift = { StackResourceDriftStatus: 'NOT_CHECKED' } as const

function dateOf (time: number | undefined): Date | undefined {
  return time === undefined ? undefined : new Date(time)
}

/**
 * A stack as AWS describes it: outputs once the operation is over, nothing of a definition that is only reviewed, and
 * lists that are empty left out but for topics and tags (LocalStack's recordings, `test_stacks`, `test_changesets`).
 */
export function toStack (stack: StackRecord): Stack {
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
    DriftInformation: drift,
    RetainExceptOnCreate: stack.retainExceptOnCreate || undefined,
    LastOperations: toLastOperations(stack)
  }
}

/** Newest first, and only what the last request led to, as AWS was seen to answer in 2026. */
function toLastOperations (stack: StackRecord): NonNullable<Stack['LastOperations']> {
  return latestOperations(stack).map(({ id, type }) => ({ OperationId: id, OperationType: type })).reverse()
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
  return {
    OutputKey: key,
    OutputValue: value,
    Description: description,
    ExportName: exportName
  }
}

export function toSummary (stack: StackRecord): StackSummary {
  return {
    StackId: stack.id,
    StackName: stack.name,
    TemplateDescription: stack.definition.description,
    CreationTime: new Date(stack.createdAt),
    LastUpdatedTime: dateOf(stack.updatedAt),
    DeletionTime: deletionTimeOf(stack),
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    DriftInformation: drift,
    LastOperations: toLastOperations(stack)
  }
}

/** An event without its stack's name, as both lists of events have it. */
export function toEvent (event: EventRecord) {
  return {
    StackId: event.stackId,
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

export function toResourceSummary (resource: ResourceRecord): StackResourceSummary {
  return {
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.physicalId || undefined,
    ResourceType: resource.type,
    LastUpdatedTimestamp: new Date(resource.updatedAt),
    ResourceStatus: resource.status,
    ResourceStatusReason: resource.reason,
    DriftInformation: resourceDrift
  }
}

export function toResourceDetail (resource: ResourceRecord, stack: StackRecord, metadata: string): StackResourceDetail {
  return {
    ...toResourceSummary(resource),
    StackName: stack.name,
    StackId: stack.id,
    Metadata: metadata
  }
}
