import type { Template, TemplateResource } from './template.js'

type Values = Readonly<Record<string, string>>

/** The resources that a template makes with these parameters: those whose condition holds. */
export function resourcesOf (template: Template, parameters: Values): TemplateResource[] {
  const values = { ...defaultsOf(template), ...parameters }
  return template.resources.filter(({ condition }) =>
    condition === undefined || holds(template.conditions[condition], template.conditions, values))
}

function defaultsOf (template: Template): Record<string, string> {
  return Object.fromEntries(template.parameters.map(({ name, default: value }) => [name, value ?? '']))
}

/** Evaluates a condition. What it cannot know, such as a mapping, counts as holding: progress would rather be modest. */
function holds (expression: unknown, conditions: Readonly<Record<string, unknown>>, values: Values): boolean {
  const [[name, argument] = []] = Object.entries((expression ?? {}) as Record<string, unknown>)
  const all = (): boolean[] => (argument as unknown[]).map(each => holds(each, conditions, values))
  switch (name) {
    case 'Condition': return holds(conditions[String(argument)], conditions, values)
    case 'Fn::Equals': return new Set((argument as unknown[]).map(each => valueOf(each, values))).size === 1
    case 'Fn::Not': return !all()[0]
    case 'Fn::And': return all().every(Boolean)
    case 'Fn::Or': return all().some(Boolean)
    default: return true
  }
}

function valueOf (expression: unknown, values: Values): string {
  if (typeof expression === 'object' && expression !== null && 'Ref' in expression) return values[String(expression.Ref)] ?? ''
  return String(expression)
}
