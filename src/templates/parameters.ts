import type { Finding } from '../problems.js'
import type { Template, TemplateParameter } from './template.js'

/** A parameter's value to our callers. CloudFormation has texts only; the JSON type follows the template. */
export type ParameterValue = string | number | boolean
export type ParameterValues = Readonly<Record<string, ParameterValue>>

/** The parameters that a caller may give. */
export function callersParameters (template: Template): TemplateParameter[] {
  return template.parameters.filter(({ setBy }) => setBy === undefined)
}

interface Resolved {
  values: ParameterValues
  findings: Finding[]
}

/**
 * Holds what a caller gave against the template's own `Parameters` section and fills in the defaults. Every finding is
 * reported, not just the first; `values` is complete only when there are none.
 */
export function resolveParameters (template: Template, given: Readonly<Record<string, unknown>>): Resolved {
  const known = callersParameters(template)
  const findings = unknownOnes(template, known, given)
  const values: Record<string, ParameterValue> = {}
  for (const parameter of known) {
    const value = Object.hasOwn(given, parameter.name) ? given[parameter.name] : fromText(parameter, parameter.default)
    const wrong = value === undefined ? 'is required by this template' : findWrong(parameter, value)
    if (wrong) findings.push({ path: `/parameters/${parameter.name}`, message: wrong })
    else values[parameter.name] = value as ParameterValue
  }
  return { values, findings }
}

/** The values as CloudFormation takes them. */
export function toTexts (values: ParameterValues): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
}

/** The values of a stack as our callers see them; what the service set itself, and what was left empty, is left out. */
export function fromTexts (template: Template, texts: Readonly<Record<string, string>>): ParameterValues {
  const values: Record<string, ParameterValue> = {}
  for (const parameter of callersParameters(template)) {
    const value = fromText(parameter, texts[parameter.name])
    if (value !== undefined && value !== '') values[parameter.name] = value
  }
  return values
}

function unknownOnes (template: Template, known: TemplateParameter[], given: object): Finding[] {
  const names = known.map(({ name }) => name)
  return Object.keys(given).filter(name => !names.includes(name)).map(name => ({
    path: `/parameters/${name}`, message: `is not a parameter of ${template.name}, which has ${names.join(', ')}`
  }))
}

function fromText (parameter: TemplateParameter, value: string | undefined): ParameterValue | undefined {
  if (value === undefined) return undefined
  if (parameter.type === 'Number') return Number(value)
  return parameter.isBoolean ? value === 'true' : value
}

/** What a value must be, when it is not. Null when nothing is wrong. */
function findWrong (parameter: TemplateParameter, value: unknown): string | null {
  if (parameter.type === 'Number') return findWrongNumber(parameter, value)
  if (parameter.isBoolean) return typeof value === 'boolean' ? null : 'must be true or false, without quotes'
  return findWrongText(parameter, value)
}

function findWrongNumber ({ minValue, maxValue }: TemplateParameter, value: unknown): string | null {
  if (typeof value !== 'number') return 'must be a number, without quotes'
  if (minValue !== undefined && value < minValue) return `must be at least ${minValue}`
  if (maxValue !== undefined && value > maxValue) return `must be at most ${maxValue}`
  return null
}

function findWrongText (parameter: TemplateParameter, value: unknown): string | null {
  const { allowedValues, allowedPattern, constraintDescription, minLength = 0, maxLength = 4096 } = parameter
  if (typeof value !== 'string') return 'must be a text, in quotes'
  if (allowedValues && !allowedValues.includes(value)) return `must be one of ${allowedValues.join(', ')}`
  if (value.length < minLength) return `must have at least ${minLength} characters`
  if (value.length > maxLength) return `must have at most ${maxLength} characters`
  if (allowedPattern && !allowedPattern.test(value)) return constraintDescription ?? `must match ${allowedPattern.source}`
  return null
}
