import { DataApiFailure } from '../../aws/data-api.js'
import type { SqlError } from '../../aws/sql-error.js'
import { Problem, type ProblemCode } from '../../problems.js'
import { conditionOf, isDatabasesFault, namesIn } from './conditions.js'
import { INVALID_LOGIN } from '../calls/logins.js'
import { NO_COPY } from '../sql/runnable.js'

/** How long a caller is asked to wait; AWS says that a resume takes about 15 seconds. */
const RETRY_SECONDS = 5

/** What PostgreSQL refuses as a `sql-error`, but for these. */
const codes: Readonly<Record<string, ProblemCode>> = {
  23505: 'unique-violation',
  40001: 'transaction-conflict',
  '40P01': 'transaction-conflict'
}

/** What the Data API answers when somebody has taken a secret or an instance away past this service. */
const brokenBySomebody: ReadonlySet<string> = new Set(['SecretsErrorException', 'DatabaseNotFoundException'])

const DISABLED = 'The RDS Data API is not enabled for this database: its template was launched with EnableDataApi false, ' +
  'or its cluster was deleted past this service.'

/** Puts a failure of the Data API into a problem. What is between us and AWS stays what it is. */
export function toProblem (failure: DataApiFailure, mode: 'read' | 'write', toCallersPosition: (position: number) => number): Error {
  switch (failure.kind) {
    case 'sql': return failure.sql ? fromSql(failure.sql, failure, toCallersPosition) : failure.aws
    case 'resuming': return new Problem('database-resuming', 'The database was paused and is waking up; the statement did not run.', {
      cause: failure, retryAfterSeconds: RETRY_SECONDS
    })
    case 'timeout': return new Problem('statement-timeout', 'The statement ran for too long and was cancelled.', { cause: failure })
    case 'unsupported': return new Problem('statement-refused', adviceFor(failure.message), { cause: failure, isConfidential: true })
    case 'disabled': return new Problem('statement-refused', DISABLED, { cause: failure })
    case 'stopped': return new Problem('database-not-ready', `RDS lets nobody use the cluster now: ${failure.message.replace(/\.?$/, '.')} One that somebody has stopped has to be started again (StartDBCluster).`, {
      cause: failure, retryAfterSeconds: 30
    })
    case 'busy': return new Problem('transaction-busy', 'Another statement is at work in the transaction. This one did not run.', { cause: failure, retryAfterSeconds: RETRY_SECONDS })
    case 'rolled-back': return new Problem('transaction-aborted', 'A statement of the transaction failed before: nothing of it is kept.', { cause: failure, isConfidential: true })
    case 'no-transaction': return new Problem('statement-refused', 'The transaction ended before the statement did; nothing of it was kept.', { cause: failure, isConfidential: true })
    case 'lost': return mode === 'read'
      ? new Problem('aws-unavailable', 'No answer came to the statement, which could only read.', { cause: failure, retryAfterSeconds: RETRY_SECONDS })
      : new Problem('statement-outcome-unknown', 'No answer came to the statement. It may have had its effect.', { cause: failure })
    case 'aws': return brokenBySomebody.has(failure.aws.code) ? new Problem('database-not-ready', `The RDS Data API cannot use the database: ${failure.message}`, { cause: failure }) : failure.aws
  }
}

/** Whether the Data API refused what a statement answered, and not the statement: then it has been executed. */
export function refusesResult (error: unknown): boolean {
  return error instanceof DataApiFailure && error.kind === 'unsupported' && ofResults.test(error.message)
}

const ofResults = /^(UnknownError)?$|unsupported data type|multidimensional array|size limit|too large/i

function fromSql (error: SqlError, cause: Error, toCallersPosition: (position: number) => number): Problem {
  const { sqlState, message, detail, position } = error
  if (INVALID_LOGIN.test(sqlState)) return new Problem('aws-refused', 'The database does not accept the credentials in its secret.', { cause })
  // `detail` is a sentence of the problem's own, as RFC 9457 has it; PostgreSQL's follows there.
  const code = codes[sqlState] ?? (isDatabasesFault(sqlState) ? 'database-failed' : 'sql-error')
  return new Problem(code, detail === null ? message : `${message}: ${detail}`, {
    cause,
    isConfidential: true,
    extensions: {
      sqlState,
      condition: conditionOf(sqlState),
      message,
      position: position === null ? null : toCallersPosition(position),
      hint: hintFor(error),
      ...namesIn(error)
    }
  })
}

/** What PostgreSQL cannot know: how a statement comes to it. */
const hints: ReadonlyArray<{ sqlState: string, message: RegExp, hint: string }> = [
  { sqlState: '42P18', message: /data type of parameter/, hint: 'Name the type of the parameter in types, or cast it in the statement, as in :name::int.' },
  {
    sqlState: '25P01',
    message: /transaction block/,
    hint: 'A statement that is sent alone is a transaction of its own. POST …/transaction takes a list of statements, ' +
      'and POST …/transactions begins a transaction that lasts.'
  },
  {
    sqlState: '25006',
    message: /read-only/,
    hint: 'The statement ran in a read-only transaction: with mode read, as a key without query:write has it, ' +
      'and with maxAffected where it is a query, of whose functions nobody tells how many rows they change.'
  },
  { sqlState: '42883', message: /^operator does not exist: .* = \S.*\[\]$/, hint: 'An array is one value: write = ANY(:name) where IN (:name) was meant.' },
  {
    sqlState: '42803',
    message: /GROUP BY/,
    hint: 'Each use of a parameter is a value of its own to the database: ' +
      'group by the number of a column, or by its alias, where its expression has a parameter.'
  }
]

function hintFor ({ sqlState, message, hint }: SqlError): string | null {
  return hints.find(known => known.sqlState === sqlState && known.message.test(message))?.hint ?? hint
}

/** AWS's own words where they help, with what can be done about it. */
function adviceFor (message: string): string {
  const known = advice.find(({ pattern }) => pattern.test(message))
  return known ? known.text(message) : message
}

const advice: ReadonlyArray<{ pattern: RegExp, text: (message: string) => string }> = [
  { pattern: /^(UnknownError)?$/, text: () => 'The Data API failed without a reason, as it does for an infinite date or time: cast such columns to text.' },
  {
    pattern: /at 'sql' failed to satisfy/,
    text: () => 'The statement is longer than the 65,536 characters that the RDS Data API takes, ' +
      'with the casts that the types of its parameters need, and with what a stream or castUnsupported puts around it.'
  },
  { pattern: /^Multistatements/, text: () => 'One statement per call: the Data API takes no more.' },
  { pattern: /unsupported data type/, text: message => `${message} Cast the column to text.` },
  { pattern: /multidimensional array/, text: message => `${message} Cast the column to text.` },
  {
    pattern: /size limit/i,
    text: message => `${message} A query streams a result of any size with Accept: application/x-ndjson or text/csv, ` +
      'and has the first rows of it with mode read and maxRows.'
  },
  { pattern: /too large/i, text: message => `${message} Select less of it, such as a part of its longest column.` },
  { pattern: /Copy(In|Out)Response/, text: () => NO_COPY }
]
