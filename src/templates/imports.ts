import { holdsIn, type Values, valuesOf } from './conditions.js'
import { callersParameters } from './parameters.js'
import type { Template } from './template.js'

/** The export of another stack that a template needs, and the caller's parameter that its name is made of. */
export interface Import { name: string, parameter: string | null }

/**
 * What a template imports with these parameters (`pseudo` has `AWS::Region` and the like). What depends on a condition, or has
 * a name, that cannot be known here is left out.
 */
export function importsOf (template: Template, parameters: Values, pseudo: Values): Import[] {
  const values = { ...valuesOf(template, parameters), ...pseudo }
  const isIn = ({ condition }: { condition: string | undefined }): boolean =>
    condition === undefined || holdsIn(template, condition, values) === true
  const parts = [
    ...template.resources.filter(isIn).map(({ properties }) => properties),
    ...template.outputs.filter(isIn).map(({ value }) => value)
  ]
  const found = new Map<string, Import>()
  for (const expression of parts.flatMap(part => findImports(part, template, values))) {
    const name = textOf(expression, values)
    if (name !== null) found.set(name, { name, parameter: parameterIn(template, expression) })
  }
  return [...found.values()]
}

function findImports (part: unknown, template: Template, values: Values): unknown[] {
  if (Array.isArray(part)) return part.flatMap(each => findImports(each, template, values))
  if (typeof part !== 'object' || part === null) return []
  const { 'Fn::ImportValue': name, 'Fn::If': choice } = part as Record<string, unknown>
  if (name !== undefined) return [name]
  if (!Array.isArray(choice)) return findImports(Object.values(part), template, values)
  const [condition, whenTrue, whenFalse] = choice as unknown[]
  const isTrue = holdsIn(template, String(condition), values)
  return isTrue === null ? [] : findImports(isTrue ? whenTrue : whenFalse, template, values)
}

/** The text that an expression stands for, null when it cannot be known before the launch. */
function textOf (expression: unknown, values: Values): string | null {
  if (typeof expression !== 'object' || expression === null) return String(expression)
  const { Ref: name, 'Fn::Sub': sub, 'Fn::Join': join } = expression as Record<string, unknown>
  if (name !== undefined) return values[String(name)] ?? null
  if (typeof sub === 'string') return substitute(sub, values)
  if (Array.isArray(join) && Array.isArray(join[1])) {
    const texts = join[1].map(each => textOf(each, values))
    return texts.includes(null) ? null : texts.join(String(join[0]))
  }
  return null
}

function substitute (text: string, values: Values): string | null {
  const names = [...text.matchAll(/\$\{([^!}][^}]*)\}/g)].map(([, name = '']) => name)
  if (names.some(name => values[name] === undefined)) return null
  return text.replaceAll(/\$\{(!?)([^}]*)\}/g, (_, isLiteral: string, name: string) => isLiteral ? `\${${name}}` : values[name] ?? '')
}

function parameterIn (template: Template, expression: unknown): string | null {
  const text = JSON.stringify(expression)
  return callersParameters(template).find(({ name }) => text.includes(`\${${name}}`) || text.includes(`{"Ref":"${name}"}`))?.name ?? null
}
