import { ACCOUNT } from '../../aws.js'
import { hasAnyAttribute } from '../specification/attributes.js'
import { checkFunctions, outputText } from '../template/check.js'
import { invalid } from '../template/errors.js'
import { dependencyGraph, type Graph } from '../template/graph.js'
import { conditionsOf, evaluate } from '../template/intrinsics.js'
import { isObject, type Json, type JsonObject, memberAt, ownValue, withTextScalars } from '../template/json.js'
import { parameterReference } from '../template/parameters.js'
import { referencesIn } from '../template/references.js'
import { checkRules } from '../template/rules.js'
import { type Evaluated, NO_VALUE, type Scope } from '../template/scope.js'
import { checkPolicy, type OutputDefinition, parseTemplate, type ResourceDefinition, type Template } from '../template/template.js'
import { exportsIn } from './exports.js'
import type { Records } from './memory.js'
import type { Definition, Incarnation, OutputRecord, StackRecord } from './records.js'

/** A resource whose policies are evaluated: with the language extensions they may be functions. */
export interface PlannedResource extends Omit<ResourceDefinition, 'deletionPolicy' | 'updateReplacePolicy'> {
  deletionPolicy?: string | undefined
  updateReplacePolicy?: string | undefined
}

/** What a definition comes to for one stack: which resources, in which order, with which properties. */
export interface Plan {
  template: Template
  /** The resources whose condition is met, and what each waits for. */
  resources: ReadonlyMap<string, PlannedResource>
  graph: Graph
  isTrue: (condition: string) => boolean
  /** Throws a ValidationError for a broken rule, and for whatever is wrong however the resources turn out. */
  check: () => void
  /** What the definition says of a resource apart from its properties: what it depends on, and its policies. */
  settledOf: (logicalId: string) => Pick<Incarnation, 'dependsOn' | 'deletionPolicy' | 'updateReplacePolicy'>
  /** Evaluated with what exists by now; text scalars, dynamic references as they stand. */
  propertiesOf: (logicalId: string) => JsonObject
  /** The same as a text to show: what came from a NoEcho parameter is masked. */
  shownPropertiesOf: (logicalId: string) => string
  /** Evaluated as well, with what is in NoEcho parameters. */
  metadataOf: (logicalId: string) => Json | undefined
  outputs: () => OutputRecord[]
  /** Names of the exports used. Throws a ValidationError for one that does not exist. */
  imports: () => string[]
}

/** What a template may ask of the stack itself. */
export type Facts = Pick<StackRecord, 'id' | 'name' | 'region'>

/** Answers for the resources of a stack while it is evaluated; undefined when one does not exist yet. */
export type Lookup = (logicalId: string) => { physicalId: string, attributes: JsonObject, properties?: JsonObject } | undefined

/** The plan of a definition whose template is `template`. Throws a ValidationError when it can not be evaluated. */
export function makePlan (stack: Facts, template: Template, definition: Definition, records: Records, lookup: Lookup): Plan {
  const scope = scopeOf(stack, template, definition, records, lookup)
  const shown = { ...scopeOf(stack, template, masked(definition), records, lookup), isTrue: scope.isTrue }
  const takesPart = ({ condition }: { condition?: string | undefined }): boolean => condition === undefined || scope.isTrue(condition)
  const resources = new Map([...template.resources]
    .filter(([, resource]) => takesPart(resource))
    .map(([name, resource]) => [name, withPolicies(name, resource, scope)]))
  const outputs = [...template.outputs].filter(([, output]) => takesPart(output))
  const propertiesIn = (where: Scope, logicalId: string): JsonObject => {
    const value = evaluate(template.resources.get(logicalId)?.properties ?? {}, where)
    return isObject(value) ? withTextScalars(value) as JsonObject : {}
  }
  const graph = dependencyGraph(resources, scope.isTrue)
  return {
    template,
    resources,
    graph,
    settledOf: logicalId => {
      const { deletionPolicy, updateReplacePolicy } = resources.get(logicalId) ?? {}
      return { dependsOn: [...graph.get(logicalId) ?? []], deletionPolicy, updateReplacePolicy }
    },
    isTrue: scope.isTrue,
    check: () => {
      for (const name of template.conditions.keys()) scope.isTrue(name)
      checkRules(template.rules, scope.ref)
      checkFunctions(template, resources, scope)
    },
    propertiesOf: logicalId => propertiesIn(scope, logicalId),
    shownPropertiesOf: logicalId => JSON.stringify(propertiesIn(shown, logicalId)),
    metadataOf: logicalId => {
      const { metadata } = template.resources.get(logicalId) ?? {}
      const value = metadata === undefined ? NO_VALUE : evaluate(metadata, scope)
      return value === NO_VALUE ? undefined : value
    },
    outputs: () => outputs.map(([key, output]) => outputOf(key, output, scope)),
    imports: () => {
      const inResources = [...resources.values()].map(({ properties }) => properties)
      return importsOf([...inResources, ...outputs.map(([, { value }]) => value)], scope)
    }
  }
}

/** The plan of a stack's definition, or of another, with the stack's resources as they are made by now. */
export function planOf ({ records }: { records: Records }, stack: StackRecord, definition = stack.definition): Plan {
  const template = templateOf(stack, definition, records.templates.get(definition.template))
  return makePlan(stack, template, definition, records, logicalId => records.resources.get(stack.id, logicalId))
}

/** A definition's template from its text, the transforms carried out with the definition's parameters. */
export function templateOf (stack: Facts, { parameters }: Pick<Definition, 'parameters'>, body = ''): Template {
  const values = parameters.map(({ key, value, resolved }) => [key, resolved ?? value])
  return parseTemplate(body, { ...fixedParameters(stack), ...Object.fromEntries(values) })
}

function scopeOf (stack: Facts, template: Template, definition: Definition, records: Records, lookup: Lookup): Scope {
  const names = new Map<string, Evaluated>(Object.entries(fixedParameters(stack)))
    .set('AWS::NotificationARNs', definition.notificationArns).set('AWS::NoValue', NO_VALUE)
  for (const parameter of definition.parameters) {
    const described = template.parameters.get(parameter.key)
    if (described) names.set(parameter.key, parameterReference(described, parameter))
  }
  const partial = {
    region: stack.region,
    mappings: template.mappings,
    ref: (name: string): Evaluated | undefined => names.get(name) ?? lookup(name)?.physicalId,
    attribute: (logicalId: string, attribute: string): Json => attributeOf(template, lookup, logicalId, attribute),
    importValue: (name: string): string => {
      const found = exportsIn(records, stack.region).find(item => item.name === name)
      if (!found) throw invalid(`No export named ${name} found.`)
      return found.value
    },
    stackOutput: (name: string, output: string, region: string): string => {
      const owner = name.startsWith('arn:') ? records.stack(name) : records.namedStack(region, name)
      const found = owner?.status === 'DELETE_COMPLETE' ? undefined : owner?.outputs.find(({ key }) => key === output)
      if (!found) throw invalid(`Template error: Fn::GetStackOutput finds no output ${output} of a stack ${name} in ${region}.`)
      return found.value
    }
  }
  return { ...partial, isTrue: conditionsOf(template.conditions, partial) }
}

/** The pseudo parameters that are texts. */
export function fixedParameters ({ id, name, region }: Facts): Record<string, string> {
  const china = region.startsWith('cn-')
  return {
    'AWS::AccountId': ACCOUNT,
    'AWS::Partition': china ? 'aws-cn' : 'aws',
    'AWS::Region': region,
    'AWS::StackId': id,
    'AWS::StackName': name,
    'AWS::URLSuffix': china ? 'amazonaws.com.cn' : 'amazonaws.com'
  }
}

function attributeOf (template: Template, lookup: Lookup, logicalId: string, attribute: string): Json {
  const resource = lookup(logicalId)
  if (!resource) throw invalid(`Template error: instance of Fn::GetAtt references undefined resource ${logicalId}`)
  const path = attribute.split('.')
  const value = ownValue(resource.attributes, attribute) ?? memberAt(resource.attributes, path) ?? memberAt(resource.properties ?? {}, path)
  if (value !== undefined) return value
  if (hasAnyAttribute(template.resources.get(logicalId)?.type ?? '', attribute)) return `${resource.physicalId}/${attribute}`
  throw invalid(`Requested attribute ${attribute} does not exist in schema for ${template.resources.get(logicalId)?.type ?? ''}`)
}

function withPolicies (name: string, resource: ResourceDefinition, scope: Scope): PlannedResource {
  const policy = (member: string, value: Json | undefined): string | undefined =>
    value === undefined ? undefined : checkPolicy(member, { name, type: resource.type }, evaluate(value, scope))
  return {
    ...resource,
    deletionPolicy: policy('DeletionPolicy', resource.deletionPolicy),
    updateReplacePolicy: policy('UpdateReplacePolicy', resource.updateReplacePolicy)
  }
}

function masked (definition: Definition): Definition {
  return { ...definition, parameters: definition.parameters.map(item => item.noEcho ? { key: item.key, value: '****' } : item) }
}

function outputOf (key: string, { value, description, exportName }: OutputDefinition, scope: Scope): OutputRecord {
  return {
    key,
    value: outputText(evaluate(value, scope)),
    ...(description === undefined ? {} : { description }),
    ...(exportName === undefined ? {} : { exportName: outputText(evaluate(exportName, scope)) })
  }
}

function importsOf (values: Json, scope: Scope): string[] {
  const imports = [...referencesIn(values, scope.isTrue)].filter(({ kind, name }) => kind === 'function' && name === 'Fn::ImportValue')
  const names = new Set(imports.map(({ argument = null }) => outputText(evaluate(argument, scope))))
  for (const name of names) scope.importValue(name)
  return [...names]
}
