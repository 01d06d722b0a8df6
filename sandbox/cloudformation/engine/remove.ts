import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import { type Graph, reversed, visitInOrder } from '../template/graph.js'
import { type EngineContext, operationOf, setResourceStatus, setStackStatus, stackOf } from './context.js'
import type { Run } from './engine.js'
import { PlainFailure } from './failure.js'
import type { Incarnation, ResourceRecord } from './records.js'
import { deleteIncarnation, reasonOf } from './step.js'

const { DELETE_COMPLETE, DELETE_FAILED, DELETE_IN_PROGRESS, DELETE_SKIPPED } = ResourceStatus

/** The phase that takes back a create that failed. */
export async function undoCreate (context: EngineContext, stackId: string, run: Run): Promise<void> {
  await removeAll(context, stackId, run, true)
  if (run.isSuperseded() || run.signal.aborted) return
  const failed = failedNames(context, stackId)
  if (failed) setStackStatus(context, stackId, 'ROLLBACK_FAILED', failed)
  else setStackStatus(context, stackId, 'ROLLBACK_COMPLETE')
}

/** The phase that deletes a stack. */
export async function deleteAll (context: EngineContext, stackId: string, run: Run): Promise<void> {
  await removeAll(context, stackId, run, operationOf(stackOf(context, stackId)).type !== 'DELETE_STACK')
  if (run.isSuperseded() || run.signal.aborted) return
  const failed = failedNames(context, stackId)
  const isForced = operationOf(stackOf(context, stackId)).forced ?? false
  if (failed && !isForced) setStackStatus(context, stackId, 'DELETE_FAILED', failed)
  else setStackStatus(context, stackId, 'DELETE_COMPLETE', undefined, { outputs: [], imports: [] })
}

async function removeAll (context: EngineContext, stackId: string, run: Run, isRollback: boolean): Promise<void> {
  const graph = deletionOrder(context.records.resources(stackId))
  await visitInOrder(graph, async logicalId => {
    return await run.track(logicalId, async () => await removeResource(context, stackId, logicalId, run.signal, isRollback))
  }, run.signal)
}

function deletionOrder (resources: readonly ResourceRecord[]): Graph {
  return reversed(new Map(resources.map(({ logicalId, dependsOn }) => [logicalId, new Set(dependsOn)])))
}

/** Whether the resource is gone, or left behind on purpose. */
async function removeResource (context: EngineContext, stackId: string, logicalId: string, signal: AbortSignal, isRollback: boolean): Promise<boolean> {
  const resource = context.records.resource(stackId, logicalId)
  if (!resource || resource.status === DELETE_COMPLETE || resource.status === DELETE_SKIPPED) return true
  const stack = stackOf(context, stackId)
  const policy = policyFor(resource, isRollback, stack.retainExceptOnCreate)
  const operation = operationOf(stack)
  if (policy === 'Retain' || operation.skipped.includes(logicalId)) {
    setResourceStatus(context, stackId, resource, { status: DELETE_SKIPPED })
    return true
  }
  if (resource.physicalId === '') {
    setResourceStatus(context, stackId, resource, { status: DELETE_COMPLETE })
    return true
  }
  const started = resource.status === DELETE_IN_PROGRESS && resource.operationId === operation.id
    ? resource
    : setResourceStatus(context, stackId, resource, { status: DELETE_IN_PROGRESS })
  try {
    failOnDemand(context, stack.name, logicalId)
    await deleteIncarnation(context, stackId, started, started, policy === 'Snapshot' && wasReady(started))
    for (const other of [resource.leftover, resource.previous]) {
      if (other && other.physicalId !== started.physicalId) await deleteIncarnation(context, stackId, started, other, false)
    }
    if (!signal.aborted) setResourceStatus(context, stackId, started, { status: DELETE_COMPLETE })
    return !signal.aborted
  } catch (error) {
    if (!signal.aborted) setResourceStatus(context, stackId, started, { status: DELETE_FAILED, reason: reasonOf(context, started, error) })
    return operation.forced ?? false
  }
}

function failOnDemand ({ failureOf }: EngineContext, stackName: string, logicalId: string): void {
  const failure = failureOf(stackName, logicalId)
  if (failure !== undefined) throw new PlainFailure(failure)
}

/** There is nothing in a database that never came up, and AWS takes no snapshot of it. */
function wasReady ({ attributes }: Incarnation): boolean {
  return Object.keys(attributes).length > 0
}

function policyFor ({ deletionPolicy, type, properties }: ResourceRecord, isRollback: boolean, retainExceptOnCreate: boolean): string {
  const policy = deletionPolicy ?? defaultPolicy(type, properties)
  const retains = policy === 'RetainExceptOnCreate' || (policy === 'Retain' && retainExceptOnCreate)
  if (retains) return isRollback ? 'Delete' : 'Retain'
  return policy
}

/** Clusters, and instances outside a cluster, leave a snapshot unless the template says otherwise (CloudFormation User Guide, "DeletionPolicy"). */
export function defaultPolicy (type: string, properties: Incarnation['properties']): string {
  const isDatabase = type === 'AWS::RDS::DBCluster' || (type === 'AWS::RDS::DBInstance' && properties.DBClusterIdentifier === undefined)
  return isDatabase ? 'Snapshot' : 'Delete'
}

function failedNames (context: EngineContext, stackId: string): string | undefined {
  const names = context.records.resources(stackId).filter(({ status }) => status === DELETE_FAILED).map(({ logicalId }) => logicalId)
  return names.length === 0 ? undefined : `The following resource(s) failed to delete: [${names.join(', ')}]. `
}
