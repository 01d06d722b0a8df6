import { invalid } from './errors.js'
import { evaluate } from './intrinsics.js'
import { type Json, type JsonObject, isObject } from './json.js'
import { type Scope, scopeOfParameters } from './scope.js'

const LOOP = 'Fn::ForEach::'
/** Sections in which a loop may stand ("Fn::ForEach", CloudFormation template reference). */
const SECTIONS = ['Conditions', 'Resources', 'Outputs']
/** Loops in loops multiply, so that a few lines could stand for more than fits into memory. */
const MOST_VALUES = 50_000

/** The document with what its `Fn::ForEach` loops stand for in their place: no resource exists yet. Throws a ValidationError. */
export function writeOutLoops (document: JsonObject, { ref, mappings }: Pick<Scope, 'ref' | 'mappings'>): JsonObject {
  let left = MOST_VALUES
  const nothing = (): never => { throw failed('a collection can be made from parameters and mappings only') }
  const scope = scopeOfParameters(nothing, { ref, mappings })

  const writeOut = (value: Json): Json => {
    if (left-- < 0) throw failed(`the loops stand for more than ${MOST_VALUES} values`)
    if (Array.isArray(value)) return value.map(writeOut)
    if (!isObject(value)) return value
    const members: JsonObject = {}
    for (const [key, item] of Object.entries(value)) {
      for (const [name, member] of key.startsWith(LOOP) ? iterationsOf(key, item) : [[key, writeOut(item)] as const]) {
        if (Object.hasOwn(members, name)) throw failed(`${name} is there more than once`)
        members[name] = member
      }
    }
    return members
  }

  const iterationsOf = (name: string, loop: Json): Array<readonly [string, Json]> => {
    const [identifier, collection = [], fragment = null, ...rest] = Array.isArray(loop) ? loop : []
    if (typeof identifier !== 'string' || !isObject(fragment) || rest.length > 0) {
      throw failed(`${name} layout is incorrect. It takes an identifier, a collection and a map`)
    }
    const items = evaluate(collection, scope)
    if (!Array.isArray(items) || items.some(item => typeof item === 'object')) throw failed(`the collection of ${name} is no list of texts`)
    return items.flatMap(item => Object.entries(writeOut(withItem(fragment, identifier, String(item))) as JsonObject))
  }

  return Object.fromEntries(Object.entries(document).map(([name, section]) =>
    [name, SECTIONS.includes(name) ? writeOut(section) : section]))
}

/** `${Identifier}` gives the item, `&{Identifier}` what of it may be in a logical id, `Ref` the item as it is. */
function withItem (value: Json, identifier: string, item: string): Json {
  const inText = (text: string): string => text
    .replaceAll(`\${${identifier}}`, () => item)
    .replaceAll(`&{${identifier}}`, () => item.replaceAll(/[^a-zA-Z0-9]/g, ''))
  if (typeof value === 'string') return inText(value)
  if (Array.isArray(value)) return value.map(each => withItem(each, identifier, item))
  if (!isObject(value)) return value
  if (value.Ref === identifier) return item
  const { 'Fn::Sub': text } = value
  // Ref and Fn::GetAtt take such a text for a logical id, once nothing is left to replace in it.
  if (typeof text === 'string' && !inText(text).includes('${')) return inText(text)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [inText(key), withItem(each, identifier, item)]))
}

function failed (reason: string): Error {
  return invalid(`Transform AWS::LanguageExtensions failed with: ${reason}.`)
}
