import type { ChangeSource, PolicyAction, ResourceChange, ResourceChangeDetail } from '@aws-sdk/client-cloudformation'
import { isDeepStrictEqual } from 'node:util'
import { AwsError } from '../../aws.js'
import type { EngineContext } from '../engine/context.js'
import { makePlan, type Plan } from '../engine/plan.js'
import type { Definition, ResourceRecord, StackRecord } from '../engine/records.js'
import { defaultPolicy } from '../engine/remove.js'
import { type Change, changeOf, type PropertyChange } from '../specification/changes.js'
import { type Json, type JsonObject, ownValue } from '../template/json.js'
import { type Reference, referencesIn } from '../template/references.js'
import { parseTemplate, type ResourceDefinition, type Template } from '../template/template.js'

/** What AWS shows in place of a value that is not known before the change is made. */
const UNKNOWN = '{{changeSet:KNOWN_AFTER_APPLY}}'

/** Stands for whatever attribute of a resource that does not exist yet. */
const unknownResource = {
  physicalId: UNKNOWN,
  attributes: new Proxy<JsonObject>({}, {
    get: () => UNKNOWN,
    getOwnPropertyDescriptor: () => ({ value: UNKNOWN, configurable: true, enumerable: true })
  })
}

/** What a definition would do to the stack as it is, resource by resource. Nothing is changed. */
export async function changesFor (context: EngineContext, stack: StackRecord, definition: Definition, body: string): Promise<ResourceChange[]> {
  const { records } = context
  const present = new Map(records.resources(stack.id).filter(({ status }) => !status.startsWith('DELETE')).map(resource => [resource.logicalId, resource]))
  const renewed = new Set<string>()
  const plan = makePlan(stack, definition, { ...records, template: () => body }, logicalId =>
    renewed.has(logicalId) ? unknownResource : present.get(logicalId) ?? unknownResource)
  const before = parseTemplate(records.template(stack.definition.template))
  const isRetagged = !isDeepStrictEqual(stack.definition.tags, definition.tags)
  const changes: ResourceChange[] = []
  for (const logicalId of inOrder(plan)) {
    const wanted = plan.resources.get(logicalId)
    if (!wanted) continue
    const resource = present.get(logicalId)
    const change = resource
      ? await modification(context, resource, wanted, plan, before.resources.get(logicalId), isRetagged)
      : addition(logicalId, wanted)
    if (!change) continue
    if (change.Action === 'Add' || change.Replacement === 'True') renewed.add(logicalId)
    changes.push(change)
  }
  const removals = [...present.values()].filter(({ logicalId }) => !plan.resources.has(logicalId)).map(removal)
  return masked([...changes, ...removals], [stack.definition, definition])
}

/** The changes without the values of NoEcho parameters, before and after. */
function masked (changes: ResourceChange[], definitions: readonly Definition[]): ResourceChange[] {
  const secrets = definitions.flatMap(({ parameters }) => parameters.flatMap(({ noEcho, value }) => noEcho && value !== '' ? [value] : []))
  const mask = (text: string): string => secrets.reduce((shown, secret) => shown.replaceAll(secret, '****'), text)
  for (const { Target: target } of changes.flatMap(({ Details: details = [] }) => details)) {
    if (target?.BeforeValue !== undefined) target.BeforeValue = mask(target.BeforeValue)
    if (target?.AfterValue !== undefined) target.AfterValue = mask(target.AfterValue)
  }
  return changes
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

function addition (logicalId: string, { type }: ResourceDefinition): ResourceChange {
  return { Action: 'Add', LogicalResourceId: logicalId, ResourceType: type, Scope: [], Details: [] }
}

function removal (resource: ResourceRecord): ResourceChange {
  const policy = resource.deletionPolicy ?? defaultPolicy(resource.type, resource.properties)
  return {
    Action: 'Remove',
    PolicyAction: policy === 'Snapshot' ? 'Snapshot' : policy.startsWith('Retain') ? 'Retain' : 'Delete',
    ...identityOf(resource),
    Scope: [],
    Details: []
  }
}

function identityOf ({ logicalId, physicalId, type }: ResourceRecord): ResourceChange {
  return { LogicalResourceId: logicalId, PhysicalResourceId: physicalId, ResourceType: type }
}

/** Undefined when functions can not be evaluated, as with `Fn::Select` from what is not known before the change is made. */
function propertiesIfKnown (plan: Plan, logicalId: string): JsonObject | undefined {
  try {
    return plan.propertiesOf(logicalId)
  } catch (error) {
    if (error instanceof AwsError) return undefined
    throw error
  }
}

async function modification (context: EngineContext, resource: ResourceRecord, wanted: ResourceDefinition, plan: Plan, before: ResourceDefinition | undefined, isRetagged: boolean): Promise<ResourceChange | undefined> {
  const specification = await context.specification()
  const type = specification.typeOf(resource.type)
  if (!type) return undefined
  const wantedProperties = propertiesIfKnown(plan, resource.logicalId)
  if (!wantedProperties) return { ...identityOf(resource), Action: 'Modify', Replacement: 'Conditional', Scope: ['Properties'], Details: [] }
  const change = changeOf(type, resource.properties, wantedProperties, specification)
  const tagDetails = isRetagged && Object.hasOwn(type.properties, 'Tags') && !change.properties.some(({ name }) => name === 'Tags')
    ? [detailOf({ name: 'Tags', path: '/Properties/Tags', recreation: 'Never' }, {}, plan)]
    : []
  const attributes = changedAttributes(before, wanted)
  const details = [...change.properties.map(property => detailOf(property, wanted.properties, plan)), ...tagDetails, ...attributes.map(attributeDetail)]
  if (details.length === 0) return undefined
  const scope = [...new Set(details.map(({ Target }) => Target?.Name === 'Tags' ? 'Tags' : Target?.Attribute))]
  const replacement = replacementOf(change, details)
  return {
    Action: 'Modify',
    ...(replacement === 'True' ? { PolicyAction: replacePolicies[wanted.updateReplacePolicy ?? ''] ?? 'ReplaceAndDelete' } : {}),
    ...identityOf(resource),
    Replacement: replacement,
    Scope: scope as NonNullable<ResourceChange['Scope']>,
    Details: details
  }
}

const replacePolicies: Readonly<Record<string, PolicyAction>> = { Retain: 'ReplaceAndRetain', Snapshot: 'ReplaceAndSnapshot' }

function replacementOf ({ properties, conditional }: Change, details: readonly ResourceChangeDetail[]): 'True' | 'False' | 'Conditional' {
  const always = properties.filter(({ recreation }) => recreation === 'Always').map(({ name }) => name)
  const isCertain = details.some(({ Target, Evaluation }) => always.includes(Target?.Name ?? '') && Evaluation === 'Static')
  if (isCertain) return 'True'
  return always.length > 0 || conditional ? 'Conditional' : 'False'
}

function detailOf ({ name, path, recreation, before, after }: PropertyChange, written: JsonObject, { template }: Plan): ResourceChangeDetail {
  const isDynamic = JSON.stringify(after ?? '').includes(UNKNOWN)
  const [source] = [...referencesIn(ownValue(written, name) ?? '')].filter(({ name }) => template.resources.has(name) || template.parameters.has(name))
  return {
    Target: {
      Attribute: name === 'Tags' ? 'Tags' : 'Properties',
      Name: name,
      RequiresRecreation: recreation,
      Path: path,
      ...(before === undefined ? {} : { BeforeValue: textOf(before) }),
      ...(after === undefined ? {} : { AfterValue: textOf(after) }),
      AttributeChangeType: before === undefined ? 'Add' : after === undefined ? 'Remove' : 'Modify'
    },
    Evaluation: isDynamic ? 'Dynamic' : 'Static',
    ChangeSource: sourceOf(source, template),
    ...(source ? { CausingEntity: source.attribute === undefined ? source.name : `${source.name}.${source.attribute}` } : {})
  }
}

function sourceOf (source: Reference | undefined, { parameters }: Template): ChangeSource {
  if (!source) return 'DirectModification'
  if (parameters.has(source.name)) return 'ParameterReference'
  return source.attribute === undefined ? 'ResourceReference' : 'ResourceAttribute'
}

function textOf (value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const attributeNames = { Metadata: 'metadata', DeletionPolicy: 'deletionPolicy', UpdateReplacePolicy: 'updateReplacePolicy' } as const

function changedAttributes (before: ResourceDefinition | undefined, wanted: ResourceDefinition): Array<keyof typeof attributeNames> {
  const names = Object.keys(attributeNames) as Array<keyof typeof attributeNames>
  return names.filter(name => !isDeepStrictEqual(before?.[attributeNames[name]], wanted[attributeNames[name]]))
}

function attributeDetail (name: keyof typeof attributeNames): ResourceChangeDetail {
  return { Target: { Attribute: name, RequiresRecreation: 'Never' }, Evaluation: 'Static', ChangeSource: 'DirectModification' }
}
