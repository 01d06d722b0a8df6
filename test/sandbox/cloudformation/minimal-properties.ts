import type { PropertyType, ResourceType, Specification } from '../../../sandbox/cloudformation/specification/specification.js'
import type { Json, JsonObject } from '../../../sandbox/cloudformation/template/json.js'

/** What a template has to say of a resource for it to pass the check of its type: the required properties, down to the leaves. */
export function minimalProperties (type: ResourceType, specification: Specification): JsonObject {
  return required(type.properties, specification, [])
}

function required (known: ResourceType['properties'], specification: Specification, path: readonly string[]): JsonObject {
  const needed = Object.entries(known).filter(([, property]) => property.required)
  return Object.fromEntries(needed.map(([name, { type }]) => [name, valueOf(type, specification, path)]))
}

/** Types refer to themselves here and there: the second time round nothing is in them. */
function valueOf (type: PropertyType, specification: Specification, path: readonly string[]): Json {
  const inside = (element: PropertyType | undefined): Json => element ? valueOf(element, specification, path) : 'text'
  switch (type.type) {
    case 'string': return 'text'
    case 'date-time': return '2026-01-01T00:00:00Z'
    case 'integer':
    case 'number': return 1
    case 'boolean': return true
    case 'array': return [inside(type.element)]
    case 'map': return { key: inside(type.element) }
    case 'tag': return { Key: 'key', Value: 'value' }
    case 'union': return inside(type.types?.[0])
    case 'ref': {
      const name = type.reference?.$ref ?? ''
      return path.includes(name) ? {} : required(specification.membersOf(type), specification, [...path, name])
    }
    default: return {}
  }
}
