import type { Argument } from '../aws/data-api.js'

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
  if (Array.isArray(value)) return { value: toArrayText(value, type), cast: type ?? `${elementType(value)}[]` }
  if (type !== null) return { value: toTypedValue(value, type), cast: type }
  switch (typeof value) {
    case 'boolean':
    case 'string': return { value, cast: null }
    case 'number': return { value: toNumber(value), cast: null }
    default: return { value: JSON.stringify(value), cast: 'jsonb' }
  }
}

function toNumber (value: number): bigint | number {
  if (!Number.isInteger(value)) return value
  if (!Number.isSafeInteger(value)) throw new UnfitValue('is a whole number beyond 2^53, which JSON cannot carry exactly; send it as text and name its type')
  return BigInt(value)
}

const isBytes = (type: string): boolean => /^bytea\b/i.test(type)

function toTypedValue (value: Exclude<Json, null | Json[]>, type: string): Argument['value'] {
  if (isBytes(type)) return decodeBase64(value)
  return toText(value)
}

function toText (value: Exclude<Json, null>): string {
  if (typeof value === 'number') return String(toNumber(value))
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function decodeBase64 (value: Json): Buffer {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) throw new UnfitValue('must be base64 to be bytea')
  return Buffer.from(value, 'base64')
}

/** PostgreSQL's text of an array: elements are quoted unless they need not be, NULL is bare. */
function toArrayText (elements: Json[], type: string | null): string {
  const texts = elements.map(element => {
    if (element === null) return 'NULL'
    if (Array.isArray(element)) return isJson(type, elements) ? quote(JSON.stringify(element)) : toArrayText(element, type)
    if (type !== null && isBytes(type)) return quote(`\\x${decodeBase64(element).toString('hex')}`)
    return quote(toText(element))
  })
  return `{${texts.join(',')}}`
}

const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** Whether an array within this one is a value of its own, as in `jsonb[]`, and not one more dimension. */
const isJson = (type: string | null, elements: Json[]): boolean =>
  type === null ? elementType(elements) === 'jsonb' : /^jsonb?\b/i.test(type)

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
