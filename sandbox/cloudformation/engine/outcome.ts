import { ResourceStatus, type StackStatus } from '@aws-sdk/client-cloudformation'
import { setStackStatus, withOperation } from './context.js'
import { exportInUse, exportsIn } from './exports.js'
import type { Plan } from './plan.js'
import type { ResourceRecord } from './records.js'
import type { Run } from './run.js'

const { CREATE_FAILED, UPDATE_FAILED } = ResourceStatus

/** The resources that failed in the operation under way. */
export function failedResources (run: Run): ResourceRecord[] {
  const { id } = run.operation()
  return run.resources().filter(({ status, operationId }) => (status === CREATE_FAILED || status === UPDATE_FAILED) && operationId === id)
}

/** Why a stack failed, by the resources that did. */
export function failureOf (failed: readonly ResourceRecord[]): string {
  const named = (status: ResourceStatus, verb: string): string[] => {
    const ids = failed.filter(resource => resource.status === status).map(resource => resource.logicalId)
    return ids.length === 0 ? [] : [`The following resource(s) failed to ${verb}: [${ids.join(', ')}]`]
  }
  return [...named(CREATE_FAILED, 'create'), ...named(UPDATE_FAILED, 'update')].join('. ')
}

/** Gives the stack its outputs; answers with the reason when its exports stand in the way. */
export function acceptOutputs (run: Run, plan: Plan): string | undefined {
  const { records } = run.context
  const stack = run.stack()
  const outputs = plan.outputs()
  const names = new Set(outputs.map(({ exportName }) => exportName))
  const taken = exportsIn(records, stack.region).find(({ name, stackId: owner }) => names.has(name) && owner !== stack.id)
  if (taken) return `Export with name ${taken.name} is already exported by stack ${records.stack(taken.stackId)?.name ?? ''}.`
  const kept = new Map(outputs.map(({ exportName, value }) => [exportName, value]))
  const exported = stack.outputs.flatMap(({ exportName, value }) =>
    exportName === undefined || kept.get(exportName) === value ? [] : [exportName])
  const inUse = exportInUse(records, stack, exported.filter(name => !kept.has(name)), 'delete') ??
    exportInUse(records, stack, exported, 'update')
  if (inUse) return inUse
  records.putStack({ ...stack, outputs })
  return undefined
}

/** Ends a phase that did not bring the stack to its definition, with what the caller wants done about it. AWS's reason ends with a space where that is nothing. */
export function fail (run: Run, reason: string): void {
  const stack = run.stack()
  const { disableRollback, token } = run.operation()
  const isUpdate = stack.status === 'UPDATE_IN_PROGRESS'
  const [status, demand]: [StackStatus, string] = disableRollback
    ? [isUpdate ? 'UPDATE_FAILED' : 'CREATE_FAILED', '']
    : isUpdate
      ? ['UPDATE_ROLLBACK_IN_PROGRESS', '']
      : stack.onFailure === 'DELETE' ? ['DELETE_IN_PROGRESS', 'Delete requested by user.'] : ['ROLLBACK_IN_PROGRESS', 'Rollback requested by user.']
  // A rollback is an operation of its own, also where nobody asked for it (DescribeEvents, CloudFormation API Reference).
  const next = status.includes('ROLLBACK') ? withOperation(run.context, stack, { type: 'ROLLBACK', token }) : stack
  setStackStatus(run.context, next, status, `${reason.replace(/\.$/, '')}. ${demand}`)
}
