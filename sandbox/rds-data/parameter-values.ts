import type { SqlParameter } from '@aws-sdk/client-rds-data'
import { AwsError } from '../aws.js'
import { requireChoice } from './request.js'

/** A value as it is bound: its type declared to PostgreSQL, its text as PostgreSQL writes values of that type. */
export interface BoundValue {
  /** The type's OID in pg_type; 0 leaves the type to PostgreSQL, which is what AWS does with a NULL. */
  oid: number
  text: string | null
}

const OID = { bool: 16, bytea: 17, int8: 20, text: 25, float8: 701 } as const

interface Hint { oid: number, format?: RegExp }

/** Data API reference, "typeHint": the formats that AWS takes, stricter than PostgreSQL's own. */
const hints: Readonly<Record<string, Hint>> = {
  DATE: { oid: 1082, format: /^\d{4}-\d{2}-\d{2}$/ },
  DECIMAL: { oid: 1700 },
  JSON: { oid: 114 },
  TIME: { oid: 1083, format: /^\d{2}:\d{2}:\d{2}(\.\d+)?$/ },
  TIMESTAMP: { oid: 1114, format: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d+)?$/ },
  UUID: { oid: 2950 }
}

const parameterName = /^[A-Za-z0-9_]+$/

/** The values of one parameter set by name. Throws the `ValidationException` that AWS answers for what it cannot bind. */
export function bindParameters (parameters: readonly SqlParameter[]): Map<string, BoundValue> {
  const bound = new Map<string, BoundValue>()
  for (const parameter of parameters) {
    const name = parameter.name ?? ''
    if (!parameterName.test(name)) throw invalid(`Named parameter syntax is invalid, input: ${name}`)
    bound.set(name, bindValue(parameter))
  }
  return bound
}

function bindValue ({ name, value = { isNull: true }, typeHint }: SqlParameter): BoundValue {
  requireChoice('typeHint', typeHint, Object.keys(hints))
  const hint = hints[typeHint ?? '']
  if (Object.keys(value).length > 1) throw invalid(`The value of parameter ${name} has more than one member.`)
  if (value.isNull !== undefined) return { oid: hint?.oid ?? 0, text: null }
  // A long may be beyond what a JavaScript number holds: it is only ever turned into text here.
  if (value.longValue !== undefined) return { oid: OID.int8, text: String(value.longValue) }
  if (value.doubleValue !== undefined) return { oid: OID.float8, text: String(value.doubleValue) }
  if (value.booleanValue !== undefined) return { oid: OID.bool, text: String(value.booleanValue) }
  if (value.blobValue !== undefined) return { oid: OID.bytea, text: `\\x${Buffer.from(value.blobValue).toString('hex')}` }
  if (value.arrayValue !== undefined) throw invalid('Array parameters are not supported.')
  if (value.stringValue === undefined) throw invalid(`The value of parameter ${name} is not supported.`)
  return bindText(value.stringValue, hint, typeHint)
}

/** Untyped text is `text`: Aurora answers `operator does not exist: uuid = text` when it meets another type. */
function bindText (text: string, hint: Hint | undefined, typeHint: string | undefined): BoundValue {
  if (text.includes('\0')) throw invalid('A string parameter cannot contain a null character.')
  if (hint?.format?.test(text) === false) throw invalid(`Cannot read the value as ${typeHint}: ${text}`)
  return { oid: hint?.oid ?? OID.text, text }
}

function invalid (message: string): AwsError {
  return new AwsError('ValidationException', message)
}
