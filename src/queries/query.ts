import type { Principal } from '../access/keys.js'
import { DataApiFailure, type Column, type DataApi, type DataApiFailureKind, type DataTarget, type Result } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Json } from './arguments.js'
import { canBeCast, castColumns, nameSuspects, probeFor } from './cast.js'
import { explain, toPlan } from './explain.js'
import type { Interactive } from './interactive.js'
import { toOutcome, type Outcome, type OutcomeForm } from './outcome.js'
import { prepareStatement, refuseTransactionControl, type Prepared, type StatementText } from './prepare.js'
import { toProblem } from './refusals.js'
import { hasRoomForTag } from './tag.js'
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
  /** Answers the plan instead of executing the statement. */
  explain: boolean
  /** Runs in this interactive transaction. */
  transactionId: string | null
  /** Another database of the cluster than the one that was named at its creation. */
  database: string | null
}

export interface QueryAnswer extends Outcome {
  /** Only with `explain`. */
  plan?: Json
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
  request: Pick<QueryRequest, 'timeoutMs' | 'maxAffected' | 'dryRun'>
  signal: AbortSignal
  finish: (result: Result) => Outcome
}

export interface QueryOptions {
  targets: Targets
  interactive: Pick<Interactive, 'within'>
  dataApi: DataApi
  whenAwake: WhenAwake
  clock: Pick<Clock, 'now'>
}

/** Single statements. */
export function createQuery ({ targets, interactive, dataApi, whenAwake, clock }: QueryOptions) {
  /** Runs one statement. A paused database is waited for, at most `waitSeconds` and only as long as nobody aborts. */
  const query = async (principal: Principal, id: string, request: QueryRequest, waitSeconds: number, signal: AbortSignal): Promise<QueryAnswer> => {
    const allowed = allowedMode(principal, request.mode)
    const prepared = prepare(request)
    // Planning calls functions whose result it takes for constant, whatever else they do.
    const mode = request.explain ? 'read' : allowed
    if (request.transactionId !== null) return await queryWithin(principal, id, request, request.transactionId, prepared, signal)
    if (request.maxAffected !== null && prepared.hidesChanges) throw new Problem('invalid-request', 'maxAffected cannot count the rows that a WITH query changes.')
    const found = await targets.targetOf(principal, id)
    const target = { ...found, databaseName: request.database ?? found.databaseName }
    const finish = finisher(prepared, request)
    try {
      if (!needsTransaction(mode, request) && !isFoundByTransaction(prepared)) {
        const { value, ...times } = await whenAwake(waitSeconds, signal, async () => await dataApi.execute(target, prepared.sql, prepared.args, { signal }))
        return answer(finish(value), times)
      }
      const { value: transactionId, ...times } = await whenAwake(waitSeconds, signal, async () => await dataApi.begin(target, signal))
      const work = { target, transactionId, prepared, mode, request, signal, finish }
      return answer(await (request.castUnsupported ? withCasts(work) : inTransaction(work)), times)
    } catch (error) {
      if (error instanceof DataApiFailure && missesTarget.has(error.kind)) targets.forget(id)
      const suspects = error instanceof DataApiFailure && !request.castUnsupported && canBeCast(error, prepared) ? nameSuspects(error, await columnsOf(target, prepared, signal)) : null
      if (suspects) throw suspects
      throw error instanceof DataApiFailure ? toProblem(error, mode, prepared.toCallersPosition) : error
    }
  }

  /** Runs one statement in a transaction that the caller has begun. */
  const queryWithin = async (principal: Principal, id: string, request: QueryRequest, transactionId: string, prepared: Prepared, signal: AbortSignal): Promise<QueryAnswer> => {
    assertFitsTransaction(request)
    return await interactive.within(principal, id, transactionId, signal, async ({ readOnly, execute }) => {
      if (request.mode !== null && (request.mode === 'read') !== readOnly) throw new Problem('invalid-request', `The transaction was begun with readOnly ${readOnly}; mode must be left out, or say the same.`)
      const startedAt = clock.now()
      const set = settings('write', request.timeoutMs)
      if (set) await execute(set, [])
      const outcome = finisher(prepared, request)(await execute(prepared.sql, prepared.args))
      if (set) await execute('SET LOCAL statement_timeout TO DEFAULT', [])
      return answer(outcome, { startedAt, resumedAfterMs: null })
    }, prepared.toCallersPosition)
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

  /** The columns of a query whose result was refused; none when they cannot be had. */
  const columnsOf = async (target: DataTarget, prepared: Prepared, signal: AbortSignal): Promise<Column[]> => {
    let columns: Column[] = []
    const work = { target, prepared: { ...prepared, sql: probeFor(prepared) }, mode: 'read' as const, request: PLAIN, signal }
    const finish = (result: Result): Outcome => {
      columns = result.columns ?? []
      return toOutcome(result, prepared, PLAIN)
    }
    await dataApi.begin(target, signal).then(async transactionId => await inTransaction({ ...work, transactionId, finish })).catch(() => {})
    return columns
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
      const cast = castColumns(prepared, columns)
      return await again(cast.prepared, result => work.finish(cast.restore(result)))
    }
  }

  return query
}

const PLAIN = { timeoutMs: null, maxAffected: null, dryRun: false, maxRows: null, rowFormat: 'array' } as const

function prepare (request: QueryRequest): Prepared {
  const prepared = prepareStatement(request)
  refuseTransactionControl(prepared, 'A call is one statement; what it did would be over at its end. `POST …/transactions` begins a transaction.')
  return request.explain ? explain(prepared, request) : prepared
}

function finisher (prepared: Prepared, request: QueryRequest): Work['finish'] {
  return result => request.explain ? toPlan(result) : toOutcome(result, prepared, request)
}

/** What the transaction has decided already, or would have to be undone within it. */
function assertFitsTransaction ({ dryRun, maxAffected, castUnsupported, database }: QueryRequest): void {
  const unfit = Object.entries({ dryRun, maxAffected, castUnsupported, database }).filter(([, value]) => value !== null && value !== false)
  const errors = unfit.map(([name]) => ({ path: `/${name}`, message: 'is not possible with transactionId' }))
  if (errors[0]) throw new Problem('invalid-request', `${errors[0].path.slice(1)} ${errors[0].message}.`, { errors })
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

/** Whether only a transaction of its own lets a statement be cancelled. What cannot run in one, or ends it, goes on without. */
function isFoundByTransaction ({ sql, isQuery, changes, hidesChanges }: Prepared): boolean {
  return !hasRoomForTag(sql) && (isQuery || changes || hidesChanges)
}

/**
 * Sets up a transaction in one call. It has taken a snapshot when it is done, after which PostgreSQL lets nothing turn a
 * read-only transaction back into one that writes.
 */
export function settings (mode: QueryMode, timeoutMs: number | null, more: readonly string[] = []): string | null {
  const wanted = [
    ...more,
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
