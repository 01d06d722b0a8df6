import type { Column, DataApiFailure } from '../aws/data-api.js'
import { withoutEnd } from './lexemes.js'
import type { Prepared } from './prepare.js'

/** The types that the Data API returns (its operations reference), by PostgreSQL's names and its own for generated columns. */
const carried = new Set(('bool bytea name int8 int2 int4 text oid json jsonb cidr inet float4 float8 bpchar varchar date time timestamp timestamptz ' +
  'numeric uuid void vector serial bigserial smallserial').split(' '))

const carriedInArrays = new Set('bool bit name int8 int2 int4 text oid json jsonb float4 float8 bpchar varchar date time timestamp timestamptz numeric uuid'.split(' '))

const temporal = /^_?(date|timestamp|timestamptz)$/

/** For each reason of which the Data API refuses a result: the columns that can be at fault. */
const reasons: ReadonlyArray<{ refusal: RegExp, isSuspect: (type: string) => boolean }> = [
  { refusal: /unsupported data type/, isSuspect: type => type.startsWith('_') ? !carriedInArrays.has(type.slice(1)) : !carried.has(type) },
  { refusal: /multidimensional array/, isSuspect: type => type.startsWith('_') },
  // An infinite date or time fails without a word.
  { refusal: /^(UnknownError)?$/, isSuspect: type => temporal.test(type) }
]

/** Whether casting columns to text can help against a refusal, which it can where the statement is a query. */
export function canBeCast ({ kind, message }: DataApiFailure, { isQuery }: Prepared): boolean {
  return kind === 'unsupported' && isQuery && reasons.some(({ refusal }) => refusal.test(message))
}

/** The query as one that answers its columns and no rows, which the Data API refuses for no type. */
export function probeFor (prepared: Prepared): string {
  return `SELECT * FROM (\n${withoutEnd(prepared.sql)}\n) AS q LIMIT 0`
}

/** The query with the columns that the Data API refused as text. */
export function castColumns (prepared: Prepared, { message }: DataApiFailure, columns: readonly Column[]): Prepared {
  const isSuspect = reasons.find(({ refusal }) => refusal.test(message))?.isSuspect ?? (() => false)
  const selected = columns.map(({ name, type }, index) => `c${index}${isSuspect(type) ? '::text' : ''} AS ${quote(name)}`)
  const aliases = columns.map((_, index) => `c${index}`)
  return { ...prepared, sql: `SELECT ${selected.join(', ')} FROM (\n${withoutEnd(prepared.sql)}\n) AS q(${aliases.join(', ')})` }
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
