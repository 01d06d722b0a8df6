import { malformed } from './errors.js'
import { isObject, type JsonObject } from './json.js'

/** The object that a member is, where it is there. Throws a ValidationError for anything else. */
export function objectAt (object: JsonObject, member: string, path: string): JsonObject | undefined {
  const value = object[member]
  if (value !== undefined && !isObject(value)) throw malformed(`[${path}${member}] Every ${member} member must be an object.`)
  return value
}

/** The same for a text, of so many bytes at most where it describes something. */
export function optionalText (object: JsonObject, member: string, most = 1024): string | undefined {
  const value = object[member]
  if (value === undefined) return undefined
  if (typeof value === 'object') throw malformed(`Every ${member} member must be a string.`)
  if (member === 'Description' && Buffer.byteLength(String(value)) > most) throw malformed(`'Description' length is greater than ${most}.`)
  return String(value)
}
