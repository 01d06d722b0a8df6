import { toDataApiFailure, type DataApi } from '../../aws/data-api.js'
import { AwsFailure } from '../../aws/errors.js'
import { errorTypeOf, type DataApiWire } from '../../aws/data-api-wire.js'
import type { HttpAnswer } from '../../aws/http-posts.js'
import { parseSqlError, type SqlError } from '../../aws/sql-error.js'
import type { Target } from '../../databases/access.js'
import type { ComputeNotes } from '../../databases/compute.js'
import { addressTo, type Addressed } from './addressed.js'
import type { Asked, Audit, Ran } from '../audit.js'
import type { Call } from '../calls/call.js'
import { markByTag, type RunUnlessLeft } from '../calls/cancel.js'
import type { Gate } from '../turns/gate.js'
import { cancelled, gone } from '../calls/hang-ups.js'
import { toProblem } from '../answers/refusals.js'
import { withoutTag, type Tagged } from '../sql/tag.js'
import type { Targets } from '../targets.js'
import { createRunUntagged } from './untagged.js'

/** The operations of the RDS Data API, by their paths. */
export const MIRRORED = ['Execute', 'BatchExecute', 'BeginTransaction', 'CommitTransaction', 'RollbackTransaction'] as const

export type Mirrored = typeof MIRRORED[number]

export interface MirrorOptions {
  targets: Targets
  wire: DataApiWire
  /** Ends the transaction of somebody who has left before hearing of it. */
  rollback: DataApi['rollback']
  runUnlessLeft: RunUnlessLeft
  /** A comment that no other statement has. */
  newTag: () => string
  gate: Pick<Gate, 'run'>
  notes: ComputeNotes
  audit: Audit
}

export type Mirror = ReturnType<typeof createMirror>

/** The RDS Data API of one database, as AWS has it, but that a statement ends with its caller. */
export function createMirror ({ targets, wire, rollback, runUnlessLeft, newTag, gate, notes, audit }: MirrorOptions) {
  const runUntagged = createRunUntagged({ wire, runUnlessLeft, hadNoEffect })

  /** Statements are cancelled when `signal` is aborted; a begin and an end are never cut off, for nobody would know what came of them. */
  const forward = async (
    target: Target,
    operation: Mirrored,
    addressed: Addressed,
    tag: string,
    signal: AbortSignal
  ): Promise<HttpAnswer> => {
    const { body, tagged, endsUntagged } = addressed
    const post = async (left?: AbortSignal): Promise<HttpAnswer> => await wire.forward(target.region, operation, body, left)
    if (signal.aborted) throw gone()
    if (tagged || endsUntagged) {
      const answer = tagged
        ? await runUnlessLeft(target, markByTag(tag), signal, post)
        : await runUntagged(target, operation, body, addressed.transactionId, signal)
      if (signal.aborted && sqlErrorIn(answer)?.sqlState === QUERY_CANCELED) throw cancelled(new Error(`${errorTypeOf(answer)}`))
      return tagged ? untag(answer, tagged) : answer
    }
    if (operation === 'Execute' || operation === 'BatchExecute') return await post(signal)
    const answer = await post()
    const { transactionId } = operation === 'BeginTransaction' && signal.aborted ? readObject(answer.body) : {}
    if (typeof transactionId === 'string') await rollback(target, transactionId).catch(() => {})
    return answer
  }

  const send = async (call: Call, operation: Mirrored, body: Uint8Array): Promise<HttpAnswer> => {
    const { caller, id, signal } = call
    const target = await targets.targetOf(call)
    const tag = newTag()
    const addressed = addressTo(target, operation, body, tag)
    const run = async (): Promise<HttpAnswer> => await forward(target, operation, addressed, tag, signal)
    // As with transactions elsewhere: what waits for their locks must not keep them from going on, and their ends set others free.
    const place = { key: caller.keyId, database: addressed.transactionId !== null ? `${id} transactions` : id }
    try {
      const answer = isEnd(operation) ? await run() : await gate.run(place, signal, run)
      note(answer, target.clusterArn, notes)
      if (missesTarget.has(errorTypeOf(answer) ?? '')) targets.forget(id)
      return answer
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      targets.forget(id)
      throw toProblem(toDataApiFailure(error), 'write', position => position)
    }
  }

  /**
   * Sends a request of the Data API to the database, and answers what AWS did, refusals included, which have happened to the request
   * and not to us. Throws a problem for what does not get there. Nothing is waited for, and nothing sent twice.
   */
  return async (call: Call, operation: Mirrored, body: Uint8Array): Promise<HttpAnswer> =>
    await audit.one(call, askedBy(operation, body), async () => await send(call, operation, body), toRan)
}

function askedBy (operation: Mirrored, body: Uint8Array): Asked {
  const { sql, transactionId, parameterSets } = readObject(body)
  return {
    operation: `data-api/${operation}`,
    sql: typeof sql === 'string' ? sql : null,
    transactionId: typeof transactionId === 'string' ? transactionId : null,
    ...(Array.isArray(parameterSets) ? { sets: parameterSets.length } : {})
  }
}

function toRan (answer: HttpAnswer): Ran {
  const { records, formattedRecords, numberOfRecordsUpdated, transactionId } = readObject(answer.body)
  const rows = Array.isArray(records) ? records : typeof formattedRecords === 'string' ? readJson(formattedRecords) : null
  const refusal = answer.status === 200 ? null : errorTypeOf(answer) ?? String(answer.status)
  const sqlState = sqlErrorIn(answer)?.sqlState
  return {
    rows: Array.isArray(rows) ? rows.length : typeof numberOfRecordsUpdated === 'number' ? numberOfRecordsUpdated : null,
    ...(refusal === null ? {} : { outcome: refusal }),
    ...(sqlState ? { sqlState } : {}),
    ...(typeof transactionId === 'string' ? { transactionId } : {})
  }
}

/** What is no JSON object has no members; whoever sent it hears so elsewhere. */
function readObject (bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const value = readJson(new TextDecoder().decode(bytes))
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function readJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const hadNoEffect = (answer: HttpAnswer): boolean =>
  sqlErrorIn(answer) !== null || errorTypeOf(answer) === 'StatementTimeoutException'

const QUERY_CANCELED = '57014'

/** What PostgreSQL said, where it is that which AWS answers. */
function sqlErrorIn ({ status, body }: HttpAnswer): SqlError | null {
  return status === 200 ? null : parseSqlError(String(readObject(body)['message']))
}

/** The same answer, with an error at its place in the statement as it came. Not a byte besides is another one. */
function untag (answer: HttpAnswer, tagged: Tagged): HttpAnswer {
  const position = sqlErrorIn(answer)?.position ?? null
  if (position === null) return answer
  const text = new TextDecoder().decode(answer.body)
  const [seen, own] = [position, withoutTag(position, tagged)].map(each => `Position: ${each}`) as [string, string]
  const at = text.lastIndexOf(seen)
  return { ...answer, body: new TextEncoder().encode(text.slice(0, at) + own + text.slice(at + seen.length)) }
}

const isEnd = (operation: Mirrored): boolean => operation === 'CommitTransaction' || operation === 'RollbackTransaction'

/** After these the database may be somewhere else, or gone. */
const missesTarget = new Set(['DatabaseNotFoundException', 'HttpEndpointNotEnabledException', 'SecretsErrorException'])

function note (answer: HttpAnswer, clusterArn: string, notes: ComputeNotes): void {
  if (answer.status === 200) notes.noteAwake(clusterArn)
  if (errorTypeOf(answer) === 'DatabaseResumingException') notes.noteResuming(clusterArn)
}
