import { malformed, invalid } from './errors.js'
import type { Evaluated } from './intrinsics.js'
import { type Json, type JsonObject, isObject, ownValue } from './json.js'

/** What must hold of the parameters wherever the condition is met; always when there is none. */
export interface RuleDefinition { condition?: Json | undefined, assertions: Array<{ assert: Json, description: string }> }

/** The value of a parameter or pseudo parameter; undefined when there is none. */
type Ref = (name: string) => Evaluated | undefined

type RuleFunction = (argument: Json, ref: Ref) => Json

/** What a function would have to look up in the account's network, which is inert here: nothing can be said of it. */
class Unknowable extends Error {}

/** The shape that AWS asks of a rule ("Rules", CloudFormation User Guide). Throws a ValidationError. */
export function readRule (name: string, value: Json): RuleDefinition {
  if (!isObject(value)) throw malformed('Every Rules member must be an object.')
  const { RuleCondition: condition, Assertions: assertions } = value
  if (!Array.isArray(assertions) || assertions.length === 0) throw malformed(`[/Rules/${name}] Every Rules object must contain a non-empty Assertions list.`)
  return {
    condition,
    assertions: assertions.map(item => {
      if (!isObject(item) || item.Assert === undefined) throw malformed(`[/Rules/${name}/Assertions] Every Assertions member must contain an Assert.`)
      return { assert: item.Assert, description: String(item.AssertDescription ?? `An assertion of the rule ${name} does not hold.`) }
    })
  }
}

/** Holds parameters against the template's rules. Throws a ValidationError with the description of each assertion that fails. */
export function checkRules (rules: ReadonlyMap<string, RuleDefinition>, ref: Ref): void {
  const applied = [...rules.values()].filter(({ condition }) => condition === undefined || holds(condition, ref, false))
  const failed = applied.flatMap(({ assertions }) => assertions).filter(({ assert }) => !holds(assert, ref, true))
  if (failed.length > 0) throw invalid(`Template validation error: ${failed.map(({ description }) => description).join(', ')}`)
}

function holds (value: Json, ref: Ref, otherwise: boolean): boolean {
  try {
    return truthOf(value, ref)
  } catch (error) {
    if (error instanceof Unknowable) return otherwise
    throw error
  }
}

/** CloudFormation's rule functions ("Rule functions", CloudFormation template reference). */
const functions: Readonly<Record<string, RuleFunction>> = {
  Ref: (argument, ref) => {
    const value = ref(String(argument))
    if (value === undefined || typeof value === 'symbol') throw malformed(`Unresolved dependencies [${String(argument)}]. Only parameters can be referenced in the Rules block of the template`)
    return value
  },
  'Fn::And': (argument, ref) => listOf(argument, 'Fn::And').every(item => truthOf(item, ref)),
  'Fn::Or': (argument, ref) => listOf(argument, 'Fn::Or').some(item => truthOf(item, ref)),
  'Fn::Not': (argument, ref) => !truthOf(pairOf(argument, 'Fn::Not', 1)[0], ref),
  'Fn::Equals': (argument, ref) => {
    const [left, right] = pairOf(argument, 'Fn::Equals').map(side => JSON.stringify(textsOf(side, ref)))
    return left === right
  },
  'Fn::Contains': (argument, ref) => {
    const [list, value] = pairOf(argument, 'Fn::Contains')
    return textsOf(value, ref).every(text => textsOf(list, ref).includes(text))
  },
  'Fn::EachMemberEquals': (argument, ref) => {
    const [list, value] = pairOf(argument, 'Fn::EachMemberEquals')
    const [wanted] = textsOf(value, ref)
    return textsOf(list, ref).every(text => text === wanted)
  },
  'Fn::EachMemberIn': (argument, ref) => {
    const [list, allowed] = pairOf(argument, 'Fn::EachMemberIn')
    return textsOf(list, ref).every(text => textsOf(allowed, ref).includes(text))
  },
  ...Object.fromEntries(['Fn::RefAll', 'Fn::ValueOf', 'Fn::ValueOfAll'].map(name => [name, () => { throw new Unknowable() }]))
}

function evaluate (value: Json, ref: Ref): Json {
  if (Array.isArray(value)) return value.map(item => evaluate(item, ref))
  if (!isObject(value)) return value
  const [name = '', ...others] = Object.keys(value)
  const known = others.length === 0 ? ownValue(functions as unknown as JsonObject, name) as unknown as RuleFunction | undefined : undefined
  if (!known) throw malformed(`Encountered unsupported function: ${name} Supported functions in Rules are: [${Object.keys(functions).join(', ')}]`)
  return known(value[name] ?? null, ref)
}

function truthOf (value: Json, ref: Ref): boolean {
  const truth = String(evaluate(value, ref))
  if (truth !== 'true' && truth !== 'false') throw malformed('Every Assert and every RuleCondition must evaluate to a boolean.')
  return truth === 'true'
}

/** One text or a list of them, as a list. */
function textsOf (value: Json | undefined, ref: Ref): string[] {
  return [evaluate(value ?? '', ref)].flat(2).map(String)
}

function listOf (argument: Json, name: string): Json[] {
  if (!Array.isArray(argument) || argument.length < 2 || argument.length > 10) throw invalid(`Template error: every ${name} object requires a list of at least 2 and at most 10 boolean parameters.`)
  return argument
}

function pairOf (argument: Json, name: string, count = 2): [Json, Json] {
  if (!Array.isArray(argument) || argument.length !== count) throw invalid(`Template error: every ${name} object requires a list of ${count} parameters.`)
  return argument as [Json, Json]
}
