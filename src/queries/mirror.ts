import type { Caller } from '../access/keys.js'
import { toDataApiFailure } from '../aws/data-api.js'
import { AwsFailure } from '../aws/errors.js'
import { errorTypeOf, type DataApiWire } from '../aws/data-api-wire.js'
import type { HttpAnswer } from '../aws/http-posts.js'
import { parseSqlError } from '../aws/sql-error.js'
import type { ComputeNotes } from '../databases/compute.js'
import { addressTo } from './addressed.js'
import type { Asked, Audit, Ran } from './audit.js'
import type { Gate } from './gate.js'
import { toProblem } from './refusals.js'
import type { Targets } from './targets.js'

/** The operations of the RDS Data API, by their paths. */
export const MIRRORED = ['Execute', 'BatchExecute', 'BeginTransaction', 'CommitTransaction', 'RollbackTransaction'] as const

export type Mirrored = typeof MIRRORED[number]

export interface MirrorOptions {
  targets: Targets
  wire: DataApiWire
  gate: Pick<Gate, 'run'>
  notes: ComputeNotes
  audit: Audit
}

export type Mirror = ReturnType<typeof createMirror>

/** The RDS Data API of one database, as AWS has it. */
export function createMirror ({ targets, wire, gate, notes, audit }: MirrorOptions) {
  const send = async (caller: Caller, id: string, operation: Mirrored, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> => {
    const target = await targets.targetOf(caller, id)
    const { body: addressed, inTransaction } = addressTo(target, operation, body)
    const forward = async (): Promise<HttpAnswer> => await wire.forward(target.region, operation, addressed, signal)
    // As with transactions elsewhere: what waits for their locks must not keep them from going on, and their ends set others free.
    const place = { key: caller.keyId, database: inTransaction ? `${id} transactions` : id }
    try {
      const answer = isEnd(operation) ? await forward() : await gate.run(place, signal, forward)
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
  return async (caller: Caller, id: string, operation: Mirrored, body: Uint8Array, signal: AbortSignal): Promise<HttpAnswer> =>
    await audit.one(caller, id, askedBy(operation, body), signal, async () => await send(caller, id, operation, body, signal), toRan)
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
  const { records, formattedRecords, numberOfRecordsUpdated, transactionId, message } = readObject(answer.body)
  const rows = Array.isArray(records) ? records : typeof formattedRecords === 'string' ? readJson(formattedRecords) : null
  const refusal = answer.status === 200 ? null : errorTypeOf(answer) ?? String(answer.status)
  const sqlState = refusal === null ? null : parseSqlError(String(message))?.sqlState
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

const isEnd = (operation: Mirrored): boolean => operation === 'CommitTransaction' || operation === 'RollbackTransaction'

/** After these the database may be somewhere else, or gone. */
const missesTarget = new Set(['DatabaseNotFoundException', 'HttpEndpointNotEnabledException', 'SecretsErrorException'])

function note (answer: HttpAnswer, clusterArn: string, notes: ComputeNotes): void {
  if (answer.status === 200) notes.noteAwake(clusterArn)
  if (errorTypeOf(answer) === 'DatabaseResumingException') notes.noteResuming(clusterArn)
}
