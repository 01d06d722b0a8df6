import type { Argument } from '../../aws/data-api-values.js'

/** A value of a parameter as the caller sends it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** How a value travels: what is bound, and the type that it is cast to in the statement; null for none. */
export interface Bound { value: Argument['value'], cast: string | null }

/** A value that cannot be bound; the message goes on from the parameter's name. */
export class UnfitValue extends Error {
  override readonly name = 'UnfitValue'
}

/**
 * Binds a value. With a `type` it is cast to it in the statement; without, its JSON type decides and never the look of a
 * text: a whole number is an int8, any other a float8, an object jsonb. The Data API takes no arrays, so they travel as
 * PostgreSQL's array text, cast to an array of what they hold. Throws {@link UnfitValue}.
 */
export function bindValue (value: Json, type: string | null): Bound {
  if (value === null) return { value: null, cast: type }
  if (Array.isArray(value)) return bindArray(value, type)
  if (type !== null) return { value: toTypedValue(value, type), cast: type }
  switch (typeof value) {
    case 'boolean': return { value, cast: null }
    case 'string': return { value: assertText(value), cast: null }
    case 'number': return { value: toNumber(value, null), cast: null }
    default: return { value: toText(value, 'jsonb'), cast: 'jsonb' }
  }
}

function bindArray (elements: Json[], type: string | null): Bound {
  // There is one value in the brackets of these, and not several.
  if (type !== null && /^(jsonb?|vector|halfvec)\b(?!.*\[)/i.test(type)) return { value: toJson(elements), cast: type }
  const cast = type ?? `${elementType(elements)}[]`
  return { value: toArrayText(elements, cast), cast }
}

/** What has no form in PostgreSQL, or none in UTF-8, would come out as something else. */
function assertText (text: string): string {
  if (text.includes('\0')) throw new UnfitValue('has a null character, which PostgreSQL cannot hold in a text')
  if (/[\ud800-\udfff]/u.test(text)) throw new UnfitValue('has half of a surrogate pair, which is no character')
  return text
}

function toNumber (value: number, type: string | null): bigint | number {
  if (!Number.isFinite(value)) throw new UnfitValue('is a number beyond what JSON readers can hold; send it as text and name its type')
  if (!Number.isInteger(value) || (type !== null && /^(float|real\b|double\b)/i.test(type))) return value
  if (!Number.isSafeInteger(value)) throw new UnfitValue('is a whole number beyond 2^53, which JSON cannot carry exactly; send it as text and name its type')
  return BigInt(value)
}

/** A number in JSON has come here as a JavaScript number, and may have lost digits before. */
function toJson (value: Json): string {
  return JSON.stringify(value, (_key, member: Json) => {
    if (typeof member === 'number' && Number.isInteger(member) && !Number.isSafeInteger(member)) {
      throw new UnfitValue('has a whole number beyond 2^53 in it, which JSON cannot carry exactly; send the JSON as a text and name its type, json or jsonb')
    }
    return member
  })
}

const isBytes = (type: string): boolean => /^bytea\b/i.test(type)

function toTypedValue (value: Exclude<Json, null | Json[]>, type: string): Argument['value'] {
  if (isBytes(type)) return decodeBase64(value)
  return toText(value, type)
}

function toText (value: Exclude<Json, null>, type: string): string {
  if (typeof value === 'number') return String(toNumber(value, type))
  return typeof value === 'object' ? toJson(value) : assertText(String(value))
}

/** With its padding or without. What remains of a text that was cut off would decode to fewer bytes, without a word. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

function decodeBase64 (value: Json): Buffer {
  if (typeof value !== 'string' || !base64.test(value)) throw new UnfitValue('must be base64 to be bytea')
  return Buffer.from(value, 'base64')
}

/** PostgreSQL's text of an array: elements are quoted unless they need not be, NULL is bare. */
function toArrayText (elements: Json[], type: string): string {
  const texts = elements.map(element => {
    if (element === null) return 'NULL'
    if (Array.isArray(element)) return /^jsonb?\b/i.test(type) ? quote(toJson(element)) : toArrayText(element, type)
    if (isBytes(type)) return quote(`\\x${decodeBase64(element).toString('hex')}`)
    return quote(toText(element, type))
  })
  // A box has commas of its own.
  return `{${texts.join(/^box\b/i.test(type) ? ';' : ',')}}`
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** The type for the elements of an array that nobody gave a type: what all of them can be. */
function elementType (elements: Json[]): string {
  const flat = elements.flat(Infinity as 1) as Json[]
  const kinds = new Set(flat.filter(element => element !== null).map(element => {
    if (typeof element === 'number') return Number.isInteger(element) ? 'int8' : 'float8'
    return typeof element === 'boolean' ? 'bool' : typeof element === 'string' ? 'text' : 'jsonb'
  }))
  if (kinds.has('float8')) kinds.delete('int8')
  const [only, ...others] = kinds
  if (others.length > 0) throw new UnfitValue('is an array of different kinds; name its type')
  return only ?? 'text'
}
