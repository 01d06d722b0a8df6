import { readLexemes, withoutEnd, type Lexeme } from './lexemes.js'

const commands = /^(insert|update|delete|merge|select|values|table)$/i

export const changing = /^(insert|update|delete|merge)$/i

/** Where the command of a statement stands among its lexemes: what comes first, or after the queries of a WITH. -1 where there is none. */
export function findCommand (lexemes: readonly Lexeme[]): number {
  const first = lexemes.findIndex(({ kind }) => kind === 'word')
  if (!/^with$/i.test(lexemes[first]?.text ?? '')) return first
  return atDepth0(lexemes).find(index => index > first && commands.test(lexemes[index]?.text ?? '')) ?? -1
}

/** The words that are in no brackets, by their index. */
function atDepth0 (lexemes: readonly Lexeme[]): number[] {
  let depth = 0
  return lexemes.flatMap(({ kind }, index) => {
    if (kind === 'open') depth++
    if (kind === 'close') depth--
    return kind === 'word' && depth === 0 ? [index] : []
  })
}

/**
 * A query with the columns of a statement, which changes nothing: of what inserts, updates, deletes or merges, what it is RETURNING is
 * selected from the tables that it names. Null for a statement that answers no columns, or whose text does not tell them.
 */
export function withoutChanges (sql: string): string | null {
  const text = withoutEnd(sql)
  const lexemes = readLexemes(text)
  const at = lexemes[findCommand(lexemes)]?.at
  if (at === undefined) return null
  const command = readCommand(text.slice(at))
  return command === null ? null : readHead(text.slice(0, at)) + command
}

/** The queries of a WITH. One that changes and returns nothing cannot be selected from. */
function readHead (head: string): string {
  const lexemes = readLexemes(head)
  let depth = 0
  let copied = 0
  let changesFrom: number | null = null
  let text = ''
  for (const [index, { kind, at }] of lexemes.entries()) {
    if (kind === 'open' && ++depth === 1 && changing.test(lexemes[index + 1]?.text ?? '')) changesFrom = at + 1
    if (kind !== 'close' || --depth > 0 || changesFrom === null) continue
    text += head.slice(copied, changesFrom) + (readCommand(head.slice(changesFrom, at)) ?? 'SELECT')
    copied = at
    changesFrom = null
  }
  return text + head.slice(copied)
}

/** For each command that changes: the words that begin its parts, and those after which there are the tables of its RETURNING. */
const parts: Readonly<Record<string, { words: RegExp, tables: readonly string[] }>> = {
  insert: { words: /^(into|default|values|select|with|table|overriding|\(|returning)$/, tables: ['into'] },
  update: { words: /^(update|set|from|where|returning)$/, tables: ['update', 'from'] },
  delete: { words: /^(from|using|where|returning)$/, tables: ['from', 'using'] },
  merge: { words: /^(into|using|on|when|returning)$/, tables: ['using', 'into'] }
}

function readCommand (text: string): string | null {
  const lexemes = readLexemes(text)
  const [{ text: first = '' } = {}] = lexemes.filter(({ kind }) => kind === 'word')
  const { words, tables } = parts[first.toLowerCase()] ?? {}
  if (!words || !tables) return text
  const found = splitAt(text, lexemes, words)
  const list = found.get('returning')
  const from = tables.flatMap(word => found.get(word) ?? [])
  return list === undefined || from.length === 0 ? null : `SELECT ${list}\nFROM ${from.join(',')}`
}

/** What follows on each of the words, up to the next of them; on the last one, to the end. A word that comes again begins nothing new. */
function splitAt (text: string, lexemes: readonly Lexeme[], words: RegExp): Map<string, string> {
  const outer = new Set(atDepth0(lexemes))
  const starts: Array<{ word: string, at: number, end: number }> = []
  let depth = 0
  for (const [index, lexeme] of lexemes.entries()) {
    const isOuter = outer.has(index) || (lexeme.kind === 'open' && depth === 0)
    depth += lexeme.kind === 'open' ? 1 : lexeme.kind === 'close' ? -1 : 0
    const word = lexeme.text.toLowerCase()
    const isDistinctFrom = word === 'from' && /^distinct$/i.test(lexemes[index - 1]?.text ?? '')
    if (!isOuter || isDistinctFrom || !words.test(word) || starts.some(start => start.word === word)) continue
    starts.push({ word, at: lexeme.at, end: lexeme.at + lexeme.text.length })
    if (word === 'returning') break
  }
  return new Map(starts.map(({ word, end }, index) => [word, text.slice(end, starts[index + 1]?.at)]))
}
