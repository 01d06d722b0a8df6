import { splitBlock } from './cidr.js'
import { splitAttribute } from './document.js'
import { invalid, malformed } from './errors.js'
import { type Json, type JsonObject, isObject, ownValue } from './json.js'

/** What `Ref: AWS::NoValue` evaluates to; the member or item that holds it disappears. */
export const NO_VALUE = Symbol('AWS::NoValue')

export type Evaluated = Json | typeof NO_VALUE

/** What a template's functions can see. */
export interface Scope {
  region: string
  /** Parameters, pseudo parameters and resources by name; undefined when there is none. */
  ref: (name: string) => Evaluated | undefined
  attribute: (logicalId: string, attribute: string) => Json
  isTrue: (condition: string) => boolean
  importValue: (exportName: string) => string
  /** An output of another stack, in the region of this one unless another is named. */
  stackOutput: (stackName: string, outputName: string, region: string) => string
  mappings: JsonObject
  /** Whether the template asks for `AWS::LanguageExtensions`. */
  extended: boolean
}

type Intrinsic = (argument: Json, scope: Scope) => Evaluated

/** Evaluates every function in a value. Throws a ValidationError in AWS's words. */
export function evaluate (value: Json, scope: Scope): Evaluated {
  if (Array.isArray(value)) return value.map(item => evaluate(item, scope)).filter(item => item !== NO_VALUE)
  if (!isObject(value)) return value
  const call = callOf(value)
  if (call) return call.intrinsic(call.argument, scope)
  const entries = Object.entries(value).map(([key, item]) => [key, evaluate(item, scope)] as const)
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== NO_VALUE))
}

/** The function's name and argument, when the object is a call of one. Throws for a function that does not exist. */
export function callOf (value: JsonObject): { name: string, argument: Json, intrinsic: Intrinsic } | undefined {
  const [name, ...others] = Object.keys(value)
  if (name === undefined || others.length > 0 || !(name === 'Ref' || name.startsWith('Fn::'))) return undefined
  const intrinsic = ownValue(intrinsics, name)
  if (!intrinsic) {
    throw malformed(`Encountered unsupported function: ${name} Supported functions are: [${Object.keys(intrinsics).filter(key => key !== 'Ref').join(', ')}]`)
  }
  return { name, argument: value[name] ?? null, intrinsic }
}

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope) => {
    if (typeof argument !== 'string') throw malformed('Every Ref object must have a single String value.')
    return refOf(argument, scope)
  },
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, ...path] = typeof argument === 'string' ? splitAttribute(argument) : [argument].flat()
    const attribute = path.map(part => textOf(part, scope)).join('.')
    if (typeof logicalId !== 'string' || attribute === '') {
      throw invalid('Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute')
    }
    return scope.attribute(logicalId, attribute)
  },
  'Fn::Sub': (argument, scope) => {
    const [text, given = {}, ...rest] = [argument].flat()
    if (typeof text !== 'string' || !isObject(given) || rest.length > 0) {
      throw invalid(SUB_USAGE)
    }
    const known = new Map<string, string>()
    const valueOf = (name: string): string => {
      const value = known.get(name) ?? substitute(name, given, scope)
      known.set(name, value)
      return value
    }
    return bounded(text.replace(SUBSTITUTION, (_match, literal: string, name: string) => literal ? `\${${name}}` : valueOf(name)))
  },
  'Fn::Join': (argument, scope) => {
    const [delimiter, list] = argumentsOf(argument, 2, JOIN_USAGE)
    const items = evaluate(list, scope)
    if (typeof delimiter !== 'string' || !Array.isArray(items) || items.some(item => typeof item === 'object')) throw invalid(JOIN_USAGE)
    return bounded(items.join(delimiter))
  },
  'Fn::Split': (argument, scope) => {
    const [delimiter, source] = argumentsOf(argument, 2, SPLIT_USAGE)
    const text = evaluate(source, scope)
    if (typeof delimiter !== 'string' || delimiter === '' || typeof text !== 'string') throw invalid(SPLIT_USAGE)
    return text.split(delimiter)
  },
  'Fn::Select': (argument, scope) => {
    const [at, from] = argumentsOf(argument, 2, SELECT_USAGE)
    const index = Number(textOf(at, scope))
    const list = evaluate(from, scope)
    if (!Number.isInteger(index) || !Array.isArray(list)) throw invalid(SELECT_USAGE)
    const item = list[index]
    if (item === undefined) throw invalid(`Template error: Fn::Select cannot select nonexistent value at index ${index}`)
    return item
  },
  'Fn::If': (argument, scope) => {
    const [condition, whenTrue, otherwise] = argumentsOf(argument, 3, 'Template error: Fn::If requires a list argument with three elements')
    if (typeof condition !== 'string') throw invalid('Template error: Fn::If requires a list argument with the first element being a condition')
    return evaluate(scope.isTrue(condition) ? whenTrue : otherwise, scope)
  },
  'Fn::FindInMap': (argument, scope) => {
    const parts = Array.isArray(argument) ? argument : []
    if (parts.length !== 3 && !(scope.extended && parts.length === 4)) throw invalid(FIND_USAGE)
    const [map, top, second] = parts.slice(0, 3).map(part => textOf(part, scope)) as [string, string, string]
    const found = findInMap(scope.mappings, map, top, second)
    const fallback = isObject(parts[3] ?? null) ? (parts[3] as JsonObject).DefaultValue : undefined
    if (found !== undefined) return found
    if (fallback !== undefined) return evaluate(fallback, scope)
    if (ownValue(scope.mappings, map) === undefined) throw invalid(`Template error: Mapping named '${map}' is not present in the 'Mappings' section of template.`)
    throw invalid(`Template error: Unable to get mapping for ${map}::${top}::${second}`)
  },
  'Fn::GetAZs': (argument, scope) => {
    const region = textOf(argument, scope) || scope.region
    return ['a', 'b', 'c'].map(zone => region + zone)
  },
  'Fn::Cidr': (argument, scope) => {
    const parts = evaluate(argument, scope)
    if (!Array.isArray(parts) || parts.length < 2 || parts.length > 3) throw invalid('Template error: every Fn::Cidr object requires two or three parameters, the block, the count and the subnet bits')
    return splitBlock(String(parts[0]), Number(parts[1]), Number(parts[2] ?? 8))
  },
  'Fn::Base64': (argument, scope) => {
    const text = evaluate(argument, scope)
    if (typeof text !== 'string') throw invalid('Template error: every Fn::Base64 object must have a String-typed value.')
    return Buffer.from(text).toString('base64')
  },
  'Fn::ImportValue': (argument, scope) => scope.importValue(textOf(argument, scope)),
  'Fn::GetStackOutput': (argument, scope) => {
    const { StackName: stack, OutputName: output, Region: region = scope.region } = isObject(argument) ? argument : {}
    if (stack === undefined || output === undefined) throw invalid('Template error: every Fn::GetStackOutput object requires a StackName and an OutputName.')
    return scope.stackOutput(textOf(stack, scope), textOf(output, scope), textOf(region, scope))
  },
  'Fn::Equals': (argument, scope) => {
    const sides = argumentsOf(argument, 2, 'Template error: every Fn::Equals object requires a list of two string parameters.')
    const [left, right] = sides.map(side => JSON.stringify(evaluateText(side, scope)))
    return left === right
  },
  'Fn::And': (argument, scope) => operands(argument, 'Fn::And').every(item => truthOf(item, scope)),
  'Fn::Or': (argument, scope) => operands(argument, 'Fn::Or').some(item => truthOf(item, scope)),
  'Fn::Not': (argument, scope) => {
    const [operand] = argumentsOf(argument, 1, 'Template error: every Fn::Not object requires one boolean parameter.')
    return !truthOf(operand, scope)
  },
  'Fn::ToJsonString': (argument, scope) => {
    requireExtensions('Fn::ToJsonString', scope)
    const value = evaluate(argument, scope)
    if (typeof value !== 'object') throw invalid('Template error: every Fn::ToJsonString object must have an object or array value.')
    return JSON.stringify(value)
  },
  'Fn::Length': (argument, scope) => {
    requireExtensions('Fn::Length', scope)
    const list = evaluate(argument, scope)
    if (!Array.isArray(list)) throw invalid('Template error: every Fn::Length object must have a list value.')
    return list.length
  }
}

const SUB_USAGE = 'Template error: One or more Fn::Sub intrinsic functions don\'t specify expected arguments. ' +
  'Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string'
const JOIN_USAGE = 'Template error: every Fn::Join object requires two parameters, (1) a string delimiter and ' +
  '(2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.'
const SPLIT_USAGE = 'Template error: every Fn::Split object requires two parameters, (1) a string delimiter and ' +
  '(2) a string to be split or a function that returns a string to be split.'
const SELECT_USAGE = 'Template error: Fn::Select requires a list argument with two elements: an integer index and a list'
const FIND_USAGE = 'Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value'

/** `${Name}`, `${Resource.Attribute}` or the literal `${!Text}`. */
const SUBSTITUTION = /\$\{\s*(!?)([^${}]*?)\s*\}/g

const LONGEST_TEXT = 2 ** 20

/** Functions inside functions can double a text at every level, to gigabytes from a small template. */
function bounded (text: string): string {
  if (text.length > LONGEST_TEXT) throw invalid(`Template error: a function gives a text of more than ${LONGEST_TEXT} characters.`)
  return text
}

/** The names that a text of `Fn::Sub` refers to, without those that its own mapping gives. */
export function namesInSub (text: string, given: JsonObject): string[] {
  return [...text.matchAll(SUBSTITUTION)].filter(([, literal, name]) => !literal && !Object.hasOwn(given, name ?? '')).map(match => match[2] ?? '')
}

function substitute (name: string, given: JsonObject, scope: Scope): string {
  if (!/^[\w.:]+$/.test(name)) throw invalid('Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons')
  const own = ownValue(given, name)
  const value = own !== undefined ? evaluate(own, scope) : valueOfName(name, scope)
  if (typeof value === 'object' || typeof value === 'symbol') throw invalid(`Template error: variable ${name} in Fn::Sub expression does not resolve to a string`)
  return String(value)
}

function valueOfName (name: string, scope: Scope): Evaluated {
  const [logicalId = '', attribute] = splitAttribute(name)
  return attribute === undefined ? refOf(name, scope) : scope.attribute(logicalId, attribute)
}

function refOf (name: string, scope: Scope): Evaluated {
  const value = scope.ref(name)
  if (value === undefined) throw malformed(`Unresolved resource dependencies [${name}] in the Resources block of the template`)
  return value
}

function findInMap (mappings: JsonObject, map: string, top: string, second: string): Json | undefined {
  let found: Json | undefined = mappings
  for (const key of [map, top, second]) found = isObject(found) ? ownValue(found, key) : undefined
  return found
}

function argumentsOf (argument: Json, count: number, usage: string): [Json, Json, Json] {
  if (!Array.isArray(argument) || argument.length !== count) throw invalid(usage)
  return argument as [Json, Json, Json]
}

function operands (argument: Json, name: string): Json[] {
  if (!Array.isArray(argument) || argument.length < 2 || argument.length > 10) {
    throw invalid(`Template error: every ${name} object requires a list of at least 2 and at most 10 boolean parameters.`)
  }
  return argument
}

/** The truth of what stands inside `Fn::And`, `Fn::Or`, `Fn::Not` or a named condition. */
export function truthOf (value: Json, scope: Scope): boolean {
  if (isObject(value) && typeof value.Condition === 'string') return scope.isTrue(value.Condition)
  const truth = evaluate(value, scope)
  if (typeof truth === 'boolean') return truth
  if (truth === 'true' || truth === 'false') return truth === 'true'
  throw malformed('Every Condition member must evaluate to a boolean.')
}

function textOf (value: Json, scope: Scope): string {
  const text = evaluate(value, scope)
  if (typeof text === 'object' || typeof text === 'symbol') throw invalid('Template error: an intrinsic function was given a list or an object where a string belongs')
  return String(text)
}

function evaluateText (value: Json, scope: Scope): Json {
  const result = evaluate(value, scope)
  if (typeof result === 'symbol') return ''
  return typeof result === 'object' ? result : String(result)
}

function requireExtensions (name: string, scope: Scope): void {
  if (!scope.extended) throw malformed(`${name} is only supported with the transform AWS::LanguageExtensions`)
}
