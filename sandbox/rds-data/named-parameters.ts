/** SQL as PostgreSQL takes it: `:name` numbered as `$1`, `$2` …, and the names in the order of their numbers. */
export interface NumberedSql {
  text: string
  names: string[]
}

const letter = 'A-Za-z_\\u0080-\\uffff'

/**
 * What can hide a colon, and the colons themselves: strings (an `E''` has backslashes), quoted names, comments, words,
 * casts, and `:name`. Dollar quotes hide nothing, and a slice `a[1:2]` has a parameter: AWS reads both so (observed on
 * 17.9: `SELECT $$a :b c$$` answers `a $1 c`). Whatever is left open runs to the end of the text: no input makes this
 * look twice at the same characters.
 */
const lexemes = new RegExp([
  "[eE]'(?:[^'\\\\]|''|\\\\[^])*(?:'|$)",
  "'(?:[^']|'')*(?:'|$)",
  '"(?:[^"]|"")*(?:"|$)',
  '--[^\\n\\r]*',
  '/\\*',
  `[${letter}][${letter}0-9$]*`,
  '::',
  ':(?<name>[A-Za-z0-9_]+)'
].join('|'), 'g')

/**
 * Numbers the named parameters of a statement. Each occurrence gets a number of its own, as AWS does it: the same name
 * in `SELECT` and in `GROUP BY` makes two expressions that PostgreSQL cannot know to be equal.
 */
export function numberParameters (sql: string): NumberedSql {
  const names: string[] = []
  let text = ''
  let copied = 0
  lexemes.lastIndex = 0
  for (let match = lexemes.exec(sql); match; match = lexemes.exec(sql)) {
    if (match[0] === '/*') lexemes.lastIndex = endOfComment(sql, match.index)
    const name = match.groups?.['name']
    if (name === undefined) continue
    names.push(name)
    text += `${sql.slice(copied, match.index)}$${names.length}`
    copied = lexemes.lastIndex
  }
  return { text: text + sql.slice(copied), names }
}

/** PostgreSQL's block comments nest, which no regular expression can follow. */
function endOfComment (sql: string, start: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = start
  let depth = 0
  for (let mark = marks.exec(sql); mark; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return sql.length
}
