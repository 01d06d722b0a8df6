import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import { AwsError } from '../../aws.js'
import { reversed, visitInOrder } from '../template/graph.js'
import { incarnationOf, madeResources } from './apply.js'
import { addEvent, type EngineContext, operationOf, setResourceStatus, setStackStatus, stackOf } from './context.js'
import type { Run } from './engine.js'
import { makePlan } from './plan.js'
import type { Incarnation, ResourceRecord, StackRecord } from './records.js'
import { defaultPolicy } from './remove.js'
import { deleteIncarnation, reasonOf, updateResource } from './step.js'

const { DELETE_COMPLETE, DELETE_FAILED, DELETE_IN_PROGRESS, DELETE_SKIPPED, UPDATE_COMPLETE, UPDATE_FAILED, UPDATE_IN_PROGRESS } = ResourceStatus

/** The phase that takes every resource that an update touched back to what it was, dependencies first. */
export async function undoUpdate (context: EngineContext, stackId: string, run: Run): Promise<void> {
  const touched = context.records.resources(stackId).filter(({ previous }) => previous)
  const graph = new Map(touched.map(({ logicalId, previous }) => [logicalId, new Set(previous?.dependsOn)]))
  const shownOf = shownBefore(context, stackOf(context, stackId))
  await visitInOrder(graph, async logicalId => {
    return await run.track(logicalId, async () => await restoreResource(context, stackId, logicalId, run, shownOf(logicalId)))
  }, run.signal)
  if (run.isSuperseded() || run.signal.aborted) return
  const operationId = operationOf(stackOf(context, stackId)).id
  const failed = context.records.resources(stackId).filter(({ status, previous, operationId: by }) => previous && status === UPDATE_FAILED && by === operationId)
  if (failed.length > 0) {
    setStackStatus(context, stackId, 'UPDATE_ROLLBACK_FAILED', `The following resource(s) failed to update: [${failed.map(({ logicalId }) => logicalId).join(', ')}]. `)
  } else {
    const { previous, ...stack } = stackOf(context, stackId)
    if (previous) context.records.deleteTemplate(stack.definition.template)
    context.records.putStack({ ...stack, definition: previous ?? stack.definition })
    setStackStatus(context, stackId, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS')
  }
}

/** The properties that the stack goes back to, as its events show them; none where the template can not give them by now. */
function shownBefore (context: EngineContext, stack: StackRecord): (logicalId: string) => string | undefined {
  const plan = makePlan(stack, stack.previous ?? stack.definition, context.records, madeResources(context, stack.id))
  return logicalId => {
    try {
      return plan.shownPropertiesOf(logicalId)
    } catch (error) {
      if (error instanceof AwsError) return undefined
      throw error
    }
  }
}

async function restoreResource (context: EngineContext, stackId: string, logicalId: string, run: Run, shown?: string): Promise<boolean> {
  const resource = context.records.resource(stackId, logicalId)
  const target = resource?.previous
  if (!resource || !target) return true
  const restored = { ...resource, ...target, previous: undefined }
  if (operationOf(stackOf(context, stackId)).skipped.includes(logicalId)) {
    setResourceStatus(context, stackId, restored, { status: UPDATE_COMPLETE }, shown)
    return true
  }
  const started = setResourceStatus(context, stackId, resource, { status: UPDATE_IN_PROGRESS }, shown)
  if (target.nonce !== resource.nonce) {
    const leftover = resource.physicalId === target.physicalId ? resource.leftover : incarnationOf(resource)
    setResourceStatus(context, stackId, { ...restored, leftover }, { status: UPDATE_COMPLETE }, shown)
    return true
  }
  try {
    await updateResource({ context, stackId, signal: run.signal, shown }, started, target)
    if (run.signal.aborted) return false
    context.records.putResource({ ...context.records.resource(stackId, logicalId) ?? resource, previous: undefined })
    return true
  } catch (error) {
    if (!run.signal.aborted) setResourceStatus(context, stackId, started, { status: UPDATE_FAILED, reason: reasonOf(context, started, error) }, shown)
    return false
  }
}

/** What is left to delete of one resource, and whether the resource itself goes with it. */
interface Doomed {
  resource: ResourceRecord
  incarnation: Incarnation
  isWhole: boolean
}

/** The phase after an update, or its rollback: deletes what the stack does not have any more. */
export async function cleanUp (context: EngineContext, stackId: string, run: Run): Promise<void> {
  const stack = stackOf(context, stackId)
  const isRollback = stack.status === 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
  const doomed = new Map(doomedResources(context, stack, isRollback).map(item => [item.resource.logicalId, item]))
  const failed: string[] = []
  const graph = reversed(new Map([...doomed].map(([logicalId, { incarnation }]) => [logicalId, new Set(incarnation.dependsOn)])))
  await visitInOrder(graph, async logicalId => {
    const item = doomed.get(logicalId)
    const isGone = !item || await run.track(logicalId, async () => await removeDoomed(context, stackId, latest(context, item), run.signal, isRollback))
    if (!isGone) failed.push(logicalId)
    return true
  }, run.signal)
  if (run.isSuperseded() || run.signal.aborted) return
  settleResources(context, stackId)
  const { previous, ...settled } = stackOf(context, stackId)
  if (previous) context.records.deleteTemplate(previous.template)
  context.records.putStack(settled)
  setStackStatus(context, stackId, isRollback ? 'UPDATE_ROLLBACK_COMPLETE' : 'UPDATE_COMPLETE',
    failed.length === 0 ? undefined : 'Update successful. One or more resources could not be deleted.')
}

function doomedResources (context: EngineContext, stack: StackRecord, isRollback: boolean): Doomed[] {
  const plan = makePlan(stack, stack.definition, context.records, madeResources(context, stack.id))
  return context.records.resources(stack.id).flatMap(resource => {
    const { leftover, previous } = resource
    const isAdded = isRollback && previous === null
    if (isAdded || !plan.resources.has(resource.logicalId)) return { resource, incarnation: incarnationOf(resource), isWhole: true }
    if (leftover) return { resource, incarnation: leftover, isWhole: false }
    if (!isRollback && previous && previous.nonce !== resource.nonce) return { resource, incarnation: previous, isWhole: false }
    return []
  })
}

/** A create that went on after the update was given up may have ended since. */
function latest (context: EngineContext, { resource, incarnation, isWhole }: Doomed): Doomed {
  const now = context.records.resource(resource.stackId, resource.logicalId) ?? resource
  return { resource: now, incarnation: isWhole ? incarnationOf(now) : incarnation, isWhole }
}

async function removeDoomed (context: EngineContext, stackId: string, { resource, incarnation, isWhole }: Doomed, signal: AbortSignal, isRollback: boolean): Promise<boolean> {
  const policy = policyFor(resource, incarnation, isWhole, isRollback)
  const note = (status: ResourceStatus, reason?: string): void => {
    noteDeletion(context, stackId, resource, incarnation, status, reason)
  }
  try {
    if (policy === 'Retain') {
      note(DELETE_SKIPPED)
    } else if (incarnation.physicalId === '') {
      note(DELETE_COMPLETE)
    } else {
      note(DELETE_IN_PROGRESS)
      await deleteIncarnation(context, stackId, resource, incarnation, policy === 'Snapshot' && !isRollback)
      if (!signal.aborted) note(DELETE_COMPLETE)
    }
    if (isWhole && !signal.aborted) context.records.deleteResource(resource)
    return true
  } catch (error) {
    if (signal.aborted) return false
    note(DELETE_FAILED, reasonOf(context, resource, error))
    if (isWhole) context.records.deleteResource(resource)
    return false
  }
}

/** An event about something that the stack does not have any more: its id says no status, and it shows no properties. */
function noteDeletion (context: EngineContext, stackId: string, { logicalId, type }: ResourceRecord, { physicalId }: Incarnation, status: ResourceStatus, reason?: string): void {
  addEvent(context, stackOf(context, stackId), { id: `${logicalId}-${context.newId()}`, logicalId, physicalId, type, status, reason })
}

function policyFor ({ type }: ResourceRecord, incarnation: Incarnation, isWhole: boolean, isRollback: boolean): string {
  if (isRollback) return 'Delete'
  const policy = isWhole ? incarnation.deletionPolicy : incarnation.updateReplacePolicy
  if (policy === 'RetainExceptOnCreate') return 'Retain'
  return policy ?? (isWhole ? defaultPolicy(type, incarnation.properties) : 'Delete')
}

/** Leaves every resource as the definition that holds now describes it, with nothing to go back to. */
function settleResources (context: EngineContext, stackId: string): void {
  const stack = stackOf(context, stackId)
  const plan = makePlan(stack, stack.definition, context.records, madeResources(context, stackId))
  for (const resource of context.records.resources(stackId)) {
    context.records.putResource({ ...resource, previous: undefined, leftover: undefined, ...plan.settledOf(resource.logicalId) })
  }
}
