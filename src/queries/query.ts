import type { Principal } from '../access/keys.js'
import { DataApiFailure, type Column, type DataApi, type DataApiFailureKind, type DataTarget, type Result } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import { canBeCast, castColumns, probeFor } from './cast.js'
import { toOutcome, type Outcome, type OutcomeForm } from './outcome.js'
import { prepareStatement, type Prepared, type StatementText } from './prepare.js'
import { toProblem } from './refusals.js'
import type { Targets } from './targets.js'
import type { Times, WhenAwake } from './waking.js'

export type QueryMode = 'read' | 'write'

/** One statement and the conditions it runs under. */
export interface QueryRequest extends StatementText, OutcomeForm {
  /** `read` runs in a read-only transaction. Null: as much as the key may. */
  mode: QueryMode | null
  /** Rolls everything back in the end. */
  dryRun: boolean
  /** Rolls back when more rows than this were changed. */
  maxAffected: number | null
  timeoutMs: number | null
  /** Has columns that the Data API does not carry come as text. */
  castUnsupported: boolean
  /** Another database of the cluster than the one that was named at its creation. */
  database: string | null
}

export interface QueryAnswer extends Outcome {
  durationMs: number
  /** How long a paused database took to wake; null when it was awake. */
  resumedAfterMs: number | null
}

/** A statement and the transaction that was opened for it. */
interface Work {
  target: DataTarget
  transactionId: string
  prepared: Prepared
  mode: QueryMode
  request: QueryRequest
  signal: AbortSignal
  /** Reads the result before anything is made to last. */
  finish: (result: Result) => Outcome
}

export interface QueryOptions {
  targets: Targets
  dataApi: DataApi
  whenAwake: WhenAwake
  clock: Pick<Clock, 'now'>
}

/** Single statements. */
export function createQuery ({ targets, dataApi, whenAwake, clock }: QueryOptions) {
  /** Runs one statement. A paused database is waited for, at most `waitSeconds` and only as long as nobody aborts. */
  const query = async (principal: Principal, id: string, request: QueryRequest, waitSeconds: number, signal: AbortSignal): Promise<QueryAnswer> => {
    const mode = allowedMode(principal, request.mode)
    const prepared = prepareStatement(request)
    if (request.maxAffected !== null && prepared.hidesChanges) throw new Problem('invalid-request', 'maxAffected cannot count the rows that a WITH query changes.')
    const found = await targets.targetOf(principal, id)
    const target = { ...found, databaseName: request.database ?? found.databaseName }
    const finish = (result: Result): Outcome => toOutcome(result, prepared, request)
    try {
      if (!needsTransaction(mode, request)) {
        const { value, ...times } = await whenAwake(waitSeconds, signal, async () => await dataApi.execute(target, prepared.sql, prepared.args, { signal }))
        return answer(finish(value), times)
      }
      const { value: transactionId, ...times } = await whenAwake(waitSeconds, signal, async () => await dataApi.begin(target, signal))
      const work = { target, transactionId, prepared, mode, request, signal, finish }
      return answer(await (request.castUnsupported ? withCasts(work) : inTransaction(work)), times)
    } catch (error) {
      if (error instanceof DataApiFailure && missesTarget.has(error.kind)) targets.forget(id)
      throw error instanceof DataApiFailure ? toProblem(error, mode, prepared.toCallersPosition) : error
    }
  }

  const answer = (outcome: Outcome, { startedAt, resumedAfterMs }: Times): QueryAnswer =>
    ({ ...outcome, durationMs: clock.now() - startedAt, resumedAfterMs })

  const inTransaction = async ({ target, transactionId, prepared, mode, request, signal, finish }: Work): Promise<Outcome> => {
    try {
      const set = settings(mode, request.timeoutMs)
      if (set) await dataApi.execute(target, set, [], { transactionId, signal })
      const outcome = finish(await dataApi.execute(target, prepared.sql, prepared.args, { transactionId, signal }))
      assertAffected(outcome.affected, request.maxAffected)
      if (request.dryRun || mode === 'read') await dataApi.rollback(target, transactionId)
      else await dataApi.commit(target, transactionId)
      return outcome
    } catch (error) {
      // AWS would do it after three minutes; until then the transaction would hold its locks.
      await dataApi.rollback(target, transactionId).catch(() => {})
      throw error
    }
  }

  /** Nothing of a refused query is kept, so that it can be asked again, with what was refused as text. */
  const withCasts = async (work: Work): Promise<Outcome> => {
    const { target, prepared, signal } = work
    const again = async (statement: Prepared, finish: Work['finish']): Promise<Outcome> =>
      await inTransaction({ ...work, transactionId: await dataApi.begin(target, signal), prepared: statement, finish })
    try {
      return await inTransaction(work)
    } catch (error) {
      if (!(error instanceof DataApiFailure) || !canBeCast(error, prepared)) throw error
      let columns: Column[] = []
      await again({ ...prepared, sql: probeFor(prepared) }, result => {
        columns = result.columns ?? []
        return work.finish(result)
      })
      return await again(castColumns(prepared, error, columns), work.finish)
    }
  }

  return query
}

/** After these the database may be somewhere else, or gone. */
const missesTarget = new Set<DataApiFailureKind>(['disabled', 'aws', 'lost'])

function allowedMode (principal: Principal, wanted: QueryMode | null): QueryMode {
  const mayWrite = principal.mayUse('query:write')
  if (wanted === 'write' && !mayWrite) throw new Problem('forbidden', 'This key may only read: it needs the scope query:write for mode write.')
  return wanted ?? (mayWrite ? 'write' : 'read')
}

function needsTransaction (mode: QueryMode, { dryRun, maxAffected, timeoutMs, castUnsupported }: QueryRequest): boolean {
  return mode === 'read' || dryRun || castUnsupported || maxAffected !== null || timeoutMs !== null
}

/**
 * Sets up a transaction in one call. It has taken a snapshot when it is done, after which PostgreSQL lets nothing turn a
 * read-only transaction back into one that writes.
 */
function settings (mode: QueryMode, timeoutMs: number | null): string | null {
  const wanted = [
    ...(mode === 'read' ? ["set_config('transaction_read_only', 'on', true)"] : []),
    ...(timeoutMs === null ? [] : [`set_config('statement_timeout', '${timeoutMs}', true)`])
  ]
  return wanted.length > 0 ? `SELECT ${wanted.join(', ')}` : null
}

function assertAffected (affected: number | null, most: number | null): void {
  if (most === null || affected === null || affected <= most) return
  throw new Problem('too-many-affected', `The statement would have changed ${affected} rows, and maxAffected is ${most}. It was rolled back.`, {
    extensions: { affected }
  })
}
