import type { Argument } from '../../aws/data-api-values.js'
import { Problem } from '../../problems.js'

/** What the Data API takes in one request, headers and all (API reference, BatchExecuteStatement), without room for the rest of it. */
const MOST_BYTES = 4 * 1024 * 1024 - 16 * 1024

/** Name, braces and type of a parameter in the request. */
const ENVELOPE_BYTES = 50

/** The most bytes that a character of a text becomes in JSON. */
const WORST_CHARACTER_BYTES = 6

/** About as many bytes as the parameters have in the request, and never fewer. */
export function bytesOf (args: readonly Argument[]): number {
  return args.reduce((sum, { name, value }) => sum + name.length + ENVELOPE_BYTES + sizeOf(value), 0)
}

function sizeOf (value: Argument['value']): number {
  if (typeof value === 'string') return Buffer.byteLength(JSON.stringify(value))
  return value instanceof Uint8Array ? Math.ceil(value.length / 3) * 4 : 20
}

/** Throws a problem for a statement that one request to AWS has no room for. A body that we take may become longer on its way. */
export function assertFits (sql: string, args: readonly Argument[]): void {
  const roughly = args.reduce((sum, { value }) => sum + mostBytesOf(value), 0)
  if (roughly < MOST_BYTES / 2) return
  const bytes = Buffer.byteLength(JSON.stringify(sql)) + bytesOf(args)
  if (bytes <= MOST_BYTES) return
  const detail = `The statement and its parameters make ${bytes} bytes for the RDS Data API, which takes ${MOST_BYTES} at once.`
  throw new Problem('body-too-large', `${detail} Send large values in parts.`)
}

/** The most bytes that a value which may be large can have in the request, told without reading it. */
function mostBytesOf (value: Argument['value']): number {
  if (typeof value === 'string') return value.length * WORST_CHARACTER_BYTES
  return value instanceof Uint8Array ? value.length * 2 : 0
}
