import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import { AwsError } from '../../aws.js'
import type { Specification } from '../specification/specification.js'
import { unknownAttribute } from '../template/check.js'
import { type JsonObject, ownValue } from '../template/json.js'
import { type EngineContext, operationOf, setResourceStatus, stackOf } from './context.js'
import { PlainFailure } from './failure.js'
import { acceptOutputs, fail, failedResources, failureOf, succeed } from './outcome.js'
import { type Plan, planOf } from './plan.js'
import { type Incarnation, incarnationOf, type ResourceRecord } from './records.js'
import type { Run } from './run.js'
import { changeFor, createResource, reasonOf, type Step, updateResource } from './step.js'

const REPLACING = 'Requested update requires the creation of a new physical resource; hence creating one.'
const { CREATE_IN_PROGRESS, CREATE_COMPLETE, CREATE_FAILED, UPDATE_IN_PROGRESS, UPDATE_COMPLETE, UPDATE_FAILED } = ResourceStatus

/** The phase that brings a stack's resources to its definition, for a create and for an update. */
export async function applyDefinition (run: Run): Promise<void> {
  const failure = await tryToApply(run)
  if (run.isSuperseded()) return
  if (failure === undefined) succeed(run)
  else fail(run, failure)
}

/** Resolves with the reason for which the stack failed; undefined when it did not. */
async function tryToApply (run: Run): Promise<string | undefined> {
  try {
    const plan = planOf(run.context, run.stack())
    run.context.records.putStack({ ...run.stack(), imports: plan.imports() })
    const specification = await run.context.specification()
    const invalid = invalidOutput(plan, specification)
    if (invalid !== undefined) return invalid
    if (failedResources(run).length === 0) await applyResources(run, plan, specification)
    if (run.isSuperseded()) return undefined
    if (run.timedOut) return 'Stack creation time exceeded the specified timeout.'
    const failed = failedResources(run)
    if (failed.length > 0) return failureOf(failed)
    return acceptOutputs(run, plan)
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
  const goesOn = run.operation().disableRollback
  await run.visit(plan.graph, async logicalId => {
    const resource = context.records.resources.get(stackId, logicalId) ?? begin(run, logicalId, plan)
    const evaluation = evaluateResource(plan, logicalId, specification)
    const shown = evaluation instanceof Error ? undefined : evaluation.shown
    try {
      if (evaluation instanceof Error) throw evaluation
      await applyResource({ context, signal, shown }, plan, resource, evaluation.properties)
      return true
    } catch (error) {
      if (signal.aborted) return false
      const record = context.records.resources.get(stackId, logicalId) ?? resource
      const status = isMade(record) ? UPDATE_FAILED : CREATE_FAILED
      setResourceStatus(context, record, { status, reason: reasonOf(context, record, error) }, shown)
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

interface Evaluation {
  properties: JsonObject
  /** The properties for the events, masked. */
  shown: string
}

/** A resource's properties by now; the failure of the resource when the template's functions can not give them. */
function evaluateResource (plan: Plan, logicalId: string, specification: Specification): Evaluation | PlainFailure {
  const wrong = unknownAttribute(plan.resources.get(logicalId)?.properties ?? {}, plan.template, specification, plan.isTrue)
  // Two users' accounts of AWS (serverless-plugin-log-subscription#68, ministack#1628).
  if (wrong) return new PlainFailure(`Requested attribute ${wrong.attribute} does not exist in schema for ${wrong.type}`)
  try {
    return { properties: plan.propertiesOf(logicalId), shown: plan.shownPropertiesOf(logicalId) }
  } catch (error) {
    if (error instanceof AwsError) return new PlainFailure(error.message)
    throw error
  }
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
  const isUnderWay = resource.status === UPDATE_IN_PROGRESS
  const toReplacing = { status: UPDATE_IN_PROGRESS, reason: REPLACING }
  if (isReplacing(resource)) {
    const going = isUnderWay ? resource : setResourceStatus(context, resource, toReplacing, shown)
    return await createResource(step, going, desired, UPDATE_COMPLETE)
  }
  const kind = await changeFor(context, stackOf(context, resource.stackId), resource, desired.properties)
  if (kind === 'none') return context.records.resources.put({ ...resource, ...desired })
  const touched = { ...resource, previous: resource.previous === undefined ? incarnationOf(resource) : resource.previous }
  if (kind === 'update') {
    const started = isUnderWay ? resource : setResourceStatus(context, touched, { status: UPDATE_IN_PROGRESS }, shown)
    return await updateResource(step, started, desired)
  }
  context.records.resources.put(touched)
  await refuseSameName(context, touched, desired)
  const nonce = context.newNonce()
  const replacing = setResourceStatus(context, { ...touched, nonce, properties: desired.properties }, toReplacing, shown)
  await createResource(step, replacing, { ...desired, nonce }, UPDATE_COMPLETE)
}

/** Whether a replacement was begun and not ended: before a crash, or by an update that failed and was kept. */
function isReplacing ({ status, previous, nonce }: ResourceRecord): boolean {
  return status !== UPDATE_COMPLETE && !!previous && previous.nonce !== nonce
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
