import type { Principal } from '../../access/keys.js'
import { DataApiFailure, type DataApi, type DataTarget } from '../../aws/data-api.js'
import type { Argument, Result } from '../../aws/data-api-values.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import type { Gate } from '../turns/gate.js'
import { toProblem } from '../answers/refusals.js'
import type { Targets } from '../targets.js'
import type { OpenTransaction, TransactionIds } from './transaction-ids.js'
import { transactionSettings, type IsolationLevel } from './transaction.js'
import { giveUp } from '../calls/give-up.js'
import type { Call, WaitingCall } from '../calls/call.js'
import type { Times, WhenAwake } from '../calls/waking.js'
import { createWhenFree } from '../calls/when-free.js'

/** AWS rolls a transaction back when it is left alone for so long. */
export const IDLE_SECONDS = 180

const LIFE_MS = 24 * 3_600_000

export interface BeginRequest {
  isolation: IsolationLevel
  readOnly: boolean
  database: string | null
}

export interface BeginAnswer {
  transactionId: string
  isolation: IsolationLevel
  readOnly: boolean
  /** When AWS rolls it back in any case. */
  expiresAt: Date
  idleTimeoutSeconds: number
  durationMs: number
  resumedAfterMs: number | null
}

/** An open transaction in the hands of one call. */
export interface WithinTransaction {
  readOnly: boolean
  execute: (sql: string, args: readonly Argument[]) => Promise<Result>
}

export type Interactive = ReturnType<typeof createInteractive>

export interface InteractiveOptions {
  targets: Targets
  dataApi: DataApi
  whenAwake: WhenAwake
  ids: TransactionIds
  /** Where the calls of one transaction wait for each other. */
  order: Gate
  gate: Gate
  clock: Clock
  stopping: AbortSignal
}

/** Transactions that last from call to call. Nothing of them is kept here: any replica can go on with any of them. */
export function createInteractive ({ targets, dataApi, whenAwake, ids, order, gate, clock, stopping }: InteractiveOptions) {
  const whenFree = createWhenFree(clock, stopping)

  const begin = async (call: WaitingCall, request: BeginRequest): Promise<BeginAnswer> => {
    const { isolation, readOnly, database } = request
    assertMayWrite(call.caller)
    const target = await targets.targetOf(call, database)
    const { value: awsId, startedAt, resumedAfterMs } = await open(target, request, call)
    return {
      transactionId: ids.seal({ awsId, databaseName: target.databaseName, readOnly }, ownerIn(call)),
      isolation,
      readOnly,
      expiresAt: new Date(startedAt + LIFE_MS),
      idleTimeoutSeconds: IDLE_SECONDS,
      durationMs: clock.now() - startedAt,
      resumedAfterMs
    }
  }

  /** AWS's id of a new transaction. One that does not become what was asked for is not left behind. */
  const open = async (target: DataTarget, request: BeginRequest, call: WaitingCall): Promise<{ value: string } & Times> => {
    const { signal } = call
    let awsId: string | null = null
    try {
      const begun = await whenAwake(call, async () => await dataApi.begin(target, signal))
      awsId = begun.value
      for (const sql of transactionSettings(request)) await dataApi.execute(target, sql, [], { transactionId: awsId, signal })
      return begun
    } catch (error) {
      if (awsId !== null) await giveUp(dataApi, target, awsId)
      throw error instanceof DataApiFailure ? toProblem(error, 'read', position => position) : error
    }
  }

  /** Finds a transaction and does `work` in it, after all that this replica was asked before to do in it. */
  const inOrder = async <T>(
    call: Call,
    transactionId: string,
    work: (target: DataTarget, transaction: OpenTransaction) => Promise<T>
  ): Promise<T> => {
    const target = await targets.targetOf(call)
    const transaction = ids.open(transactionId, ownerIn(call))
    if (!transaction) throw new Problem('transaction-not-found', 'This is not the id of a transaction of this key on this database.')
    assertMayWrite(call.caller)
    return await order.run({ key: transaction.awsId, database: transaction.awsId }, call.signal, async () =>
      await work({ ...target, databaseName: transaction.databaseName }, transaction))
  }

  /** Does `work` in an open transaction. Throws a problem; a statement that failed has aborted the transaction. */
  const within = async <T>(
    call: Call,
    transactionId: string,
    work: (within: WithinTransaction) => Promise<T>,
    toCallersPosition: (position: number) => number
  ): Promise<T> =>
    await inOrder(call, transactionId, async (target, { awsId, readOnly }) => {
      const { caller, id, signal } = call
      // Statements that wait for this transaction's locks must not keep it from going on: it takes its turn among its like.
      return await gate.run({ key: caller.keyId, database: `${id} transactions` }, signal, async () => {
        const execute: WithinTransaction['execute'] = async (sql, args) =>
          await whenFree(BUSY_MS, signal, async () => await dataApi.execute(target, sql, args, { transactionId: awsId, signal }))
        return await work({ readOnly, execute }).catch((error: unknown) => { throw explainEnd(error, toCallersPosition) })
      })
    })

  /**
   * Throws unless a commit would keep what was done. AWS calls a commit committed also when PostgreSQL has rolled back,
   * because a statement had failed: the tests of the client aurora-data-api, which run on AWS, rely on it.
   */
  const assertNotAborted = async (target: DataTarget, awsId: string, signal: AbortSignal): Promise<void> => {
    await whenFree(BUSY_MS, signal, async () => { await dataApi.execute(target, 'SELECT 1', [], { transactionId: awsId, signal }) }).catch(async (error: unknown) => {
      const problem = explainEnd(error)
      if (problem instanceof Problem && problem.code === 'transaction-aborted') await giveUp(dataApi, target, awsId)
      if (!(error instanceof DataApiFailure) || error.kind !== 'lost') throw problem
      throw new Problem('aws-unavailable', 'No answer came to what is asked before a commit. Nothing has been committed yet: commit again.', { cause: error })
    })
  }

  /** Ends do not wait at the gate: they set others free. */
  const commit = async (call: Call, transactionId: string): Promise<void> => {
    const { signal } = call
    await inOrder(call, transactionId, async (target, { awsId }) => {
      await assertNotAborted(target, awsId, signal)
      await whenFree(BUSY_MS, signal, async () => { await dataApi.commit(target, awsId) }).catch((error: unknown) => {
        if (!(error instanceof DataApiFailure) || error.kind !== 'lost') throw explainEnd(error)
        throw new Problem('statement-outcome-unknown', COMMIT_UNKNOWN, { cause: error })
      })
    })
  }

  const rollback = async (call: Call, transactionId: string): Promise<void> => {
    await inOrder(call, transactionId, async (target, { awsId }) => {
      await whenFree(BUSY_MS, call.signal, async () => { await dataApi.rollback(target, awsId) }).catch((error: unknown) => {
        if (!(error instanceof DataApiFailure) || error.kind !== 'lost') throw explainEnd(error)
        throw new Problem('aws-unavailable', `No answer came to the rollback. AWS rolls the transaction back after ${IDLE_SECONDS} s in any case.`, { cause: error })
      })
    })
  }

  return { begin, within, commit, rollback }
}

/** To whom and to what a transaction belongs. */
const ownerIn = ({ caller, id }: Call): { keyId: string, databaseId: string } => ({ keyId: caller.keyId, databaseId: id })

/** How long another replica's call in the same transaction is waited for. */
const BUSY_MS = 20_000

const RETRY_SECONDS = 2

const COMMIT_UNKNOWN = 'No answer came to the commit: either everything in the transaction has happened, or nothing. ' +
  'Look before you do it again. A second commit cannot tell.'

const IS_OVER = `The transaction is over: it was committed or rolled back, or was left alone for ${IDLE_SECONDS} s, or is 24 h old. ` +
  'Begin a new one; if a commit of this one got no answer, look first whether it has happened.'

/** Also for a transaction that is read-only: it can hold locks, which others wait for, from call to call. */
function assertMayWrite (principal: Principal): void {
  if (!principal.mayUse('query:write')) throw new Problem('forbidden', 'This key may only read: it needs the scope query:write for a transaction that lasts from call to call.')
}

const IN_FAILED_TRANSACTION = '25P02'

/** What became of a transaction, in a problem that says what can be done. */
function explainEnd (error: unknown, toCallersPosition: (position: number) => number = position => position): unknown {
  if (!(error instanceof DataApiFailure)) return error
  const cause = error
  if (error.kind === 'busy') {
    return new Problem('transaction-busy', 'Another statement is at work in the transaction, by way of another replica. This one did not run.', { cause, retryAfterSeconds: RETRY_SECONDS })
  }
  const isAborted = error.kind === 'rolled-back' || error.sql?.sqlState === IN_FAILED_TRANSACTION || /aborted due to an error/.test(error.message)
  if (isAborted) return new Problem('transaction-aborted', 'A statement of the transaction failed before: nothing of it is kept. Begin a new one.', { cause, isConfidential: true })
  if (error.kind === 'no-transaction') {
    return new Problem('transaction-not-found', IS_OVER, { cause, isConfidential: true })
  }
  return toProblem(error, 'write', toCallersPosition)
}
