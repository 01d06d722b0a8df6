import type { ArrayValue, Field, ResultSetOptions } from '@aws-sdk/client-rds-data'
import { NumericValue } from '@smithy/core/serde'
import { AwsError } from '../aws.js'
import { type ColumnType, type Kind, refusedName } from './column-types.js'

/**
 * Turns the text of one value, as PostgreSQL prints it, into the Data API's union. Throws `UnsupportedResultException`
 * for what AWS refuses, and its wordless `InternalFailure` for an infinite date or time.
 */
export function toField (text: string | null, type: ColumnType, { longReturnType, decimalReturnType }: ResultSetOptions = {}): Field {
  const kind = requireKind(type)
  if (text === null) return { isNull: true }
  if (type.element) return { arrayValue: toArrayValue(elementsOf(text), kind) }
  switch (kind) {
    case 'boolean': return { booleanValue: text === 't' }
    case 'long': return longReturnType === 'STRING' ? { stringValue: text } : { longValue: toLong(text) }
    case 'double': return { doubleValue: toDouble(text) }
    case 'decimal': return decimalReturnType === 'DOUBLE_OR_LONG' ? toDoubleOrLong(text) : { stringValue: text }
    case 'blob': return { blobValue: toBytes(text) }
    default: return { stringValue: toDisplay(text, kind) }
  }
}

function toArrayValue (elements: ReadonlyArray<string | null>, kind: Kind): ArrayValue {
  // AWS leaves a NULL element in its place, which the SDK's types do not foresee.
  const each = <T>(convert: (element: string) => T): T[] =>
    elements.map(element => element === null ? null as T : convert(element))
  switch (kind) {
    case 'boolean': return { booleanValues: each(element => element === 't') }
    case 'long': return { longValues: each(toLong) }
    case 'double': return { doubleValues: each(toDouble) }
    default: return { stringValues: each(element => toDisplay(element, kind)) }
  }
}

const jsonNumber = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/

/** A value as `formatRecordsAs: JSON` has it: a number with every digit that the database printed, bytes in base64. Throws as `toField` does. */
export function toJson (text: string | null, type: ColumnType): string {
  const kind = requireKind(type)
  if (text === null) return 'null'
  const { element } = type
  if (element) return `[${elementsOf(text).map(each => toJson(each, element)).join(',')}]`
  switch (kind) {
    case 'boolean': return String(text === 't')
    case 'blob': return JSON.stringify(toBytes(text).toString('base64'))
    case 'double': return jsonNumber.test(text) ? withFraction(text) : JSON.stringify(text)
    case 'long': case 'decimal': return jsonNumber.test(text) ? text : JSON.stringify(text)
    default: return JSON.stringify(toDisplay(text, kind))
  }
}

function requireKind (type: ColumnType): Kind {
  if (type.kind) return type.kind
  throw new AwsError('UnsupportedResultException', `The result contains the unsupported data type ${refusedName(type)}.`)
}

function elementsOf (text: string): Array<string | null> {
  const elements = parseArrayText(text)
  if (!elements) throw new AwsError('UnsupportedResultException', 'The result contains a multidimensional array.')
  return elements
}

/** AWS writes a whole double with a fraction, which makes it a `float` to Python. JavaScript would not, nor keep the sign of a zero. */
function toDouble (text: string): number {
  const value = Number(text)
  const shortest = Object.is(value, -0) ? '-0' : String(value)
  return Number.isInteger(value) ? new NumericValue(withFraction(shortest), 'bigDecimal') as unknown as number : value
}

function withFraction (text: string): string {
  return /[.e]/.test(text) ? text : `${text}.0`
}

/** A long beyond 2^53 stays exact as a bigint, which the codec writes as a number although the SDK's types say number. */
function toLong (text: string): number {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : BigInt(text) as unknown as number
}

/** AWS: a decimal with scale 0 becomes a long, any other a double; so does one that is too long for a long. */
function toDoubleOrLong (text: string): Field {
  const isLong = /^-?\d+$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text)
  return isLong ? { longValue: toLong(text) } : { doubleValue: toDouble(text) }
}

function toBytes (hex: string): Buffer {
  return Buffer.from(hex.slice('\\x'.length), 'hex')
}

/** The Data API writes JSON without the spaces that PostgreSQL prints (tests of the client aurora-data-api, which run on v2). */
const jsonStringOrSpace = /("(?:[^"\\]|\\.)*")|\s+/g

/** A value that travels as a string, in the format Aurora gives it. */
function toDisplay (text: string, kind: Kind): string {
  if (kind === 'date' || kind === 'timestamp' || kind === 'timestamptz') refuseInfinite(text)
  if (kind === 'timestamptz') return toUtc(text)
  if (kind === 'json') return text.replaceAll(jsonStringOrSpace, '$1')
  return kind === 'time' || kind === 'timestamp' ? text.replace(/\.\d+/, formatFraction) : text
}

/** Observed on Aurora PostgreSQL 17.9: the whole call fails with a bare InternalFailure. */
function refuseInfinite (text: string): void {
  if (text === 'infinity' || text === '-infinity') throw new AwsError('InternalFailure', '', 500)
}

const zoned = /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(\.\d+)?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?( BC)?$/

/** A timestamptz is shown in UTC without its offset, whatever the session's time zone is. */
function toUtc (text: string): string {
  const match = zoned.exec(text)
  if (!match) return text
  const [, year, month, day, hours, minutes, seconds, fraction = '', sign, offsetHours, offsetMinutes = 0, offsetSeconds = 0, era = ''] = match
  const offset = Number(offsetHours) * 3600 + Number(offsetMinutes) * 60 + Number(offsetSeconds)
  const time = new Date(0)
  time.setUTCFullYear(era ? 1 - Number(year) : Number(year), Number(month) - 1, Number(day))
  time.setUTCHours(Number(hours), Number(minutes), Number(seconds) - (sign === '-' ? -offset : offset))
  const shown = era ? 1 - time.getUTCFullYear() : time.getUTCFullYear()
  const clock = time.toISOString().slice(-'MM-DDTHH:MM:SS.000Z'.length, -'.000Z'.length).replace('T', ' ')
  return `${String(shown).padStart(4, '0')}-${clock}${fraction && formatFraction(fraction)}${era}`
}

/** No fraction when it is zero, three digits when they say it all, otherwise six. */
function formatFraction (fraction: string): string {
  const digits = fraction.slice(1).padEnd(6, '0')
  if (digits === '000000') return ''
  return `.${digits.endsWith('000') ? digits.slice(0, 3) : digits}`
}

/** PostgreSQL prints an array with unusual bounds as `[0:1]={…}`. */
const bounds = /^\[[^=]*\]=/

const elements = /"((?:[^"\\]|\\[^])*)"|([^,{}"]+)/g

/**
 * Reads the text of a one-dimensional array as PostgreSQL prints it, NULL as null; undefined for an array with more
 * dimensions than one.
 */
export function parseArrayText (text: string): Array<string | null> | undefined {
  const body = text.replace(bounds, '').slice(1, -1)
  if (body.startsWith('{')) return undefined
  return [...body.matchAll(elements)].map(([, quoted, plain]) => {
    if (quoted !== undefined) return quoted.replace(/\\([^])/g, '$1')
    return plain === undefined || plain === 'NULL' ? null : plain
  })
}
