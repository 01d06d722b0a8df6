import { splitBlock } from './cidr.js'
import { invalid, malformed } from './errors.js'
import { type Json, type JsonObject, isObject, memberAt, ownValue, withTextScalars } from './json.js'
import { type Evaluated, type Evaluator, type Scope } from './scope.js'
import { complaintOfSub, subOf, substitute } from './substitution.js'

/** A function: what AWS says of an argument that no evaluation would make right, and what it gives for others. */
export interface Intrinsic {
  complaint: (argument: Json) => string | undefined
  give: (argument: Json, evaluator: Evaluator) => Evaluated
}

/** What a rule's function would have to look up in the account's network, which is inert here: nothing can be said of it. */
export class Unknowable extends Error {}

type Parts = [Json, Json, Json, Json?]

/** A function of a list of so many parts, or of what else is asked of them. */
function listed (usage: string, takes: (parts: Json[]) => boolean, give: (parts: Parts, evaluator: Evaluator) => Evaluated): Intrinsic {
  return {
    complaint: argument => Array.isArray(argument) && takes(argument) ? undefined : usage,
    give: (argument, evaluator) => give(argument as Parts, evaluator)
  }
}

/** A function that has to evaluate its argument before it knows whether that is right. */
function ofAnything (give: Intrinsic['give']): Intrinsic {
  return { complaint: () => undefined, give }
}

/** The same, of one kind of value. */
function ofKind<T extends Evaluated> (usage: string, isRight: (value: Evaluated) => value is T, give: (value: T) => Json): Intrinsic {
  return ofAnything((argument, { value }) => {
    const given = value(argument)
    if (!isRight(given)) throw invalid(usage)
    return give(given)
  })
}

const counting = (least: number, most = least) => ({ length }: Json[]): boolean => length >= least && length <= most
const isDelimited = ([delimiter, , ...rest]: Json[]): boolean => typeof delimiter === 'string' && rest.length === 0
/** A list, or a function that may give one. */
const mayBeList = (value: Json = null): boolean => value !== null && typeof value === 'object'
const mayBeIndex = (value: Json = null): boolean => typeof value === 'object' || Number.isInteger(Number(value))

/** `Cluster.Endpoint.Address` is the attribute `Endpoint.Address` of `Cluster`. */
export function splitAttribute (path: string): string[] {
  const dot = path.indexOf('.')
  return dot < 0 ? [path] : [path.slice(0, dot), path.slice(dot + 1)]
}

/** `Name.Attribute`, or the two in a list, where the attribute may be in several parts and be made by functions. */
export function pathOf (argument: Json): Json[] {
  return typeof argument === 'string' ? splitAttribute(argument) : [argument].flat()
}

const ATTRIBUTE_USAGE = 'Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute'
const JOIN_USAGE = 'Template error: every Fn::Join object requires two parameters, (1) a string delimiter and ' +
  '(2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.'
const SPLIT_USAGE = 'Template error: every Fn::Split object requires two parameters, (1) a string delimiter and ' +
  '(2) a string to be split or a function that returns a string to be split.'
const SELECT_USAGE = 'Template error: Fn::Select requires a list argument with two elements: an integer index and a list'
export const FIND_USAGE = 'Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value'

const operandsUsage = (name: string): string =>
  `Template error: every Fn::${name} object requires a list of at least 2 and at most 10 boolean parameters.`

const resourceFunctions: Readonly<Record<string, Intrinsic>> = {
  Ref: {
    complaint: argument => typeof argument === 'string' ? undefined : 'Template format error: Every Ref object must have a single String value.',
    give: (argument, scope) => refOf(String(argument), scope)
  },
  'Fn::GetAtt': {
    complaint: argument => {
      const path = pathOf(argument)
      return typeof path[0] === 'string' && path.length > 1 && !path.includes('') ? undefined : ATTRIBUTE_USAGE
    },
    give: (argument, { attribute, text }) => {
      const [logicalId, ...path] = pathOf(argument)
      return attribute(String(logicalId), path.map(text).join('.'))
    }
  },
  'Fn::Sub': {
    complaint: complaintOfSub,
    give: (argument, evaluator) => {
      const { text, given } = subOf(argument)
      const known = new Map<string, string>()
      return bounded(substitute(text, name => {
        const own = ownValue(given, name)
        const value = known.get(name) ?? (own !== undefined ? evaluator.value(own) : valueOfName(name, evaluator))
        if (typeof value === 'object' || typeof value === 'symbol') throw invalid(`Template error: variable ${name} in Fn::Sub expression does not resolve to a string`)
        known.set(name, String(value))
        return String(value)
      }))
    }
  },
  'Fn::Join': listed(JOIN_USAGE, parts => isDelimited(parts) && mayBeList(parts[1]), ([delimiter, list], { value }) => {
    const items = value(list)
    if (!Array.isArray(items) || items.some(item => typeof item === 'object')) throw invalid(JOIN_USAGE)
    return bounded(items.join(String(delimiter)))
  }),
  'Fn::Split': listed(SPLIT_USAGE, parts => isDelimited(parts) && parts.length === 2 && parts[0] !== '', ([delimiter, source], { value }) => {
    const text = value(source)
    if (typeof text !== 'string') throw invalid(SPLIT_USAGE)
    return text.split(String(delimiter))
  }),
  'Fn::Select': listed(SELECT_USAGE, parts => parts.length === 2 && mayBeIndex(parts[0]) && mayBeList(parts[1]), ([at, from], { text, value }) => {
    const index = Number(text(at))
    const list = value(from)
    if (!Number.isInteger(index) || !Array.isArray(list)) throw invalid(SELECT_USAGE)
    const item = list[index]
    if (item === undefined) throw invalid(`Template error: Fn::Select cannot select nonexistent value at index ${index}`)
    return item
  }),
  'Fn::If': {
    complaint: argument => {
      const [condition, , ...others] = [argument].flat()
      if (others.length !== 1) return 'Template error: Fn::If requires a list argument with three elements'
      return typeof condition === 'string' ? undefined : 'Template error: Fn::If requires a list argument with the first element being a condition'
    },
    give: (argument, { isTrue, value }) => {
      const [condition, whenTrue, otherwise] = argument as Parts
      return value(isTrue(String(condition)) ? whenTrue : otherwise)
    }
  },
  'Fn::FindInMap': listed(FIND_USAGE, counting(3, 4), ([map, top, second, fallback], { mappings, text, value }) => {
    const keys = [map, top, second].map(text)
    const [name = ''] = keys
    const found = memberAt(mappings, keys)
    if (found !== undefined) return found
    if (isObject(fallback) && fallback.DefaultValue !== undefined) return value(fallback.DefaultValue)
    if (!Object.hasOwn(mappings, name)) throw invalid(`Template error: Mapping named '${name}' is not present in the 'Mappings' section of template.`)
    throw invalid(`Template error: Unable to get mapping for ${keys.join('::')}`)
  }),
  'Fn::GetAZs': ofAnything((argument, { region, text }) => ['a', 'b', 'c'].map(zone => (text(argument) || region) + zone)),
  'Fn::Cidr': listed(
    'Template error: every Fn::Cidr object requires two or three parameters, the block, the count and the subnet bits',
    counting(2, 3),
    ([block, count, bits = 8], { text }) => splitBlock(text(block), Number(text(count)), Number(text(bits)))
  ),
  'Fn::Base64': ofKind('Template error: every Fn::Base64 object must have a String-typed value.', isText, text => Buffer.from(text).toString('base64')),
  'Fn::ImportValue': ofAnything((argument, { importValue, text }) => importValue(text(argument))),
  'Fn::GetStackOutput': ofAnything((argument, { region, stackOutput, text }) => {
    const { StackName: stack, OutputName: output, Region: other = region } = isObject(argument) ? argument : {}
    if (stack === undefined || output === undefined) throw invalid('Template error: every Fn::GetStackOutput object requires a StackName and an OutputName.')
    return stackOutput(text(stack), text(output), text(other))
  })
}

/** Functions that give a truth, for conditions and rules. */
const conditionFunctions: Readonly<Record<string, Intrinsic>> = {
  'Fn::Equals': listed('Template error: every Fn::Equals object requires a list of two string parameters.', counting(2), (sides, { value }) => {
    const [left, right] = sides.map(side => comparable(value(side ?? null)))
    return left === right
  }),
  'Fn::And': listed(operandsUsage('And'), counting(2, 10), (operands, { truth }) => operands.every(item => truth(item ?? null))),
  'Fn::Or': listed(operandsUsage('Or'), counting(2, 10), (operands, { truth }) => operands.some(item => truth(item ?? null))),
  'Fn::Not': listed('Template error: every Fn::Not object requires one boolean parameter.', counting(1), ([operand], { truth }) => !truth(operand))
}

/** Functions of `AWS::LanguageExtensions`. */
const extensions: Readonly<Record<string, Intrinsic>> = {
  'Fn::ToJsonString': ofKind('Template error: every Fn::ToJsonString object must have an object or array value.', isStructure, JSON.stringify),
  'Fn::Length': ofKind('Template error: every Fn::Length object must have a list value.', Array.isArray, list => list.length)
}

/** Functions of rules ("Rule functions", CloudFormation template reference), each of which compares two texts or lists of texts. */
const ruleFunctions: Readonly<Record<string, Intrinsic>> = {
  'Fn::Contains': comparing('Fn::Contains', (list, values) => values.every(value => list.includes(value))),
  'Fn::EachMemberEquals': comparing('Fn::EachMemberEquals', (list, [wanted]) => list.every(text => text === wanted)),
  'Fn::EachMemberIn': comparing('Fn::EachMemberIn', (list, allowed) => list.every(text => allowed.includes(text))),
  ...Object.fromEntries(['Fn::RefAll', 'Fn::ValueOf', 'Fn::ValueOfAll'].map(name => [name, ofAnything(() => { throw new Unknowable() })]))
}

export const functions: Readonly<Record<string, Intrinsic>> =
  { ...resourceFunctions, ...conditionFunctions, ...extensions, ...ruleFunctions }

export const isConditionFunction = (name: string): boolean => Object.hasOwn(conditionFunctions, name)
export const isExtension = (name: string): boolean => Object.hasOwn(extensions, name)
export const isRuleFunction = (name: string): boolean => Object.hasOwn(ruleFunctions, name)

function comparing (name: string, compare: (left: string[], right: string[]) => boolean): Intrinsic {
  return listed(`Template error: every ${name} object requires a list of 2 parameters.`, counting(2), (sides, { value }) => {
    const [left = [], right = []] = sides.map(side => ([value(side ?? null)].flat(2) as Evaluated[]).map(comparable))
    return compare(left, right)
  })
}

function isText (value: Evaluated): value is string {
  return typeof value === 'string'
}

function isStructure (value: Evaluated): value is Json[] | JsonObject {
  return typeof value === 'object' && value !== null
}

const LONGEST_TEXT = 2 ** 20

/** Functions inside functions can double a text at every level, to gigabytes from a small template. */
function bounded (text: string): string {
  if (text.length > LONGEST_TEXT) throw invalid(`Template error: a function gives a text of more than ${LONGEST_TEXT} characters.`)
  return text
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

/** Numbers and booleans are compared as texts, and so are structures. */
function comparable (value: Evaluated): string {
  return typeof value === 'symbol' ? '' : typeof value === 'object' ? JSON.stringify(withTextScalars(value)) : String(value)
}
