import type { Argument } from '../../aws/data-api-values.js'
import { Problem, type Finding } from '../../problems.js'
import { bindValue, UnfitValue, type Bound, type Json } from './arguments.js'
import { changing, findCommands } from './commands.js'
import { readLexemes, type Lexeme } from './lexemes.js'
import { applyReplacements, toPositionBefore, type Replacement } from './replacements.js'
import { assertFits } from './request-size.js'
import { assertRunnable } from './runnable.js'

/** A statement as the caller writes it. */
export interface StatementText {
  sql: string
  /** By name for `:name`, or an array for `$1`, `$2` … */
  parameters: Readonly<Record<string, Json>> | readonly Json[]
  /** Types by the parameter's name, or by its number from 1. */
  types: Readonly<Record<string, string>>
}

/** A statement as the Data API takes it. */
export interface Prepared {
  sql: string
  args: Argument[]
  /** Whether it can stand where a table can: a SELECT, VALUES, TABLE, or a WITH query that changes nothing. */
  isQuery: boolean
  /** Whether it inserts, updates, deletes or merges by its nature. */
  changes: boolean
  /** Whether it does so only within a WITH query, where the count of it is not told. */
  hidesChanges: boolean
  /** Whether it changes rows and answers them. */
  returnsChanges: boolean
  /** Whether it begins or ends a transaction. */
  endsTransaction: boolean
  /** Turns a position that PostgreSQL counted into one in the caller's text. */
  toCallersPosition: (position: number) => number
}

type Given = ReadonlyMap<string, Json>

/**
 * Rewrites a statement for the Data API: parameters of either style become `:p_name` with the cast that their type needs,
 * and what the Data API would take for one of its own parameters, in a slice such as `a[1:n]` or in a dollar quote, is
 * spelled so that it does not. Throws a {@link Problem} with a finding for each parameter that does not fit.
 */
export function prepareStatement ({ sql, parameters, types }: StatementText): Prepared {
  const lexemes = readLexemes(sql)
  assertRunnable(sql, lexemes)
  const given = byName(parameters)
  const isNumbered = Array.isArray(parameters)
  const isUsed = markUsed(lexemes, given, isNumbered)
  const { bound, findings } = bindAll(given, types)
  findings.push(...misfits(lexemes, given, isUsed, isNumbered), ...unknownTypes(types, given))
  if (findings[0]) throw new Problem('invalid-request', `${findings[0].path.slice(1).replaceAll('/', '.')} ${findings[0].message}.`, { errors: findings })

  const replacements = replaceAll(lexemes, isUsed, bound)
  const sent = { sql: applyReplacements(sql, replacements), args: [...bound].map(([name, { value }]) => ({ name: `p_${name}`, value })) }
  assertFits(sent.sql, sent.args)
  return {
    ...sent,
    ...findChanges(lexemes),
    returnsChanges: lexemes.some(({ kind, text }) => kind === 'word' && /^returning$/i.test(text)),
    endsTransaction: endsTransaction(lexemes),
    toCallersPosition: position => toPositionBefore(sql, replacements, position)
  }
}

/** What was given, by the name that it has in the statement; what was given as an array has numbers, from 1, for names. */
function byName (parameters: StatementText['parameters']): Given {
  return new Map(Array.isArray(parameters)
    ? parameters.map((value, index): [string, Json] => [String(index + 1), value])
    : Object.entries(parameters))
}

/** Refuses a statement that would take itself, or those before it, out of its transaction. */
export function refuseTransactionControl ({ endsTransaction }: Prepared, detail: string): void {
  if (endsTransaction) throw new Problem('invalid-request', detail, { errors: [{ path: '/sql', message: 'must not begin or end a transaction' }] })
}

/** Everything but ROLLBACK TO, which goes back to a savepoint. */
function endsTransaction (lexemes: readonly Lexeme[]): boolean {
  const words = lexemes.filter(({ kind }) => kind === 'word').slice(0, 4).map(({ text }) => text.toLowerCase())
  return /^(begin|start|commit|end|abort|prepare transaction|rollback(?! (work |transaction )?to\b))\b/.test(words.join(' '))
}

function findChanges (lexemes: readonly Lexeme[]): Pick<Prepared, 'changes' | 'hidesChanges' | 'isQuery'> {
  const { main, hidden } = findCommands(lexemes)
  const command = lexemes[main]?.text ?? ''
  const hidesChanges = hidden.length > 0
  return { changes: changing.test(command), hidesChanges, isQuery: querying.test(command) && !hidesChanges }
}

/** Whether a statement is one that reads or changes rows, and so can run in a transaction and lets it be what it was. */
export function isQueryOrChange (sql: string): boolean {
  return Object.values(findChanges(readLexemes(sql))).includes(true)
}

const querying = /^(select|values|table|\()$/i

const isName = /^\w+$/

const nameOf = (lexeme: Lexeme): string | undefined =>
  lexeme.kind === 'named' ? lexeme.name : lexeme.kind === 'numbered' ? String(lexeme.number) : undefined

/** Which lexemes stand for a parameter that was given. */
function markUsed (lexemes: readonly Lexeme[], given: Given, isNumbered: boolean): ReadonlySet<Lexeme> {
  const style = isNumbered ? 'numbered' : 'named'
  return new Set(lexemes.filter(lexeme => lexeme.kind === style && given.has(nameOf(lexeme) ?? '')))
}

function bindAll (given: Given, types: StatementText['types']): { bound: Map<string, Bound>, findings: Finding[] } {
  const bound = new Map<string, Bound>()
  const findings: Finding[] = []
  for (const [name, value] of given) {
    try {
      if (!isName.test(name)) throw new UnfitValue('is not a name: letters, digits and _ make one')
      // A parameter may be called `constructor`, which any object has.
      bound.set(name, bindValue(value, Object.hasOwn(types, name) ? types[name] ?? null : null))
    } catch (error) {
      if (!(error instanceof UnfitValue)) throw error
      findings.push({ path: `/parameters/${name}`, message: error.message })
    }
  }
  return { bound, findings }
}

/**
 * What is used and was not given, or given and is not used. Inside of brackets a colon may also be that of a slice; where a statement or
 * a function is made, the numbers are those of its own parameters.
 */
function misfits (lexemes: readonly Lexeme[], given: Given, isUsed: ReadonlySet<Lexeme>, isNumbered: boolean): Finding[] {
  const findings: Finding[] = []
  const hasOwnNumbers = given.size === 0 && /^(prepare|create)$/i.test(lexemes.find(({ kind }) => kind === 'word')?.text ?? '')
  let depth = 0
  for (const lexeme of lexemes) {
    if (lexeme.kind === 'numbered' && hasOwnNumbers) continue
    if (lexeme.kind === 'open' && lexeme.text === '[') depth++
    if (lexeme.kind === 'close' && lexeme.text === ']') depth--
    const name = nameOf(lexeme)
    if (name === undefined || isUsed.has(lexeme) || (lexeme.kind === 'named' && depth > 0)) continue
    findings.push(lexeme.kind === (isNumbered ? 'numbered' : 'named')
      ? { path: `/parameters/${name}`, message: `is used as ${lexeme.text} in the statement, but not given` }
      : { path: '/parameters', message: `must be ${isNumbered ? 'an object' : 'an array'} for a statement with ${lexeme.text}` })
  }
  const used = new Set([...isUsed].map(nameOf))
  for (const name of given.keys()) {
    if (!used.has(name) && isName.test(name)) findings.push({ path: `/parameters/${name}`, message: 'is not used in the statement' })
  }
  return findings
}

const typeName = /^[A-Za-z_"][\w ."]*(\(\d+(, ?-?\d+)?\))?( with(out)? time zone)?( ?\[\d*\])*$/i

function unknownTypes (types: StatementText['types'], given: Given): Finding[] {
  return Object.entries(types).flatMap(([name, type]): Finding[] => {
    if (!given.has(name)) return [{ path: `/types/${name}`, message: 'is the type of a parameter that is not given' }]
    return typeName.test(type) ? [] : [{ path: `/types/${name}`, message: 'is not the name of a type' }]
  })
}

function replaceAll (lexemes: readonly Lexeme[], isUsed: ReadonlySet<Lexeme>, bound: ReadonlyMap<string, Bound>): Replacement[] {
  let count = 0
  return lexemes.flatMap((lexeme): Replacement[] => {
    const stretch = { at: lexeme.at, length: lexeme.text.length }
    if (isUsed.has(lexeme)) {
      const name = nameOf(lexeme) ?? ''
      const cast = bound.get(name)?.cast
      const around = (inner: string): string => cast ? `CAST(${inner} AS ${cast})` : inner
      return [{ ...stretch, sent: around(`:p_${name}`), seen: around(`$${++count}`) }]
    }
    const plain = lexeme.kind === 'named' ? `: ${lexeme.name}` : lexeme.kind === 'dollar-quote' ? requote(lexeme.body) : null
    return plain === null ? [] : [{ ...stretch, sent: plain, seen: plain }]
  })
}

/** The Data API looks for parameters in dollar quotes too, and even replaces them there; in quotation marks it does not. */
function requote (body: string): string | null {
  return /:\w/.test(body) ? `'${body.replaceAll("'", "''")}'` : null
}
