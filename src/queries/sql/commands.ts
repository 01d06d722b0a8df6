import { isComment, type Lexeme } from './lexemes.js'

/** The commands of a statement, by the index of their first lexeme. */
export interface Commands {
  /** What the statement is: its first word, or what comes after the queries of a WITH, where a query may be in parentheses. -1 where there is none. */
  main: number
  /** What inserts, updates, deletes or merges as a query of a WITH, at whatever depth. */
  hidden: number[]
}

export const changing = /^(insert|update|delete|merge)$/i

/** No name is called like these without quotes. */
const reserved = /^(select|values|table)$/i

/** How far a bracket has been read. After `with` its command is to come. */
interface Level { state: 'start' | 'with' | 'read', isMain: boolean }

/**
 * Finds the commands, each of which begins a statement or a bracket, or follows the queries of a WITH there. Names may be called like what
 * changes rows, as in `with delete as (…)`, and comments may stand anywhere.
 */
export function findCommands (all: readonly Lexeme[]): Commands {
  const lexemes = all.flatMap((lexeme, index) => isComment(lexeme) ? [] : [{ ...lexeme, index }])
  const levels: Level[] = [{ state: 'start', isMain: true }]
  const found: Commands = { main: -1, hidden: [] }
  for (const [at, { kind, text, index }] of lexemes.entries()) {
    const level = levels.at(-1) ?? { state: 'read', isMain: false }
    const isCommand = beginsCommand(lexemes, at)
    if (kind === 'word' && level.state === 'start' && /^with$/i.test(text)) level.state = 'with'
    else if (level.state === 'start' ? kind === 'word' : level.state === 'with' && isCommand) {
      if (level.isMain) found.main = index
      else if (isCommand && changing.test(text)) found.hidden.push(index)
      level.state = 'read'
    }
    if (kind === 'open') levels.push({ state: 'start', isMain: level.isMain && level.state === 'start' })
    if (kind === 'close' && levels.length > 1) levels.pop()
    if (level.state === 'start') level.state = 'read'
  }
  return found
}

/** Whether a command begins at this index after the queries of a WITH: a bracket does behind the one that closed the last of them. */
function beginsCommand (lexemes: readonly Lexeme[], at: number): boolean {
  const text = lexemes[at]?.text ?? ''
  if (text === '(') return lexemes[at - 1]?.kind === 'close'
  return reserved.test(text) || (changing.test(text) && isChange(lexemes.slice(at, at + LONGEST_HEAD)))
}

/** `update only (a.b.c) as d set` has no more. */
const LONGEST_HEAD = 10

/** Whether something that changes rows begins here, and not a name that is called like it. */
function isChange ([first, ...rest]: ReadonlyArray<Pick<Lexeme, 'text'>>): boolean {
  const head = rest.map(({ text }) => text.toLowerCase())
  switch (first?.text.toLowerCase()) {
    case 'insert':
    case 'merge': return head[0] === 'into'
    case 'delete': return head[0] === 'from'
    case 'update': return head.includes('set')
    default: return false
  }
}
