import type { Principal } from '../access/keys.js'
import { DataApiFailure, type DataApi, type DataTarget } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Ran } from './audit.js'
import { rowsOf, toOutcome, type Outcome, type OutcomeForm } from './outcome.js'
import { prepareStatement, refuseTransactionControl, type Prepared, type StatementText } from './prepare.js'
import { toProblem } from './refusals.js'
import type { Targets } from './targets.js'
import type { WhenAwake } from './waking.js'

export const ISOLATION_LEVELS = ['read committed', 'repeatable read', 'serializable'] as const

export type IsolationLevel = typeof ISOLATION_LEVELS[number]

export interface TransactionRequest {
  statements: ReadonlyArray<StatementText & OutcomeForm>
  isolation: IsolationLevel
  readOnly: boolean
  database: string | null
}

export interface TransactionAnswer {
  results: Outcome[]
  durationMs: number
  /** How long a paused database took to wake; null when it was awake. */
  resumedAfterMs: number | null
}

export interface TransactionOptions {
  targets: Targets
  dataApi: DataApi
  whenAwake: WhenAwake
  clock: Pick<Clock, 'now'>
}

/** Lists of statements that happen as a whole or not at all. */
export function createTransaction ({ targets, dataApi, whenAwake, clock }: TransactionOptions) {
  /** Runs the statements in their order. A problem says in `statement` which one it is of, counted from 0; `onRan` is told of each that has run. */
  return async (principal: Principal, id: string, request: TransactionRequest, waitSeconds: number, signal: AbortSignal, onRan: (ran: Ran) => void = () => {}): Promise<TransactionAnswer> => {
    const statements = request.statements.map((statement, index) => naming(index, () => prepareWithin(statement)))
    const found = await targets.targetOf(principal, id)
    const target = { ...found, databaseName: request.database ?? found.databaseName }
    const mode = request.readOnly ? 'read' : 'write'
    let running: { index: number, prepared: Prepared } | null = null
    let transactionId: string | null = null
    try {
      const { value, startedAt, resumedAfterMs } = await whenAwake(waitSeconds, signal, async () => await dataApi.begin(target, signal))
      transactionId = value
      for (const sql of transactionSettings(request)) await dataApi.execute(target, sql, [], { transactionId, signal })
      const results: Outcome[] = []
      for (const [index, prepared] of statements.entries()) {
        running = { index, prepared }
        const sentAt = clock.now()
        const result = await dataApi.execute(target, prepared.sql, prepared.args, { transactionId, signal })
        const outcome = toOutcome(result, prepared, request.statements[index] ?? ALL_ROWS)
        onRan({ durationMs: clock.now() - sentAt, rows: rowsOf(outcome) })
        results.push(outcome)
      }
      running = null
      await dataApi.commit(target, transactionId)
      return { results, durationMs: clock.now() - startedAt, resumedAfterMs }
    } catch (error) {
      if (transactionId !== null) await rollBack(target, transactionId)
      const problem = error instanceof DataApiFailure ? toProblem(error, mode, running?.prepared.toCallersPosition ?? (position => position)) : error
      throw running ? ofStatement(problem, running.index) : problem
    }
  }

  /** AWS would do it after three minutes; until then the transaction would hold its locks. */
  async function rollBack (target: DataTarget, transactionId: string): Promise<void> {
    await dataApi.rollback(target, transactionId).catch(() => {})
  }
}

/**
 * What makes a transaction that has just begun what is asked for. Once a query has been made, PostgreSQL lets nothing turn a
 * read-only transaction back into one that writes.
 */
export function transactionSettings ({ isolation, readOnly }: Pick<TransactionRequest, 'isolation' | 'readOnly'>): string[] {
  const set = `SET TRANSACTION ISOLATION LEVEL ${isolation.toUpperCase()}`
  return readOnly ? [`${set} READ ONLY`, 'SELECT 1'] : [set]
}

/** A statement that ended the transaction would take the ones before it out of "all or nothing". */
function prepareWithin (statement: StatementText): Prepared {
  const prepared = prepareStatement(statement)
  refuseTransactionControl(prepared, 'The transaction is begun and ended by the request itself.')
  return prepared
}

const ALL_ROWS: OutcomeForm = { maxRows: null, rowFormat: 'object' }

function naming<T> (index: number, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw ofStatement(error, index)
  }
}

/** The same problem, with the statement that it is of. */
function ofStatement (error: unknown, statement: number): unknown {
  if (!(error instanceof Problem)) return error
  const { code, message, errors, extensions, retryAfterSeconds, isConfidential, cause } = error
  return new Problem(code, message, {
    cause,
    isConfidential,
    extensions: { ...extensions, statement },
    ...(errors ? { errors: errors.map(({ path, message }) => ({ path: `/statements/${statement}${path}`, message })) } : {}),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds })
  })
}
