import { DataApiFailure, type DataApi } from '../../aws/data-api.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import { runApart, type SetFailure } from './batch-apart.js'
import { findFailed } from './batch-failed.js'
import { castColumns, type Cast } from '../casting/cast.js'
import { columnsApart, nameRefused } from '../casting/columns.js'
import { toOutcome, type Outcome } from '../answers/outcome.js'
import { prepareStatement, refuseTransactionControl, type Prepared, type StatementText } from '../sql/prepare.js'
import { toProblem } from '../answers/refusals.js'
import { groupSets, inTransaction, runGroup, type SetGroup, type SetsWork } from './sets.js'
import type { Targets } from '../targets.js'
import type { WaitingCall } from '../calls/call.js'
import type { WhenAwake } from '../calls/waking.js'

export interface BatchRequest extends Pick<StatementText, 'sql' | 'types'> {
  parameterSets: ReadonlyArray<StatementText['parameters']>
  rowFormat: 'object' | 'array'
  /** Has columns that the Data API does not carry come as text. */
  castUnsupported: boolean
  /** False lets each set stand for itself. */
  allOrNothing: boolean
  database: string | null
}

export interface BatchAnswer {
  /** How many sets the statement ran with. */
  sets: number
  /** One for each set where the statement is RETURNING rows, null for one that failed; null otherwise, for AWS tells nothing of them. */
  results: Array<Outcome | null> | null
  /** Null where all or nothing happened. */
  failures: SetFailure[] | null
  durationMs: number
  /** How long a paused database took to wake; null when it was awake. */
  resumedAfterMs: number | null
}

export interface BatchOptions {
  targets: Targets
  dataApi: DataApi
  whenAwake: WhenAwake
  clock: Pick<Clock, 'now'>
}

/** One statement with many sets of parameters, which happens for all of them or for none, or with each by itself. */
export function createBatch ({ targets, dataApi, whenAwake, clock }: BatchOptions) {
  return async (call: WaitingCall, request: BatchRequest): Promise<BatchAnswer> => {
    const { signal } = call
    const prepared = request.parameterSets.map((parameters, index) => prepareSet(request, parameters, index))
    const target = await targets.targetOf(call, request.database)
    try {
      const begin = async (): Promise<string> => await dataApi.begin(target, signal)
      const { value: transactionId, startedAt, resumedAfterMs } = await whenAwake(call, begin)
      const [first] = prepared
      const columns = once(async () => first?.returnsChanges ? await columnsApart(dataApi, target, first, signal).catch(() => []) : [])
      const cast = request.castUnsupported ? await columns() : []
      const sets = prepared.map(each => castColumns(each, cast))
      const work: SetsWork = {
        dataApi,
        clock,
        target,
        signal,
        nameRefused: async error => request.castUnsupported ? error : await nameRefused(error, columns)
      }
      const run = request.allOrNothing ? runWhole : runApart
      const { results, failures } = await run(work, transactionId, sets, request)
      return {
        sets: sets.length - (failures?.length ?? 0),
        results,
        failures,
        durationMs: clock.now() - startedAt,
        resumedAfterMs
      }
    } catch (error) {
      throw error instanceof DataApiFailure ? toProblem(error, 'write', prepared[0]?.toCallersPosition ?? (position => position)) : error
    }
  }
}

/** Runs all sets in one transaction. */
async function runWhole (
  work: SetsWork,
  transactionId: string,
  sets: readonly Cast[],
  { rowFormat }: BatchRequest
): Promise<Pick<BatchAnswer, 'results' | 'failures'>> {
  const results: Outcome[] = []
  let running: SetGroup | null = null
  try {
    await inTransaction(work, transactionId, async () => {
      for (const group of groupSets(sets)) {
        running = group
        const result = await runGroup(work, transactionId, group)
        const [one] = group.sets
        if (result && one) results.push(toOutcome(result, one.prepared, { maxRows: null, rowFormat }))
      }
      running = null
    })
  } catch (error) {
    throw running ? await ofItsSet(work, running, error) : error
  }
  return { results: sets[0]?.prepared.returnsChanges ? results : null, failures: null }
}

/** The failure of a group, with the set that it is of where that can be told. */
async function ofItsSet (work: SetsWork, group: SetGroup, error: unknown): Promise<unknown> {
  const failed = await indexOfFailed(work, group, error)
  const prepared = failed === null ? undefined : group.sets[failed - group.first]?.prepared
  return prepared ? ofSet(await work.nameRefused(error), prepared, failed ?? 0) : error
}

/** Null where the set that failed cannot be told. */
async function indexOfFailed (work: SetsWork, group: SetGroup, error: unknown): Promise<number | null> {
  if (group.sets.length === 1) return group.first
  return error instanceof DataApiFailure ? await findFailed(work, group, error).catch(() => null) : null
}

function prepareSet ({ sql, types }: BatchRequest, parameters: StatementText['parameters'], index: number): Prepared {
  try {
    const prepared = prepareStatement({ sql, types, parameters })
    refuseTransactionControl(prepared, 'The batch is a transaction of its own.')
    return prepared
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const errors = error.errors?.map(({ path, message }) => ({ path: path.replace(/^\/parameters/, `/parameterSets/${index}`), message }))
    const detail = errors?.[0] ? `${errors[0].path.slice(1).replaceAll('/', '.')} ${errors[0].message}.` : error.message
    throw new Problem(error.code, detail, { extensions: { set: index }, ...(errors ? { errors } : {}) })
  }
}

/** The failure of a set that ran by itself, as a problem that says which one it was. */
function ofSet (error: unknown, { toCallersPosition }: Prepared, set: number): unknown {
  const problem = error instanceof DataApiFailure ? toProblem(error, 'write', toCallersPosition) : error
  if (!(problem instanceof Problem)) return problem
  const { code, message, extensions, retryAfterSeconds, isConfidential, cause } = problem
  return new Problem(code, message, {
    cause,
    isConfidential,
    extensions: { ...extensions, set },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds })
  })
}

function once<T> (ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null
  return async () => await (answer ??= ask())
}
