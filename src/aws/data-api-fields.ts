import type { ColumnMetadata } from '@aws-sdk/client-rds-data'

import type { Argument, Cell, Column, Result } from './data-api-values.js'

/** A value as the Data API writes it in JSON; bytes in base64. */
type Field =
  | { isNull: true }
  | { booleanValue: boolean }
  | { longValue: number }
  | { doubleValue: number | string }
  | { stringValue: string }
  | { blobValue: string }
  | { arrayValue: Partial<Record<'booleanValues' | 'longValues' | 'doubleValues' | 'stringValues', Cell[]>> }

/** What ExecuteStatement answers, as far as it is read here. */
export interface ExecuteAnswer { columnMetadata?: ColumnMetadata[], records?: Field[][], numberOfRecordsUpdated?: number }

/**
 * In arrays AWS has 64-bit integers as numbers whatever `longReturnType` says, which JavaScript would round. An array's name cannot be
 * mistaken: in a text its quotation marks would be escaped.
 */
export function quoteLongs (text: string): string {
  return text.replace(/"longValues"\s*:\s*\[[^\]]*\]/g, values => values.replace(/-?\d{16,}/g, '"$&"'))
}

/** A value of a statement in AWS's shape. */
export function toParameter ({ name, value }: Argument): { name: string, value: Field } {
  return { name, value: toField(value) }
}

function toField (value: Argument['value']): Field {
  if (value === null) return { isNull: true }
  switch (typeof value) {
    case 'boolean': return { booleanValue: value }
    case 'bigint': return { longValue: Number(value) }
    case 'number': return { doubleValue: Number.isFinite(value) ? value : String(value) }
    case 'string': return { stringValue: value }
    default: return { blobValue: Buffer.from(value).toString('base64') }
  }
}

/** What a statement answered, in our shape: cells in the order of the columns. */
export function toResult ({ columnMetadata = [], records, numberOfRecordsUpdated = 0 }: ExecuteAnswer): Result {
  return {
    columns: records ? columnMetadata.map(toColumn) : null,
    rows: (records ?? []).map(row => row.map(toCell)),
    affected: numberOfRecordsUpdated
  }
}

const NO_NULLS = 0
const NULLS = 1

function toColumn ({ label, name, typeName, nullable }: ColumnMetadata): Column {
  return {
    name: label ?? name ?? '',
    type: typeName ?? '',
    isNullable: nullable === NO_NULLS ? false : nullable === NULLS ? true : null
  }
}

function toCell (field: Field): Cell {
  if ('stringValue' in field) return field.stringValue
  if ('booleanValue' in field) return field.booleanValue
  if ('doubleValue' in field) return Number(field.doubleValue)
  if ('longValue' in field) return field.longValue
  if ('blobValue' in field) return Buffer.from(field.blobValue, 'base64')
  if (!('arrayValue' in field)) return null
  const { booleanValues, longValues, doubleValues, stringValues } = field.arrayValue
  return booleanValues ?? longValues ?? doubleValues?.map(value => value === null ? null : Number(value)) ?? stringValues ?? []
}
