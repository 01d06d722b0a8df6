import { callersParameters } from './parameters.js'
import type { Template, TemplateParameter } from './template.js'

/** A JSON Schema, as far as parameters need it. */
export interface JsonSchema {
  type: 'object' | 'string' | 'number' | 'boolean'
  title?: string
  description?: string
  default?: string | number | boolean
  enum?: string[]
  pattern?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  properties?: Readonly<Record<string, JsonSchema>>
  required?: readonly string[]
  additionalProperties?: boolean
}

/** The template's `Parameters` section as the JSON Schema of the field `parameters`. */
export function parametersSchema (template: Template): JsonSchema {
  const parameters = callersParameters(template)
  return {
    type: 'object',
    title: `Parameters of ${template.name}`,
    additionalProperties: false,
    required: parameters.filter(parameter => parameter.default === undefined).map(({ name }) => name),
    properties: Object.fromEntries(parameters.map(parameter => [parameter.name, parameterSchema(parameter)]))
  }
}

function parameterSchema (parameter: TemplateParameter): JsonSchema {
  const { type, isBoolean, description, default: text } = parameter
  if (type === 'Number') {
    return defined({ type: 'number', description, default: text === undefined ? undefined : Number(text), minimum: parameter.minValue, maximum: parameter.maxValue })
  }
  if (isBoolean) return defined({ type: 'boolean', description, default: text === undefined ? undefined : text === 'true' })
  return defined({
    type: 'string',
    description,
    // An empty default means "left out"; it would read as if an empty text were a value.
    default: text === '' ? undefined : text,
    enum: parameter.allowedValues && [...parameter.allowedValues],
    pattern: parameter.allowedPattern?.source,
    minLength: parameter.minLength,
    maxLength: parameter.maxLength
  })
}

function defined (schema: { [Key in keyof JsonSchema]: JsonSchema[Key] | undefined } & Pick<JsonSchema, 'type'>): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined)) as unknown as JsonSchema
}
