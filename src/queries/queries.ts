import type { Principal } from '../access/keys.js'
import { DataApiFailure, type DataApi, type DataApiFailureKind, type DataTarget, type Result } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Json } from './arguments.js'
import { canBeCast, castColumns, probeFor } from './cast.js'
import { prepareStatement, type Prepared, type StatementText } from './prepare.js'
import { toProblem } from './refusals.js'
import type { Targets } from './targets.js'
import { cellReader, nameColumns, type QueryColumn } from './values.js'

export type QueryMode = 'read' | 'write'

/** One statement and the conditions it runs under. */
export interface QueryRequest extends StatementText {
  /** `read` runs in a read-only transaction. Null: as much as the key may. */
  mode: QueryMode | null
  /** Rolls everything back in the end. */
  dryRun: boolean
  /** Rolls back when more rows than this were changed. */
  maxAffected: number | null
  timeoutMs: number | null
  /** Keeps no more rows than this of the result. */
  maxRows: number | null
  rowFormat: 'object' | 'array'
  /** Has columns that the Data API does not carry come as text. */
  castUnsupported: boolean
  /** Another database of the cluster than the one that was named at its creation. */
  database: string | null
}

export interface QueryAnswer {
  columns: QueryColumn[]
  rows: Array<Json[] | Record<string, Json>>
  rowCount: number
  /** Rows changed; null for a statement that changes none by its nature. */
  affected: number | null
  truncated: boolean
  durationMs: number
  /** How long a paused database took to wake; null when it was awake. */
  resumedAfterMs: number | null
}

type Outcome = Omit<QueryAnswer, 'durationMs' | 'resumedAfterMs'>

interface Times { startedAt: number, resumedAfterMs: number | null }

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

export interface QueriesOptions {
  targets: Targets
  dataApi: DataApi
  clock: Clock
}

export type Queries = ReturnType<typeof createQueries>

/** Statements for databases, for whoever holds a key. Every function throws {@link Problem} or `AwsFailure`. */
export function createQueries ({ targets, dataApi, clock }: QueriesOptions) {
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

  /** Makes the first call, and makes it again while the database wakes: AWS refuses it before anything has begun. */
  const whenAwake = async <T>(waitSeconds: number, signal: AbortSignal, call: () => Promise<T>): Promise<{ value: T } & Times> => {
    const arrivedAt = clock.now()
    const deadline = arrivedAt + waitSeconds * 1000
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const startedAt = clock.now()
      try {
        return { value: await call(), startedAt, resumedAfterMs: pauseMs > FIRST_PAUSE_MS ? startedAt - arrivedAt : null }
      } catch (error) {
        const isWaking = error instanceof DataApiFailure && error.kind === 'resuming'
        if (!isWaking || startedAt >= deadline || signal.aborted) throw error
        await clock.sleep(Math.min(pauseMs, deadline - startedAt), signal)
      }
    }
  }

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
    try {
      return await inTransaction(work)
    } catch (error) {
      if (!(error instanceof DataApiFailure) || !canBeCast(error, prepared)) throw error
      const { columns } = await dataApi.execute(target, probeFor(prepared), prepared.args, { signal })
      return await inTransaction({ ...work, transactionId: await dataApi.begin(target, signal), prepared: castColumns(prepared, error, columns ?? []) })
    }
  }

  return { query }
}

/** After these the database may be somewhere else, or gone. */
const missesTarget = new Set<DataApiFailureKind>(['disabled', 'aws', 'lost'])

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2_000

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

/** Rows changed; with RETURNING, each changed row is in the result, and AWS counts none. */
function countAffected ({ columns, rows, affected }: Result, { changes }: Prepared): number | null {
  if (!changes) return null
  return columns === null ? affected : rows.length
}

function assertAffected (affected: number | null, most: number | null): void {
  if (most === null || affected === null || affected <= most) return
  throw new Problem('too-many-affected', `The statement would have changed ${affected} rows, and maxAffected is ${most}. It was rolled back.`, {
    extensions: { affected }
  })
}

function toOutcome (result: Result, prepared: Prepared, { maxRows, rowFormat }: QueryRequest): Outcome {
  const columns = nameColumns(result.columns ?? [])
  const kept = maxRows === null ? result.rows : result.rows.slice(0, maxRows)
  const readers = columns.map(cellReader)
  const rows = kept.map(row => readers.map((read, index) => read(row[index] ?? null)))
  return {
    columns,
    rows: rowFormat === 'array' ? rows : rows.map(row => Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]))),
    rowCount: rows.length,
    affected: countAffected(result, prepared),
    truncated: kept.length < result.rows.length
  }
}
