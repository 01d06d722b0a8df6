import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { ownValue } from '../template/json.js'

/** The part of a property type of the specification that matters here. */
export interface PropertyType {
  type: string
  element?: PropertyType
  types?: PropertyType[]
  reference?: { $ref: string }
}

export interface Property {
  type: PropertyType
  previousTypes?: PropertyType[]
  required?: boolean
  causesReplacement?: 'yes' | 'no' | 'maybe'
}

export interface ResourceType {
  cloudFormationType: string
  properties: Record<string, Property>
  attributes: Record<string, { type: PropertyType }>
  primaryIdentifier?: string[]
  /** What `Ref` returns, where that is not the primary identifier. */
  cfnRefIdentifier?: string[]
  arnTemplate?: string
  /** The names that its properties must have, when they are otherwise not checked: they mean something to others only. */
  takesAnythingWith?: readonly string[]
}

const CUSTOM = 'AWS::CloudFormation::CustomResource'

/** Whether a service of the template's own makes it. */
export function isCustom (typeName: string): boolean {
  return typeName.startsWith('Custom::') || typeName === CUSTOM
}

/** Types that take whatever properties they are given. */
const ANY_PROPERTIES = /^(Custom::[\w@-]+|AWS::CDK::Metadata)$/

/** What the types of `AWS::Serverless` become ("Generated CloudFormation resources", AWS SAM Developer Guide): their ids and attributes are of these. */
const expandsTo: Readonly<Record<string, string>> = {
  'AWS::Serverless::Api': 'AWS::ApiGateway::RestApi',
  'AWS::Serverless::Application': 'AWS::CloudFormation::Stack',
  'AWS::Serverless::Function': 'AWS::Lambda::Function',
  'AWS::Serverless::GraphQLApi': 'AWS::AppSync::GraphQLApi',
  'AWS::Serverless::HttpApi': 'AWS::ApiGatewayV2::Api',
  'AWS::Serverless::LayerVersion': 'AWS::Lambda::LayerVersion',
  'AWS::Serverless::SimpleTable': 'AWS::DynamoDB::Table',
  'AWS::Serverless::StateMachine': 'AWS::StepFunctions::StateMachine'
}

/** What AWS publishes about its resource types. */
export interface Specification {
  typeOf: (name: string) => ResourceType | undefined
  /** The members of a structured property type. */
  membersOf: (type: PropertyType) => Record<string, Property>
}

/**
 * Opens the specification. It is 15 MB of JSON and would take 100 MB and a third of a second to parse, so its text is
 * kept as it is, and each entity is found and parsed when it is first asked for.
 */
export async function openSpecification (): Promise<Specification> {
  return await (opened ??= open())
}

/** It never changes, so one is enough for however many sandboxes a process runs. */
let opened: Promise<Specification> | undefined

async function open (): Promise<Specification> {
  const entry = createRequire(import.meta.url).resolve('@aws-cdk/aws-service-spec')
  const text = await promisify(gunzip)(await readFile(join(entry, '..', '..', 'db.json.gz')))
  const types = new Map<string, ResourceType | undefined>()
  const definitions = new Map<string, Record<string, Property>>()
  return {
    typeOf: name => remembered(types, name, () => {
      const standsFor = ANY_PROPERTIES.test(name) ? CUSTOM : ownValue(expandsTo, name)
      const type = typeAt(text, standsFor ?? name)
      if (!type || (standsFor === undefined && name !== CUSTOM)) return type
      return { ...type, takesAnythingWith: isCustom(name) ? ['ServiceToken'] : [] }
    }),
    membersOf: ({ reference }) => remembered(definitions, reference?.$ref ?? '', id =>
      entityAt<{ properties: Record<string, Property> }>(text, `{"$id":${JSON.stringify(id)},"name":`)?.properties ?? {})
  }
}

function remembered<T> (known: Map<string, T>, key: string, find: (key: string) => T): T {
  const value = known.get(key)
  if (value !== undefined || known.has(key)) return value as T
  const found = find(key)
  known.set(key, found)
  return found
}

/** Properties mention types too, but only an entity has its id before its type. */
function typeAt (text: Buffer, name: string): ResourceType | undefined {
  return entityAt(text, `","cloudFormationType":${JSON.stringify(name)},`)
}

function entityAt<T> (text: Buffer, mark: string): T | undefined {
  const at = text.indexOf(mark)
  if (at < 0) return undefined
  const start = text.lastIndexOf('{"$id":', at)
  return JSON.parse(text.toString('utf8', start, endOfObject(text, start)), withoutDocumentation) as T
}

function withoutDocumentation (key: string, value: unknown): unknown {
  return key === 'documentation' ? undefined : value
}

function endOfObject (text: Buffer, start: number): number {
  const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d]
  let depth = 0
  let inString = false
  for (let at = start; at < text.length; at++) {
    const byte = text[at]
    if (inString && byte === BACKSLASH) at++
    else if (byte === QUOTE) inString = !inString
    else if (!inString && byte === OPEN) depth++
    else if (!inString && byte === CLOSE && --depth === 0) return at + 1
  }
  return text.length
}
