import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import { ifKnown } from '../template/errors.js'
import { reversed } from '../template/graph.js'
import { addEvent, setResourceStatus, setStackStatus } from './context.js'
import { PlainFailure } from './failure.js'
import { planOf } from './plan.js'
import { type Incarnation, incarnationOf, type ResourceRecord } from './records.js'
import type { Run } from './run.js'
import { deleteIncarnation, reasonOf } from './step.js'

const { DELETE_COMPLETE, DELETE_FAILED, DELETE_IN_PROGRESS, DELETE_SKIPPED } = ResourceStatus

/** The phase that takes back a create that failed. */
export async function undoCreate (run: Run): Promise<void> {
  if (!await removeAll(run, true)) return
  const failed = failedNames(run)
  setStackStatus(run.context, { ...run.stack(), imports: [] }, failed ? 'ROLLBACK_FAILED' : 'ROLLBACK_COMPLETE', failed)
}

/** The phase that deletes a stack. */
export async function deleteAll (run: Run): Promise<void> {
  const { type, forced } = run.operation()
  if (!await removeAll(run, type !== 'DELETE_STACK')) return
  const failed = forced ? undefined : failedNames(run)
  setStackStatus(run.context, run.stack(), failed ? 'DELETE_FAILED' : 'DELETE_COMPLETE', failed)
}

async function removeAll (run: Run, isRollback: boolean): Promise<boolean> {
  const graph = reversed(new Map(run.resources().map(({ logicalId, dependsOn }) => [logicalId, new Set(dependsOn)])))
  return await run.visit(graph, async logicalId => await removeResource(run, logicalId, isRollback))
}

/** Whether the resource is gone, or left behind on purpose. */
async function removeResource (run: Run, logicalId: string, isRollback: boolean): Promise<boolean> {
  const { context } = run
  const resource = context.records.resources.get(run.stackId, logicalId)
  if (!resource || resource.status === DELETE_COMPLETE || resource.status === DELETE_SKIPPED) return true
  const { id, skipped, forced = false } = run.operation()
  let latest = resource
  const isGone = await remove(run, resource, {
    policy: skipped.includes(logicalId) ? 'Retain' : policyFor(run, resource, isRollback),
    incarnation: resource,
    others: [resource.leftover, resource.previous].filter(other => other != null).filter(other => other.physicalId !== resource.physicalId),
    note: (status, reason) => {
      const isResumed = status === DELETE_IN_PROGRESS && resource.status === status && resource.operationId === id
      if (!isResumed) latest = setResourceStatus(context, latest, { status, reason })
    }
  })
  return isGone || forced
}

function policyFor (run: Run, { deletionPolicy, type, properties }: ResourceRecord, isRollback: boolean): string {
  const policy = deletionPolicy ?? defaultPolicy(type, properties)
  const retains = policy === 'RetainExceptOnCreate' || (policy === 'Retain' && run.stack().retainExceptOnCreate)
  if (retains) return isRollback ? 'Delete' : 'Retain'
  return policy
}

/** Clusters, and instances outside a cluster, leave a snapshot unless the template says otherwise (CloudFormation User Guide, "DeletionPolicy"). */
export function defaultPolicy (type: string, properties: Incarnation['properties']): string {
  const isDatabase = type === 'AWS::RDS::DBCluster' || (type === 'AWS::RDS::DBInstance' && properties.DBClusterIdentifier === undefined)
  return isDatabase ? 'Snapshot' : 'Delete'
}

function failedNames (run: Run): string | undefined {
  const names = run.resources().filter(({ status }) => status === DELETE_FAILED).map(({ logicalId }) => logicalId)
  return names.length === 0 ? undefined : `The following resource(s) failed to delete: [${names.join(', ')}]. `
}

/** The phase after an update, or its rollback: deletes what the stack does not have any more. */
export async function cleanUp (run: Run): Promise<void> {
  const { context } = run
  const isRollback = run.stack().status === 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS'
  const doomed = new Map(doomedResources(run, isRollback).map(item => [item.resource.logicalId, item]))
  const failed: string[] = []
  const graph = reversed(new Map([...doomed].map(([logicalId, { incarnation }]) => [logicalId, new Set(incarnation.dependsOn)])))
  const goesOn = await run.visit(graph, async logicalId => {
    const item = doomed.get(logicalId)
    if (item && !await removeDoomed(run, item, isRollback)) failed.push(logicalId)
    return true
  })
  if (!goesOn) return
  const { previous, ...stack } = run.stack()
  const plan = planOf(context, stack)
  for (const resource of run.resources()) {
    context.records.resources.put({ ...resource, previous: undefined, leftover: undefined, ...plan.settledOf(resource.logicalId) })
  }
  if (previous) context.records.templates.delete(previous.template)
  setStackStatus(context, { ...stack, imports: ifKnown(plan.imports) ?? [] }, isRollback ? 'UPDATE_ROLLBACK_COMPLETE' : 'UPDATE_COMPLETE',
    failed.length === 0 ? undefined : 'Update successful. One or more resources could not be deleted.')
}

/** What is left to delete of one resource, and whether the resource itself goes with it. */
interface Doomed {
  resource: ResourceRecord
  incarnation: Incarnation
  isWhole: boolean
}

function doomedResources (run: Run, isRollback: boolean): Doomed[] {
  const plan = planOf(run.context, run.stack())
  return run.resources().flatMap(resource => {
    const { leftover, previous } = resource
    const isAdded = isRollback && previous === null
    if (isAdded || !plan.resources.has(resource.logicalId)) return { resource, incarnation: incarnationOf(resource), isWhole: true }
    const replaced = leftover ?? (!isRollback && previous?.nonce !== resource.nonce ? previous : undefined)
    return replaced ? { resource, incarnation: replaced, isWhole: false } : []
  })
}

async function removeDoomed (run: Run, { resource: found, incarnation: wanted, isWhole }: Doomed, isRollback: boolean): Promise<boolean> {
  const { context, stackId } = run
  // A create that went on after the update was given up may have ended since.
  const resource = context.records.resources.get(stackId, found.logicalId) ?? found
  const incarnation = isWhole ? incarnationOf(resource) : wanted
  const { logicalId, type } = resource
  const isGone = await remove(run, resource, {
    policy: isWhole ? policyFor(run, resource, isRollback) : isRollback ? 'Delete' : incarnation.updateReplacePolicy ?? 'Delete',
    incarnation,
    // An event about something that the stack does not have any more: its id says no status, and it shows no properties.
    note: (status, reason) => {
      addEvent(context, run.stack(), { id: `${logicalId}-${context.newId()}`, logicalId, physicalId: incarnation.physicalId, type, status, reason })
    }
  })
  if (isWhole && !run.signal.aborted) context.records.resources.delete(resource)
  return isGone
}

interface Removal {
  policy: string
  incarnation: Incarnation
  /** Deleted with it, without a word. */
  others?: Incarnation[]
  note: (status: ResourceStatus, reason?: string) => void
}

/** Removes what its policy does not keep. Whether it is gone, or left behind on purpose. */
async function remove ({ context, signal, stack }: Run, resource: ResourceRecord, removal: Removal): Promise<boolean> {
  const { policy, incarnation, others = [], note } = removal
  if (policy === 'Retain' || incarnation.physicalId === '') {
    note(policy === 'Retain' ? DELETE_SKIPPED : DELETE_COMPLETE)
    return true
  }
  note(DELETE_IN_PROGRESS)
  try {
    const failure = context.failureOf(stack().name, resource.logicalId)
    if (failure !== undefined) throw new PlainFailure(failure)
    await deleteIncarnation(context, resource, incarnation, policy === 'Snapshot' && wasReady(incarnation))
    for (const other of others) await deleteIncarnation(context, resource, other, false)
    if (!signal.aborted) note(DELETE_COMPLETE)
    return !signal.aborted
  } catch (error) {
    if (!signal.aborted) note(DELETE_FAILED, reasonOf(context, resource, error))
    return false
  }
}

/** There is nothing in a database that never came up, and AWS takes no snapshot of it. */
function wasReady ({ attributes }: Incarnation): boolean {
  return Object.keys(attributes).length > 0
}
