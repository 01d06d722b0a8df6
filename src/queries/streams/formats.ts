import { Problem } from '../../problems.js'
import { isJsonType, JsonText, toJson, toJsonLine, type Value } from '../answers/json-text.js'
import type { QueryColumn } from '../answers/values.js'

/** Rows as text. */
export interface RowFormat {
  mediaType: string
  /** What comes before the rows. */
  head: (columns: readonly QueryColumn[]) => string
  /** Makes the writer of rows, each with what ends it. */
  writer: (columns: readonly QueryColumn[]) => (row: readonly Value[]) => string
  /** The last line of a stream that broke off, which no row can be mistaken for; null where there is no such line. */
  problem: ((problem: object) => string) | null
}

/** No column of a stream has this name: one that has gets a number, as columns do whose names repeat. */
export const PROBLEM_KEY = 'aurora-databases:problem'

const problemLine = (problem: object): string => `${JSON.stringify({ [PROBLEM_KEY]: problem })}\n`

/** By column, what writes a value as JSON without a line break. */
const cellWriters = (columns: readonly QueryColumn[]): Array<(cell: Value) => string> =>
  columns.map(({ type }) => isJsonType(type) ? toJsonLine : (cell: Value) => JSON.stringify(cell))

/** Newline-delimited JSON, each row an object by column. */
const objects: RowFormat = {
  mediaType: 'application/x-ndjson',
  head: () => '',
  writer: columns => {
    const names = columns.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`)
    if (names.length === 0) return () => '{}\n'
    const write = cellWriters(columns)
    return row => `${names.map((name, index) => name + write[index]?.(row[index] ?? null)).join('')}}\n`
  },
  problem: problemLine
}

/** Newline-delimited JSON, each row an array in the order of the columns. */
const arrays: RowFormat = {
  mediaType: 'application/x-ndjson',
  head: () => '',
  writer: columns => {
    const write = cellWriters(columns)
    return row => `[${row.map((cell, index) => write[index]?.(cell)).join(',')}]\n`
  },
  problem: problemLine
}

/**
 * CSV as RFC 4180 has it. NULL is nothing and an empty text is `""`, as in PostgreSQL's own CSV; JSON is its text, arrays are JSON.
 */
const csv: RowFormat = {
  mediaType: 'text/csv; charset=utf-8; header=present',
  head: columns => toRecord(columns.map(({ name }) => toField(name))),
  writer: () => row => toRecord(row.map(toField)),
  problem: null
}

/** The media types that rows are streamed in. */
export const STREAM_MEDIA = ['application/x-ndjson', 'text/csv'] as const

/** How rows are written. Throws a problem for a wish that the media type has no room for. */
export function formatFor (media: typeof STREAM_MEDIA[number], rowFormat: 'object' | 'array'): RowFormat {
  if (media === 'application/x-ndjson') return rowFormat === 'array' ? arrays : objects
  if (rowFormat === 'object') return csv
  throw new Problem('invalid-request', 'rowFormat is of no use to text/csv.', { errors: [{ path: '/rowFormat', message: 'is of no use to text/csv' }] })
}

const toRecord = (fields: readonly string[]): string => `${fields.join(',')}\r\n`

/** What a reader could take for something else: nothing, a separator, a quote, a line's end, space to trim, or COPY's end of data. */
const needsQuotes = /^$|[",\r\n]|^\s|\s$|^\\\.$/

function toField (value: Value): string {
  if (value === null) return ''
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const text = typeof value === 'string' ? value : value instanceof JsonText ? value.text : toJson(value)
  return needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
