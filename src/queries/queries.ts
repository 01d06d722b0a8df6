import type { Principal } from '../access/keys.js'
import type { DataApi } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { createBatch } from './batch.js'
import type { Gate } from './gate.js'
import { createQuery } from './query.js'
import { createResume } from './resume.js'
import type { Targets } from './targets.js'
import { createTransaction } from './transaction.js'
import { createWhenAwake } from './waking.js'

export interface QueriesOptions {
  targets: Targets
  dataApi: DataApi
  gate: Gate
  clock: Clock
}

export type Queries = ReturnType<typeof createQueries>

/** SQL for databases, for whoever holds a key. Every function throws a problem or an `AwsFailure`. */
export function createQueries ({ targets, dataApi, gate, clock }: QueriesOptions) {
  const options = { targets, dataApi, clock, whenAwake: createWhenAwake(clock) }
  const inTurn = <Request, Answer>(run: Run<Request, Answer>): Run<Request, Answer> => async (principal, id, request, waitSeconds, signal) =>
    await gate.run({ key: principal.keyId, database: id }, signal, async () => await run(principal, id, request, waitSeconds, signal))
  return { query: inTurn(createQuery(options)), transact: inTurn(createTransaction(options)), batch: inTurn(createBatch(options)), resume: createResume(options) }
}

type Run<Request, Answer> = (principal: Principal, id: string, request: Request, waitSeconds: number, signal: AbortSignal) => Promise<Answer>
