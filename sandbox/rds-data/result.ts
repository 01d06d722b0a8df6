import type { ExecuteStatementRequest, ExecuteStatementResponse } from '@aws-sdk/client-rds-data'
import { readMetadata, readTypes } from './column-metadata.js'
import type { ColumnType } from './column-types.js'
import { toField } from './field-values.js'
import { formatRecords } from './formatted-records.js'
import type { Session } from './sessions.js'
import type { StatementResult } from './statement.js'

type ResultRequest = Pick<ExecuteStatementRequest, 'formatRecordsAs' | 'includeResultMetadata' | 'resultSetOptions'>

const changed = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/

/**
 * The answer of ExecuteStatement: `records` for a statement that returns rows, even when there are none, and
 * `generatedFields`, always empty for PostgreSQL, for any other. A type that AWS refuses matters only once there is a row.
 */
export async function readResult (session: Session, { columns, rows, tag }: StatementResult, request: ResultRequest): Promise<ExecuteStatementResponse> {
  if (!columns) return { generatedFields: [], numberOfRecordsUpdated: Number(changed.exec(tag)?.[1] ?? 0) }
  const types = await readTypes(session, columns)
  if (request.formatRecordsAs === 'JSON') return { formattedRecords: formatRecords(columns, types, rows), numberOfRecordsUpdated: 0 }
  const columnMetadata = request.includeResultMetadata ? await readMetadata(session, columns, types) : undefined
  const records = rows.map(row => row.map((text, index) => toField(text, types[index] ?? unknownType, request.resultSetOptions)))
  return { ...(columnMetadata ? { columnMetadata } : {}), numberOfRecordsUpdated: 0, records }
}

const unknownType: ColumnType = { name: 'unknown', jdbcType: 1111, kind: undefined }
