import { hasAnyAttribute, hasAttribute } from '../specification/attributes.js'
import type { Specification } from '../specification/specification.js'
import { invalid, malformed } from './errors.js'
import { callOf, evaluate, type Scope } from './intrinsics.js'
import { isObject, type Json } from './json.js'
import { type Reference, referencesIn } from './references.js'
import type { Template } from './template.js'

type IsTrue = (condition: string) => boolean

/**
 * Checks that everything a template mentions exists: types, resources, parameters and conditions. With `isTrue` only
 * what takes part is looked at, and a resource whose condition is not met does not exist.
 */
export function checkReferences (template: Template, specification: Specification, isTrue?: IsTrue): void {
  const takesPart = ({ condition }: { condition?: string | undefined }): boolean => condition === undefined || !isTrue || isTrue(condition)
  checkTypes(template, specification)
  checkConditions(template)
  const resources = new Map([...template.resources].filter(([, resource]) => takesPart(resource)))
  const outputs = [...template.outputs.values()].filter(takesPart)
  const names = new Set([...resources.keys(), ...template.parameters.keys(), ...PSEUDO_PARAMETERS])
  const needed: Reference[] = [...resources.values()].flatMap(({ dependsOn }) => dependsOn)
    .filter(name => !template.resources.has(name)).map(name => ({ kind: 'name', name }))
  const inResources = [...referencesIn([...resources.values()].map(({ properties }) => properties), isTrue), ...needed]
  const inOutputs = [...referencesIn(outputs.flatMap(({ value, exportName }): Json[] => [value, exportName ?? '']), isTrue)]
  checkNames(inResources, names, 'Resources', malformed)
  // Of a resource whose condition is not met AWS says the same without calling it an error of format (LocalStack's recordings, `test_conditions`).
  checkNames(inOutputs, names, 'Outputs', isTrue ? invalid : malformed)
}

function checkTypes (template: Template, specification: Specification): void {
  const unknown = [...template.resources.values()].map(({ type }) => type).filter(type => !specification.typeOf(type))
  if (unknown.length > 0) throw malformed(`Unrecognized resource types: [${[...new Set(unknown)].join(', ')}]`)
}

function checkNames (references: readonly Reference[], names: ReadonlySet<string>, block: string, refusal: typeof invalid): void {
  const unknown = references.filter(({ kind, name }) => kind === 'name' && !names.has(name))
  const undefinedResource = unknown.find(({ attribute }) => attribute !== undefined)
  if (undefinedResource) throw invalid(`Template error: instance of Fn::GetAtt references undefined resource ${undefinedResource.name}`)
  if (unknown.length > 0) throw refusal(`Unresolved resource dependencies [${[...new Set(unknown.map(({ name }) => name))].join(', ')}] in the ${block} block of the template`)
}

function checkConditions (template: Template): void {
  const inConditions = [...referencesIn([...template.conditions.values()])]
  const outside = inConditions.filter(({ kind, name, attribute }) => kind === 'name' &&
    (attribute !== undefined || !(template.parameters.has(name) || PSEUDO_PARAMETERS.has(name))))
  if (outside.length > 0) {
    throw malformed(`Unresolved dependencies [${outside.map(({ name }) => name).join(', ')}]. Cannot reference resources in the Conditions block of the template`)
  }
  checkConditionNames(inConditions, template, 'Conditions')
  for (const [block, items, values] of [
    ['Resources', [...template.resources.values()], [...template.resources.values()].map(({ properties }) => properties)],
    ['Outputs', [...template.outputs.values()], [...template.outputs.values()].map(({ value }) => value)]
  ] as const) {
    const attached = items.flatMap(({ condition }): Reference[] => condition === undefined ? [] : [{ kind: 'condition', name: condition }])
    checkConditionNames([...attached, ...referencesIn(values as Json[])], template, block)
  }
}

function checkConditionNames (references: readonly Reference[], template: Template, block: string): void {
  const unknown = references.find(({ kind, name }) => (kind === 'condition' || kind === 'if') && !template.conditions.has(name))
  if (unknown?.kind === 'if') throw invalid(`Template error: unresolved condition dependency ${unknown.name} in Fn::If`)
  if (unknown) throw malformed(`Unresolved condition dependency ${unknown.name} in the ${block} block of the template`)
}

interface TypeAttribute {
  type: string
  attribute: string
}

/** The first attribute that a value asks for and that its resource's type does not have. AWS looks when it comes to it. */
export function unknownAttribute (
  value: Json,
  { resources }: Template,
  specification: Specification,
  isTrue: IsTrue
): TypeAttribute | undefined {
  for (const { name, attribute } of referencesIn(value, isTrue)) {
    const known = specification.typeOf(resources.get(name)?.type ?? '')
    if (!known || !attribute) continue
    const { cloudFormationType: type } = known
    if (!hasAnyAttribute(type, attribute) && !hasAttribute(known, attribute)) return { type, attribute }
  }
  return undefined
}

/**
 * Evaluates every function in a value that needs no resource and no export of another stack: what is wrong with those
 * AWS says before it launches anything (LocalStack's recordings, `test_mapping_with_nonexisting_key`). Throws a
 * ValidationError.
 */
export function checkFunctions (value: Json, scope: Scope, isResource: (name: string) => boolean): void {
  const check = (item: Json): void => { checkFunctions(item, scope, isResource) }
  if (Array.isArray(value)) return value.forEach(check)
  if (!isObject(value)) return
  const call = callOf(value)
  if (!call) return Object.values(value).forEach(check)
  const waits = [...referencesIn(value, scope.isTrue)].some(({ kind, name }) => kind === 'import' || (kind === 'name' && isResource(name)))
  if (!waits) evaluate(value, scope)
  else if (call.name === 'Fn::If' && Array.isArray(call.argument)) check(call.argument[scope.isTrue(String(call.argument[0])) ? 1 : 2] ?? null)
  else check(call.argument)
}

/** The names that `Ref` knows in every template (CloudFormation User Guide, "Pseudo parameters reference"). */
const PSEUDO_PARAMETERS: ReadonlySet<string> = new Set([
  'AWS::AccountId', 'AWS::NoValue', 'AWS::NotificationARNs', 'AWS::Partition', 'AWS::Region', 'AWS::StackId', 'AWS::StackName', 'AWS::URLSuffix'
])
