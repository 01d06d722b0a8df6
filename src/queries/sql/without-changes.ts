import { findCommands } from './commands.js'
import { readLexemes, withoutEnd, type Lexeme } from './lexemes.js'

/** The words that are in no brackets, and the outermost brackets that open, by their index. */
function atDepth0 (lexemes: readonly Lexeme[]): number[] {
  let depth = 0
  return lexemes.flatMap(({ kind }, index) => {
    if (kind === 'close') depth--
    const isOuter = depth === 0 && (kind === 'word' || kind === 'open')
    if (kind === 'open') depth++
    return isOuter ? [index] : []
  })
}

/**
 * A query with the columns of a statement, which changes nothing: of what inserts, updates, deletes or merges, what it is RETURNING is
 * selected from the tables that it names. Null for a statement that answers no columns, or whose text does not tell them.
 */
export function withoutChanges (sql: string): string | null {
  const text = withoutEnd(sql)
  const lexemes = readLexemes(text)
  const { main, hidden } = findCommands(lexemes)
  const at = lexemes[main]?.at
  if (at === undefined) return null
  const command = readCommand(text.slice(at))
  return command === null ? null : readHead(text.slice(0, at), lexemes.slice(0, main), hidden) + command
}

/** The queries of a WITH. One that changes and returns nothing cannot be selected from. */
function readHead (head: string, lexemes: readonly Lexeme[], hidden: readonly number[]): string {
  const changes = new Set(hidden)
  const pieces: Piece[] = []
  let depth = 0
  let from: number | null = null
  for (const [index, { kind, at }] of lexemes.entries()) {
    if (depth === 1 && changes.has(index)) from = at
    if (kind === 'open') depth++
    if (kind !== 'close' || --depth > 0 || from === null) continue
    pieces.push({ at: from, end: at, by: readCommand(head.slice(from, at)) ?? 'SELECT' })
    from = null
  }
  return replace(head, pieces)
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
  return list === undefined || from.length === 0 ? null : `SELECT ${withoutMergeAction(list)}\nFROM ${from.join(',')}`
}

/** It is known in the RETURNING of MERGE alone. What stands for it has its name and its type. */
function withoutMergeAction (list: string): string {
  const lexemes = readLexemes(list)
  return replace(list, lexemes.flatMap(({ kind, text, at }, index) => {
    const [open, close] = lexemes.slice(index + 1, index + 3)
    const isCall = kind === 'word' && /^merge_action$/i.test(text) && open?.kind === 'open' && close?.kind === 'close'
    return isCall ? [{ at, end: close.at + 1, by: '(SELECT NULL::text AS merge_action)' }] : []
  }))
}

const locking = /^for (update|share|key share|no key update)\b/i

/** A query without its FOR UPDATE and the like, for which a transaction must be one that writes. */
export function withoutLocks (sql: string): string {
  const lexemes = readLexemes(sql)
  return replace(sql, lexemes.flatMap(({ at }, index) => {
    if (!locking.test(lexemes.slice(index, index + 4).map(({ text }) => text).join(' '))) return []
    const next = lexemes.find(lexeme => lexeme.at > at && (lexeme.kind === 'close' || /^(limit|offset|fetch|for)$/i.test(lexeme.text)))
    return [{ at, end: next?.at ?? sql.length, by: '' }]
  }))
}

/** What takes the place of a part of a text. */
interface Piece { at: number, end: number, by: string }

/** The text with other pieces in the place of some, which follow each other. */
function replace (text: string, pieces: readonly Piece[]): string {
  const kept = pieces.map(({ at, by }, index) => text.slice(pieces[index - 1]?.end ?? 0, at) + by)
  return kept.join('') + text.slice(pieces.at(-1)?.end ?? 0)
}

/** What follows on each of the words, up to the next of them; on the last one, to the end. A word that comes again begins nothing new. */
function splitAt (text: string, lexemes: readonly Lexeme[], words: RegExp): Map<string, string> {
  const outer = new Set(atDepth0(lexemes))
  const starts: Array<{ word: string, at: number, end: number }> = []
  for (const [index, lexeme] of lexemes.entries()) {
    const word = lexeme.text.toLowerCase()
    const isDistinctFrom = word === 'from' && /^distinct$/i.test(lexemes[index - 1]?.text ?? '')
    if (!outer.has(index) || isDistinctFrom || !words.test(word) || starts.some(start => start.word === word)) continue
    starts.push({ word, at: lexeme.at, end: lexeme.at + lexeme.text.length })
    if (word === 'returning') break
  }
  return new Map(starts.map(({ word, end }, index) => [word, text.slice(end, starts[index + 1]?.at)]))
}
