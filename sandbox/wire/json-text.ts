import { randomUUID } from 'node:crypto'
import { serializationError } from './json-values.js'

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
