import { DataApiFailure, type DataApi } from '../../aws/data-api.js'
import type { Argument, Result } from '../../aws/data-api-values.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import type { Ran } from '../audit.js'
import { columnsWithin, executeWithin, nameRefused } from '../casting/columns.js'
import { limitRows } from '../sql/limit.js'
import { rowsOf, toOutcome, type Outcome, type OutcomeForm } from '../answers/outcome.js'
import { prepareStatement, refuseTransactionControl, type Prepared, type StatementText } from '../sql/prepare.js'
import { toProblem } from '../answers/refusals.js'
import type { Targets } from '../targets.js'
import { giveUp } from '../calls/give-up.js'
import type { WaitingCall } from '../calls/call.js'
import type { WhenAwake } from '../calls/waking.js'

export const ISOLATION_LEVELS = ['read committed', 'repeatable read', 'serializable'] as const

export type IsolationLevel = typeof ISOLATION_LEVELS[number]

/** How the answer of one statement is wanted. */
export interface StatementForm extends OutcomeForm {
  /** Has columns that the Data API does not carry come as text. */
  castUnsupported: boolean
}

export interface TransactionRequest {
  statements: ReadonlyArray<StatementText & StatementForm>
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
  return async (call: WaitingCall, request: TransactionRequest, onRan: (ran: Ran) => void = () => {}): Promise<TransactionAnswer> => {
    const { signal } = call
    const statements = request.statements.map((statement, index) => naming(index, () => prepareWithin(statement, request.readOnly)))
    const target = await targets.targetOf(call, request.database)
    const mode = request.readOnly ? 'read' : 'write'
    let running: { index: number, prepared: Prepared, form: StatementForm } | null = null
    let transactionId: string | null = null
    const execute = async (sql: string, args: readonly Argument[]): Promise<Result> =>
      await dataApi.execute(target, sql, args, { transactionId: transactionId ?? '', signal })
    try {
      const { value, startedAt, resumedAfterMs } = await whenAwake(call, async () => await dataApi.begin(target, signal))
      transactionId = value
      for (const sql of transactionSettings(request)) await execute(sql, [])
      const results: Outcome[] = []
      for (const [index, prepared] of statements.entries()) {
        const form = request.statements[index] ?? PLAIN
        running = { index, prepared, form }
        const sentAt = clock.now()
        const outcome = toOutcome(await executeWithin(execute, prepared, form), prepared, form)
        onRan({ durationMs: clock.now() - sentAt, rows: rowsOf(outcome) })
        results.push(outcome)
      }
      running = null
      await dataApi.commit(target, transactionId)
      return { results, durationMs: clock.now() - startedAt, resumedAfterMs }
    } catch (error) {
      const { prepared = null, form = PLAIN } = running ?? {}
      const named = prepared && !form.castUnsupported ? await nameRefused(error, async () => await columnsWithin(execute, prepared)) : error
      if (transactionId !== null) await giveUp(dataApi, target, transactionId)
      const toCallersPosition = prepared?.toCallersPosition ?? (position => position)
      const problem = named instanceof DataApiFailure ? toProblem(named, mode, toCallersPosition) : named
      throw running ? ofStatement(problem, running.index) : problem
    }
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
function prepareWithin (statement: StatementText & OutcomeForm, readOnly: boolean): Prepared {
  const prepared = prepareStatement(statement)
  refuseTransactionControl(prepared, 'The transaction is begun and ended by the request itself.')
  return readOnly ? limitRows(prepared, statement.maxRows) : prepared
}

const PLAIN: StatementForm = { maxRows: null, rowFormat: 'object', castUnsupported: false }

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
