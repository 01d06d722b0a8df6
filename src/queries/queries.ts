import type { Principal } from '../access/keys.js'
import type { DataApi } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { createBatch } from './batch.js'
import { createGate, type Gate, type GateLimits } from './gate.js'
import { createInteractive } from './interactive.js'
import { createQuery } from './query.js'
import { createResume } from './resume.js'
import type { Targets } from './targets.js'
import type { TransactionIds } from './transaction-ids.js'
import { createTransaction } from './transaction.js'
import { createWhenAwake } from './waking.js'

export interface QueriesOptions {
  targets: Targets
  dataApi: DataApi
  gate: Gate
  transactionIds: TransactionIds
  clock: Clock
}

export type Queries = ReturnType<typeof createQueries>

/** Calls that wait for the one before them in their transaction. */
const ORDER: GateLimits = { perDatabase: 1, perKey: 1, waiting: 100, waitMs: 30_000 }

/** SQL for databases, for whoever holds a key. Every function throws a problem or an `AwsFailure`. */
export function createQueries ({ targets, dataApi, gate, transactionIds: ids, clock }: QueriesOptions) {
  const options = { targets, dataApi, clock, whenAwake: createWhenAwake(clock) }
  const order = createGate(ORDER, clock, { key: 'transaction', database: 'transaction' })
  const interactive = createInteractive({ ...options, ids, order, gate })
  const query = createQuery({ ...options, interactive })
  const inTurn = <Request, Answer>(run: Run<Request, Answer>): Run<Request, Answer> => async (principal, id, request, waitSeconds, signal) =>
    await gate.run({ key: principal.keyId, database: id }, signal, async () => await run(principal, id, request, waitSeconds, signal))
  const queryInTurn = inTurn(query)
  return {
    query: (async (...call) => await (call[2].transactionId === null ? queryInTurn : query)(...call)) satisfies typeof query,
    transact: inTurn(createTransaction(options)),
    batch: inTurn(createBatch(options)),
    resume: createResume(options),
    begin: inTurn(interactive.begin),
    commit: interactive.commit,
    rollback: interactive.rollback
  }
}

type Run<Request, Answer> = (principal: Principal, id: string, request: Request, waitSeconds: number, signal: AbortSignal) => Promise<Answer>
