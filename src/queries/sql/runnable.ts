import { Problem } from '../../problems.js'
import type { Lexeme } from './lexemes.js'

/** Refuses what cannot be run over HTTP, or would not arrive as it is, before anything is spent on it. */
export function assertRunnable (sql: string, lexemes: readonly Lexeme[]): void {
  if (sql.includes('\0')) throw unfit('has a null character, which PostgreSQL takes in no statement')
  if (/[\ud800-\udfff]/u.test(sql)) throw unfit('has half of a surrogate pair, which is no character')
  const words = lexemes.filter(({ kind }) => kind === 'word').map(({ text }) => text.toLowerCase())
  if (words[0] === 'copy' && words.some(word => word === 'stdin' || word === 'stdout')) throw new Problem('statement-refused', NO_COPY)
}

/** There is no stream between a caller and the database that rows could be copied through. */
export const NO_COPY = 'COPY to or from the client is not possible over HTTP: use SELECT and INSERT.'

const unfit = (message: string): Problem => new Problem('invalid-request', `sql ${message}.`, { errors: [{ path: '/sql', message }] })
