import type { DataApi } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { createBatch } from './batch.js'
import { createQuery } from './query.js'
import { createResume } from './resume.js'
import type { Targets } from './targets.js'
import { createTransaction } from './transaction.js'
import { createWhenAwake } from './waking.js'

export interface QueriesOptions {
  targets: Targets
  dataApi: DataApi
  clock: Clock
}

export type Queries = ReturnType<typeof createQueries>

/** SQL for databases, for whoever holds a key. Every function throws a problem or an `AwsFailure`. */
export function createQueries ({ targets, dataApi, clock }: QueriesOptions) {
  const options = { targets, dataApi, clock, whenAwake: createWhenAwake(clock) }
  return { query: createQuery(options), transact: createTransaction(options), batch: createBatch(options), resume: createResume(options) }
}
