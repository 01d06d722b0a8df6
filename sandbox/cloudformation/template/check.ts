import { hasAnyAttribute, hasAttribute } from '../specification/attributes.js'
import type { Specification } from '../specification/specification.js'
import { invalid, malformed } from './errors.js'
import { FIND_USAGE, isConditionFunction, isExtension, isRuleFunction } from './functions.js'
import { withoutOrder } from './graph.js'
import { callOf, evaluate, unsupported } from './intrinsics.js'
import { isObject, type Json } from './json.js'
import { type Reference, referencesIn } from './references.js'
import type { Evaluated, Scope } from './scope.js'
import { isExtended, malformedExport, malformedOutput, partsOf, type Template } from './template.js'

type IsTrue = (condition: string) => boolean

/** The names that `Ref` knows in every template (CloudFormation User Guide, "Pseudo parameters reference"). */
const PSEUDO_PARAMETERS: readonly string[] = [
  'AWS::AccountId', 'AWS::NoValue', 'AWS::NotificationARNs', 'AWS::Partition', 'AWS::Region', 'AWS::StackId', 'AWS::StackName', 'AWS::URLSuffix'
]

type Block = 'Conditions' | 'Rules' | 'Resources' | 'Outputs'

/**
 * Checks that everything a template mentions exists and stands where it may: types, resources, parameters, conditions and
 * functions. With `isTrue` only what takes part is looked at, and a resource whose condition is not met does not exist.
 */
export function checkReferences (template: Template, specification: Specification, isTrue?: IsTrue): void {
  const takesPart = ({ condition }: { condition?: string | undefined }): boolean => condition === undefined || !isTrue || isTrue(condition)
  checkTypes(template, specification)
  const parameters = new Set([...template.parameters.keys(), ...PSEUDO_PARAMETERS])
  const resources = new Map([...template.resources].filter(([, resource]) => takesPart(resource)))
  const outputs = [...template.outputs].filter(([, output]) => takesPart(output))
  const names = new Set([...resources.keys(), ...parameters])
  const ofConditions = [...referencesIn([...template.conditions.values()])]
  const ofRules = [...template.rules.values()].flatMap(({ condition = null, assertions }) =>
    [...referencesIn([condition, ...assertions.map(({ assert }) => assert)])])
  const ofResources = [...resources.values()].flatMap(resource => [...attachedTo(resource), ...referencesIn(partsOf(resource), isTrue)])
  const ofOutputs = outputs.flatMap(([, output]) => [...attachedTo(output), ...referencesIn([output.value, output.exportName ?? ''], isTrue)])
  checkPlaces(template, { Conditions: ofConditions, Rules: ofRules, Resources: ofResources, Outputs: ofOutputs })
  checkOnlyParameters(ofConditions, parameters, 'Cannot reference resources in the Conditions block of the template')
  checkOnlyParameters(ofRules, parameters, 'Only parameters can be referenced in the Rules block of the template')
  checkConditions(template)
  const missing = [...resources.values()].flatMap(({ dependsOn }) => dependsOn).filter(name => !template.resources.has(name))
  checkNames(ofResources, names, missing, 'Resources', malformed)
  // Of a resource whose condition is not met AWS says the same without calling it an error of format (LocalStack's recordings, `test_conditions`).
  checkNames(ofOutputs, names, [], 'Outputs', isTrue ? invalid : malformed)
  for (const [output, { exportName = '' }] of outputs) {
    if ([...referencesIn(exportName)].some(({ kind, name }) => kind === 'name' && !parameters.has(name))) throw malformedExport(output)
  }
}

function attachedTo ({ condition: name }: { condition?: string | undefined }): Reference[] {
  return name === undefined ? [] : [{ kind: 'condition', name }]
}

function checkTypes (template: Template, specification: Specification): void {
  const unknown = [...template.resources.values()].map(({ type }) => type).filter(type => !specification.typeOf(type))
  if (unknown.length > 0) throw malformed(`Unrecognized resource types: [${[...new Set(unknown)].join(', ')}]`)
}

/** AWS's words for conditions where a value belongs (aws-cdk warns of them). */
const collapsed = (name: string): Error | undefined =>
  isConditionFunction(name) || isRuleFunction(name) ? invalid(`Template error: ${name} cannot be partially collapsed`) : undefined

const misplaced = (name: string, block: Block): Error => invalid(`Template error: Cannot use ${name} in ${block}`)

const refusedIn: Readonly<Record<Block, (name: string) => Error | undefined>> = {
  Conditions: name => name === 'Fn::ImportValue' || isRuleFunction(name) ? misplaced(name, 'Conditions') : undefined,
  Rules: name => name === 'Ref' || isConditionFunction(name) || isRuleFunction(name) ? undefined : misplaced(name, 'Rules'),
  Resources: collapsed,
  Outputs: collapsed
}

function checkPlaces (template: Template, blocks: Readonly<Record<Block, readonly Reference[]>>): void {
  for (const block of ['Conditions', 'Rules', 'Resources', 'Outputs'] as const) {
    for (const reference of blocks[block]) {
      const { kind, name, argument } = reference
      const condition = conditionOf(reference)
      if (condition !== undefined && !template.conditions.has(condition)) {
        throw kind === 'function'
          ? invalid(`Template error: unresolved condition dependency ${condition} in Fn::If`)
          : malformed(`Unresolved condition dependency ${condition} in the ${block} block of the template`)
      }
      const refused = kind === 'function' && (refusedIn[block](name) ?? (isExtended(template) ? undefined : refusedUnextended(name, argument)))
      if (refused) throw refused
    }
  }
}

/** The condition that something depends on, by name or in `Fn::If`. */
function conditionOf ({ kind, name, argument }: Reference): string | undefined {
  if (kind === 'condition') return name
  return name === 'Fn::If' && Array.isArray(argument) ? String(argument[0]) : undefined
}

function refusedUnextended (name: string, argument: Json = null): Error | undefined {
  if (name === 'Fn::FindInMap' && Array.isArray(argument) && argument.length > 3) return invalid(FIND_USAGE)
  return isExtension(name) ? unsupported(name) : undefined
}

function checkOnlyParameters (references: readonly Reference[], parameters: ReadonlySet<string>, rule: string): void {
  const others = references.filter(({ kind, name, attribute }) => kind === 'name' && (attribute !== undefined || !parameters.has(name)))
  if (others.length > 0) throw malformed(`Unresolved dependencies [${others.map(({ name }) => name).join(', ')}]. ${rule}`)
}

function checkConditions ({ conditions }: Template): void {
  for (const condition of conditions.values()) {
    const call = isObject(condition) ? callOf(condition)?.name ?? (typeof condition.Condition === 'string' ? 'Fn::And' : '') : ''
    if (!isConditionFunction(call) && call !== 'Fn::If') throw malformed('Conditions can only be boolean operations on parameters and other conditions')
  }
  const stuck = withoutOrder(new Map([...conditions].map(([name, condition]) =>
    [name, new Set([...referencesIn(condition)].flatMap(reference => conditionOf(reference) ?? []))])))
  if (stuck.length > 0) throw malformed(`Circular dependency between conditions: [${stuck.join(', ')}]`)
}

function checkNames (
  references: readonly Reference[], names: ReadonlySet<string>, missing: readonly string[], block: Block, refusal: typeof invalid
): void {
  const unknown = references.filter(({ kind, name }) => kind === 'name' && !names.has(name))
  const undefinedResource = unknown.find(({ attribute }) => attribute !== undefined)
  if (undefinedResource) throw invalid(`Template error: instance of Fn::GetAtt references undefined resource ${undefinedResource.name}`)
  const all = new Set([...unknown.map(({ name }) => name), ...missing])
  if (all.size > 0) throw refusal(`Unresolved resource dependencies [${[...all].join(', ')}] in the ${block} block of the template`)
}

/** The first attribute that a value asks for and that its resource's type does not have. AWS looks when it comes to it. */
export function unknownAttribute (
  value: Json,
  { resources }: Template,
  specification: Specification,
  isTrue: IsTrue
): { type: string, attribute: string } | undefined {
  for (const { name, attribute } of referencesIn(value, isTrue)) {
    const known = specification.typeOf(resources.get(name)?.type ?? '')
    if (!known || !attribute) continue
    const { cloudFormationType: type } = known
    if (!hasAnyAttribute(type, attribute) && !hasAttribute(known, attribute)) return { type, attribute }
  }
  return undefined
}

/**
 * Evaluates every function that needs no resource and no export of another stack: what is wrong with those AWS says
 * before it launches anything (LocalStack's recordings, `test_mapping_with_nonexisting_key`). `resources` are those that
 * take part. Throws a ValidationError.
 */
export function checkFunctions ({ resources: all, outputs }: Template, resources: ReadonlyMap<string, unknown>, scope: Scope): void {
  const waits = (value: Json): boolean =>
    [...referencesIn(value, scope.isTrue)].some(({ kind, name }) => name === 'Fn::ImportValue' || (kind === 'name' && all.has(name)))
  const check = (value: Json): void => {
    const call = isObject(value) ? callOf(value) : undefined
    if (call && !waits(value)) evaluate(value, scope)
    else if (call?.name === 'Fn::If' && Array.isArray(call.argument)) check(call.argument[scope.isTrue(String(call.argument[0])) ? 1 : 2] ?? null)
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(check)
  }
  for (const [name, resource] of all) if (resources.has(name)) check(resource.properties)
  const exported = new Set<string>()
  for (const [name, { condition, value, exportName }] of outputs) {
    if (condition !== undefined && !scope.isTrue(condition)) continue
    check([value, exportName ?? ''])
    if (!waits(value)) outputText(evaluate(value, scope))
    if (exportName === undefined || waits(exportName)) continue
    const text = outputText(evaluate(exportName, scope))
    if (!/^[a-zA-Z0-9:-]+$/.test(text)) throw malformedExport(name)
    if (exported.has(text)) throw malformed(`Output ${name} is malformed. Another one exports ${text} already.`)
    exported.add(text)
  }
}

/** The text that an output comes to. Throws for a list, an object or nothing. */
export function outputText (value: Evaluated): string {
  if (typeof value === 'object' || typeof value === 'symbol') throw malformedOutput()
  return String(value)
}
