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
import type { Call, WaitingCall } from './calls/call.js'
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
  const inTurn = async <Answer>({ caller, id, signal }: Call, run: () => Promise<Answer>): Promise<Answer> =>
    await gate.run({ key: caller.keyId, database: id }, signal, run)

  return {
    query: async (call: WaitingCall, request: QueryRequest): Promise<QueryAnswer> => {
      const run = async (): Promise<QueryAnswer> => await query(call, request)
      // A transaction has a turn of its own, which its statements take in their order.
      const runInTurn = request.transactionId === null ? async () => await inTurn(call, run) : run
      return await audit.one(call, askedBy(request), runInTurn, ofQuery)
    },
    transact: async (call: WaitingCall, request: TransactionRequest): Promise<TransactionAnswer> => {
      const asked = request.statements.map(({ sql }): Asked => ({ operation: 'transaction', sql }))
      return await audit.each(call, asked, async onRan => await inTurn(call, async () => await transact(call, request, onRan)))
    },
    batch: async (call: WaitingCall, request: BatchRequest): Promise<BatchAnswer> => {
      const asked = { operation: 'batch', sql: request.sql, sets: request.parameterSets.length }
      return await audit.one(call, asked, async () => await inTurn(call, async () => await batch(call, request)), ofBatch)
    },
    resume: async (call: WaitingCall): Promise<boolean> =>
      await audit.one(call, { operation: 'resume', sql: null }, async () => await resume(call), ofResume),
    begin: async (call: WaitingCall, request: BeginRequest): Promise<BeginAnswer> => {
      const run = async (): Promise<BeginAnswer> => await inTurn(call, async () => await interactive.begin(call, request))
      return await audit.one(call, { operation: 'begin', sql: null }, run, ofBegin)
    },
    commit: async (call: Call, transactionId: string): Promise<void> => {
      await audit.one(call, { operation: 'commit', sql: null, transactionId }, async () => { await interactive.commit(call, transactionId) }, noRows)
    },
    rollback: async (call: Call, transactionId: string): Promise<void> => {
      await audit.one(call, { operation: 'rollback', sql: null, transactionId }, async () => { await interactive.rollback(call, transactionId) }, noRows)
    },
    stream: async (call: WaitingCall, request: QueryRequest): Promise<RowStream> =>
      // The call ends with the first rows, and its line is written with the last.
      await new Promise((resolve, reject) => {
        audit.one(call, { operation: 'stream', sql: request.sql }, async () => {
          const opened = await stream(call, request)
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
