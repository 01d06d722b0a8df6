import { DataApiFailure, type DataApi } from '../../aws/data-api.js'
import type { Column } from '../../aws/data-api-values.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import { canBeCast, castColumns, nameSuspects } from '../casting/cast.js'
import { probeFor } from '../casting/columns.js'
import type { Gate } from '../turns/gate.js'
import type { Value } from '../answers/json-text.js'
import { prepareStatement, refuseTransactionControl, type Prepared } from '../sql/prepare.js'
import type { QueryRequest } from '../query.js'
import { toProblem } from '../answers/refusals.js'
import { settings } from '../sql/settings.js'
import type { Targets } from '../targets.js'
import { cellReader, nameColumns, type QueryColumn } from '../answers/values.js'
import type { WaitingCall } from '../calls/call.js'
import type { Times, WhenAwake } from '../calls/waking.js'
import { createWhenFree } from '../calls/when-free.js'
import { createCursor, declare, type Batch, type Cursor } from './cursor.js'
import { PROBLEM_KEY } from './formats.js'
import { createLease, type Lease } from './lease.js'
import { watchReader } from './reader.js'

/** A result of any size, while it is read. */
export interface RowStream extends Pick<Times, 'resumedAfterMs'> {
  columns: QueryColumn[]
  /**
   * The rows, some at a time, in the order of the columns. What is not taken is not fetched, but for one batch ahead. Throws a problem
   * or an `AwsFailure` in the place of rows that cannot come.
   */
  batches: AsyncGenerator<Value[][]>
  /** Resolves when the stream is over, with how many rows were taken and what broke it off; null when nothing did. */
  ended: Promise<{ rows: number, error: unknown }>
  /** Aborted, for a problem, when nobody has taken anything for so long that nobody will. */
  abandoned: AbortSignal
}

export interface StreamOptions {
  targets: Targets
  dataApi: DataApi
  whenAwake: WhenAwake
  /** Of the streams alone: each has its place for as long as it holds its transaction, and slow readers must not take those of statements. */
  gate: Pick<Gate, 'enter'>
  clock: Clock
}

interface Opened extends Times { cursor: Cursor, first: Batch, prepared: Prepared }

/** Queries whose results are too large to be held. */
export function createStream ({ targets, dataApi, whenAwake, gate, clock }: StreamOptions) {
  // Transactions are ended also while the service stops.
  const whenFree = createWhenFree(clock, new AbortController().signal)

  /** Opens a cursor and fetches the first rows, so that whatever is wrong with the query is a problem before anything is sent. */
  const open = async (lease: Lease, given: Prepared, request: QueryRequest, call: WaitingCall): Promise<Opened> => {
    const { startedAt, resumedAfterMs } = await whenAwake(call, lease.begin)
    const set = settings('read', request.timeoutMs, READ_WHOLE) ?? ''
    await lease.execute(set)
    const { prepared: cast, restore } = castColumns(given, request.castUnsupported ? await columnsOf(lease, given, set) : [])
    const prepared = declare(cast)
    await lease.execute(prepared.sql, prepared.args)
    const cursor = createCursor(async sql => restore(await lease.execute(sql)))
    return { cursor, first: await fetchFirst(cursor, lease, given, set), prepared, startedAt, resumedAfterMs }
  }

  /** Streams the result of one query until it is read, or the call is cut off. */
  return async (call: WaitingCall, request: QueryRequest): Promise<RowStream> => {
    const { caller, id, signal } = call
    const prepared = prepareStream(request)
    const declared = declare(prepared)
    const target = await targets.targetOf(call, request.database)
    const leave = await gate.enter({ key: caller.keyId, database: id }, signal)
    const lease = createLease({ dataApi, target, whenFree, leave })
    const end = (): void => { lease.end().catch(() => {}) }
    signal.addEventListener('abort', end, { once: true, signal: lease.over })
    let rowsSent = 0
    let close: (error: unknown) => void = () => {}
    const ended = new Promise<{ rows: number, error: unknown }>(resolve => { close = error => { resolve({ rows: rowsSent, error }) } })
    signal.addEventListener('abort', () => { close(cutShort()) }, { once: true })
    const toCallersError = (error: unknown, { toCallersPosition }: Prepared, columns: readonly Column[] = []): unknown => {
      if (signal.aborted) return cutShort()
      if (!(error instanceof DataApiFailure)) return error
      if (mayHaveMoved.has(error.kind)) targets.forget(id)
      if (error.kind !== 'no-transaction') return nameSuspects(error, columns) ?? toProblem(error, 'read', toCallersPosition)
      return endedByAws(rowsSent, error)
    }
    try {
      const opened = await open(lease, prepared, request, call)
      const reader = watchReader(clock, lease, signal)
      const columns = nameColumns(opened.first.columns, [PROBLEM_KEY])
      const read = columns.map(cellReader)
      const batches = async function * (): AsyncGenerator<Value[][]> {
        let error: unknown = cutShort()
        try {
          for await (const { rows } of ahead(opened, lease)) {
            if (rows.length === 0) continue
            yield * reader.offer(rows.map(row => read.map((each, index) => each(row[index] ?? null))))
            rowsSent += rows.length
          }
          error = null
        } catch (cause) {
          error = toCallersError(cause, opened.prepared, opened.first.columns)
          throw error
        } finally {
          close(error)
          end()
        }
      }
      return { columns, batches: batches(), ended, resumedAfterMs: opened.resumedAfterMs, abandoned: reader.abandoned }
    } catch (error) {
      end()
      throw toCallersError(error, declared)
    }
  }
}

function endedByAws (rowsSent: number, cause: Error): Problem {
  const detail = `AWS ended the transaction that the rows are read in, after ${rowsSent} of them.`
  return new Problem('statement-refused', `${detail} It does so when the database restarts, and after 24 h. Send the query again.`, { cause })
}

/** The columns of a query, before its first row: a value that is not carried may come in any. None when the query is wrong, which shows again. */
async function columnsOf (lease: Lease, given: Prepared, set: string): Promise<Column[]> {
  try {
    const probe = probeFor(given)
    return probe ? (await lease.execute(probe.sql, probe.args)).columns ?? [] : []
  } catch (error) {
    if (!(error instanceof DataApiFailure) || error.kind !== 'sql') throw error
    await lease.begin()
    await lease.execute(set)
    return []
  }
}

/** The first rows. Throws a problem that names the columns where it is their type which is refused. */
async function fetchFirst (cursor: Cursor, lease: Lease, given: Prepared, set: string): Promise<Batch> {
  try {
    return await cursor.fetch()
  } catch (error) {
    if (!(error instanceof DataApiFailure) || !canBeCast(error)) throw error
    const suspects = await lease.begin().then(async () => {
      await lease.execute(set)
      return nameSuspects(error, await columnsOf(lease, given, set))
    }).catch(() => null)
    throw suspects ?? error
  }
}

/** The planner takes it that only the first tenth of a cursor's rows are wanted, and fast. Here all of them are. */
const READ_WHOLE = ["set_config('cursor_tuple_fraction', '1', true)"]

/** The batches, the next of which is fetched while one is in the reader's hands. The transaction ends with the last fetch. */
async function * ahead ({ cursor, first }: Opened, lease: Lease): AsyncGenerator<Batch> {
  let next: Promise<Batch> | null = Promise.resolve(first)
  while (next) {
    const batch: Batch = await next
    next = batch.isLast ? null : cursor.fetch()
    // It is awaited when the reader comes back, if it does.
    next?.catch(() => {})
    if (batch.isLast) lease.end().catch(() => {})
    yield batch
  }
}

const cutShort = (): Problem => new Problem('shutting-down', 'The stream ended before all rows were sent: this replica is stopping, or nobody reads any more.')

const mayHaveMoved = new Set(['disabled', 'stopped', 'aws', 'lost'])

/** What is of no use to a stream, and why. */
const unfit: ReadonlyArray<{ path: string, isGiven: (request: QueryRequest) => boolean, message: string }> = [
  { path: '/mode', isGiven: ({ mode }) => mode === 'write', message: 'must be read, or left out: a stream only reads' },
  { path: '/dryRun', isGiven: ({ dryRun }) => dryRun, message: 'is of no use to a stream, which only reads' },
  { path: '/maxAffected', isGiven: ({ maxAffected }) => maxAffected !== null, message: 'is of no use to a stream, which only reads' },
  { path: '/maxRows', isGiven: ({ maxRows }) => maxRows !== null, message: 'is of no use to a stream, which cannot say that it was cut off: put a LIMIT into the query' },
  { path: '/explain', isGiven: ({ explain }) => explain, message: 'is of no use to a stream: a plan is answered as JSON' },
  { path: '/transactionId', isGiven: ({ transactionId }) => transactionId !== null, message: 'is not possible for a stream, which has a transaction of its own' }
]

function prepareStream (request: QueryRequest): Prepared {
  const errors = unfit.filter(({ isGiven }) => isGiven(request)).map(({ path, message }) => ({ path, message }))
  if (errors[0]) throw new Problem('invalid-request', `${errors[0].path.slice(1)} ${errors[0].message}.`, { errors })
  const prepared = prepareStatement(request)
  refuseTransactionControl(prepared, 'A stream has a transaction of its own.')
  if (prepared.isQuery) return prepared
  const message = 'must be a query: SELECT, VALUES, TABLE, or WITH that changes nothing'
  throw new Problem('invalid-request', `For a stream the statement ${message}. Accept: application/json runs any other.`, { errors: [{ path: '/sql', message }] })
}
