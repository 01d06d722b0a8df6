/** A value of a template, before and after its intrinsic functions are evaluated. */
export type Json = string | number | boolean | null | Json[] | JsonObject

export interface JsonObject { [key: string]: Json }

export function isObject (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The same value with every number and boolean as text, which is how CloudFormation keeps and compares properties. */
export function withTextScalars (value: Json): Json {
  if (Array.isArray(value)) return value.map(withTextScalars)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTextScalars(item)]))
  return value === null ? null : String(value)
}

/** The value of `key` when the object itself has it: a template may call something `constructor`. */
export function ownValue<T> (object: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** What is at a path of keys, where there is something. */
export function memberAt (object: JsonObject, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((found, key) => isObject(found) ? ownValue(found, key) : undefined, object)
}

/** The object that a text is the JSON of; undefined when it is none. */
export function parseObject (text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
