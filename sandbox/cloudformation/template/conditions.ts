import { malformed } from './errors.js'
import { type Scope, truthOf } from './intrinsics.js'
import type { Template } from './template.js'

/** Answers for a template's conditions by name, each evaluated once, in a scope that has no resources. */
export function conditionsOf (template: Template, scope: Omit<Scope, 'isTrue'>): (name: string) => boolean {
  const known = new Map<string, boolean | 'evaluating'>()
  const isTrue = (name: string): boolean => {
    const value = known.get(name)
    if (value === 'evaluating') throw malformed(`Circular dependency between conditions: [${[...known].filter(([, state]) => state === 'evaluating').map(([id]) => id).join(', ')}]`)
    if (value !== undefined) return value
    const definition = template.conditions.get(name)
    if (definition === undefined) throw malformed(`Unresolved condition dependency ${name} in the Conditions block of the template`)
    known.set(name, 'evaluating')
    const truth = truthOf(definition, { ...scope, isTrue })
    known.set(name, truth)
    return truth
  }
  return isTrue
}
