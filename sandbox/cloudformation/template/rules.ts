import { malformed, invalid } from './errors.js'
import { Unknowable } from './functions.js'
import { truthOf } from './intrinsics.js'
import { isObject, type Json, type JsonObject } from './json.js'
import { optionalText } from './members.js'
import { type Scope, scopeOfParameters } from './scope.js'

/** What must hold of the parameters wherever the condition is met; always when there is none. */
export interface RuleDefinition { condition?: Json | undefined, assertions: Array<{ assert: Json, description: string }> }

/** The shape that AWS asks of a rule ("Rules", CloudFormation User Guide). Throws a ValidationError. */
export function readRule (name: string, { RuleCondition: condition, Assertions: assertions }: JsonObject): RuleDefinition {
  if (!Array.isArray(assertions) || assertions.length === 0) throw malformed(`[/Rules/${name}] Every Rules object must contain a non-empty Assertions list.`)
  return {
    condition,
    assertions: assertions.map(item => {
      if (!isObject(item) || item.Assert === undefined) throw malformed(`[/Rules/${name}/Assertions] Every Assertions member must contain an Assert.`)
      return { assert: item.Assert, description: optionalText(item, 'AssertDescription') ?? `An assertion of the rule ${name} does not hold.` }
    })
  }
}

/** Holds parameters against the template's rules. Throws a ValidationError with the description of each assertion that fails. */
export function checkRules (rules: ReadonlyMap<string, RuleDefinition>, ref: Scope['ref']): void {
  const scope = scopeOfParameters(() => { throw malformed('Only parameters can be referenced in the Rules block of the template') }, { ref })
  const applied = [...rules.values()].filter(({ condition }) => condition === undefined || holds(condition, scope, false))
  const failed = applied.flatMap(({ assertions }) => assertions).filter(({ assert }) => !holds(assert, scope, true))
  if (failed.length > 0) throw invalid(`Template validation error: ${failed.map(({ description }) => description).join(', ')}`)
}

function holds (value: Json, scope: Scope, otherwise: boolean): boolean {
  try {
    return truthOf(value, scope)
  } catch (error) {
    if (error instanceof Unknowable) return otherwise
    throw error
  }
}
