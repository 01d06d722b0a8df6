import type { PolicyAction, ResourceChange, ResourceChangeDetail } from '@aws-sdk/client-cloudformation'
import { isDeepStrictEqual } from 'node:util'
import type { EngineContext } from '../engine/context.js'
import { makePlan, planOf, type Plan, type PlannedResource } from '../engine/plan.js'
import type { Definition, ResourceRecord, StackRecord } from '../engine/records.js'
import { defaultPolicy } from '../engine/remove.js'
import { type Change, changeOf, recreationOf } from '../specification/changes.js'
import type { ResourceType, Specification } from '../specification/specification.js'
import { ifKnown } from '../template/errors.js'
import { type Json, type JsonObject, ownValue } from '../template/json.js'
import type { Prepared } from './definition.js'
import { detailsOf, masked, mayChange, type Moved, sourcesOf, UNKNOWN } from './change-details.js'

/** Stands for whatever attribute of a resource that does not exist yet. */
const unknownResource = {
  physicalId: UNKNOWN,
  attributes: new Proxy<JsonObject>({}, {
    get: () => UNKNOWN,
    getOwnPropertyDescriptor: () => ({ value: UNKNOWN, configurable: true, enumerable: true })
  })
}

/** What a definition would do to the stack as it is, resource by resource, with values. Nothing is changed. */
export async function changesFor (
  context: EngineContext,
  stack: StackRecord,
  { definition, plan: { template } }: Prepared
): Promise<ResourceChange[]> {
  const { records } = context
  const kept = records.resources.of(stack.id).filter(({ status }) => !status.startsWith('DELETE'))
  const present = new Map(kept.map(resource => [resource.logicalId, resource]))
  const moved = { parameters: changedParameters(stack.definition, definition), renewed: new Set<string>(), changed: new Set<string>() }
  const plan = makePlan(stack, template, definition, records, logicalId =>
    moved.renewed.has(logicalId) ? unknownResource : present.get(logicalId) ?? unknownResource)
  const before = planOf(context, stack)
  const isRetagged = !isDeepStrictEqual(stack.definition.tags, definition.tags)
  const changes: ResourceChange[] = []
  for (const logicalId of inOrder(plan)) {
    const wanted = plan.resources.get(logicalId)
    if (!wanted) continue
    const resource = present.get(logicalId)
    const change = resource
      ? await modification(context, resource, wanted, { plan, moved, isRetagged, metadata: ifKnown(() => before.metadataOf(logicalId)) })
      : addition(logicalId, wanted, plan)
    if (!change) continue
    const kind = change.Action === 'Add' || change.Replacement === 'True' ? 'renewed' : 'changed'
    moved[kind].add(logicalId)
    changes.push(change)
  }
  const removals = [...present.values()].filter(({ logicalId }) => !plan.resources.has(logicalId)).map(removal)
  return masked([...changes, ...removals], [stack.definition, definition])
}

function changedParameters (before: Definition, after: Definition): Set<string> {
  const old = new Map(before.parameters.map(({ key, value }) => [key, value]))
  return new Set(after.parameters.filter(({ key, value }) => old.has(key) && old.get(key) !== value).map(({ key }) => key))
}

/** Dependencies first, so that what depends on a replaced resource is looked at after it. */
function inOrder ({ graph }: Plan): string[] {
  const seen = new Set<string>()
  const visit = (logicalId: string): void => {
    if (seen.has(logicalId)) return
    for (const before of graph.get(logicalId) ?? []) visit(before)
    seen.add(logicalId)
  }
  for (const logicalId of graph.keys()) visit(logicalId)
  return [...seen]
}

function addition (logicalId: string, { type }: PlannedResource, plan: Plan): ResourceChange {
  const properties = ifKnown(() => plan.propertiesOf(logicalId))
  return { Action: 'Add', LogicalResourceId: logicalId, ResourceType: type, Scope: [], Details: [], AfterContext: shown(properties) }
}

/** Properties as a change set shows them; nothing when they are not known. */
function shown (properties: JsonObject | undefined): string | undefined {
  return properties && JSON.stringify({ Properties: properties })
}

function removal (resource: ResourceRecord): ResourceChange {
  const policy = resource.deletionPolicy ?? defaultPolicy(resource.type, resource.properties)
  return {
    Action: 'Remove',
    PolicyAction: policy === 'Snapshot' ? 'Snapshot' : policy.startsWith('Retain') ? 'Retain' : 'Delete',
    ...identityOf(resource),
    Scope: [],
    Details: [],
    BeforeContext: shown(resource.properties)
  }
}

function identityOf ({ logicalId, physicalId, type }: ResourceRecord): ResourceChange {
  return { LogicalResourceId: logicalId, PhysicalResourceId: physicalId, ResourceType: type }
}

interface Update {
  plan: Plan
  moved: Moved
  isRetagged: boolean
  /** As it was before. */
  metadata: Json | undefined
}

async function modification (
  context: EngineContext,
  resource: ResourceRecord,
  wanted: PlannedResource,
  update: Update
): Promise<ResourceChange | undefined> {
  const { plan } = update
  const specification = await context.specification()
  const type = specification.typeOf(resource.type)
  if (!type) return undefined
  const properties = ifKnown(() => plan.propertiesOf(resource.logicalId))
  const identity = identityOf(resource)
  const before = shown(resource.properties)
  if (!properties) {
    return { ...identity, Action: 'Modify', Replacement: 'Conditional', Scope: ['Properties'], Details: [], BeforeContext: before }
  }
  const own = changeOf(type, resource.properties, properties, specification)
  const change = withAttributes(own, { type, specification, properties, wanted, update })
  const details = [
    ...change.properties.flatMap(property => detailsOf(property, ownValue(wanted.properties, property.name) ?? '', update.moved, plan.isTrue)),
    ...tagDetails(type, update.isRetagged),
    ...attributeDetails(resource, wanted, update)
  ]
  if (details.length === 0) return undefined
  const scope = [...new Set(details.map(({ Target }) => Target?.Attribute))].sort()
  const replacement = replacementOf(change, details)
  return {
    Action: 'Modify',
    PolicyAction: replacement === 'True' ? replacePolicies[wanted.updateReplacePolicy ?? ''] ?? 'ReplaceAndDelete' : undefined,
    ...identity,
    Replacement: replacement,
    Scope: scope as NonNullable<ResourceChange['Scope']>,
    Details: details,
    BeforeContext: before,
    AfterContext: shown(properties)
  }
}

/** With the properties that look the same and refer to attributes of a resource that is changed in place. */
function withAttributes (change: Change, { type, specification, properties, wanted, update: { moved, plan } }: {
  type: ResourceType
  specification: Specification
  properties: JsonObject
  wanted: PlannedResource
  update: Update
}): Change {
  const known = new Set(change.properties.map(({ name }) => name))
  const referring = Object.entries(wanted.properties)
    .filter(([name, written]) => !known.has(name) && mayChange(written, moved, plan.isTrue))
  const further = referring.map(([name]) => {
    const value = ownValue(properties, name)
    const property = ownValue(type.properties, name)
    return {
      name,
      path: `/Properties/${name}`,
      recreation: property ? recreationOf(property, value, value, specification) : 'Never' as const,
      before: value,
      after: value
    }
  })
  return {
    ...change,
    conditional: change.conditional || further.some(({ recreation }) => recreation !== 'Never'),
    properties: [...change.properties, ...further]
  }
}

/** The tags of the stack, which every resource has that can have tags. */
function tagDetails (type: ResourceType, isRetagged: boolean): ResourceChangeDetail[] {
  return isRetagged && Object.hasOwn(type.properties, 'Tags') ? [{ Target: { Attribute: 'Tags', RequiresRecreation: 'Never' }, ...DIRECT }] : []
}

const DIRECT = { Evaluation: 'Static', ChangeSource: 'DirectModification' } as const

const replacePolicies: Readonly<Record<string, PolicyAction>> = { Retain: 'ReplaceAndRetain', Snapshot: 'ReplaceAndSnapshot' }

function replacementOf ({ properties, conditional }: Change, details: readonly ResourceChangeDetail[]): 'True' | 'False' | 'Conditional' {
  const always = properties.filter(({ recreation }) => recreation === 'Always').map(({ name }) => name)
  const isCertain = details.some(({ Target, Evaluation }) => always.includes(Target?.Name ?? '') && Evaluation === 'Static')
  if (isCertain) return 'True'
  return always.length > 0 || conditional ? 'Conditional' : 'False'
}

function attributeDetails (resource: ResourceRecord, wanted: PlannedResource, { plan, moved, metadata }: Update): ResourceChangeDetail[] {
  const sources = {
    Metadata: sourcesOf(wanted.metadata ?? null, moved, plan.isTrue),
    DeletionPolicy: [DIRECT],
    UpdateReplacePolicy: [DIRECT]
  }
  const pairs: Array<[keyof typeof sources, unknown, unknown]> = [
    ['Metadata', metadata, ifKnown(() => plan.metadataOf(resource.logicalId))],
    ['DeletionPolicy', resource.deletionPolicy, wanted.deletionPolicy],
    ['UpdateReplacePolicy', resource.updateReplacePolicy, wanted.updateReplacePolicy]
  ]
  return pairs.filter(([, before, after]) => !isDeepStrictEqual(before, after)).flatMap(([name]) =>
    sources[name].map(source => ({ Target: { Attribute: name, RequiresRecreation: 'Never' }, ...source })))
}
