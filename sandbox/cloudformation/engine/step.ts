import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import { isDeepStrictEqual } from 'node:util'
import { AwsError } from '../../aws.js'
import type { ResourceRequest } from '../resources/handler.js'
import { changeOf } from '../specification/changes.js'
import { typeProperties } from '../specification/properties.js'
import type { JsonObject } from '../template/json.js'
import { callerOf, type EngineContext, setResourceStatus, stackOf } from './context.js'
import { resolveReferences } from './dynamic-references.js'
import { handlerMessage, PlainFailure } from './failure.js'
import type { Incarnation, ResourceRecord, StackRecord } from './records.js'

/** What a handler is told of a resource in one of its incarnations. Throws when its properties are not those of its type. */
async function requestFor (
  context: EngineContext,
  stack: StackRecord,
  resource: ResourceRecord,
  { nonce, properties }: Incarnation
): Promise<ResourceRequest> {
  const specification = await context.specification()
  const type = specification.typeOf(resource.type)
  if (!type) throw new PlainFailure(`Template format error: Unrecognized resource types: [${resource.type}]`)
  const failure = context.failureOf(stack.name, resource.logicalId)
  if (failure !== undefined) throw new PlainFailure(failure)
  const caller = callerOf(stack)
  const resolved = await resolveReferences(properties, reference => context.resolve(reference, caller)) as JsonObject
  const typed = typeProperties(type, resolved, specification)
  if (typed.problems.length > 0) {
    throw new PlainFailure(`Properties validation failed for resource ${resource.logicalId} with message:\n${typed.problems.join('\n')}`)
  }
  return requestOf(stack, resource, { type, nonce, properties: typed.properties })
}

function requestOf (
  stack: StackRecord, { logicalId }: ResourceRecord, rest: Pick<ResourceRequest, 'type' | 'nonce' | 'properties'>
): ResourceRequest {
  const ownTags = { 'stack-name': stack.name, 'logical-id': logicalId, 'stack-id': stack.id }
  return {
    caller: callerOf(stack),
    stackId: stack.id,
    stackName: stack.name,
    logicalId,
    stackTags: [...stack.definition.tags, ...Object.entries(ownTags).map(([key, Value]) => ({ Key: `aws:cloudformation:${key}`, Value }))],
    ...rest
  }
}

/** Why a step failed, for people to read. What the sandbox did not foresee goes to its log. */
export function reasonOf (context: EngineContext, resource: ResourceRecord, error: unknown): string {
  if (error instanceof PlainFailure) return error.message
  if (!(error instanceof AwsError)) context.log.error({ err: error, stackId: resource.stackId, logicalId: resource.logicalId }, 'a resource handler failed')
  const service = resource.type.split('::')[1] ?? ''
  return handlerMessage(error, service === 'RDS' ? 'Rds' : service, context.newId(), context.newId())
}

/** What a step needs to know of the phase it is part of. */
export interface Step {
  context: EngineContext
  signal: AbortSignal
  /** The properties for the events, masked. */
  shown?: string | undefined
  /** Whether an update is taken back: then the stack's tags are those of before. */
  isUndone?: boolean
}

/**
 * Makes a resource, or goes on making it after a crash. When the phase was aborted meanwhile, what was made is noted
 * without an event, for the rollback to find.
 */
export async function createResource (
  { context, signal, shown }: Step,
  resource: ResourceRecord,
  desired: Incarnation,
  whenDone: ResourceStatus
): Promise<void> {
  const { records } = context
  const inProgress = resource.status
  let current = resource
  const note = (change: Partial<ResourceRecord>): void => {
    const latest = records.resources.get(resource.stackId, resource.logicalId) ?? current
    current = { ...latest, ...change }
    records.resources.put(current)
  }
  const request = await requestFor(context, stackOf(context, resource.stackId), resource, desired)
  const attributes = await context.handlerOf(resource.type).create(request, physicalId => {
    if (signal.aborted) note({ physicalId })
    else if (current.physicalId !== physicalId) {
      current = setResourceStatus(context, current, { status: inProgress, reason: 'Resource creation Initiated', physicalId }, shown)
    }
  })
  if (signal.aborted) note({ attributes })
  else setResourceStatus(context, current, { ...desired, physicalId: current.physicalId, status: whenDone, attributes }, shown)
}

/** Changes a resource in place; `target` is its incarnation afterwards. */
export async function updateResource (step: Step, resource: ResourceRecord, target: Incarnation): Promise<void> {
  const { context, signal, shown, isUndone = false } = step
  const specification = await context.specification()
  const stack = stackOf(context, resource.stackId)
  const { definition, previous = definition } = stack
  const request = await requestFor(context, { ...stack, definition: isUndone ? previous : definition }, resource, target)
  const before = typeProperties(request.type, resource.properties, specification).properties
  const attributes = await context.handlerOf(resource.type).update(request, resource.physicalId, before)
  if (signal.aborted) return
  const { physicalId } = resource
  setResourceStatus(context, resource, { ...target, physicalId, attributes, status: ResourceStatus.UPDATE_COMPLETE }, shown)
}

/** Deletes one incarnation of a resource. */
export async function deleteIncarnation (
  context: EngineContext,
  resource: ResourceRecord,
  incarnation: Incarnation,
  finalSnapshot: boolean
): Promise<void> {
  const specification = await context.specification()
  const type = specification.typeOf(resource.type)
  if (!type) return
  const { properties } = typeProperties(type, incarnation.properties, specification)
  const request = requestOf(stackOf(context, resource.stackId), resource, { type, nonce: incarnation.nonce, properties })
  await context.handlerOf(resource.type).delete(request, incarnation.physicalId, finalSnapshot)
}

/** What giving a resource these properties means. New tags of the stack change every resource that can have tags. */
export async function changeFor (
  context: EngineContext,
  { definition, previous }: StackRecord,
  resource: ResourceRecord,
  after: JsonObject
): Promise<'none' | 'update' | 'replace'> {
  const specification = await context.specification()
  const type = specification.typeOf(resource.type)
  if (!type) return 'none'
  const { action, properties } = changeOf(type, resource.properties, after, specification)
  const { replacedFor = [] } = context.handlerOf(resource.type)
  if (properties.some(({ name }) => replacedFor.includes(name))) return 'replace'
  const isRetagged = previous !== undefined && Object.hasOwn(type.properties, 'Tags') && !isDeepStrictEqual(definition.tags, previous.tags)
  return action === 'none' && isRetagged ? 'update' : action
}
