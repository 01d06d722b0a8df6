import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import { AwsError } from '../../aws.js'
import type { Specification } from '../specification/specification.js'
import { unknownAttribute } from '../template/check.js'
import { type JsonObject, ownValue } from '../template/json.js'
import { type EngineContext, operationOf, setResourceStatus, setStackStatus, stackOf } from './context.js'
import { plainly, PlainFailure } from './failure.js'
import { acceptOutputs, fail, failedResources, failureOf } from './outcome.js'
import { type Plan, planOf } from './plan.js'
import { type Incarnation, incarnationOf, type ResourceRecord } from './records.js'
import type { Run } from './run.js'
import { changeFor, createResource, reasonOf, type Step, updateResource } from './step.js'

const { CREATE_IN_PROGRESS, CREATE_COMPLETE, CREATE_FAILED, UPDATE_IN_PROGRESS, UPDATE_COMPLETE, UPDATE_FAILED } = ResourceStatus

/** The phase that brings a stack's resources to its definition, for a create and for an update. */
export async function applyDefinition (run: Run): Promise<void> {
  const failure = await tryToApply(run)
  if (run.isSuperseded()) return
  const stack = run.stack()
  if (failure !== undefined) fail(run, failure)
  else setStackStatus(run.context, stack, stack.status === 'CREATE_IN_PROGRESS' ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')
}

/** Resolves with the reason for which the stack failed; undefined when it did not. */
async function tryToApply (run: Run): Promise<string | undefined> {
  try {
    const stack = run.stack()
    const plan = planOf(run.context, stack)
    // What the definition before imports stays in use until there is no way back to it.
    run.context.records.putStack({ ...stack, imports: [...new Set([...stack.imports, ...plan.imports()])] })
    const specification = await run.context.specification()
    const invalid = invalidOutput(plan, specification)
    if (invalid !== undefined) return invalid
    await applyResources(run, plan, specification)
    if (run.isSuperseded()) return undefined
    if (run.timedOut) return 'Stack creation time exceeded the specified timeout.'
    const failed = failedResources(run)
    return failed.length > 0 ? failureOf(failed) : acceptOutputs(run, plan)
  } catch (error) {
    if (error instanceof AwsError) return error.message
    throw error
  }
}

/** An output that asks for an attribute that there is not, in AWS's words: no resource is made then (LocalStack's recordings, `test_invalid_getatt_fails`). */
function invalidOutput ({ template, isTrue }: Plan, specification: Specification): string | undefined {
  for (const [key, { value, condition }] of template.outputs) {
    const wrong = condition === undefined || isTrue(condition) ? unknownAttribute(value, template, specification, isTrue) : undefined
    if (wrong) return `[Error] /Outputs/${key}/Value/Fn::GetAtt: Resource type ${wrong.type} does not support attribute {${wrong.attribute}}.`
  }
  return undefined
}

async function applyResources (run: Run, plan: Plan, specification: Specification): Promise<void> {
  const { context, stackId, signal } = run
  const { disableRollback: goesOn } = run.operation()
  // What failed before a restart is not tried again, and then the others only where there is no way back.
  const failedBefore = new Set(failedResources(run).map(({ logicalId }) => logicalId))
  await run.visit(plan.graph, async logicalId => {
    if (failedBefore.has(logicalId) || (failedBefore.size > 0 && !goesOn)) return false
    const resource = context.records.resources.get(stackId, logicalId) ?? begin(run, logicalId, plan)
    const step: Step = { context, signal }
    try {
      const properties = evaluateProperties(plan, logicalId, specification)
      step.shown = plainly(() => plan.shownPropertiesOf(logicalId))
      await applyResource(step, plan, resource, properties)
      return true
    } catch (error) {
      if (signal.aborted) return false
      const record = context.records.resources.get(stackId, logicalId) ?? resource
      const [status, failed] = isMade(record) ? [UPDATE_FAILED, touched(record)] : [CREATE_FAILED, record]
      setResourceStatus(context, failed, { status, reason: reasonOf(context, record, error) }, step.shown)
      if (!goesOn) run.abort()
      return false
    }
  })
  if (!run.isSuperseded()) cancelUnfinished(context, stackId)
}

/** Whoever was not done when another failed counts as failed too, with a reason that says it is not the cause. */
export function cancelUnfinished (context: EngineContext, stackId: string): void {
  for (const resource of context.records.resources.of(stackId)) {
    if (resource.status === CREATE_IN_PROGRESS) setResourceStatus(context, resource, { status: CREATE_FAILED, reason: 'Resource creation cancelled' })
    if (resource.status === UPDATE_IN_PROGRESS) setResourceStatus(context, resource, { status: UPDATE_FAILED, reason: 'Resource update cancelled' })
  }
}

/** A resource's properties by now. Throws the failure of the resource when the template's functions can not give them. */
function evaluateProperties (plan: Plan, logicalId: string, specification: Specification): JsonObject {
  const wrong = unknownAttribute(plan.resources.get(logicalId)?.properties ?? {}, plan.template, specification, plan.isTrue)
  // Two users' accounts of AWS (serverless-plugin-log-subscription#68, ministack#1628).
  if (wrong) throw new PlainFailure(`Requested attribute ${wrong.attribute} does not exist in schema for ${wrong.type}`)
  return plainly(() => plan.propertiesOf(logicalId))
}

async function applyResource (step: Step, plan: Plan, resource: ResourceRecord, properties: JsonObject): Promise<void> {
  const { context, shown } = step
  const desired = { ...incarnationOf(resource), ...plan.settledOf(resource.logicalId), properties }
  if (isMade(resource)) return await change(step, resource, desired)
  const isResumed = resource.status === CREATE_IN_PROGRESS && resource.operationId === operationOf(stackOf(context, resource.stackId)).id
  const started = isResumed ? resource : setResourceStatus(context, { ...resource, ...desired }, { status: CREATE_IN_PROGRESS }, shown)
  await createResource(step, started, desired, CREATE_COMPLETE)
}

/** Whether the resource was made, by this operation or before it. */
function isMade ({ status }: ResourceRecord): boolean {
  return status !== CREATE_IN_PROGRESS && status !== CREATE_FAILED
}

function begin ({ context, stackId, stack }: Run, logicalId: string, plan: Plan): ResourceRecord {
  return {
    stackId,
    logicalId,
    type: plan.resources.get(logicalId)?.type ?? '',
    status: CREATE_IN_PROGRESS,
    operationId: '',
    physicalId: '',
    nonce: context.newNonce(),
    properties: {},
    attributes: {},
    dependsOn: [],
    updatedAt: context.clock.now(),
    previous: stack().previous === undefined ? undefined : null
  }
}

async function change (step: Step, resource: ResourceRecord, desired: Incarnation): Promise<void> {
  const { context, shown } = step
  const stack = stackOf(context, resource.stackId)
  const isUnderWay = resource.status === UPDATE_IN_PROGRESS
  // A replacement that was begun before a crash has a nonce of its own.
  if (isUnderWay && resource.previous && resource.previous.nonce !== resource.nonce) {
    return await createResource(step, resource, desired, UPDATE_COMPLETE)
  }
  const kind = await changeFor(context, stack, resource, desired.properties)
  if (kind === 'none' && resource.status !== UPDATE_FAILED) return context.records.resources.put({ ...resource, ...desired })
  if (kind !== 'replace') {
    const started = isUnderWay ? resource : setResourceStatus(context, touched(resource), { status: UPDATE_IN_PROGRESS }, shown)
    return await updateResource(step, started, desired)
  }
  // The event of a resource that a plugin's users saw (serverless-vpc-plugin#1221).
  if (operationOf(stack).disableRollback) throw new PlainFailure('Replacement type updates not supported on stack with disable-rollback.')
  await refuseSameName(context, resource, desired)
  const nonce = context.newNonce()
  const replacing = setResourceStatus(context, { ...touched(resource), nonce, properties: desired.properties }, {
    status: UPDATE_IN_PROGRESS,
    reason: 'Requested update requires the creation of a new physical resource; hence creating one.'
  }, shown)
  await createResource(step, replacing, { ...desired, nonce }, UPDATE_COMPLETE)
}

/** The resource with what to go back to: as it is, unless the update touched it already. */
function touched (resource: ResourceRecord): ResourceRecord {
  return { ...resource, previous: resource.previous === undefined ? incarnationOf(resource) : resource.previous }
}

/** A resource whose name stays can not be replaced: the new one would have to exist beside the old one. */
async function refuseSameName (context: EngineContext, resource: ResourceRecord, desired: Incarnation): Promise<void> {
  const type = (await context.specification()).typeOf(resource.type)
  const [identifier = ''] = type?.primaryIdentifier ?? []
  const name = ownValue(desired.properties, identifier)
  if (name !== undefined && type?.properties[identifier] && name === ownValue(resource.properties, identifier)) {
    throw new PlainFailure(`CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename ${String(name)} and update the stack again.`)
  }
}
