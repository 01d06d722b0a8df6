/** One stretch of the statement that was replaced: by `sent` for the Data API, by `seen` for PostgreSQL behind it. */
export interface Replacement { at: number, length: number, sent: string, seen: string }

/** The statement with all of them, which follow each other, as the Data API gets it. */
export function applyReplacements (sql: string, replacements: readonly Replacement[]): string {
  let text = ''
  let copied = 0
  for (const { at, length, sent } of replacements) {
    text += sql.slice(copied, at) + sent
    copied = at + length
  }
  return text + sql.slice(copied)
}

/**
 * Turns a position that PostgreSQL counted, from 1, into one in the statement before. One inside of what was replaced is that of its
 * beginning. PostgreSQL counts characters, of which JavaScript takes some for two.
 */
export function toPositionBefore (sql: string, replacements: readonly Replacement[], position: number): number {
  let shift = 0
  for (const { at, length, seen } of replacements) {
    const before = countCharacters(sql.slice(0, at))
    const start = before + shift
    if (position - 1 < start) break
    if (position - 1 < start + countCharacters(seen)) return before + 1
    shift += countCharacters(seen) - countCharacters(sql.slice(at, at + length))
  }
  return position - shift
}

const countCharacters = (text: string): number => [...text].length
