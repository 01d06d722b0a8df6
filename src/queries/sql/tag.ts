import { endOfComment } from './lexemes.js'

/** A statement with a comment that no other has, and where that stands. */
export interface Tagged { sql: string, at: number, length: number }

/** The Data API takes no more. */
const LONGEST_SQL = 65_536

/** More than any tag has, with the space that sets it off. */
const LONGEST_TAG = 80

/** Whether a statement has room for a tag. */
export function hasRoomForTag (sql: string): boolean {
  return sql.length + LONGEST_TAG <= LONGEST_SQL
}

/**
 * Puts a comment behind the first word of a statement: PostgreSQL shows the beginning of what runs, and reads the rest as it would
 * without, whatever is left open in it; and whoever looks at a text to see what it is finds its command where it was. A hint for
 * pg_hint_plan, which takes the first comment and no other, stays before it.
 */
export function tagStatement (sql: string, tag: string): Tagged {
  const at = endOfHint(sql) || endOfFirstWord(sql)
  const comment = at === 0 ? `${tag} ` : ` ${tag}`
  return { sql: sql.slice(0, at) + comment + sql.slice(at), at, length: comment.length }
}

/** A position that PostgreSQL counted, in the statement without its tag. It never counts one within the tag: such a number is somebody else's. */
export function withoutTag (position: number, { at, length }: Tagged): number {
  return position > at + length ? position - length : position
}

/** Nothing but these may stand before a hint (pg_hint_plan's documentation); so there is no parameter either, which PostgreSQL would count differently. */
const beforeHint = /^[\w\s,()]*(?=\/\*\+)/

function endOfHint (sql: string): number {
  const before = beforeHint.exec(sql)
  return before ? endOfComment(sql, before[0].length) ?? 0 : 0
}

/** Where the first word ends; 0 where there is something else, or where what follows may belong to it, as in `E'…'`. */
function endOfFirstWord (sql: string): number {
  return /^\s*[A-Za-z]+(?=$|[\s(;*])/.exec(sql)?.[0].length ?? 0
}
