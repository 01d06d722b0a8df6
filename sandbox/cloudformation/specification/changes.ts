import { isDeepStrictEqual } from 'node:util'
import { type Json, type JsonObject, isObject, ownValue } from '../template/json.js'
import type { Property, ResourceType, Specification } from './specification.js'

export interface PropertyChange {
  /** Name of the top-level property. */
  name: string
  recreation: 'Never' | 'Conditionally' | 'Always'
  before?: Json | undefined
  after?: Json | undefined
}

export interface Change {
  action: 'none' | 'update' | 'replace'
  properties: PropertyChange[]
}

const recreations = { yes: 'Always', maybe: 'Conditionally', no: 'Never' } as const

/** What going from one set of properties to another means, by what AWS publishes of the type. */
export function changeOf (type: ResourceType, before: JsonObject, after: JsonObject, specification: Specification): Change {
  const properties = changesIn(type.properties, before, after, specification)
  const replaces = properties.some(change => change.recreation === 'Always')
  return {
    action: properties.length === 0 ? 'none' : replaces ? 'replace' : 'update',
    properties
  }
}

function changesIn (
  known: Record<string, Property>,
  before: JsonObject,
  after: JsonObject,
  specification: Specification
): PropertyChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.filter(name => !isDeepStrictEqual(ownValue(before, name), ownValue(after, name))).map(name => {
    const property = ownValue(known, name)
    const [old, next] = [ownValue(before, name), ownValue(after, name)]
    return {
      name,
      recreation: property ? recreationOf(property, old, next, specification) : 'Never',
      before: old,
      after: next
    }
  })
}

/** A structured property may be changeable as such and still have a member that is not. */
export function recreationOf (
  property: Property,
  before: Json | undefined,
  after: Json | undefined,
  specification: Specification
): PropertyChange['recreation'] {
  const own = recreations[property.causesReplacement ?? 'no']
  if (own !== 'Never' || property.type.type !== 'ref' || !isObject(before) || !isObject(after)) return own
  const inner = changesIn(specification.membersOf(property.type), before, after, specification).map(change => change.recreation)
  return inner.includes('Always') ? 'Always' : inner.includes('Conditionally') ? 'Conditionally' : 'Never'
}
