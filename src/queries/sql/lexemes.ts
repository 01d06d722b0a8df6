/** A piece of SQL that matters to parameters. Whatever lies between two of them does not. */
export type Lexeme = { at: number, text: string } & (
  | { kind: 'opaque' }
  /** `$tag$ … $tag$`; `body` is what is quoted. */
  | { kind: 'dollar-quote', body: string }
  /** `:name`. */
  | { kind: 'named', name: string }
  /** `$1`. */
  | { kind: 'numbered', number: number }
  | { kind: 'word' | 'number' | 'open' | 'close' }
)

const letter = 'A-Za-z_\\u0080-\\uffff'

const escaped = "(?:[^'\\\\]|''|\\\\[^])*"

/** A text that ends and goes on in another line, where backslashes mean then what they meant before. */
const goesOn = "'[ \\t\\f\\v]*(?:--[^\\n\\r]*)?[\\n\\r](?:[ \\t\\f\\v\\n\\r]|--[^\\n\\r]*[\\n\\r])*'"

/**
 * What can hide a parameter, the parameters, words, numbers, and brackets. Whatever is left open runs to the end of the text, so
 * that no text makes this look twice at the same characters.
 */
const pattern = new RegExp([
  `(?<opaque>[eE]'${escaped}(?:${goesOn}${escaped})*(?:'|$)|` +
    "'(?:[^']|'')*(?:'|$)|\"(?:[^\"]|\"\")*(?:\"|$)|--[^\\n\\r]*|::)",
  '(?<comment>/\\*)',
  `(?<quote>\\$(?:[${letter}][${letter}0-9]*)?\\$)(?<body>[^]*?)(?:\\k<quote>|$)`,
  `(?<word>[${letter}][${letter}0-9$]*)`,
  '\\$(?<position>[0-9]+)',
  '(?<number>0[xXoObB][0-9a-fA-F_]+|(?:\\.[0-9]|[0-9])[0-9_]*(?:\\.[0-9_]*)?(?:[eE][+-]?[0-9_]+)?)',
  // What goes on with more is a name of PostgreSQL's behind a colon, as E'…' is a text.
  `:(?<name>(?![eE]')[A-Za-z0-9_]+)(?![${letter}0-9$])`,
  '(?<open>[[(])|(?<close>[\\])])'
].join('|'), 'g')

/** Reads SQL as far as parameters need it: no further than to know what is a parameter and what only looks like one. */
export function readLexemes (sql: string): Lexeme[] {
  const lexemes: Lexeme[] = []
  pattern.lastIndex = 0
  for (let match = pattern.exec(sql); match; match = pattern.exec(sql)) {
    const { comment, body, word, position, number, name, open, close } = match.groups ?? {}
    if (comment) pattern.lastIndex = endOfComment(sql, match.index) ?? sql.length
    const piece = { at: match.index, text: sql.slice(match.index, pattern.lastIndex) }
    if (body !== undefined) lexemes.push({ ...piece, kind: 'dollar-quote', body })
    else if (name !== undefined) lexemes.push({ ...piece, kind: 'named', name })
    else if (position !== undefined) lexemes.push({ ...piece, kind: 'numbered', number: Number(position) })
    else lexemes.push({ ...piece, kind: word ? 'word' : number ? 'number' : open ? 'open' : close ? 'close' : 'opaque' })
  }
  return lexemes
}

export function isComment ({ text }: Pick<Lexeme, 'text'>): boolean {
  return /^(--|\/\*)/.test(text)
}

/** The statement without the semicolon at its end and the comments around that: what can stand in parentheses. */
export function withoutEnd (sql: string): string {
  let end = sql.length
  const skip = (): void => { while (/[\s;]/.test(sql.charAt(end - 1))) end-- }
  skip()
  for (const lexeme of readLexemes(sql).toReversed()) {
    const { at, text } = lexeme
    if (at + text.length !== end || !isComment(lexeme)) break
    end = at
    skip()
  }
  return sql.slice(0, end)
}

/** Where the comment at `start` ends; null when it is left open. PostgreSQL's block comments nest, which no regular expression can follow. */
export function endOfComment (sql: string, start: number): number | null {
  const marks = /\/\*|\*\//g
  marks.lastIndex = start
  let depth = 0
  for (let mark = marks.exec(sql); mark; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return null
}
