import { createHash } from 'node:crypto'

import { readLexemes, type Lexeme } from './lexemes.js'

/** What can be told of a statement without telling any value in it. */
export interface Fingerprint {
  /** The same for statements that differ in literals, parameters, comments, case, or white space only. */
  fingerprint: string
  /** The statement with `?` for each literal and parameter, cut where it is long. */
  statement: string
}

const HEX_DIGITS = 16
const LONGEST = 1_000

/** What comes after so many characters tells no statement from another that could not be told before. */
const READ_CHARACTERS = 8_000

/** Takes every value out of a statement. What is left open, or is no SQL at all, loses more than it must and never less. */
export function fingerprintOf (sql: string): Fingerprint {
  const statement = fold(sql.slice(0, READ_CHARACTERS))
  return {
    fingerprint: createHash('sha256').update(statement).digest('hex').slice(0, HEX_DIGITS),
    statement: statement.length > LONGEST ? `${statement.slice(0, LONGEST)}…` : statement
  }
}

/** Statements are mostly the same few: how many are remembered, and up to which length. */
const MOST_REMEMBERED = 1_000
const LONGEST_REMEMBERED = 2_000

/** {@link fingerprintOf}, worked out once for each text. */
export function rememberFingerprints (): typeof fingerprintOf {
  const known = new Map<string, Fingerprint>()
  return sql => {
    const before = known.get(sql)
    if (before) return before
    const fingerprint = fingerprintOf(sql)
    const [oldest] = known.keys()
    if (known.size >= MOST_REMEMBERED && oldest !== undefined) known.delete(oldest)
    if (sql.length <= LONGEST_REMEMBERED) known.set(sql, fingerprint)
    return fingerprint
  }
}

/** A database that has `standard_conforming_strings` off reads no end in the quotation mark that follows on an odd number of backslashes. */
const mayGoOn = /^'(?:[^]*[^\\])?(?:\\\\)*\\'$/

function fold (sql: string): string {
  const pieces: string[] = []
  let end = 0
  for (const lexeme of readLexemes(sql)) {
    pieces.push(sql.slice(end, lexeme.at), nameOf(lexeme, end === lexeme.at ? pieces.at(-1) : undefined))
    end = mayGoOn.test(lexeme.text) ? sql.length : lexeme.at + lexeme.text.length
    if (end === sql.length) break
  }
  return tidy(`${pieces.join('')}${sql.slice(end)}`)
}

/** What stands for a lexeme. `before` is what stands right before it, without a space. */
function nameOf ({ kind, text }: Lexeme, before: string | undefined): string {
  switch (kind) {
    // Letters that follow on a number at once, such as in `1__0`, are read differently by different versions.
    case 'word': return before === '?' ? '' : nameOfWord(text.toLowerCase())
    case 'open':
    case 'close': return text
    case 'opaque': return nameOfOpaque(text)
    default: return '?'
  }
}

const nameOfWord = (word: string): string => ` ${word} `

/** A quoted name is told when it is one that needs no quoting but for its case: whoever takes `"` for `'` has a value in there. */
function nameOfOpaque (text: string): string {
  if (text === '::') return text
  if (/^(--|\/\*)/.test(text)) return ' '
  if (text.startsWith('"')) return /^"[A-Za-z_][\w$]{0,62}"$/.test(text) ? ` ${text} ` : ' "?" '
  return '?'
}

/** One way to write what means the same. */
const tidying: ReadonlyArray<[what: RegExp, by: string]> = [
  [/\s+/g, ' '],
  // A string with a prefix, as in B'01' or U&'\0061', and one that goes on in the next line.
  [/ (?:[bxn]|u ?&) \?/g, ' ?'],
  [/\?(?: ?\?)+/g, '?'],
  [/(?<!\bis(?: not)?|\bnot) (?:true|false|null)\b(?! \()/g, ' ?'],
  [/[,;()[\]]/g, ' $& '],
  [/ ?([^\s\w"$?\u0080-\uffff]+) ?/g, ' $1 '],
  [/ +/g, ' '],
  [/ ?(\.|::) ?/g, '$1'],
  [/ ([,;)\]])/g, '$1'],
  [/([([]) /g, '$1'],
  [/(?<=[\w")\]…]) ([([])/g, '$1'],
  [/^[; ]+|[; ]+$/g, ''],
  [/\?(?:, \?)+/g, '?, …'],
  [/(\(\?(?:, …)?\))(?:, \1)+/g, '$1, …'],
  // A setting's value needs no quotes to be one.
  [/^((?:alter .+? )?set (?:session |local )?(?:\w|\.)+ (?:=|to)) .+$/, '$1 ?']
]

function tidy (text: string): string {
  return tidying.reduce((tidied, [what, by]) => tidied.replace(what, by), ` ${text} `)
}
