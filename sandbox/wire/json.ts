import { randomUUID } from 'node:crypto'
import { AwsError } from '../aws.js'
import type { Shape } from './schemas.js'
import { type Format, kindOf, readValue, scalarOf } from './values.js'

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

export function serializationError (message: string): AwsError {
  return new AwsError('SerializationException', message)
}

const format: Format = {
  member: (value, member) => {
    const structure = recordOf(value)
    return Object.hasOwn(structure, member) ? structure[member] : undefined
  },
  items: value => {
    if (!Array.isArray(value)) throw misplaced(value)
    return value.filter(item => item !== null)
  },
  entries: value => Object.entries(recordOf(value)).filter(([, item]) => item !== null),
  scalar: (given, shape) => {
    const value = isRecord(given) && kindOf(shape) === 'Timestamp' ? given['value'] : given
    return scalarOf(shape, value) ?? refuse(value, kindOf(shape))
  }
}

/** Where no member is a 64-bit number of the caller's, a number is a number. */
const inDoubles: Format = {
  ...format,
  scalar: (given, shape, path) => {
    const value = format.scalar(given, shape, path)
    return typeof value === 'bigint' ? Number(value) : value
  }
}

/**
 * What JSON or CBOR carried, as the model has it; in CBOR a time is tagged. Whole numbers beyond 2^53 are bigints only where
 * longs are to be exact. Throws AWS's SerializationException where a value has another type.
 */
export function readDocument (shape: Shape, value: unknown, missing: string[], areLongsExact = false): unknown {
  return readValue(areLongsExact ? format : inDoubles, missing, shape, value)
}

function isRecord (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function recordOf (value: unknown): Record<string, unknown> {
  if (isRecord(value)) return value
  throw misplaced(value)
}

function refuse (value: unknown, type: string): never {
  if (typeof value === 'object') throw misplaced(value)
  const kind = typeof value === 'boolean' ? String(value).toUpperCase() : typeof value === 'string' ? 'STRING' : 'NUMBER'
  throw serializationError(`${kind}_VALUE can not be converted to ${type}`)
}

function misplaced (value: unknown): AwsError {
  const found = Array.isArray(value) ? 'Start of list' : isRecord(value) ? 'Start of structure or map' : 'A simple value'
  return serializationError(`${found} found where not expected`)
}
