import type { Principal } from '../access/keys.js'
import { DataApiFailure, type Argument, type DataApi, type DataTarget, type Result } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import { castColumns } from './cast.js'
import { columnsWithin, createNameRefused } from './columns.js'
import { toOutcome, type Outcome } from './outcome.js'
import { prepareStatement, refuseTransactionControl, type Prepared, type StatementText } from './prepare.js'
import { toProblem } from './refusals.js'
import { bytesOf } from './request-size.js'
import type { Targets } from './targets.js'
import type { WhenAwake } from './waking.js'

export interface BatchRequest extends Pick<StatementText, 'sql' | 'types'> {
  parameterSets: ReadonlyArray<StatementText['parameters']>
  rowFormat: 'object' | 'array'
  /** Has columns that the Data API does not carry come as text. */
  castUnsupported: boolean
  database: string | null
}

export interface BatchAnswer {
  /** How many sets the statement ran with. */
  sets: number
  /** One for each set where the statement is RETURNING rows; null otherwise, for AWS tells nothing of them. */
  results: Outcome[] | null
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

/** One statement with many sets of parameters, which happens for all of them or for none. */
export function createBatch ({ targets, dataApi, whenAwake, clock }: BatchOptions) {
  const nameRefused = createNameRefused(dataApi)

  const runAll = async (target: DataTarget, transactionId: string, prepared: readonly Prepared[], request: BatchRequest, signal: AbortSignal): Promise<Outcome[] | null> => {
    if (!prepared[0]?.returnsChanges) {
      for (const { sql, argSets } of chunk(prepared)) await dataApi.executeBatch(target, sql, argSets, { transactionId, signal })
      return null
    }
    const execute = async (sql: string, args: readonly Argument[]): Promise<Result> => await dataApi.execute(target, sql, args, { transactionId, signal })
    const columns = request.castUnsupported ? await columnsWithin(execute, prepared[0]) : []
    const results: Outcome[] = []
    for (const [set, each] of prepared.entries()) {
      const cast = castColumns(each, columns)
      const result = await execute(cast.prepared.sql, cast.prepared.args).catch(async (error: unknown) => {
        throw ofSet(request.castUnsupported ? error : await nameRefused(error, target, each, signal), cast.prepared, set)
      })
      results.push(toOutcome(cast.restore(result), each, { maxRows: null, rowFormat: request.rowFormat }))
    }
    return results
  }

  return async (principal: Principal, id: string, request: BatchRequest, waitSeconds: number, signal: AbortSignal): Promise<BatchAnswer> => {
    const prepared = request.parameterSets.map((parameters, index) => prepareSet(request, parameters, index))
    const found = await targets.targetOf(principal, id)
    const target = { ...found, databaseName: request.database ?? found.databaseName }
    let transactionId: string | null = null
    try {
      const { value, ...times } = await whenAwake(waitSeconds, signal, async () => await dataApi.begin(target, signal))
      transactionId = value
      const results = await runAll(target, transactionId, prepared, request, signal)
      await dataApi.commit(target, transactionId)
      return { sets: prepared.length, results, durationMs: clock.now() - times.startedAt, resumedAfterMs: times.resumedAfterMs }
    } catch (error) {
      // AWS would do it after three minutes; until then the transaction would hold its locks.
      if (transactionId !== null) await dataApi.rollback(target, transactionId).catch(() => {})
      throw error instanceof DataApiFailure ? toProblem(error, 'write', prepared[0]?.toCallersPosition ?? (position => position)) : error
    }
  }
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
  return new Problem(code, message, { cause, isConfidential, extensions: { ...extensions, set }, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) })
}

/** Well under the 4 MiB that the Data API takes in one request. */
const CHUNK_BYTES = 2 * 1024 * 1024
const CHUNK_SETS = 1_000

/** Sets that can go in one call: next to each other, with the same casts, and not too large together. */
function chunk (prepared: readonly Prepared[]): Array<{ sql: string, argSets: Argument[][] }> {
  const chunks: Array<{ sql: string, argSets: Argument[][], bytes: number }> = []
  for (const { sql, args } of prepared) {
    const bytes = bytesOf(args)
    const last = chunks.at(-1)
    if (last?.sql === sql && last.argSets.length < CHUNK_SETS && last.bytes + bytes <= CHUNK_BYTES) {
      last.argSets.push(args)
      last.bytes += bytes
    } else {
      chunks.push({ sql, argSets: [args], bytes })
    }
  }
  return chunks
}
