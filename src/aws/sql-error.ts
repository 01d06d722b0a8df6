/** What PostgreSQL said of a statement, as far as the Data API passes it on. */
export interface SqlError {
  sqlState: string
  message: string
  detail: string | null
  hint: string | null
  /** Counts characters from 1 in the statement as the server saw it, with `$1` in the place of each `:name`. */
  position: number | null
}

const state = /; SQLState: ([0-9A-Z]{5})\s*$/
const severity = /^(?:ERROR|FATAL|PANIC): /
const fields = /(?:; |\n\s*)(Detail|Hint|Position|Where): /

/**
 * Takes apart the one text in which the Data API puts an error of PostgreSQL: `ERROR: …; Hint: …; Position: 15; SQLState:
 * 42P01` on Serverless v2, with line breaks for semicolons on v1. Null for a text that is not of that form.
 */
export function parseSqlError (text: string): SqlError | null {
  const sqlState = state.exec(text)?.[1]
  if (sqlState === undefined) return null
  const [message = '', ...named] = text.replace(state, '').replace(severity, '').split(fields)
  const valueOf = (name: string): string | null => {
    const at = named.findIndex((part, index) => index % 2 === 0 && part === name)
    return named[at + 1] !== undefined && at >= 0 ? named[at + 1]?.trim() ?? null : null
  }
  const position = Number(valueOf('Position') ?? NaN)
  return { sqlState, message: message.trim(), detail: valueOf('Detail'), hint: valueOf('Hint'), position: Number.isInteger(position) ? position : null }
}
