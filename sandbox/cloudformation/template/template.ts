import { isCustom } from '../specification/specification.js'
import { readDocument } from './document.js'
import { invalid, malformed, unknownTransform, unmet } from './errors.js'
import { type Json, type JsonObject, isObject } from './json.js'
import { callOf } from './intrinsics.js'
import { writeOutLoops } from './loops.js'
import { objectAt, optionalText } from './members.js'
import { type ParameterDefinition, parameterReference, readParameter } from './parameters.js'
import { readRule, type RuleDefinition } from './rules.js'
import { withImpliedResources } from './serverless.js'

export interface ResourceDefinition {
  type: string
  properties: JsonObject
  dependsOn: string[]
  condition?: string | undefined
  /** A text; with the language extensions, also a function that gives one. */
  deletionPolicy?: Json | undefined
  updateReplacePolicy?: Json | undefined
  metadata?: JsonObject | undefined
  /** `CreationPolicy` and `UpdatePolicy`: nobody signals and nothing rolls here, but what they refer to has to exist. */
  policies?: JsonObject[]
}

export interface OutputDefinition {
  value: Json
  description?: string | undefined
  condition?: string | undefined
  exportName?: Json | undefined
}

/** A template whose every part has the shape it must have; what it refers to is checked by `checkReferences`. */
export interface Template {
  body: string
  /** The same after its transforms. */
  processed: string
  description?: string | undefined
  metadata?: JsonObject | undefined
  transforms: string[]
  parameters: ReadonlyMap<string, ParameterDefinition>
  rules: ReadonlyMap<string, RuleDefinition>
  mappings: JsonObject
  conditions: ReadonlyMap<string, Json>
  resources: ReadonlyMap<string, ResourceDefinition>
  outputs: ReadonlyMap<string, OutputDefinition>
}

const LARGEST_BYTES = 51_200
const EXTENSIONS = 'AWS::LanguageExtensions'
const SERVERLESS = 'AWS::Serverless-2016-10-31'
/** Transforms that the sandbox knows; those of Secrets Manager make Lambda functions, which are inert here. Others would need the macro's own code. */
const TRANSFORMS = [EXTENSIONS, SERVERLESS, 'AWS::SecretsManager-2020-07-23', 'AWS::SecretsManager-2024-09-16']

/** By section: how many items it may have, and what each may have ("Template sections" and "CloudFormation template quotas", CloudFormation User Guide). */
const SECTIONS: Readonly<Record<string, { most?: number, members?: string }>> = {
  Conditions: {},
  Mappings: { most: 200 },
  Outputs: { most: 200, members: 'Condition Description Export Value' },
  Parameters: { most: 200, members: 'AllowedPattern AllowedValues ConstraintDescription Default Description MaxLength MaxValue MinLength MinValue NoEcho Type' },
  Resources: { most: 500, members: 'Condition CreationPolicy DeletionPolicy DependsOn Metadata Properties Type UpdatePolicy UpdateReplacePolicy Version' },
  Rules: { members: 'Assertions RuleCondition' }
}
const OTHERS = ['AWSTemplateFormatVersion', 'Description', 'Metadata', 'Transform']

/** By name of a parameter, or of a pseudo parameter, its value as it was given. */
export type Values = Readonly<Record<string, string | undefined>>

const TEMPLATES_KEPT = 16
const latest = new Map<string, Template>()

/**
 * Reads a template, in YAML or JSON; `values` are what its parameters stand for, which decides about its loops. Throws a
 * ValidationError in AWS's words for whatever is not one.
 */
export function parseTemplate (body: string, values: Values = {}): Template {
  // Every phase of an operation reads the same text again, and a stack is often one of many from one template.
  const key = body.includes('Fn::ForEach') ? body + JSON.stringify(values) : body
  const template = latest.get(key) ?? readTemplate(body, values)
  latest.delete(key)
  latest.set(key, template)
  const [oldest] = latest.keys()
  if (latest.size > TEMPLATES_KEPT && oldest !== undefined) latest.delete(oldest)
  return template
}

export function isExtended ({ transforms }: { transforms: readonly string[] }): boolean {
  return transforms.includes(EXTENSIONS)
}

/** All in which a resource may refer to others. */
export function partsOf ({ properties, metadata = {}, policies = [] }: ResourceDefinition): JsonObject[] {
  return [properties, metadata, ...policies]
}

function readTemplate (body: string, values: Values): Template {
  if (Buffer.byteLength(body) > LARGEST_BYTES) {
    throw unmet('templateBody', `${body.slice(0, 100)}...`, `have length less than or equal to ${LARGEST_BYTES}`)
  }
  const written = readDocument(body)
  const transforms = readTransforms(written.Transform)
  const sections = [...Object.keys(SECTIONS), ...OTHERS, ...(transforms.includes(SERVERLESS) ? ['Globals'] : [])]
  const unknown = Object.keys(written).filter(key => !sections.includes(key))
  if (unknown.includes('Hooks')) throw invalid('The section Hooks is not available in the sandbox.')
  if (unknown.length > 0) throw invalid(`Invalid template property or properties [${unknown.join(', ')}]`)
  const version = written.AWSTemplateFormatVersion
  if (version !== undefined && version !== '2010-09-09') throw malformed('unsupported value for AWSTemplateFormatVersion.')
  const parameters = section(written, 'Parameters', readParameter)
  const document = carryOut(transforms, written, parameters, values)
  const resources = section(document, 'Resources', (name, value: JsonObject) => readResource(name, value, isExtended({ transforms })))
  if (resources.size === 0) throw malformed('At least one Resources member must be defined.')
  const common = [...resources.keys()].filter(name => parameters.has(name))
  if (common.length > 0) throw invalid(`Template error: all resources and parameters must have unique names. Common name(s):[${common.join(', ')}]`)
  return {
    body,
    processed: document === written ? body : JSON.stringify({ ...document, Transform: undefined, Globals: undefined }),
    description: optionalText(document, 'Description'),
    metadata: objectAt(document, 'Metadata', '/'),
    transforms,
    parameters,
    rules: section(document, 'Rules', readRule),
    mappings: Object.fromEntries(section(document, 'Mappings', (name, value: Json) => readMapping(name, value, isExtended({ transforms })))),
    conditions: section(document, 'Conditions', (_name, value) => value),
    resources,
    outputs: section(document, 'Outputs', readOutput)
  }
}

function section<T, Item extends Json> (document: JsonObject, name: string, read: (name: string, value: Item) => T): Map<string, T> {
  const { most = Infinity, members } = SECTIONS[name] ?? {}
  const [noun, value] = [name.slice(0, -1), document[name] ?? {}]
  if (!isObject(value)) throw malformed(`Any ${name} member must be an object.`)
  const entries = Object.entries(value)
  if (entries.length > most) throw malformed(`Number of ${name.toLowerCase()}, ${entries.length}, is greater than maximum allowed, ${most}`)
  return new Map(entries.map(([key, item]) => {
    if (key.startsWith('Fn::ForEach')) throw malformed(`${key} is only supported with the transform ${EXTENSIONS}, in Conditions, Resources and Outputs`)
    if (!/^[a-zA-Z0-9]+$/.test(key)) throw malformed(`${noun} name ${key} is non alphanumeric.`)
    if (members && !isObject(item)) throw malformed(`Any ${name} member must be an object.`)
    const unknown = members && Object.keys(item as JsonObject).find(member => !members.split(' ').includes(member))
    if (unknown !== undefined) throw invalid(`Invalid template ${noun.toLowerCase()} property '${unknown}'`)
    return [key, read(key, item as Item)]
  }))
}

function readTransforms (value: Json | undefined): string[] {
  return (value === undefined ? [] : [value].flat(2)).map(transform => {
    const name = isObject(transform) ? transform.Name : transform
    if (typeof name === 'string' && TRANSFORMS.includes(name)) return name
    throw unknownTransform(name)
  })
}

function carryOut (
  transforms: readonly string[],
  written: JsonObject,
  parameters: ReadonlyMap<string, ParameterDefinition>,
  values: Values
): JsonObject {
  const ref = (name: string): string | string[] | undefined => {
    const definition = parameters.get(name)
    // Without values, as when it is validated, a loop over a parameter is written out once.
    return definition ? parameterReference(definition, { key: name, value: values[name] ?? definition.default ?? name }) : values[name]
  }
  let document = written
  const mappings = isObject(written.Mappings) ? written.Mappings : {}
  if (isExtended({ transforms })) document = writeOutLoops(document, { ref, mappings })
  if (transforms.includes(SERVERLESS)) document = { ...document, Resources: withImpliedResources(document.Resources ?? {}) }
  return document
}

function readResource (name: string, resource: JsonObject, extended: boolean): ResourceDefinition {
  const { Type: type, DependsOn: dependsOn = [] } = resource
  if (typeof type !== 'string') throw malformed(`[/Resources/${name}] Every Resources object must contain a Type member.`)
  if (resource.Version !== undefined && !isCustom(type)) throw invalid('Invalid template resource property \'Version\'')
  const path = `/Resources/${name}/`
  const needed = [dependsOn].flat()
  if (!needed.every(item => typeof item === 'string')) throw malformed('Every DependsOn value must be a string.')
  const readPolicy = (member: string): Json | undefined => {
    const value = resource[member]
    return value === undefined || (extended && isObject(value)) ? value : checkPolicy(member, { name, type }, value)
  }
  const properties = objectAt(resource, 'Properties', path) ?? {}
  if (type === 'AWS::RDS::DBInstance' && properties.DBClusterIdentifier !== undefined && resource.DeletionPolicy === 'Snapshot') {
    // AWS's own words (aws-cloudformation-templates#16).
    throw invalid('DeletionPolicy:Snapshot cannot be specified for a cluster instance, use deletion policy on the cluster instead.')
  }
  return {
    type,
    properties,
    dependsOn: needed,
    metadata: objectAt(resource, 'Metadata', path),
    policies: ['CreationPolicy', 'UpdatePolicy'].map(member => objectAt(resource, member, path) ?? {}),
    condition: optionalText(resource, 'Condition'),
    deletionPolicy: readPolicy('DeletionPolicy'),
    updateReplacePolicy: readPolicy('UpdateReplacePolicy')
  }
}

const POLICIES: Readonly<Record<string, RegExp>> =
  { DeletionPolicy: /^(Delete|Retain|RetainExceptOnCreate|Snapshot)$/, UpdateReplacePolicy: /^(Delete|Retain|Snapshot)$/ }

/** Types of which there can be snapshots ("DeletionPolicy attribute", CloudFormation template reference). */
const SNAPSHOTS = /^AWS::(DocDB::DBCluster|EC2::Volume|ElastiCache::(CacheCluster|ReplicationGroup)|Neptune::DBCluster|RDS::DB(Cluster|Instance)|Redshift::Cluster)$/

/** Throws a ValidationError for what is no policy, or none that the type can have. */
export function checkPolicy (member: string, { name, type }: { name: string, type: string }, policy: unknown): string {
  if (typeof policy !== 'string') throw malformed(`Every ${member} member must be a string.`)
  if (!POLICIES[member]?.test(policy)) throw malformed(`Unrecognized ${member} ${policy} for resource ${name}`)
  if (member === 'DeletionPolicy' && policy === 'Snapshot' && !SNAPSHOTS.test(type)) {
    throw invalid(`Template error: resource type ${type} does not support deletion policy Snapshot`)
  }
  return policy
}

function readMapping (name: string, value: Json, extended: boolean): JsonObject {
  const flat = isObject(value) ? Object.keys(value).find(key => !isObject(value[key] ?? null)) : name
  if (!isObject(value) || flat !== undefined) throw malformed(`Every Mappings member ${flat ?? name} must be a map`)
  const attributes = Object.values(value).flatMap(members => Object.entries(members as JsonObject))
  const [odd] = attributes.find(([attribute]) => !extended && !/^[a-zA-Z0-9]+$/.test(attribute)) ?? []
  if (odd !== undefined) throw malformed(`Mappings attribute name '${odd}' must contain only alphanumeric characters.`)
  if (attributes.flatMap(([, attribute]) => attribute).some(attribute => typeof attribute === 'object')) throw malformed('Every Mappings attribute must be a String or a List.')
  return value
}

function readOutput (name: string, output: JsonObject): OutputDefinition {
  const { Value: value, Export: exported } = output
  if (value === undefined) throw malformed('Every Outputs member must contain a Value object')
  if (Array.isArray(value)) throw malformedOutput(' and not a List')
  if (isObject(value) && !callOf(value)) throw malformedOutput(' and not a Map')
  if (exported !== undefined && !(isObject(exported) && Object.keys(exported).join() === 'Name')) throw malformedExport(name)
  return {
    value,
    exportName: exported?.Name,
    description: optionalText(output, 'Description'),
    condition: optionalText(output, 'Condition')
  }
}

/** What AWS says of an output that is no text (aws-cdk's and serverless's users report it with lists and maps as they are written). */
export function malformedOutput (but = ''): Error {
  return malformed(`The Value field of every Outputs member must evaluate to a String${but}.`)
}

export function malformedExport (output: string): Error {
  return malformed(`Output ${output} is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.`)
}
