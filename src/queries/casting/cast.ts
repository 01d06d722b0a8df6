import type { DataApiFailure } from '../../aws/data-api.js'
import type { Cell, Column, Result } from '../../aws/data-api-values.js'
import { Problem } from '../../problems.js'
import { findCommands } from '../sql/commands.js'
import { readLexemes, withoutEnd } from '../sql/lexemes.js'
import type { Prepared } from '../sql/prepare.js'
import { typeNameOf } from '../answers/values.js'

/** A statement of which the Data API carries every value, and how its result, and a position in it, become those of the statement it was made of. */
export interface Cast { prepared: Prepared, restore: (result: Result) => Result, toGivenPosition: (position: number) => number }

/** The types that the Data API returns (its operations reference), by PostgreSQL's names and its own for generated columns. */
const carried = new Set(('bool bytea name int8 int2 int4 text oid json jsonb cidr inet float4 float8 bpchar varchar date time timestamp timestamptz ' +
  'numeric uuid void vector serial bigserial smallserial').split(' '))

const carriedInArrays = new Set('bool bit name int8 int2 int4 text oid json jsonb float4 float8 bpchar varchar date time timestamp timestamptz numeric uuid'.split(' '))

const temporal = new Set(['date', 'timestamp', 'timestamptz'])

/** What the Data API says of values that it does not carry, what that means, and columns of which type can have them. An infinite time fails without a word. */
const refusals: ReadonlyArray<{ message: RegExp, meaning: string, isSuspect: (type: string) => boolean }> = [
  { message: /unsupported data type/, meaning: 'the type of', isSuspect: type => !isCarried(type) },
  { message: /multidimensional array/, meaning: 'arrays of arrays, as there are in', isSuspect: type => type.startsWith('_') },
  { message: /^(UnknownError)?$/, meaning: 'infinite dates and times, as there are in', isSuspect: type => temporal.has(type.replace('_', '')) }
]

/** Whether casting columns to text can help against a refusal. */
export function canBeCast ({ kind, message }: DataApiFailure): boolean {
  return kind === 'unsupported' && refusals.some(refusal => refusal.message.test(message))
}

/** The refusal as a problem that names the columns which can have caused it; null where none can. */
export function nameSuspects (failure: DataApiFailure, columns: readonly Column[]): Problem | null {
  const { meaning = '', isSuspect = () => false } = refusals.find(({ message }) => message.test(failure.message)) ?? {}
  const possible = columns.filter(({ type }) => isSuspect(type))
  const [, named = ''] = /data type "?([^".]+)/.exec(failure.message) ?? []
  const certain = possible.filter(({ type }) => typeNameOf(type) === named.toLowerCase())
  const suspects = certain.length > 0 ? certain : possible
  if (suspects.length === 0) return null
  const names = suspects.map(({ name, type }) => `${name} (${typeNameOf(type)})`).join(' or ')
  return new Problem('statement-refused', `The RDS Data API does not carry ${meaning} ${names}. Cast it to text, or set castUnsupported.`, {
    cause: failure, isConfidential: true, extensions: { columns: suspects.map(({ name }) => name) }
  })
}

/**
 * The statement, whose columns are these, with columns that the Data API does not carry as text. Of a column that it carries but for some
 * values (arrays of arrays, infinite times), these come in a column of their own, and the others as ever.
 */
export function castColumns (prepared: Prepared, columns: readonly Column[]): Cast {
  const splits = columns.map(({ type }, index) => exceptionOf(type, `c${index}`))
  if (columns.every(({ type }, index) => isCarried(type) && !splits[index])) return asItIs(prepared)
  const plain = columns.map(({ name, type }, index) => {
    const given = `c${index}`
    const value = splits[index] ? `CASE WHEN (${splits[index]}) IS NOT TRUE THEN ${given} END` : isCarried(type) ? given : `${given}::text`
    return `${value} AS ${quote(name)}`
  })
  const exceptions = splits.flatMap((exception, index) => exception === null ? [] : [{ index, sql: `CASE WHEN ${exception} THEN c${index}::text END` }])
  const selected = [...plain, ...exceptions.map(({ sql }) => sql)]
  const aliases = columns.map((_, index) => `c${index}`)
  return {
    ...selectFrom(prepared, `SELECT ${selected.join(', ')} FROM`, aliases.join(', ')),
    restore: result => ({
      ...result,
      columns: result.columns?.slice(0, columns.length) ?? null,
      rows: result.rows.map(row => mergeExceptions(row, columns.length, exceptions))
    })
  }
}

const asItIs = (prepared: Prepared): Cast => ({ prepared, restore: result => result, toGivenPosition: position => position })

/** A statement, of which `select` is what it answers, under these names. What changes rows can be read from as a query of a WITH, next to its own. */
function selectFrom (prepared: Prepared, select: string, aliases: string): Omit<Cast, 'restore'> {
  const sql = withoutEnd(prepared.sql)
  const lexemes = readLexemes(sql)
  const at = prepared.isQuery ? 0 : lexemes[findCommands(lexemes).main]?.at ?? 0
  const hasWith = /^with$/i.test(lexemes.find(({ kind }) => kind === 'word')?.text ?? '')
  const [before, after] = prepared.isQuery
    ? [`${select} (\n`, `\n) AS q(${aliases})`]
    : [`${hasWith ? ', ' : 'WITH '}aurora_databases_q(${aliases}) AS (\n`, `\n) ${select} aurora_databases_q`]
  const toGivenPosition = (position: number): number =>
    position > at + before.length ? position - before.length : Math.min(position, at + 1)
  return {
    prepared: {
      ...prepared,
      sql: sql.slice(0, at) + before + sql.slice(at) + after,
      toCallersPosition: position => prepared.toCallersPosition(toGivenPosition(position))
    },
    toGivenPosition
  }
}

/** When a value of a type that is carried is not, as SQL; null for a type whose values all are. */
function exceptionOf (type: string, column: string): string | null {
  if (temporal.has(type)) return `NOT isfinite(${column})`
  if (!type.startsWith('_') || !isCarried(type)) return null
  const isNested = `array_ndims(${column}) > 1`
  return temporal.has(type.slice(1)) ? `${isNested} OR 'infinity' = ANY(${column}) OR '-infinity' = ANY(${column})` : isNested
}

const isCarried = (type: string): boolean => type.startsWith('_') ? carriedInArrays.has(type.slice(1)) : carried.has(type)

function mergeExceptions (row: readonly Cell[], width: number, exceptions: ReadonlyArray<{ index: number }>): Cell[] {
  const merged = row.slice(0, width)
  for (const [at, { index }] of exceptions.entries()) merged[index] = row[width + at] ?? merged[index] ?? null
  return merged
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
