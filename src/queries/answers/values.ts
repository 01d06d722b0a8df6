import type { Cell, Column } from '../../aws/data-api-values.js'
import type { Json } from '../sql/arguments.js'
import { JsonText, type Value } from './json-text.js'

/** A column of an answer. */
export interface QueryColumn { name: string, type: string, nullable: boolean }

/** What the Data API calls the types of columns that generate their values. */
const generated: Readonly<Record<string, string>> = { smallserial: 'int2', serial: 'int4', bigserial: 'int8' }

/** A type as PostgreSQL users write it: `int4` for `serial`, `text[]` for `_text`. */
export function typeNameOf (type: string): string {
  return type.startsWith('_') ? `${type.slice(1)}[]` : generated[type] ?? type
}

/** Gives columns whose names repeat, or are `reserved`, names of their own, so that rows can be objects. */
export function nameColumns (columns: readonly Column[], reserved: readonly string[] = []): QueryColumn[] {
  const taken = new Set(columns.map(({ name }) => name))
  const seen = new Set(reserved)
  return columns.map(({ name, type, isNullable }) => {
    let unique = name
    for (let number = 2; seen.has(unique); number++) {
      const candidate = `${name}_${number}`
      if (!taken.has(candidate)) unique = candidate
    }
    seen.add(unique)
    return { name: unique, type: typeNameOf(type), nullable: isNullable ?? true }
  })
}

/** Turns the cells of one column into values of an answer, which lose nothing. */
export function cellReader ({ type }: QueryColumn): (cell: Cell) => Value {
  const isArray = type.endsWith('[]')
  const read = readers[isArray ? type.slice(0, -2) : type] ?? asIs
  return cell => {
    if (cell === null) return null
    // What is carried as text because it could not be otherwise is text.
    if (isArray && !Array.isArray(cell)) return asIs(cell)
    return Array.isArray(cell) ? cell.map(element => element === null ? null : read(element)) : read(cell)
  }
}

type Reader = (cell: Exclude<Cell, null>) => Value

const readers: Readonly<Record<string, Reader>> = {
  int2: cell => Number(cell),
  int4: cell => Number(cell),
  oid: cell => Number(cell),
  int8: cell => String(cell),
  numeric: cell => String(cell),
  float4: toFloat,
  float8: toFloat,
  json: toJsonText,
  jsonb: toJsonText,
  timestamp: cell => toRfc3339(String(cell), ''),
  timestamptz: cell => toRfc3339(String(cell), 'Z'),
  bytea: cell => typeof cell === 'object' ? Buffer.from(cell as Uint8Array).toString('base64') : String(cell)
}

function asIs (cell: Exclude<Cell, null>): Json {
  return typeof cell === 'object' ? String(cell) : cell
}

/** JSON has no word for these: they come as PostgreSQL writes them. */
function toFloat (cell: Exclude<Cell, null>): Json {
  const value = Number(cell)
  return Number.isFinite(value) ? value : String(value)
}

function toJsonText (cell: Exclude<Cell, null>): Value {
  return new JsonText(String(cell))
}

/** AWS shows `2026-01-02 03:04:05.123`, a timestamptz in UTC. A time before Christ, after the year 9999, or without an end, has no RFC 3339 form and stays. */
function toRfc3339 (text: string, zone: 'Z' | ''): string {
  return /^\d{5}| BC$|^-?infinity$/.test(text) ? text : `${text.replace(' ', 'T')}${zone}`
}
