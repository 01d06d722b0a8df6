import { ResourceStatus } from '@aws-sdk/client-cloudformation'
import { isDeepStrictEqual } from 'node:util'
import { AwsError } from '../../aws.js'
import type { ResourceRequest } from '../resources/handler.js'
import { changesBetween } from '../specification/changes.js'
import { typeProperties } from '../specification/properties.js'
import type { JsonObject } from '../template/json.js'
import { callerOf, type EngineContext, setResourceStatus, stackOf } from './context.js'
import { resolveReferences } from './dynamic-references.js'
import { handlerMessage, PlainFailure } from './failure.js'
import type { Incarnation, ResourceRecord, StackRecord } from './records.js'

/** What a handler is told of a resource that it is to make or change. Throws when its properties are not those of its type. */
async function requestFor (context: EngineContext, stack: StackRecord, resource: ResourceRecord, wanted: Incarnation) {
  const failure = context.failureOf(stack.name, resource.logicalId)
  if (failure !== undefined) throw new PlainFailure(failure)
  const resolved = await resolveReferences(wanted.properties, reference => context.resolve(reference, callerOf(stack)))
  const { request, problems } = await describe(context, stack, resource, { ...wanted, properties: resolved as JsonObject })
  if (problems.length > 0) {
    throw new PlainFailure(`Properties validation failed for resource ${resource.logicalId} with message:\n${problems.join('\n')}`)
  }
  return request
}

/** A resource in one of its incarnations, and what is wrong with its properties. */
async function describe (context: EngineContext, stack: StackRecord, resource: ResourceRecord, { nonce, properties }: Incarnation) {
  const { type: name, logicalId } = resource
  const specification = await context.specification()
  const type = specification.typeOf(name)
  if (!type) throw new PlainFailure(`Template format error: Unrecognized resource types: [${name}]`)
  const typed = typeProperties(type, properties, specification)
  const ownTags = { 'stack-name': stack.name, 'logical-id': logicalId, 'stack-id': stack.id }
  const request: ResourceRequest = {
    caller: callerOf(stack),
    stackId: stack.id,
    stackName: stack.name,
    logicalId,
    stackTags: [...stack.definition.tags, ...Object.entries(ownTags).map(([key, Value]) => ({ Key: `aws:cloudformation:${key}`, Value }))],
    type,
    nonce,
    properties: typed.properties
  }
  return { request, problems: typed.problems }
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
export async function createResource (step: Step, resource: ResourceRecord, desired: Incarnation, whenDone: ResourceStatus): Promise<void> {
  const { context, signal, shown } = step
  const { resources } = context.records
  const { status } = resource
  let current = resource
  const note = (change: Partial<ResourceRecord>): void => {
    current = { ...resources.get(resource.stackId, resource.logicalId) ?? current, ...change }
    resources.put(current)
  }
  const request = await requestFor(context, stackOf(context, resource.stackId), resource, desired)
  const attributes = await context.handlerOf(resource.type).create(request, physicalId => {
    if (signal.aborted) note({ physicalId })
    else if (current.physicalId !== physicalId) {
      current = setResourceStatus(context, current, { status, reason: 'Resource creation Initiated', physicalId }, shown)
    }
  })
  if (signal.aborted) note({ attributes })
  else setResourceStatus(context, current, { ...desired, physicalId: current.physicalId, status: whenDone, attributes }, shown)
}

/** Changes a resource in place; `target` is its incarnation afterwards. */
export async function updateResource (step: Step, resource: ResourceRecord, target: Incarnation): Promise<void> {
  const { context, signal, shown, isUndone = false } = step
  const stack = stackOf(context, resource.stackId)
  const { definition, previous = definition } = stack
  const request = await requestFor(context, { ...stack, definition: isUndone ? previous : definition }, resource, target)
  const before = await describe(context, stack, resource, resource)
  const { physicalId } = resource
  const attributes = await context.handlerOf(resource.type).update(request, physicalId, before.request.properties)
  if (signal.aborted) return
  setResourceStatus(context, resource, { ...target, physicalId, attributes, status: ResourceStatus.UPDATE_COMPLETE }, shown)
}

/** Deletes one incarnation of a resource. */
export async function deleteIncarnation (
  context: EngineContext, resource: ResourceRecord, incarnation: Incarnation, finalSnapshot: boolean
): Promise<void> {
  const { request } = await describe(context, stackOf(context, resource.stackId), resource, incarnation)
  await context.handlerOf(resource.type).delete(request, incarnation.physicalId, finalSnapshot)
}

/** What giving a resource these properties means. New tags of the stack change every resource that can have tags. */
export async function changeFor (context: EngineContext, stack: StackRecord, resource: ResourceRecord, after: JsonObject) {
  const { definition, previous } = stack
  const specification = await context.specification()
  const type = specification.typeOf(resource.type)
  if (!type) return 'none'
  const changes = changesBetween(type.properties, resource.properties, after, specification)
  const { replacedFor = [] } = context.handlerOf(resource.type)
  if (changes.some(({ name, recreation }) => recreation === 'Always' || replacedFor.includes(name))) return 'replace'
  const isRetagged = previous !== undefined && Object.hasOwn(type.properties, 'Tags') && !isDeepStrictEqual(definition.tags, previous.tags)
  return changes.length > 0 || isRetagged ? 'update' : 'none'
}
