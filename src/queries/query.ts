import type { Principal } from '../access/keys.js'
import { DataApiFailure, type DataApi, type DataApiFailureKind, type DataTarget } from '../aws/data-api.js'
import type { Column, Result } from '../aws/data-api-values.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Json } from './sql/arguments.js'
import { columnsApart, columnsWithin, executeWithin, nameRefused } from './casting/columns.js'
import { explain, toPlan } from './explain.js'
import type { Interactive, WithinTransaction } from './transactions/interactive.js'
import { limitRows } from './sql/limit.js'
import { toOutcome, type Outcome, type OutcomeForm } from './answers/outcome.js'
import { prepareStatement, refuseTransactionControl, type Prepared, type StatementText } from './sql/prepare.js'
import { refusesResult, toProblem } from './answers/refusals.js'
import { settings, type QueryMode } from './sql/settings.js'
import { hasRoomForTag } from './sql/tag.js'
import type { Targets } from './targets.js'
import { giveUp } from './calls/give-up.js'
import type { Call, WaitingCall } from './calls/call.js'
import type { Times, WhenAwake } from './calls/waking.js'

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
  request: Pick<QueryRequest, 'timeoutMs' | 'maxAffected' | 'dryRun' | 'castUnsupported'>
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
  /** Runs one statement, and waits for a paused database as long as the call does. */
  const query = async (call: WaitingCall, request: QueryRequest): Promise<QueryAnswer> => {
    const { caller, id, signal } = call
    const allowed = allowedMode(caller, request.mode)
    const given = prepare(request)
    // Planning calls functions whose result it takes for constant, whatever else they do.
    const mode = request.explain ? 'read' : allowed
    if (request.transactionId !== null) return await queryWithin(call, request, request.transactionId, given)
    const prepared = mode === 'read' ? limitRows(given, request.maxRows) : given
    if (request.maxAffected !== null) assertCountable(prepared)
    const target = await targets.targetOf(call, request.database)
    const finish = finisher(prepared, request)
    const isAlone = !needsTransaction(mode, request) && !isFoundByTransaction(prepared)
    try {
      if (isAlone) {
        const execute = async (): Promise<Result> => await dataApi.execute(target, prepared.sql, prepared.args, { signal })
        const { value, ...times } = await whenAwake(call, execute)
        return answer(finish(value), times)
      }
      const { value: transactionId, ...times } = await whenAwake(call, async () => await dataApi.begin(target, signal))
      return answer(await inTransaction({ target, transactionId, prepared, mode, request, signal, finish }), times)
    } catch (error) {
      if (error instanceof DataApiFailure && missesTarget.has(error.kind)) targets.forget(id)
      const columns = async (): Promise<Column[]> => await columnsApart(dataApi, target, prepared, signal)
      const named = request.castUnsupported ? error : await nameRefused(error, columns)
      const problem = named instanceof DataApiFailure ? toProblem(named, mode, prepared.toCallersPosition) : named
      throw isAlone && refusesResult(error) ? maybeKept(problem, prepared) : problem
    }
  }

  /** Runs one statement in a transaction that the caller has begun. */
  const queryWithin = async (call: Call, request: QueryRequest, transactionId: string, prepared: Prepared): Promise<QueryAnswer> => {
    assertFitsTransaction(request)
    return await interactive.within(call, transactionId, async ({ readOnly, execute }) => {
      assertSameMode(request.mode, readOnly)
      const startedAt = clock.now()
      const set = request.timeoutMs === null ? null : settings('write', request.timeoutMs, ["current_setting('statement_timeout')"])
      const before = set === null ? null : (await execute(set, [])).rows[0]?.[0] ?? null
      const result = await executeWithin(execute, prepared, request).catch(async (error: unknown) => {
        throw request.castUnsupported ? error : await nameRefused(error, async () => await columnsWithin(execute, prepared))
      })
      const outcome = finisher(prepared, request)(result)
      if (before !== null) await execute(`SELECT set_config('statement_timeout', '${String(before)}', true)`, [])
      return answer(outcome, { startedAt, resumedAfterMs: null })
    }, prepared.toCallersPosition)
  }

  const answer = (outcome: Outcome, { startedAt, resumedAfterMs }: Times): QueryAnswer =>
    ({ ...outcome, durationMs: clock.now() - startedAt, resumedAfterMs })

  const inTransaction = async ({ target, transactionId, prepared, mode, request, signal, finish }: Work): Promise<Outcome> => {
    try {
      const execute: WithinTransaction['execute'] = async (sql, args) => await dataApi.execute(target, sql, args, { transactionId, signal })
      // What the functions of a query change is told to nobody: with maxAffected they change nothing.
      const set = settings(request.maxAffected !== null && prepared.isQuery ? 'read' : mode, request.timeoutMs)
      if (set) await execute(set, [])
      const outcome = finish(await executeWithin(execute, prepared, request))
      assertAffected(outcome.affected, request.maxAffected)
      if (request.dryRun || mode === 'read') await dataApi.rollback(target, transactionId)
      else await dataApi.commit(target, transactionId)
      return outcome
    } catch (error) {
      await giveUp(dataApi, target, transactionId)
      throw error
    }
  }

  return query
}

function prepare (request: QueryRequest): Prepared {
  const prepared = prepareStatement(request)
  refuseTransactionControl(prepared, 'A call is one statement; what it did would be over at its end. `POST …/transactions` begins a transaction.')
  return request.explain ? explain(prepared, request) : prepared
}

function finisher (prepared: Prepared, request: QueryRequest): Work['finish'] {
  return result => request.explain ? toPlan(result) : toOutcome(result, prepared, request)
}

/** PostgreSQL tells only of these how many rows they changed: TRUNCATE, DO, CALL, EXPLAIN ANALYZE … could change any number unseen. */
function assertCountable ({ isQuery, changes, hidesChanges }: Prepared): void {
  if ((changes || isQuery) && !hidesChanges) return
  const message = hidesChanges ? 'cannot count the rows that a WITH query changes' : 'can only count what INSERT, UPDATE, DELETE and MERGE change'
  throw new Problem('invalid-request', `maxAffected ${message}.`, { errors: [{ path: '/maxAffected', message }] })
}

/** What the transaction has decided already, or would have to be undone within it. */
function assertFitsTransaction ({ dryRun, maxAffected, database }: QueryRequest): void {
  const unfit = Object.entries({ dryRun, maxAffected, database }).filter(([, value]) => value !== null && value !== false)
  const errors = unfit.map(([name]) => ({ path: `/${name}`, message: 'is not possible with transactionId' }))
  if (errors[0]) throw new Problem('invalid-request', `${errors[0].path.slice(1)} ${errors[0].message}.`, { errors })
}

function assertSameMode (mode: QueryMode | null, readOnly: boolean): void {
  if (mode === null || (mode === 'read') === readOnly) return
  throw new Problem('invalid-request', `The transaction was begun with readOnly ${readOnly}; mode must be left out, or say the same.`)
}

/** After these the database may be somewhere else, or gone. */
const missesTarget = new Set<DataApiFailureKind>(['disabled', 'stopped', 'aws', 'lost'])

function allowedMode (principal: Principal, wanted: QueryMode | null): QueryMode {
  const mayWrite = principal.mayUse('query:write')
  if (wanted === 'write' && !mayWrite) throw new Problem('forbidden', 'This key may only read: it needs the scope query:write for mode write.')
  return wanted ?? (mayWrite ? 'write' : 'read')
}

function needsTransaction (mode: QueryMode, { dryRun, maxAffected, timeoutMs, castUnsupported }: QueryRequest): boolean {
  return mode === 'read' || dryRun || castUnsupported || maxAffected !== null || timeoutMs !== null
}

/** Outside of a transaction nothing undoes what a statement did whose answer was refused. */
function maybeKept (problem: unknown, { changes, hidesChanges }: Prepared): unknown {
  if (!(problem instanceof Problem) || !(changes || hidesChanges)) return problem
  const { code, message, extensions, isConfidential, cause } = problem
  return new Problem(code, `${message} What the statement changes may have been kept: look before you send it again.`, { cause, isConfidential, extensions })
}

/** Whether only a transaction of its own lets a statement be cancelled. What cannot run in one, or ends it, goes on without. */
function isFoundByTransaction ({ sql, isQuery, changes, hidesChanges }: Prepared): boolean {
  return !hasRoomForTag(sql) && (isQuery || changes || hidesChanges)
}

function assertAffected (affected: number | null, most: number | null): void {
  if (most === null || affected === null || affected <= most) return
  throw new Problem('too-many-affected', `The statement would have changed ${affected} rows, and maxAffected is ${most}. It was rolled back.`, {
    extensions: { affected }
  })
}
