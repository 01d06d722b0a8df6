import type { PolicyAction, ResourceChange, ResourceChangeDetail } from '@aws-sdk/client-cloudformation'
import { isDeepStrictEqual } from 'node:util'
import type { EngineContext } from '../engine/context.js'
import { makePlan, type Plan, type PlannedResource, planOf } from '../engine/plan.js'
import type { Definition, Incarnation, ResourceRecord, StackRecord } from '../engine/records.js'
import { defaultPolicy } from '../engine/remove.js'
import { changesBetween, type PropertyChange, recreationOf } from '../specification/changes.js'
import type { ResourceType, Specification } from '../specification/specification.js'
import { ifKnown } from '../template/errors.js'
import { type JsonObject, ownValue } from '../template/json.js'
import { detailsOf, DIRECT, masked, mayChange, type Moved, sourcesOf, UNKNOWN } from './change-details.js'
import type { Prepared } from './definition.js'

/** Stands for whatever attribute of a resource that does not exist yet. */
const unknownResource = {
  physicalId: UNKNOWN,
  attributes: new Proxy<JsonObject>({}, {
    get: () => UNKNOWN,
    getOwnPropertyDescriptor: () => ({ value: UNKNOWN, configurable: true, enumerable: true })
  })
}

/** What a definition would do to the stack as it is, resource by resource, with values. Nothing is changed. */
export async function changesFor (context: EngineContext, stack: StackRecord, prepared: Prepared): Promise<ResourceChange[]> {
  const { definition, plan: { template } } = prepared
  const kept = context.records.resources.of(stack.id).filter(({ status }) => !status.startsWith('DELETE'))
  const present = new Map(kept.map(resource => [resource.logicalId, resource]))
  const moved = { parameters: changedParameters(stack.definition, definition), renewed: new Set<string>(), changed: new Set<string>() }
  const plan = makePlan(stack, template, definition, context.records, logicalId =>
    moved.renewed.has(logicalId) ? unknownResource : present.get(logicalId) ?? unknownResource)
  const specification = await context.specification()
  const isRetagged = !isDeepStrictEqual(stack.definition.tags, definition.tags)
  const update = { plan, before: planOf(context, stack), moved, isRetagged, specification }
  const changes = inOrder(plan).flatMap(logicalId => {
    const wanted = plan.resources.get(logicalId)
    const resource = present.get(logicalId)
    const change = wanted && (resource ? modification(resource, wanted, update) : addition(logicalId, wanted, plan))
    if (change) moved[change.Action === 'Add' || change.Replacement === 'True' ? 'renewed' : 'changed'].add(logicalId)
    return change ?? []
  })
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

function addition (logicalId: string, wanted: PlannedResource, plan: Plan): ResourceChange {
  const AfterContext = contextOf(wanted, ifKnown(() => plan.propertiesOf(logicalId)))
  return { Action: 'Add', LogicalResourceId: logicalId, ResourceType: wanted.type, Scope: [], Details: [], AfterContext }
}

/** A resource as a change set shows it; nothing when its properties are not known ("Example change sets", CloudFormation User Guide). */
function contextOf (of: Pick<Incarnation, 'updateReplacePolicy' | 'deletionPolicy'>, properties: JsonObject | undefined): string | undefined {
  const { updateReplacePolicy: UpdateReplacePolicy, deletionPolicy: DeletionPolicy } = of
  return properties && JSON.stringify({ Properties: properties, UpdateReplacePolicy, DeletionPolicy })
}

function removal (resource: ResourceRecord): ResourceChange {
  const policy = resource.deletionPolicy ?? defaultPolicy(resource.type, resource.properties)
  const PolicyAction = policy === 'Snapshot' ? 'Snapshot' : policy.startsWith('Retain') ? 'Retain' : 'Delete'
  return { Action: 'Remove', PolicyAction, ...identityOf(resource), Scope: [], Details: [], BeforeContext: contextOf(resource, resource.properties) }
}

function identityOf ({ logicalId, physicalId, type }: ResourceRecord): ResourceChange {
  return { LogicalResourceId: logicalId, PhysicalResourceId: physicalId, ResourceType: type }
}

interface Update {
  plan: Plan
  /** Of the definition that the stack has. */
  before: Plan
  moved: Moved
  isRetagged: boolean
  specification: Specification
}

function modification (resource: ResourceRecord, wanted: PlannedResource, update: Update): ResourceChange | undefined {
  const { plan, moved, specification } = update
  const type = specification.typeOf(resource.type)
  if (!type) return undefined
  const properties = ifKnown(() => plan.propertiesOf(resource.logicalId))
  const change = { Action: 'Modify', ...identityOf(resource), BeforeContext: contextOf(resource, resource.properties) } as const
  if (!properties) return { ...change, Replacement: 'Conditional', Scope: ['Properties'], Details: [] }
  const changed = changesBetween(type.properties, resource.properties, properties, specification)
  const known = new Set(changed.map(({ name }) => name))
  const details = [
    ...[...changed, ...referring(type, wanted, properties, update).filter(({ name }) => !known.has(name))]
      .flatMap(property => detailsOf(property, ownValue(wanted.properties, property.name) ?? '', moved, plan)),
    ...detailsBeside(type, resource, wanted, update)
  ]
  if (details.length === 0) return undefined
  const replacement = replacementOf(details)
  return {
    ...change,
    PolicyAction: replacement === 'True' ? replacePolicies[wanted.updateReplacePolicy ?? ''] ?? 'ReplaceAndDelete' : undefined,
    Replacement: replacement,
    Scope: [...new Set(details.flatMap(({ Target }) => Target?.Attribute ?? []))].sort(),
    Details: details,
    AfterContext: contextOf(wanted, properties)
  }
}

const replacePolicies: Readonly<Record<string, PolicyAction>> = { Retain: 'ReplaceAndRetain', Snapshot: 'ReplaceAndSnapshot' }

/** The properties that may change with what they refer to, however they look. */
function referring (type: ResourceType, wanted: PlannedResource, properties: JsonObject, update: Update): PropertyChange[] {
  const { plan, moved, specification } = update
  return Object.entries(wanted.properties).filter(([, written]) => mayChange(written, moved, plan)).map(([name]) => {
    const value = ownValue(properties, name)
    const property = ownValue(type.properties, name)
    const recreation = property ? recreationOf(property, value, value, specification) : 'Never'
    return { name, recreation, before: value, after: value }
  })
}

function replacementOf (details: readonly ResourceChangeDetail[]): 'True' | 'False' | 'Conditional' {
  if (details.some(({ Target, Evaluation }) => Target?.RequiresRecreation === 'Always' && Evaluation === 'Static')) return 'True'
  return details.every(({ Target }) => Target?.RequiresRecreation === 'Never') ? 'False' : 'Conditional'
}

/** What changes of a resource beside its properties. The tags of the stack are on every resource that can have tags. */
function detailsBeside (type: ResourceType, resource: ResourceRecord, wanted: PlannedResource, update: Update): ResourceChangeDetail[] {
  const { plan, before, moved, isRetagged } = update
  const metadataBy = (either: Plan): unknown => ifKnown(() => either.metadataOf(resource.logicalId))
  const changes = [
    ['Tags', isRetagged && Object.hasOwn(type.properties, 'Tags'), [DIRECT]],
    ['Metadata', !isDeepStrictEqual(metadataBy(before), metadataBy(plan)), sourcesOf(wanted.metadata ?? null, moved, plan)],
    ['DeletionPolicy', resource.deletionPolicy !== wanted.deletionPolicy, [DIRECT]],
    ['UpdateReplacePolicy', resource.updateReplacePolicy !== wanted.updateReplacePolicy, [DIRECT]]
  ] as const
  return changes.flatMap(([Attribute, isChanged, sources]) =>
    isChanged ? sources.map(source => ({ Target: { Attribute, RequiresRecreation: 'Never' as const }, ...source })) : [])
}
