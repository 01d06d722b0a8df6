import { AwsError } from '../aws.js'
import { requiredMembers, type Shape } from './schemas.js'

/** How a format holds what a model speaks of. Each member throws that format's refusal for a value of another kind; `path` is where it stands. */
export interface Format {
  /** A structure's member by its name in the model; undefined or null where it is absent. */
  member: (structure: unknown, member: string, shape: Shape, path: string) => unknown
  items: (list: unknown, shape: Shape, path: string) => unknown[]
  entries: (map: unknown, shape: Shape, path: string) => Array<[key: string, value: unknown]>
  scalar: (value: unknown, shape: Shape, path: string) => unknown
}

/** No shape of the services served here is nested nearly as deep; recursion stops before the stack does. */
const DEEPEST = 64

/**
 * Turns what a request carried into a value of the model: bytes, dates, numbers; unknown members are ignored. The paths of
 * those that are required and absent are added to `missing`, as AWS writes them: `Filters`, `Filters.1.member.values`.
 */
export function readValue (format: Format, missing: string[], shape: Shape, value: unknown, path = '', depth = 0): unknown {
  if (depth > DEEPEST) throw new AwsError('SerializationException', 'The document is nested too deeply')
  const read = (inner: Shape, found: unknown, at: string): unknown => readValue(format, missing, inner, found, at, depth + 1)
  if (shape.isStructSchema()) {
    const pathOf = (member: string): string => path === '' ? member : `${path}.${member.charAt(0).toLowerCase()}${member.slice(1)}`
    const members = [...shape.structIterator()]
      .map(([member, inner]) => ({ member, inner, found: format.member(value, member, inner, path) }))
      .filter(({ found }) => found !== undefined && found !== null)
    missing.push(...requiredMembers(shape).filter(name => !members.some(({ member }) => member === name)).map(pathOf))
    return Object.fromEntries(members.map(({ member, inner, found }) => [member, read(inner, found, pathOf(member))]))
  }
  if (shape.isListSchema()) {
    return format.items(value, shape, path).map((item, index) => read(shape.getValueSchema(), item, `${path}.${index + 1}.member`))
  }
  if (shape.isMapSchema()) {
    return Object.fromEntries(format.entries(value, shape, path).map(([key, item]) => [key, read(shape.getValueSchema(), item, path)]))
  }
  return shape.isDocumentSchema() ? value : format.scalar(value, shape, path)
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const dateTime = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i
/** Numbers that JSON has no word for travel as texts. */
const beyondJson: readonly unknown[] = ['NaN', 'Infinity', '-Infinity']

/** The value of a shape that has no parts: base64 is bytes, seconds and ISO 8601 are times. Undefined where it is none. */
export function scalarOf (shape: Shape, value: unknown): unknown {
  switch (kindOf(shape)) {
    case 'Blob': return value instanceof Uint8Array ? value : typeof value === 'string' && base64.test(value) ? Buffer.from(value, 'base64') : undefined
    case 'Timestamp': return timeOf(value)
    case 'Boolean': return typeof value === 'boolean' ? value : undefined
    case 'String': return typeof value === 'string' ? value : undefined
    default: return typeof value === 'number' || typeof value === 'bigint' ? value : beyondJson.includes(value) ? Number(value) : undefined
  }
}

/** What AWS calls the kind of a scalar. */
export function kindOf (shape: Shape): 'Blob' | 'Timestamp' | 'Boolean' | 'String' | 'Number' {
  if (shape.isBlobSchema()) return 'Blob'
  if (shape.isTimestampSchema()) return 'Timestamp'
  if (shape.isBooleanSchema()) return 'Boolean'
  return shape.isStringSchema() ? 'String' : 'Number'
}

/** A text that names no zone is in UTC, wherever this machine stands. */
function timeOf (value: unknown): Date | undefined {
  const isText = typeof value === 'string' && dateTime.test(value)
  const time = new Date(typeof value === 'number' ? value * 1000 : isText ? value : Number.NaN)
  return Number.isNaN(time.getTime()) ? undefined : time
}
