import { readLexemes, withoutEnd } from './lexemes.js'
import type { Prepared } from './prepare.js'
import { hasRoomForTag } from './tag.js'

const BEFORE = 'SELECT * FROM (\n'

/**
 * A query that only reads, with one row more than is wanted of its result, which tells that there are more: the Data API refuses results
 * beyond 1 MiB, of which only the first rows may be wanted. What is no query, not one, or not closed in itself, is left as it is. (One that may
 * write must run to its end, whatever is wanted of it.)
 */
export function limitRows (prepared: Prepared, maxRows: number | null): Prepared {
  if (maxRows === null || !prepared.isQuery) return prepared
  const inner = withoutEnd(prepared.sql)
  const sql = `${BEFORE}${inner}\n) AS q LIMIT ${maxRows + 1}`
  if (!isClosed(prepared.sql) || !isOne(inner) || !hasRoomForTag(sql)) return prepared
  return { ...prepared, sql, toCallersPosition: position => prepared.toCallersPosition(Math.max(1, position - BEFORE.length)) }
}

/** Whether no semicolon parts it, which is to be refused as what it is. */
function isOne (sql: string): boolean {
  let end = 0
  for (const { at, text } of readLexemes(sql)) {
    if (sql.slice(end, at).includes(';')) return false
    end = at + text.length
  }
  return !sql.slice(end).includes(';')
}

/** Whether a bracket that follows would be read as one, and be the partner of one before. */
function isClosed (sql: string): boolean {
  let depth = 0
  const lexemes = readLexemes(`${sql}\n)`)
  for (const { kind, text, at } of lexemes) {
    if (at > sql.length) return depth === 0 && text === ')'
    if (kind === 'open') depth++
    if (kind === 'close' && --depth < 0) return false
  }
  return false
}
