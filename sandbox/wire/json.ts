import { randomUUID } from 'node:crypto'
import { AwsError } from '../aws.js'
import type { Shape } from './schemas.js'

/** Strings, so that digits inside them are left alone, and whole numbers that may be too long for a double. */
const stringsAndLongIntegers = /"[^"\\]*(?:\\[^][^"\\]*)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g

/** Nobody who sends a request can know it, so no string of theirs is taken for a number. */
const mark = `${randomUUID()}:`

/**
 * Parses a JSON body. Whole numbers beyond 2^53 come as bigints: a 64-bit `longValue` must arrive with every digit.
 * An empty body is an empty object. Throws SerializationException.
 */
export function parseJson (body: Buffer): unknown {
  const source = body.toString('utf8')
  if (source.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(source)
    return /\d{16}/.test(source) ? JSON.parse(markLongIntegers(source), reviveMarked) : value
  } catch {
    throw serializationError('The body is not valid JSON')
  }
}

function markLongIntegers (source: string): string {
  return source.replace(stringsAndLongIntegers, found =>
    found.startsWith('"') || Number.isSafeInteger(Number(found)) ? found : `"${mark}${found}"`)
}

function reviveMarked (_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value
}

/** No shape of the services served here is nested nearly as deep; recursion stops before the stack does. */
const DEEPEST = 64

/**
 * Turns what JSON or CBOR carried into a structure of the model: base64 becomes bytes, numbers become dates, nulls are
 * absent, unknown members are ignored. Throws AWS's SerializationException where a value has another type.
 */
export function readValue (shape: Shape, value: unknown, depth = 0): unknown {
  if (depth > DEEPEST) throw serializationError('The document is nested too deeply')
  if (shape.isStructSchema()) return readStructure(shape, value, depth)
  if (shape.isListSchema()) return readList(shape, value, depth)
  if (shape.isMapSchema()) return readMap(shape, value, depth)
  if (shape.isDocumentSchema()) return value
  return readScalar(shape, value)
}

export function serializationError (message: string): AwsError {
  return new AwsError('SerializationException', message)
}

function readStructure (shape: Shape, value: unknown, depth: number): Record<string, unknown> {
  if (!isRecord(value)) throw misplaced(value)
  const structure: Record<string, unknown> = {}
  for (const [name, member] of shape.structIterator()) {
    const found = Object.hasOwn(value, name) ? value[name] : undefined
    if (found !== undefined && found !== null) structure[name] = readValue(member, found, depth + 1)
  }
  return structure
}

function readList (shape: Shape, value: unknown, depth: number): unknown[] {
  if (!Array.isArray(value)) throw misplaced(value)
  const item = shape.getValueSchema()
  return value.filter(each => each !== null).map(each => readValue(item, each, depth + 1))
}

function readMap (shape: Shape, value: unknown, depth: number): Record<string, unknown> {
  if (!isRecord(value)) throw misplaced(value)
  const item = shape.getValueSchema()
  const entries = Object.entries(value).filter(([, each]) => each !== null)
  return Object.fromEntries(entries.map(([key, each]) => [key, readValue(item, each, depth + 1)]))
}

function readScalar (shape: Shape, value: unknown): unknown {
  if (shape.isBlobSchema()) {
    if (value instanceof Uint8Array) return value
    if (typeof value === 'string') return Buffer.from(value, 'base64')
    throw unconvertible(value, 'Blob')
  }
  if (shape.isTimestampSchema()) return readTime(value)
  if (shape.isBooleanSchema()) return typeof value === 'boolean' ? value : refuse(value, 'Boolean')
  if (shape.isStringSchema()) return typeof value === 'string' ? value : refuse(value, 'String')
  return typeof value === 'number' || typeof value === 'bigint' ? value : readNumber(value)
}

/** Numbers that JSON has no word for travel as strings. */
function readNumber (value: unknown): number {
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
  return refuse(value, 'Number')
}

/** Seconds or ISO 8601; in CBOR, seconds that are tagged as a time. */
function readTime (given: unknown): Date {
  const value = isRecord(given) ? given['value'] : given
  const time = new Date(typeof value === 'number' ? value * 1000 : typeof value === 'string' ? value : Number.NaN)
  return Number.isNaN(time.getTime()) ? refuse(value, 'Timestamp') : time
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuse (value: unknown, type: string): never {
  throw unconvertible(value, type)
}

function unconvertible (value: unknown, type: string): AwsError {
  if (typeof value === 'object') return misplaced(value)
  const kind = typeof value === 'boolean' ? String(value).toUpperCase() : typeof value === 'string' ? 'STRING' : 'NUMBER'
  return serializationError(`${kind}_VALUE can not be converted to ${type}`)
}

function misplaced (value: unknown): AwsError {
  const found = Array.isArray(value) ? 'Start of list' : isRecord(value) ? 'Start of structure or map' : 'A simple value'
  return serializationError(`${found} found where not expected`)
}
