import type { Caller } from '../access/keys.js'
import type { DataApi } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import type { Asked, Audit, Ran } from './audit.js'
import { createBatch, type BatchAnswer, type BatchRequest } from './batches/batch.js'
import { createGate, type Gate, type GateLimits } from './turns/gate.js'
import { createInteractive, type BeginAnswer, type BeginRequest } from './transactions/interactive.js'
import { rowsOf } from './answers/outcome.js'
import { createQuery, type QueryAnswer, type QueryRequest } from './query.js'
import { createResume } from './resume.js'
import { createStream, type RowStream } from './streams/stream.js'
import type { Targets } from './targets.js'
import type { TransactionIds } from './transactions/transaction-ids.js'
import { createTransaction, type TransactionAnswer, type TransactionRequest } from './transactions/transaction.js'
import { createWhenAwake } from './calls/waking.js'

export interface QueriesOptions {
  targets: Targets
  dataApi: DataApi
  gate: Gate
  /** Where streams wait for their turn. */
  streamGate: Gate
  transactionIds: TransactionIds
  audit: Audit
  clock: Clock
  /** Aborted when whatever waits is to end. */
  stopping: AbortSignal
}

export type Queries = ReturnType<typeof createQueries>

/** Calls that wait for the one before them in their transaction. */
const ORDER: GateLimits = { perDatabase: 1, perKey: 1, waiting: 100, waitMs: 30_000 }

/** SQL for databases, for whoever holds a key. Every function throws a problem or an `AwsFailure`, and leaves its line in the audit trail. */
export function createQueries ({ targets, dataApi, gate, transactionIds: ids, audit, clock, streamGate, stopping }: QueriesOptions) {
  const options = { targets, dataApi, clock, whenAwake: createWhenAwake(clock, stopping), stopping }
  const order = createGate(ORDER, clock, stopping, { key: 'transaction', database: 'transaction' })
  const interactive = createInteractive({ ...options, ids, order, gate })
  const query = createQuery({ ...options, interactive })
  const transact = createTransaction(options)
  const batch = createBatch(options)
  const resume = createResume(options)
  const stream = createStream({ ...options, gate: streamGate })
  const inTurn = async <Answer>(caller: Caller, id: string, signal: AbortSignal, run: () => Promise<Answer>): Promise<Answer> =>
    await gate.run({ key: caller.keyId, database: id }, signal, run)

  return {
    query: async (caller: Caller, id: string, request: QueryRequest, waitSeconds: number, signal: AbortSignal): Promise<QueryAnswer> => {
      const run = async (): Promise<QueryAnswer> => await query(caller, id, request, waitSeconds, signal)
      // A transaction has a turn of its own, which its statements take in their order.
      const runInTurn = request.transactionId === null ? async () => await inTurn(caller, id, signal, run) : run
      return await audit.one(caller, id, askedBy(request), signal, runInTurn, ofQuery)
    },
    transact: async (
      caller: Caller,
      id: string,
      request: TransactionRequest,
      waitSeconds: number,
      signal: AbortSignal
    ): Promise<TransactionAnswer> => {
      const asked = request.statements.map(({ sql }): Asked => ({ operation: 'transaction', sql }))
      return await audit.each(caller, id, asked, signal, async onRan =>
        await inTurn(caller, id, signal, async () => await transact(caller, id, request, waitSeconds, signal, onRan)))
    },
    batch: async (caller: Caller, id: string, request: BatchRequest, waitSeconds: number, signal: AbortSignal): Promise<BatchAnswer> =>
      await audit.one(caller, id, { operation: 'batch', sql: request.sql, sets: request.parameterSets.length }, signal, async () =>
        await inTurn(caller, id, signal, async () => await batch(caller, id, request, waitSeconds, signal)), ofBatch),
    resume: async (caller: Caller, id: string, waitSeconds: number, signal: AbortSignal): Promise<boolean> =>
      await audit.one(caller, id, { operation: 'resume', sql: null }, signal, async () =>
        await resume(caller, id, waitSeconds, signal), ofResume),
    begin: async (caller: Caller, id: string, request: BeginRequest, waitSeconds: number, signal: AbortSignal): Promise<BeginAnswer> =>
      await audit.one(caller, id, { operation: 'begin', sql: null }, signal, async () =>
        await inTurn(caller, id, signal, async () => await interactive.begin(caller, id, request, waitSeconds, signal)), ofBegin),
    commit: async (caller: Caller, id: string, transactionId: string, signal: AbortSignal): Promise<void> => {
      await audit.one(caller, id, { operation: 'commit', sql: null, transactionId }, signal, async () => {
        await interactive.commit(caller, id, transactionId, signal)
      }, noRows)
    },
    rollback: async (caller: Caller, id: string, transactionId: string, signal: AbortSignal): Promise<void> => {
      await audit.one(caller, id, { operation: 'rollback', sql: null, transactionId }, signal, async () => {
        await interactive.rollback(caller, id, transactionId, signal)
      }, noRows)
    },
    stream: async (caller: Caller, id: string, request: QueryRequest, waitSeconds: number, signal: AbortSignal): Promise<RowStream> =>
      // The call ends with the first rows, and its line is written with the last.
      await new Promise((resolve, reject) => {
        audit.one(caller, id, { operation: 'stream', sql: request.sql }, signal, async () => {
          const opened = await stream(caller, id, request, waitSeconds, signal)
          resolve(opened)
          return await opened.ended
        }, ended => ended).catch(reject)
      })
  }
}

const askedBy = ({ sql, explain, dryRun, transactionId }: QueryRequest): Asked =>
  ({ operation: explain ? 'explain' : 'query', sql, dryRun, transactionId })

const ofQuery = (answer: QueryAnswer): Ran => ({ rows: rowsOf(answer), durationMs: answer.durationMs })

/** AWS does not tell how many rows a set has changed. */
const ofBatch = ({ results, failures, durationMs }: BatchAnswer): Ran => ({
  rows: results === null ? null : results.reduce((rows, result) => rows + (result ? rowsOf(result) : 0), 0),
  durationMs,
  ...(failures && failures.length > 0 ? { outcome: 'partly-failed' } : {})
})

const ofResume = (isAwake: boolean): Ran => ({ rows: null, outcome: isAwake ? 'ok' : 'database-resuming' })

const ofBegin = ({ durationMs, transactionId }: BeginAnswer): Ran => ({ rows: null, durationMs, transactionId })

const noRows = (): Ran => ({ rows: null })
