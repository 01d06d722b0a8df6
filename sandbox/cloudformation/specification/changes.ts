import { isDeepStrictEqual } from 'node:util'
import { type Json, type JsonObject, isObject, ownValue } from '../template/json.js'
import type { Property, Specification } from './specification.js'

export interface PropertyChange {
  /** Name of the top-level property. */
  name: string
  recreation: 'Never' | 'Conditionally' | 'Always'
  before?: Json | undefined
  after?: Json | undefined
}

const recreations = { yes: 'Always', maybe: 'Conditionally', no: 'Never' } as const

/** What changes from one set of properties to another, and what each means by what AWS publishes of them. */
export function changesBetween (
  known: Record<string, Property>, before: JsonObject, after: JsonObject, specification: Specification
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
  const inner = changesBetween(specification.membersOf(property.type), before, after, specification).map(change => change.recreation)
  return inner.includes('Always') ? 'Always' : inner.includes('Conditionally') ? 'Conditionally' : 'Never'
}
