import { createHash } from 'node:crypto'

import { AwsFailure } from '../aws/errors.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Call } from './calls/call.js'
import { rememberFingerprints } from './sql/fingerprint.js'

/** What is asked of a database: a statement, or the begin or end of a transaction, which has no text. */
export interface Asked {
  /** As the API calls it: `query`, `explain`, `batch`, `transaction`, `begin`, `commit`, `rollback`, `resume`, `stream`, or an operation of the mirror. */
  operation: string
  sql: string | null
  /** With how many sets of parameters it is to run, where that is not once. */
  sets?: number
  /** Where it stands among the statements of its request, counted from 0. */
  index?: number
  dryRun?: boolean
  /** The interactive transaction that it belongs to. Only a hash of it is written. */
  transactionId?: string | null
}

/** What came of it. */
export interface Ran {
  /** Rows answered, or where none were, changed. Null where AWS does not tell. */
  rows: number | null
  /** Without it, all the time since it was asked for. */
  durationMs?: number
  /** `ok` but for what is said otherwise. */
  outcome?: string
  sqlState?: string
  transactionId?: string
  /** What broke it off after these rows; null when nothing did. */
  error?: unknown
}

/** One line of the audit trail: never a parameter, and of a statement nothing but its fingerprint. */
export interface AuditLine {
  audit: 'statement'
  requestId: string
  keyId: string
  databaseId: string
  operation: string
  fingerprint: string | null
  statement: string | null
  durationMs: number
  rows: number | null
  /** `ok`, or the code of the problem that the caller got. */
  outcome: string
  sqlState?: string
  sets?: number
  index?: number
  dryRun?: true
  transaction?: string
  /** The caller hung up, or the service stopped, before there was an answer. */
  abandoned?: true
}

export type Audit = ReturnType<typeof createAudit>

/** Writes a line for whatever was asked of a database, also where it was refused. */
export function createAudit (write: (line: AuditLine) => void, clock: Pick<Clock, 'now'>) {
  const fingerprintOf = rememberFingerprints()
  const record = ({ caller, id, signal }: Call, asked: Asked, ran: Ran & { durationMs: number }, error: unknown): void => {
    const transactionId = ran.transactionId ?? asked.transactionId
    const sqlState = ran.sqlState ?? (error instanceof Problem ? error.extensions.sqlState : undefined)
    write({
      audit: 'statement',
      requestId: caller.requestId,
      keyId: caller.keyId,
      databaseId: id,
      operation: asked.operation,
      ...(asked.sql === null ? { fingerprint: null, statement: null } : fingerprintOf(asked.sql)),
      durationMs: ran.durationMs,
      rows: ran.rows,
      outcome: ran.outcome ?? (error === null ? 'ok' : outcomeOf(error)),
      ...(typeof sqlState === 'string' ? { sqlState } : {}),
      ...(asked.sets === undefined ? {} : { sets: asked.sets }),
      ...(asked.index === undefined ? {} : { index: asked.index }),
      ...(asked.dryRun ? { dryRun: true } : {}),
      ...(transactionId ? { transaction: hashOf(transactionId) } : {}),
      ...(error !== null && signal.aborted ? { abandoned: true } : {})
    })
  }

  /** Does `work` and records it as one line; `measure` says what came of it. */
  const one = async <Answer>(
    call: Call,
    asked: Asked,
    work: () => Promise<Answer>,
    measure: (answer: Answer) => Ran
  ): Promise<Answer> => {
    const startedAt = clock.now()
    const elapsed = (): number => clock.now() - startedAt
    try {
      const answer = await work()
      const ran = measure(answer)
      record(call, asked, { durationMs: elapsed(), ...ran }, ran.error ?? null)
      return answer
    } catch (error) {
      record(call, asked, { durationMs: elapsed(), rows: null }, error)
      throw error
    }
  }

  /**
   * Does `work`, in which statements run one after the other for a common end, and records a line for each of them. What ran before
   * one that failed is `rolled-back`, what would have come after it `not-run`.
   */
  const each = async <Answer>(
    call: Call,
    asked: readonly Asked[],
    work: (onRan: (ran: Ran) => void) => Promise<Answer>
  ): Promise<Answer> => {
    const startedAt = clock.now()
    const rans: Ran[] = []
    const recordAll = (error: unknown): void => {
      const failed = error instanceof Problem ? error.extensions.statement : undefined
      for (const [index, statement] of asked.entries()) {
        const { durationMs = 0, rows } = rans[index] ?? { rows: null }
        const fate = typeof failed !== 'number' || index === failed ? {} : { outcome: index < failed ? 'rolled-back' : 'not-run' }
        const ownMs = index === rans.length && error !== null ? clock.now() - startedAt - sum(rans) : durationMs
        record(call, { ...statement, index }, { durationMs: ownMs, rows, ...fate }, 'outcome' in fate ? null : error)
      }
    }
    try {
      const answer = await work(ran => { rans.push(ran) })
      recordAll(null)
      return answer
    } catch (error) {
      recordAll(error)
      throw error
    }
  }

  return { one, each }
}

const sum = (rans: readonly Ran[]): number => rans.reduce((total, { durationMs = 0 }) => total + durationMs, 0)

/** Enough to see which lines belong together, and too little to go on with the transaction. */
const hashOf = (transactionId: string): string => createHash('sha256').update(transactionId).digest('hex').slice(0, 16)

function outcomeOf (error: unknown): string {
  return error instanceof Problem || error instanceof AwsFailure ? error.code : 'internal-error'
}
