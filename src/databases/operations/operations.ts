import { isMoving, isOfStack } from '../../aws/stack-status.js'
import type { Stack, StackEvent } from '../../aws/stacks.js'
import type { TemplateResource } from '../../templates/template.js'
import { findCause } from './cause.js'
import { phases, type OperationStatus, type OperationType } from '../phases.js'

export type StepStatus = 'pending' | 'in_progress' | 'completed' | 'failed' | 'cancelled' | 'skipped'

/** A resource that the template makes. */
type Planned = Pick<TemplateResource, 'logicalId' | 'type'>

/** What happened to one resource in an operation. */
export interface Step {
  logicalId: string
  type: string
  status: StepStatus
  reason: string | null
  startedAt: Date | null
  endedAt: Date | null
}

export interface Progress {
  completed: number
  total: number
  /** 0 to 100; 100 only when the operation has succeeded. */
  percent: number
  /** From operations seen before in the region; null when there were none, or when nothing runs. */
  estimatedReadyAt: Date | null
}

/** One create, change, deletion or recovery, read from the stack's events. `id` is the `ClientRequestToken` stamped on them. */
export interface Operation {
  id: string
  type: OperationType
  status: OperationStatus
  startedAt: Date
  endedAt: Date | null
  reason: string | null
  progress: Progress
  steps: Step[]
}

const starts: Readonly<Record<string, OperationType>> = {
  REVIEW_IN_PROGRESS: 'create', CREATE_IN_PROGRESS: 'create', UPDATE_IN_PROGRESS: 'update', DELETE_IN_PROGRESS: 'delete', IMPORT_IN_PROGRESS: 'import'
}

/** What follows a failure by itself, unless that failure has come to rest before: then somebody asked for it. */
const recoveries: ReadonlySet<string> = new Set(['UPDATE_ROLLBACK_IN_PROGRESS', 'ROLLBACK_IN_PROGRESS'])

/**
 * The operations of a stack, oldest first, each with its events. A new one starts where the stack itself is said to
 * start something under another token; a removal that follows a failed create by itself keeps the create's token and
 * so belongs to it.
 */
export function splitOperations (events: readonly StackEvent[]): StackEvent[][] {
  const operations: StackEvent[][] = []
  for (const event of events) {
    const current = operations.at(-1)
    if (current && !startsOperation(event, current)) current.push(event)
    else operations.push([event])
  }
  return operations
}

function startsOperation (event: StackEvent, current: readonly StackEvent[]): boolean {
  const [first] = current
  if (!isOfStack(event)) return false
  if (recoveries.has(event.status)) return !isUnderWay(current)
  if (isCanceledDeletion(event)) return !isUnderWay(current)
  if (!(event.status in starts)) return false
  if (first?.status === 'REVIEW_IN_PROGRESS' && event.status === 'CREATE_IN_PROGRESS') return false
  return event.token === null ? event.reason === 'User Initiated' : event.token !== first?.token
}

function isUnderWay (events: readonly StackEvent[]): boolean {
  const last = events.findLast(isOfStack)
  return last !== undefined && isMoving(last.status as Stack['status'])
}

/**
 * CloudFormation accepts the deletion of a stack whose exports others use, and has it fall back to the status it had, with a reason
 * (aws-cdk#604, serverless#2984).
 */
function isCanceledDeletion ({ status, reason }: StackEvent): boolean {
  return status.endsWith('_COMPLETE') && reason !== null && /\bexport \S+ .*in use by /i.test(reason)
}

function typeOf (first: StackEvent): OperationType {
  if (recoveries.has(first.status)) return 'recover'
  return isCanceledDeletion(first) ? 'delete' : starts[first.status] ?? 'update'
}

/** One operation from its events. `resources` are those that the template makes; what has no event yet is pending. */
export function readOperation (events: readonly StackEvent[], resources: readonly Planned[]): Operation | null {
  const [first] = events
  if (!first) return null
  const last = events.findLast(isOfStack) ?? first
  const type = typeOf(first)
  const status = settledStatus(type, last)
  const steps = readSteps(events, resources, type)
  const completed = steps.filter(step => step.status === 'completed' || step.status === 'skipped').length
  return {
    id: first.token ?? first.id,
    type,
    status,
    startedAt: first.at,
    endedAt: status === 'running' ? null : last.at,
    reason: status === 'succeeded' ? null : findCause(events) ?? (isCanceledDeletion(last) ? last.reason : null),
    progress: { completed, total: steps.length, percent: percentOf(completed, steps.length, status), estimatedReadyAt: null },
    steps
  }
}

/**
 * A create whose remains were removed ends in `DELETE_COMPLETE`, which is a success of the removal only; a deletion that does not end
 * there was canceled; and a recovery is there to roll back.
 */
function settledStatus (type: OperationType, last: StackEvent): OperationStatus {
  const { operation, type: endedAs } = phases[last.status as Stack['status']] ?? { operation: 'running', type: 'update' }
  if (operation === 'running') return operation
  if (type === 'create' && endedAs === 'delete') return 'failed'
  if (type === 'delete' && endedAs !== 'delete') return 'failed'
  return type === 'recover' && last.status.endsWith('ROLLBACK_COMPLETE') ? 'succeeded' : operation
}

function percentOf (completed: number, total: number, status: OperationStatus): number {
  if (status === 'succeeded') return 100
  return total === 0 ? 0 : Math.min(99, Math.floor(100 * completed / total))
}

function readSteps (events: readonly StackEvent[], resources: readonly Planned[], type: OperationType): Step[] {
  const steps = new Map<string, Step>(resources.map(({ logicalId, type }) =>
    [logicalId, { logicalId, type, status: 'pending', reason: null, startedAt: null, endedAt: null }]))
  let isUndone = false
  for (const event of events) {
    if (isOfStack(event)) isUndone ||= undoes(event, type)
    else steps.set(event.logicalId, advance(steps.get(event.logicalId), event, isUndone))
  }
  return [...steps.values()]
}

/** Whether the stack is said to take back what was done; a create does so by a rollback or by a deletion. */
function undoes ({ status }: StackEvent, type: OperationType): boolean {
  return (status.includes('ROLLBACK_') && type !== 'recover') || (type === 'create' && status.startsWith('DELETE_'))
}

function advance (before: Step | undefined, event: StackEvent, isUndone: boolean): Step {
  const status = stepStatusOf(event, before, isUndone)
  return {
    logicalId: event.logicalId,
    type: event.type,
    status,
    reason: status === 'failed' || status === 'cancelled' ? before?.reason ?? event.reason : null,
    startedAt: before?.startedAt ?? event.at,
    endedAt: status === 'in_progress' ? null : event.at
  }
}

/** Once an operation is taken back, what had failed stays failed, as does what cannot be taken back; the rest was in vain. */
function stepStatusOf ({ status, reason }: StackEvent, before: Step | undefined, isUndone: boolean): StepStatus {
  const isCancelled = reason?.includes('cancelled') ?? false
  if (isUndone) return before?.status === 'failed' || (status.endsWith('_FAILED') && !isCancelled) ? 'failed' : 'cancelled'
  if (status.endsWith('_IN_PROGRESS')) return 'in_progress'
  if (status.endsWith('_COMPLETE')) return 'completed'
  if (status.endsWith('_SKIPPED')) return 'skipped'
  return isCancelled ? 'cancelled' : 'failed'
}
