import type { FieldDef } from 'pg'
import { AwsError } from '../aws.js'
import { type ColumnType, type Kind, refusedName } from './column-types.js'
import { parseArrayText, toBytes, toDisplay } from './field-values.js'

const MAX_BYTES = 10 * 1024 * 1024

type Row = ReadonlyArray<string | null>

/**
 * A result as `formatRecordsAs: JSON` has it: an array of objects keyed by column label, numbers with every digit that
 * the database printed, bytes in base64. Throws `UnsupportedResultException` past 10 MB or where two labels are equal.
 */
export function formatRecords (columns: readonly FieldDef[], types: readonly ColumnType[], rows: readonly Row[]): string {
  const keys = columns.map(({ name }) => JSON.stringify(name))
  if (new Set(keys).size < keys.length) throw refuse('The result contains duplicate column names.')
  const objects = rows.map(row => `{${row.map((text, index) => `${keys[index]}:${toJson(text, types[index])}`).join(',')}}`)
  const json = `[${objects.join(',')}]`
  if (Buffer.byteLength(json) > MAX_BYTES) throw refuse('The formatted result exceeds the size limit 10 MB.')
  return json
}

function toJson (text: string | null, type: ColumnType | undefined): string {
  if (!type?.kind) throw refuse(`The result contains the unsupported data type ${type ? refusedName(type) : 'unknown'}.`)
  if (text === null) return 'null'
  const { kind } = type
  if (!type.element) return toJsonScalar(text, kind)
  const elements = parseArrayText(text)
  if (!elements) throw refuse('The result contains a multidimensional array.')
  return `[${elements.map(element => element === null ? 'null' : toJsonScalar(element, kind)).join(',')}]`
}

const jsonNumber = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/

function toJsonScalar (text: string, kind: Kind): string {
  if (kind === 'boolean') return String(text === 't')
  if (kind === 'blob') return JSON.stringify(toBytes(text).toString('base64'))
  const isNumber = kind === 'long' || kind === 'double' || kind === 'decimal'
  return isNumber && jsonNumber.test(text) ? text : JSON.stringify(toDisplay(text, kind))
}

function refuse (message: string): AwsError {
  return new AwsError('UnsupportedResultException', message)
}
