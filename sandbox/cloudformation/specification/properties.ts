import { type Json, type JsonObject, isObject, ownValue } from '../template/json.js'
import type { Property, PropertyType, ResourceType, Specification } from './specification.js'

export interface Typed {
  properties: JsonObject
  /** In the words of CloudFormation's own schema check; empty when the properties are right. */
  problems: string[]
}

/**
 * A resource's properties with the types that its specification gives them: CloudFormation's values are text
 * (`"true"`, `"5432"`) where the service's API wants booleans and numbers.
 */
export function typeProperties (type: ResourceType, properties: JsonObject, specification: Specification): Typed {
  const problems: string[] = []
  const { takesAnythingWith: required } = type
  if (required) return { properties, problems: required.filter(key => !Object.hasOwn(properties, key)).map(key => missing('#', key)) }
  return { properties: members(type.properties, properties, '#', problems, specification), problems }
}

function members (
  known: Record<string, Property>,
  value: JsonObject,
  path: string,
  problems: string[],
  specification: Specification
): JsonObject {
  for (const [key, { required }] of Object.entries(known)) {
    if (required && !Object.hasOwn(value, key)) problems.push(missing(path, key))
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => {
    const property = ownValue(known, key)
    if (!property) {
      problems.push(`${path}: extraneous key [${key}] is not permitted`)
      return [key, item]
    }
    const alternatives = property.previousTypes ? { type: 'union', types: [property.type, ...property.previousTypes] } : property.type
    return [key, typed(alternatives, item, `${path}/${key}`, problems, specification)]
  }))
}

/** The words in which a stack's events tell it, once a resource is made (reports of CloudFormation's users). */
function missing (path: string, key: string): string {
  return `${path}: required key [${key}] not found`
}

const TAG: Record<string, Property> = { Key: { type: { type: 'string' }, required: true }, Value: { type: { type: 'string' } } }

function typed (type: PropertyType, value: Json, path: string, problems: string[], specification: Specification): Json {
  const inside = (element: PropertyType | undefined, item: Json, key: string | number): Json =>
    element ? typed(element, item, `${path}/${key}`, problems, specification) : item
  const entriesOf = (map: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(map).map(([key, item]) => [key, inside(type.element, item, key)]))
  const mismatch = (expected: string): Json => {
    problems.push(`${path}: expected type: ${expected}, found: ${nameOf(value)}`)
    return value
  }
  switch (type.type) {
    case 'string': return typeof value === 'object' ? mismatch('String') : value
    case 'integer':
    case 'number': return numberOf(value) ?? mismatch(type.type === 'integer' ? 'Integer' : 'Number')
    case 'boolean': return booleanOf(value) ?? mismatch('Boolean')
    case 'array': return Array.isArray(value) ? value.map((item, index) => inside(type.element, item, index)) : mismatch('JSONArray')
    case 'map': return isObject(value) ? entriesOf(value) : mismatch('JSONObject')
    case 'tag': return isObject(value) ? members(TAG, value, path, problems, specification) : mismatch('JSONObject')
    case 'ref': return isObject(value) ? members(specification.membersOf(type), value, path, problems, specification) : mismatch('JSONObject')
    case 'union': return firstThatFits(type.types ?? [], value, path, specification)
    default: return value
  }
}

/** A value that fits none of the alternatives passes: the specification's older types are incomplete. */
function firstThatFits (types: readonly PropertyType[], value: Json, path: string, specification: Specification): Json {
  for (const type of types) {
    const problems: string[] = []
    const result = typed(type, value, path, problems, specification)
    if (problems.length === 0) return result
  }
  return value
}

function numberOf (value: Json): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

function booleanOf (value: Json): boolean | undefined {
  return typeof value === 'boolean' ? value : ownValue({ true: true, false: false }, String(value).toLowerCase())
}

function nameOf (value: Json): string {
  if (Array.isArray(value)) return 'JSONArray'
  if (isObject(value)) return 'JSONObject'
  return typeof value === 'string' ? 'String' : typeof value === 'boolean' ? 'Boolean' : 'Integer'
}
