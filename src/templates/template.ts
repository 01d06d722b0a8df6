import { parseDocument, type CollectionTag, type ScalarTag } from 'yaml'

/**
 * What the service can fill a parameter in with: the client, the stack's name, and what the database starts from: a snapshot,
 * or a cluster, as it is or as it was at a moment.
 */
export type Source = 'client' | 'stackName' | 'snapshot' | 'sourceCluster' | 'restoreToTime'

/** One entry of a template's `Parameters` section; numbers are read as numbers. */
export interface TemplateParameter {
  name: string
  type: 'String' | 'Number'
  description: string
  /** As the service fills it in; undefined when the caller must give it. */
  default: string | undefined
  allowedValues: readonly string[] | undefined
  allowedPattern: RegExp | undefined
  constraintDescription: string | undefined
  minValue: number | undefined
  maxValue: number | undefined
  minLength: number | undefined
  maxLength: number | undefined
  /** A `String` that allows just `true` and `false`: a JSON boolean to our callers. */
  isBoolean: boolean
  /** Where its value comes from when the service sets it and callers may not. */
  setBy: Source | undefined
  isChangeable: boolean
}

export interface TemplateResource {
  logicalId: string
  type: string
  condition: string | undefined
  properties: unknown
}

export interface TemplateOutput { name: string, description: string, condition: string | undefined, value: unknown }

/** A product: a CloudFormation file that carries an `AuroraDatabases` section in its `Metadata`. */
export interface Template {
  name: string
  title: string
  description: string
  generation: 'v1' | 'v2'
  /** The file as it is, for CloudFormation and for `Accept: application/yaml`. */
  body: string
  parameters: readonly TemplateParameter[]
  resources: readonly TemplateResource[]
  conditions: Readonly<Record<string, unknown>>
  outputs: readonly TemplateOutput[]
}

type Section = Record<string, Record<string, unknown>>

interface Metadata {
  Title: string
  Generation: 'v1' | 'v2'
  SetByService?: Record<string, Source>
  Defaults?: Record<string, string>
  Changeable?: string[]
}

/**
 * Reads a CloudFormation file. Null when it is not a product, that is, has no `AuroraDatabases` metadata.
 * Throws when it is not YAML.
 */
export function readTemplate (name: string, body: string): Template | null {
  const file = parse(name, body)
  const metadata = (file.Metadata as { AuroraDatabases?: Metadata } | undefined)?.AuroraDatabases
  if (!metadata) return null
  return {
    name,
    title: metadata.Title,
    description: String(file.Description ?? '').trim(),
    generation: metadata.Generation,
    body,
    parameters: entries(file.Parameters).map(([key, value]) => toParameter(key, value, metadata)),
    resources: entries(file.Resources).map(([logicalId, { Type, Condition, Properties }]) => ({
      logicalId, type: String(Type), condition: text(Condition), properties: Properties
    })),
    conditions: (file.Conditions ?? {}) as Record<string, unknown>,
    outputs: entries(file.Outputs).map(([key, { Description, Condition, Value }]) => ({
      name: key, description: text(Description) ?? '', condition: text(Condition), value: Value
    }))
  }
}

function parse (name: string, body: string): Record<string, unknown> {
  const document = parseDocument(body, { customTags: intrinsicTags })
  const [problem] = document.errors
  if (problem) throw new Error(`templates/${name}.yaml: ${problem.message}`)
  return document.toJS() as Record<string, unknown>
}

/** The short forms of CloudFormation's functions (`!Equals [...]`), read as their long forms. */
const intrinsicTags = ['Ref', 'Condition', 'Sub', 'GetAtt', 'If', 'Equals', 'Not', 'And', 'Or', 'Join', 'Select', 'Split',
  'ImportValue', 'FindInMap', 'GetAZs', 'Cidr', 'Base64'].flatMap(name => {
  const key = name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`
  const tag = `!${name}`
  const scalar: ScalarTag = { tag, resolve: value => ({ [key]: value }) }
  const sequence: CollectionTag = { tag, collection: 'seq', resolve: node => ({ [key]: node.toJSON() as unknown }) }
  const mapping: CollectionTag = { tag, collection: 'map', resolve: node => ({ [key]: node.toJSON() as unknown }) }
  return [scalar, sequence, mapping]
})

function toParameter (name: string, value: Record<string, unknown>, metadata: Metadata): TemplateParameter {
  const allowedValues = (value.AllowedValues as unknown[] | undefined)?.map(String)
  const pattern = text(value.AllowedPattern)
  return {
    name,
    type: value.Type === 'Number' ? 'Number' : 'String',
    description: text(value.Description)?.trim() ?? '',
    default: metadata.Defaults?.[name] ?? text(value.Default),
    allowedValues,
    allowedPattern: pattern === undefined ? undefined : new RegExp(pattern),
    constraintDescription: text(value.ConstraintDescription),
    minValue: number(value.MinValue),
    maxValue: number(value.MaxValue),
    minLength: number(value.MinLength),
    maxLength: number(value.MaxLength),
    isBoolean: allowedValues?.toSorted().join() === 'false,true',
    setBy: metadata.SetByService?.[name],
    isChangeable: metadata.Changeable?.includes(name) ?? false
  }
}

function entries (section: unknown): Array<[string, Record<string, unknown>]> {
  return Object.entries((section ?? {}) as Section)
}

function text (value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value)
}

function number (value: unknown): number | undefined {
  return value === undefined ? undefined : Number(value)
}
