import type { DataApi, DataTarget } from '../../aws/data-api.js'
import type { Argument, Result } from '../../aws/data-api-values.js'
import type { Clock } from '../../clock.js'
import { giveUp } from '../calls/give-up.js'
import type { Cast } from '../casting/cast.js'
import { bytesOf } from '../sql/request-size.js'

/** Where sets of parameters are run, and for how long somebody waits for them. */
export interface SetsWork {
  dataApi: DataApi
  target: DataTarget
  signal: AbortSignal
  clock: Pick<Clock, 'now'>
  /** Has a refusal name the columns that it is for, where they can be told. */
  nameRefused: (error: unknown) => Promise<unknown>
}

/** Sets next to each other that can go in one call, for the statement has the same casts with them. `first` is the index of the first. */
export interface SetGroup { first: number, sets: Cast[] }

interface MeasuredGroup extends SetGroup { bytes: number }

/** Well under the 4 MiB that the Data API takes in one request. */
const GROUP_BYTES = 2 * 1024 * 1024
const GROUP_SETS = 1_000

/** As few groups as the limit of a request allows; each set by itself where the statement answers rows, which AWS does not tell of a group. */
export function groupSets (sets: readonly Cast[]): SetGroup[] {
  const groups: MeasuredGroup[] = []
  for (const [index, each] of sets.entries()) {
    const bytes = bytesOf(each.prepared.args)
    const last = groups.at(-1)
    if (last && hasRoomFor(last, each, bytes)) {
      last.sets.push(each)
      last.bytes += bytes
    } else {
      groups.push({ first: index, sets: [each], bytes })
    }
  }
  return groups
}

function hasRoomFor (group: MeasuredGroup, { prepared: { sql, returnsChanges } }: Cast, bytes: number): boolean {
  if (returnsChanges || group.sets[0]?.prepared.sql !== sql) return false
  return group.sets.length < GROUP_SETS && group.bytes + bytes <= GROUP_BYTES
}

/** Runs a group in a transaction; null where AWS tells nothing of what it did. */
export async function runGroup ({ dataApi, target, signal }: SetsWork, transactionId: string, { sets }: SetGroup): Promise<Result | null> {
  const [one] = sets
  if (!one) return null
  const { sql, args, returnsChanges } = one.prepared
  if (returnsChanges) return one.restore(await dataApi.execute(target, sql, args, { transactionId, signal }))
  const argSets: Argument[][] = sets.map(({ prepared }) => prepared.args)
  await dataApi.executeBatch(target, sql, argSets, { transactionId, signal })
  return null
}

/** Does `work` in a transaction that has just begun, and ends it. */
export async function inTransaction<Answer> (
  { dataApi, target }: SetsWork,
  transactionId: string,
  work: () => Promise<Answer>
): Promise<Answer> {
  try {
    const answer = await work()
    await dataApi.commit(target, transactionId)
    return answer
  } catch (error) {
    await giveUp(dataApi, target, transactionId)
    throw error
  }
}
