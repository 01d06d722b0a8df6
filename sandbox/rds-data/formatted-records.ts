import type { FieldDef } from 'pg'
import { AwsError } from '../aws.js'
import { type ColumnType, UNKNOWN_TYPE } from './column-types.js'
import { toJson } from './field-values.js'

const MAX_BYTES = 10 * 1024 * 1024

/**
 * A result as `formatRecordsAs: JSON` has it: an array of objects keyed by column label. Throws
 * `UnsupportedResultException` past 10 MB, where two labels are equal, and for what AWS does not return.
 */
export function formatRecords (
  columns: readonly FieldDef[],
  types: readonly ColumnType[],
  rows: ReadonlyArray<ReadonlyArray<string | null>>
): string {
  const keys = columns.map(({ name }) => JSON.stringify(name))
  if (new Set(keys).size < keys.length) throw refuse('The result contains duplicate column names.')
  const objects = rows.map(row => `{${row.map((text, index) => `${keys[index]}:${toJson(text, types[index] ?? UNKNOWN_TYPE)}`).join(',')}}`)
  const json = `[${objects.join(',')}]`
  if (Buffer.byteLength(json) > MAX_BYTES) throw refuse('The formatted result exceeds the size limit 10 MB.')
  return json
}

function refuse (message: string): AwsError {
  return new AwsError('UnsupportedResultException', message)
}
