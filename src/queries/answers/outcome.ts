import type { Result } from '../../aws/data-api-values.js'
import type { Value } from './json-text.js'
import type { Prepared } from '../sql/prepare.js'
import { cellReader, nameColumns, type QueryColumn } from './values.js'

/** What a statement answered. */
export interface Outcome {
  columns: QueryColumn[]
  rows: Array<Value[] | Record<string, Value>>
  rowCount: number
  /** Rows changed; null for a statement that changes none by its nature. */
  affected: number | null
  truncated: boolean
}

/** How an answer is wanted. */
export interface OutcomeForm {
  /** Keeps no more rows than this of the result. */
  maxRows: number | null
  rowFormat: 'object' | 'array'
}

/** A result that loses nothing. */
export function toOutcome (result: Result, prepared: Prepared, { maxRows, rowFormat }: OutcomeForm): Outcome {
  const columns = nameColumns(result.columns ?? [])
  const kept = maxRows === null ? result.rows : result.rows.slice(0, maxRows)
  const readers = columns.map(cellReader)
  const rows = kept.map(row => readers.map((read, index) => read(row[index] ?? null)))
  return {
    columns,
    rows: rowFormat === 'array' ? rows : rows.map(row => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))),
    rowCount: rows.length,
    affected: countAffected(result, prepared),
    truncated: kept.length < result.rows.length
  }
}

/** Rows answered, or where there are none, changed. */
export function rowsOf ({ rowCount, affected }: Outcome): number {
  return rowCount || (affected ?? 0)
}

/** Rows changed; with RETURNING, each changed row is in the result, and AWS counts none. */
function countAffected ({ columns, rows, affected }: Result, { changes }: Prepared): number | null {
  if (!changes) return null
  return columns === null ? affected : rows.length
}
