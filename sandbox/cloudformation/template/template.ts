import { readDocument } from './document.js'
import { invalid, malformed, unmet } from './errors.js'
import { type Json, type JsonObject, isObject } from './json.js'
import { writeOutLoops } from './loops.js'
import { type ParameterDefinition, parameterReference } from './parameters.js'
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
  metadata?: Json | undefined
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
const SECTIONS = new Set(['AWSTemplateFormatVersion', 'Conditions', 'Description', 'Mappings', 'Metadata', 'Outputs', 'Parameters', 'Resources', 'Rules', 'Transform'])
const RESOURCE_MEMBERS = new Set(['Condition', 'CreationPolicy', 'DeletionPolicy', 'DependsOn', 'Metadata', 'Properties', 'Type', 'UpdatePolicy', 'UpdateReplacePolicy'])
const POLICIES = new Set(['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'])
const LIMITS = ['MinLength', 'MaxLength', 'MinValue', 'MaxValue']
const MOST: Readonly<Record<string, number>> = { Parameters: 200, Mappings: 200, Outputs: 200, Resources: 500 }
const EXTENSIONS = 'AWS::LanguageExtensions'
const SERVERLESS = 'AWS::Serverless-2016-10-31'
/** Transforms that the sandbox knows; those of Secrets Manager make Lambda functions, which are inert here. Others would need the macro's own code. */
const TRANSFORMS = new Set([EXTENSIONS, SERVERLESS, 'AWS::SecretsManager-2020-07-23', 'AWS::SecretsManager-2024-09-16'])

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

function readTemplate (body: string, values: Values): Template {
  if (Buffer.byteLength(body) > LARGEST_BYTES) {
    throw unmet('templateBody', `${body.slice(0, 100)}...`, `have length less than or equal to ${LARGEST_BYTES}`)
  }
  const written = readDocument(body)
  const transforms = readTransforms(written.Transform)
  const unknown = Object.keys(written).filter(key => !SECTIONS.has(key) && !(key === 'Globals' && transforms.includes(SERVERLESS)))
  if (unknown.length > 0) throw invalid(`Invalid template property or properties [${unknown.join(', ')}]`)
  const version = written.AWSTemplateFormatVersion
  if (version !== undefined && version !== '2010-09-09') throw malformed('unsupported value for AWSTemplateFormatVersion.')
  const parameters = section(written, 'Parameters', readParameter)
  const document = carryOut(transforms, written, parameters, values)
  const resources = section(document, 'Resources', (name, value) => readResource(name, value, transforms.includes(EXTENSIONS)))
  if (resources.size === 0) throw malformed('At least one Resources member must be defined.')
  return {
    body,
    processed: document === written ? body : JSON.stringify({ ...document, Transform: undefined, Globals: undefined }),
    description: optionalText(document, 'Description'),
    metadata: isObject(document.Metadata) ? document.Metadata : undefined,
    transforms,
    parameters,
    rules: section(document, 'Rules', readRule),
    mappings: Object.fromEntries(section(document, 'Mappings', readMapping)),
    conditions: section(document, 'Conditions', (_name, value) => value),
    resources,
    outputs: section(document, 'Outputs', readOutput)
  }
}

function section<T> (document: JsonObject, name: string, read: (name: string, value: Json) => T): Map<string, T> {
  const value = document[name]
  if (value === undefined) return new Map()
  if (!isObject(value)) throw malformed(`Any ${name} member must be an object.`)
  const entries = Object.entries(value)
  const most = MOST[name] ?? Infinity
  if (entries.length > most) throw malformed(`Number of ${name.toLowerCase()}, ${entries.length}, is greater than maximum allowed, ${most}`)
  return new Map(entries.map(([key, item]) => {
    if (key.startsWith('Fn::ForEach')) throw malformed(`${key} is only supported with the transform ${EXTENSIONS}, in Conditions, Resources and Outputs`)
    if (!/^[a-zA-Z0-9]+$/.test(key)) throw malformed(`${name.slice(0, -1)} name ${key} is non alphanumeric.`)
    return [key, read(key, item)]
  }))
}

function readTransforms (value: Json | undefined): string[] {
  const names = value === undefined ? [] : [value].flat(2)
  return names.map(name => {
    if (typeof name === 'string' && TRANSFORMS.has(name)) return name
    if (isObject(name) || name === 'AWS::Include') throw invalid('The transform AWS::Include is not available in the sandbox, which has no S3 to read from.')
    throw invalid(`No transform named ${String(name)} found.`)
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
  if (transforms.includes(EXTENSIONS)) document = writeOutLoops(document, { ref, mappings })
  if (transforms.includes(SERVERLESS)) document = { ...document, Resources: withImpliedResources(document.Resources ?? {}) }
  return document
}

function readResource (name: string, value: Json, extended: boolean): ResourceDefinition {
  if (!isObject(value)) throw malformed('Any Resources member must be an object.')
  const unknown = Object.keys(value).find(key => !RESOURCE_MEMBERS.has(key))
  if (unknown !== undefined) throw invalid(`Invalid template resource property '${unknown}'`)
  const { Type: type, Properties: properties = {}, DependsOn: dependsOn = [], Metadata: metadata } = value
  if (typeof type !== 'string') throw malformed(`[/Resources/${name}] Every Resources object must contain a Type member.`)
  if (!isObject(properties)) throw malformed(`[/Resources/${name}/Properties] Every Properties member must be an object.`)
  const needed = [dependsOn].flat()
  if (!needed.every(item => typeof item === 'string')) throw malformed('Every DependsOn value must be a string.')
  return {
    type,
    properties,
    dependsOn: needed,
    metadata,
    condition: optionalText(value, 'Condition'),
    deletionPolicy: readPolicy(name, value, extended, 'DeletionPolicy'),
    updateReplacePolicy: readPolicy(name, value, extended, 'UpdateReplacePolicy')
  }
}

function readPolicy (name: string, resource: JsonObject, extended: boolean, member: string): Json | undefined {
  const value = resource[member]
  return value === undefined || (extended && isObject(value)) ? value : checkPolicy(member, name, value)
}

/** Throws a ValidationError for what is no policy. */
export function checkPolicy (member: string, name: string, policy: unknown): string {
  if (typeof policy !== 'string') throw malformed(`Every ${member} member must be a string.`)
  if (!POLICIES.has(policy)) throw malformed(`Unrecognized ${member} ${policy} for resource ${name}`)
  return policy
}

function readParameter (name: string, value: Json): ParameterDefinition {
  if (!isObject(value) || typeof value.Type !== 'string') throw malformed('Every Parameters object must contain a Type member.')
  if (!isParameterType(value.Type)) throw malformed(`Unrecognized parameter type: ${value.Type}`)
  const { Default: fallback, AllowedValues: allowed } = value
  if (typeof fallback === 'object') throw malformed('Every Default member must be a string.')
  if (allowed !== undefined && !Array.isArray(allowed)) throw malformed(`Parameter ${name} AllowedValues must be a list.`)
  return {
    type: value.Type,
    noEcho: String(value.NoEcho) === 'true',
    limits: Object.fromEntries(LIMITS.filter(key => key in value).map(key => [key, Number(value[key])])),
    default: fallback === undefined ? undefined : String(fallback),
    allowedValues: allowed?.map(String),
    description: optionalText(value, 'Description'),
    allowedPattern: optionalText(value, 'AllowedPattern'),
    constraintDescription: optionalText(value, 'ConstraintDescription')
  }
}

function isParameterType (type: string): boolean {
  return /^(String|Number|CommaDelimitedList|(List<)?(Number|String|AWS::[\w:]+)>?)$/.test(type) ||
    /^AWS::SSM::Parameter::(Name|Value<(String|CommaDelimitedList|(List<)?(String|AWS::[\w:]+)>?)>)$/.test(type)
}

function readMapping (name: string, value: Json): JsonObject {
  const flat = isObject(value) ? Object.keys(value).find(key => !isObject(value[key] ?? null)) : name
  if (!isObject(value) || flat !== undefined) throw malformed(`Every Mappings member ${flat ?? name} must be a map`)
  const attributes = Object.values(value).flatMap(members => Object.values(members as JsonObject))
  if (attributes.flat().some(attribute => typeof attribute === 'object')) throw malformed('Every Mappings attribute must be a String or a List.')
  return value
}

function readOutput (name: string, value: Json): OutputDefinition {
  if (!isObject(value) || value.Value === undefined) throw malformed('Every Outputs member must contain a Value object')
  const exported = value.Export
  if (exported !== undefined && (!isObject(exported) || exported.Name === undefined)) {
    throw malformed(`Output ${name} is malformed. The Name field of every Export member must be specified and consist only of alphanumeric characters, colons, or hyphens.`)
  }
  return {
    value: value.Value,
    exportName: exported?.Name,
    description: optionalText(value, 'Description'),
    condition: optionalText(value, 'Condition')
  }
}

function optionalText (object: JsonObject, member: string): string | undefined {
  const value = object[member]
  if (value === undefined) return undefined
  if (typeof value === 'object') throw malformed(`Every ${member} member must be a string.`)
  if (member === 'Description' && Buffer.byteLength(String(value)) > 1024) throw malformed("'Description' length is greater than 1024.")
  return String(value)
}
