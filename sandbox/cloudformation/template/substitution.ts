import { type Json, type JsonObject, isObject } from './json.js'

/** `${Name}`, `${Resource.Attribute}` or the literal `${!Text}`. */
const VARIABLE = /\$\{\s*(!?)([^${}]*?)\s*\}/g

const USAGE = 'Template error: One or more Fn::Sub intrinsic functions don\'t specify expected arguments. ' +
  'Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string'
const NAMES = 'Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons'

/** What `Fn::Sub` is given: a text, and what stands for some of the names in it. */
interface Sub { text: string, given: JsonObject }

export function subOf (argument: Json): Sub {
  const [text, given = {}] = [argument].flat()
  return { text: String(text), given: isObject(given) ? given : {} }
}

/** What AWS says of what is no argument of `Fn::Sub`. */
export function complaintOfSub (argument: Json): string | undefined {
  const [text, given = {}, ...rest] = [argument].flat()
  if (typeof text !== 'string' || !isObject(given) || rest.length > 0) return USAGE
  return namesIn({ text, given: {} }).every(name => /^[\w.:]+$/.test(name)) ? undefined : NAMES
}

/** The text with a value in place of every name in it. */
export function substitute (text: string, valueOf: (name: string) => string): string {
  return text.replace(VARIABLE, (_match, literal: string, name: string) => literal ? `\${${name}}` : valueOf(name))
}

/** The names that a text refers to, without those that its own mapping gives. */
export function namesIn ({ text, given }: Sub): string[] {
  return [...text.matchAll(VARIABLE)].filter(([, literal, name]) => !literal && !Object.hasOwn(given, name ?? '')).map(match => match[2] ?? '')
}
