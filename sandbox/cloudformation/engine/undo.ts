import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import { ifKnown } from '../template/errors.js'
import { setResourceStatus, setStackStatus } from './context.js'
import { failureOf } from './outcome.js'
import { planOf } from './plan.js'
import { incarnationOf } from './records.js'
import type { Run } from './run.js'
import { reasonOf, updateResource } from './step.js'

const { UPDATE_COMPLETE, UPDATE_FAILED, UPDATE_IN_PROGRESS } = ResourceStatus

/** The phase that takes every resource that an update touched back to what it was, dependencies first. */
export async function undoUpdate (run: Run): Promise<void> {
  const { context } = run
  const touched = run.resources().filter(({ previous }) => previous)
  const graph = new Map(touched.map(({ logicalId, previous }) => [logicalId, new Set(previous?.dependsOn)]))
  // The properties that the stack goes back to, as its events show them.
  const plan = planOf(context, run.stack(), run.stack().previous)
  const isRestored = await run.visit(graph, async logicalId =>
    await restoreResource(run, logicalId, ifKnown(() => plan.shownPropertiesOf(logicalId))))
  if (!isRestored) return
  const { id } = run.operation()
  const failed = run.resources().filter(({ status, previous, operationId }) => previous && status === UPDATE_FAILED && operationId === id)
  const { previous, ...stack } = run.stack()
  if (failed.length > 0) {
    setStackStatus(context, run.stack(), 'UPDATE_ROLLBACK_FAILED', `${failureOf(failed)}. `)
  } else {
    if (previous) context.records.templates.delete(stack.definition.template)
    setStackStatus(context, { ...stack, definition: previous ?? stack.definition }, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS')
  }
}

async function restoreResource (run: Run, logicalId: string, shown?: string): Promise<boolean> {
  const { context, stackId, signal } = run
  const resource = context.records.resources.get(stackId, logicalId)
  const target = resource?.previous
  if (!resource || !target) return true
  const restored = { ...resource, ...target, previous: undefined }
  const isSkipped = run.operation().skipped.includes(logicalId)
  const started = isSkipped ? resource : setResourceStatus(context, resource, { status: UPDATE_IN_PROGRESS }, shown)
  if (isSkipped || target.nonce !== resource.nonce) {
    const leftover = resource.physicalId === target.physicalId ? resource.leftover : incarnationOf(resource)
    setResourceStatus(context, { ...restored, leftover }, { status: UPDATE_COMPLETE }, shown)
    return true
  }
  try {
    await updateResource({ context, signal, shown, isUndone: true }, started, target)
    if (signal.aborted) return false
    context.records.resources.put({ ...context.records.resources.get(stackId, logicalId) ?? resource, previous: undefined })
    return true
  } catch (error) {
    if (!signal.aborted) setResourceStatus(context, started, { status: UPDATE_FAILED, reason: reasonOf(context, started, error) }, shown)
    return false
  }
}
