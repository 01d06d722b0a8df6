import type { Parameter } from '@aws-sdk/client-cloudformation'
import { createContext, Script } from 'node:vm'
import { invalid, malformed } from './errors.js'
import type { JsonObject } from './json.js'
import { optionalText } from './members.js'

export interface ParameterDefinition {
  type: string
  default?: string | undefined
  description?: string | undefined
  noEcho: boolean
  allowedValues?: string[] | undefined
  allowedPattern?: string | undefined
  constraintDescription?: string | undefined
  /** By the template's own names: MinLength, MaxLength, MinValue, MaxValue. */
  limits: Readonly<Record<string, number>>
}

/** Types of texts; AWS's own are those of "CloudFormation-supplied parameter types" (CloudFormation User Guide). */
const TEXT = '(String|AWS::(EC2::(AvailabilityZone::Name|Image::Id|Instance::Id|KeyPair::KeyName|SecurityGroup::(GroupName|Id)|Subnet::Id|Volume::Id|VPC::Id)|Route53::HostedZone::Id))'
const SSM_VALUE = 'AWS::SSM::Parameter::Value<'
const TYPES = new RegExp(`^(${TEXT}|Number|CommaDelimitedList|List<(${TEXT}|Number)>|AWS::SSM::Parameter::Name|${SSM_VALUE}(${TEXT}|CommaDelimitedList|List<${TEXT}>)>)$`)

/** Limits, with the types of which they are. */
const LIMITS = { MinLength: 'String', MaxLength: 'String', MinValue: 'Number', MaxValue: 'Number' } as const

/** The definition of a parameter. Throws a ValidationError in AWS's words for what is none. */
export function readParameter (name: string, parameter: JsonObject): ParameterDefinition {
  const { Type: type, Default: fallback, AllowedValues: allowed } = parameter
  if (typeof type !== 'string') throw malformed('Every Parameters object must contain a Type member.')
  if (!TYPES.test(type)) throw malformed(`Unrecognized parameter type: ${type}`)
  if (typeof fallback === 'object') throw malformed('Every Default member must be a string.')
  if (allowed !== undefined && !Array.isArray(allowed)) throw malformed('Every AllowedValues member must be a list.')
  if (allowed?.some(value => typeof value === 'object')) throw malformed('Every AllowedValues value must be a string.')
  return {
    type,
    noEcho: optionalText(parameter, 'NoEcho')?.toLowerCase() === 'true',
    limits: readLimits(name, type, parameter),
    default: fallback === undefined ? undefined : String(fallback),
    allowedValues: allowed?.map(String),
    description: optionalText(parameter, 'Description', 4000),
    allowedPattern: optionalText(parameter, 'AllowedPattern'),
    constraintDescription: optionalText(parameter, 'ConstraintDescription')
  }
}

function readLimits (name: string, type: string, parameter: JsonObject): Record<string, number> {
  const given = Object.entries(LIMITS).filter(([key]) => Object.hasOwn(parameter, key))
  for (const [key, of] of given) {
    if (Number.isNaN(Number(optionalText(parameter, key)))) throw malformed(`Every ${key} member must be a number.`)
    if (/Number/.test(type) !== (of === 'Number')) throw invalid(`Template error: Parameter '${name}' ${key} must be on a parameter of type ${of}`)
  }
  const limits = Object.fromEntries(given.map(([key]) => [key, Number(parameter[key])]))
  for (const of of ['Length', 'Value']) {
    if ((limits[`Min${of}`] ?? -Infinity) > (limits[`Max${of}`] ?? Infinity)) throw invalid(`Template error: Parameter '${name}' Min${of} must be less than Max${of}.`)
  }
  return limits
}

/** A parameter's value for a stack; `resolved` is what an SSM-typed one stands for. */
export interface ParameterValue {
  key: string
  value: string
  resolved?: string | undefined
  noEcho?: boolean | undefined
}

export interface ParameterSources {
  given: readonly Parameter[]
  /** The values of the stack that is updated; undefined for a new one. */
  previous?: readonly ParameterValue[] | undefined
  /** The value of an SSM parameter, and whether it is a list; undefined when there is none. */
  ssmValue: (name: string) => { value: string, isList: boolean } | undefined
}

/** The value of every parameter of the template, checked against its constraints. Throws a ValidationError. */
export function resolveParameters (parameters: ReadonlyMap<string, ParameterDefinition>, sources: ParameterSources): ParameterValue[] {
  const { given, ssmValue } = sources
  const unknown = given.filter(({ ParameterKey: key }) => !parameters.has(key ?? ''))
  if (unknown.length > 0) throw invalid(`Parameters: [${unknown.map(item => item.ParameterKey).join(', ')}] do not exist in the template`)
  const values = [...parameters].map(([key, definition]) =>
    ({ key, definition, value: chooseValue(key, definition, sources) }))
  const missing = values.filter(({ value }) => value === undefined)
  if (missing.length > 0) throw invalid(`Parameters: [${missing.map(({ key }) => key).join(', ')}] must have values`)
  return values.map(({ key, definition, value = '' }) => {
    checkValue(key, definition, value)
    const resolved = definition.type.startsWith(SSM_VALUE) ? readSsm(value, isList(definition.type), ssmValue(value)) : undefined
    return { key, value, resolved, noEcho: definition.noEcho }
  })
}

function chooseValue (key: string, definition: ParameterDefinition, { given, previous }: ParameterSources): string | undefined {
  const input = given.find(item => item.ParameterKey === key)
  const before = previous?.find(item => item.key === key)?.value
  const refused = (why: string) => invalid(`Invalid input for parameter key ${key}. Cannot specify usePreviousValue as true ${why}`)
  if (!input?.UsePreviousValue) return input?.ParameterValue ?? definition.default
  if (input.ParameterValue !== undefined) throw refused('and non empty value for a parameter')
  if (before === undefined) throw refused('for a parameter key not in the previous template')
  return before
}

/** What `Ref` gives for a parameter: a list for the list types, else text. */
export function parameterReference (definition: ParameterDefinition, { value, resolved }: ParameterValue): string | string[] {
  return isList(definition.type) ? itemsOf(resolved ?? value) : resolved ?? value
}

function isList (type: string): boolean {
  return type.includes('List')
}

function itemsOf (value: string): string[] {
  return value === '' ? [] : value.split(',').map(item => item.trim())
}

/** What AWS stores under the name, each item of a list without the blanks around it. */
function readSsm (name: string, wantsList: boolean, found: ReturnType<ParameterSources['ssmValue']>): string {
  if (!found) throw invalid(`Unable to fetch parameters [${name}] from parameter store for this account.`)
  if (found.isList !== wantsList) throw invalid(`Types for SSM parameters [${name}] defined in CFN template and SSM are incompatible`)
  return wantsList ? itemsOf(found.value).join(',') : found.value
}

/** Of an SSM-typed parameter it is the name that constraints are of, not what is found under it. */
function checkValue (key: string, definition: ParameterDefinition, value: string): void {
  const { type, constraintDescription } = definition
  const items = isList(type) ? itemsOf(value) : [value]
  if (/\{\{resolve:ssm(-secure)?:[^:}]+\}\}/.test(value)) throw invalid(`Template error: parameter ${key} should not contain ssm versionless resolver`)
  if (Buffer.byteLength(value) > 4096) throw invalid(`Parameter '${key}' must contain at most 4096 bytes`)
  const failure = items.map(item => failureOf(item, definition)).find(Boolean)
  if (!failure) return
  throw invalid(constraintDescription === undefined
    ? `Parameter '${key}' ${failure}`
    : `Parameter '${key}' failed to satisfy constraint: ${constraintDescription}`)
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i

function failureOf (item: string, { type, limits, allowedValues, allowedPattern }: ParameterDefinition): string | undefined {
  const { MinLength = 0, MaxLength = Infinity, MinValue = -Infinity, MaxValue = Infinity } = limits
  const isAllowed = (value: string): boolean => value === item || (type === 'Number' && Number(value) === Number(item))
  if (allowedValues && !allowedValues.some(isAllowed)) return 'must be one of AllowedValues'
  if (type.includes('Number') && !NUMBER.test(item.trim())) return 'must be a number'
  if (Number(item) < MinValue) return `must be a number not less than ${MinValue}`
  if (Number(item) > MaxValue) return `must be a number not greater than ${MaxValue}`
  if (item.length < MinLength) return `must contain at least ${MinLength} characters`
  if (item.length > MaxLength) return `must contain at most ${MaxLength} characters`
  if (allowedPattern !== undefined && !matches(allowedPattern, item)) return `must match pattern ${allowedPattern}`
  return undefined
}

/** Far more than a pattern needs that ends at all, also where the machine does much else. */
const MATCHING_MS = 2_000
const matcher = new Script("new RegExp('^(?:' + source + ')$', flags).test(text)")
const matching = { source: '', flags: '', text: '' }
createContext(matching)

/** Patterns are Java's, of which JavaScript has neither `(?i)` nor quantifiers that give nothing back. */
function inJavaScript (pattern: string): { source: string, flags: string } {
  try {
    return { source: new RegExp(pattern).source, flags: '' }
  } catch {
    return { source: pattern.replace('(?i)', '').replaceAll(/([*+?}])\+/g, '$1'), flags: pattern.includes('(?i)') ? 'i' : '' }
  }
}

/** A pattern comes with the template, and one like `(a+)+b` would run for hours; the time it gets is bounded. */
function matches (pattern: string, text: string): boolean {
  try {
    Object.assign(matching, inJavaScript(pattern), { text })
    return Boolean(matcher.runInContext(matching, { timeout: MATCHING_MS }))
  } catch {
    throw invalid(`Template format error: AllowedPattern ${pattern} is not a regular expression that can be matched.`)
  }
}
