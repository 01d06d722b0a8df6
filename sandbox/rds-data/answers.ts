import type { ExecuteStatementRequest, ExecuteStatementResponse } from '@aws-sdk/client-rds-data'
import type { FieldDef } from 'pg'
import { AwsError } from '../aws.js'
import { readMetadata, readTypes } from './column-metadata.js'
import { type ColumnType, UNKNOWN_TYPE } from './column-types.js'
import { toField, toJson } from './field-values.js'
import type { Session } from './sessions.js'
import type { StatementResult } from './statement.js'

const MAX_JSON_BYTES = 10 * 1024 * 1024

const changed = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/

/**
 * The answer of ExecuteStatement: `records` for a statement that returns rows, even when there are none, and
 * `generatedFields`, always empty for PostgreSQL, for any other. A type that AWS refuses matters only once there is a row.
 */
export async function answerOf (
  session: Session,
  { columns, rows, tag }: StatementResult,
  { formatRecordsAs, includeResultMetadata, resultSetOptions }: ExecuteStatementRequest
): Promise<ExecuteStatementResponse> {
  if (!columns) return { generatedFields: [], numberOfRecordsUpdated: Number(changed.exec(tag)?.[1] ?? 0) }
  const types = await readTypes(session, columns)
  if (formatRecordsAs === 'JSON') return { formattedRecords: formatRecords(columns, types, rows), numberOfRecordsUpdated: 0 }
  const columnMetadata = includeResultMetadata ? await readMetadata(session, columns, types) : undefined
  const records = rows.map(row => row.map((text, index) => toField(text, types[index] ?? UNKNOWN_TYPE, resultSetOptions)))
  return { ...(columnMetadata ? { columnMetadata } : {}), numberOfRecordsUpdated: 0, records }
}

/** A result as an array of objects that are keyed by column label. */
function formatRecords (columns: readonly FieldDef[], types: readonly ColumnType[], rows: StatementResult['rows']): string {
  const keys = columns.map(({ name }) => JSON.stringify(name))
  if (new Set(keys).size < keys.length) throw unsupported('The result contains duplicate column names.')
  const objects = rows.map(row => `{${row.map((text, index) => `${keys[index]}:${toJson(text, types[index] ?? UNKNOWN_TYPE)}`).join(',')}}`)
  const json = `[${objects.join(',')}]`
  if (Buffer.byteLength(json) > MAX_JSON_BYTES) throw unsupported('The formatted result exceeds the size limit 10 MB.')
  return json
}

function unsupported (message: string): AwsError {
  return new AwsError('UnsupportedResultException', message)
}
