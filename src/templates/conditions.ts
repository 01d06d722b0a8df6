import type { Template, TemplateResource } from './template.js'

/** Parameters by name, as texts. */
export type Values = Readonly<Record<string, string>>

/** The resources that a template makes with these parameters: those whose condition holds, or may hold, so that progress is modest. */
export function resourcesOf (template: Template, parameters: Values): TemplateResource[] {
  const values = valuesOf(template, parameters)
  return template.resources.filter(({ condition }) => condition === undefined || holdsIn(template, condition, values) !== false)
}

/** The values of all parameters of a template: those that are given, and the defaults of the others. */
export function valuesOf (template: Template, given: Values): Values {
  return { ...Object.fromEntries(template.parameters.map(({ name, default: value }) => [name, value ?? ''])), ...given }
}

/** Whether a condition of a template holds; null when that cannot be known before the launch. */
export function holdsIn (template: Template, condition: string, values: Values): boolean | null {
  return holds(template.conditions[condition], template.conditions, values)
}

/** Evaluates a condition; null when it depends on what cannot be known here, such as a mapping. */
function holds (expression: unknown, conditions: Readonly<Record<string, unknown>>, values: Values): boolean | null {
  const [[name, argument] = []] = Object.entries((expression ?? {}) as Record<string, unknown>)
  const all = (): Array<boolean | null> => (argument as unknown[]).map(each => holds(each, conditions, values))
  switch (name) {
    case 'Condition': return holds(conditions[String(argument)], conditions, values)
    case 'Fn::Equals': return areEqual((argument as unknown[]).map(each => valueOf(each, values)))
    case 'Fn::Not': return not(all()[0] ?? null)
    case 'Fn::And': return not(either(all().map(not)))
    case 'Fn::Or': return either(all())
    default: return null
  }
}

function areEqual (operands: Array<string | null>): boolean | null {
  return operands.includes(null) ? null : new Set(operands).size === 1
}

function not (operand: boolean | null): boolean | null {
  return operand === null ? null : !operand
}

function either (operands: Array<boolean | null>): boolean | null {
  return operands.includes(true) || (operands.includes(null) ? null : false)
}

function valueOf (expression: unknown, values: Values): string | null {
  if (typeof expression !== 'object' || expression === null) return String(expression)
  return 'Ref' in expression ? values[String(expression.Ref)] ?? null : null
}
