import { DataApiFailure } from '../../aws/data-api.js'
import { giveUp } from '../calls/give-up.js'
import { settings } from '../sql/settings.js'
import { runGroup, type SetGroup, type SetsWork } from './sets.js'

/** What is wrong with values, and not with the statement or the database: SQLSTATE's classes of data, of constraints, and of what functions raise. */
const ofValues = /^(21|22|23|44|P0)/

/** Nobody waits longer for the number of a set, each call of which takes no longer than this either. */
const FIND_MS = 3_000

const SAVEPOINT = 'aurora_databases_set'

/**
 * Which set of a group PostgreSQL refused, of which AWS tells nothing; null when that cannot be told. Ever smaller parts run in a transaction
 * that is rolled back in the end, as the one before was: a part that succeeds stays, for what comes after may fail because of it.
 */
export async function findFailed (work: SetsWork, group: SetGroup, failure: DataApiFailure): Promise<number | null> {
  if (group.sets.length < 2 || failure.kind !== 'sql' || !ofValues.test(failure.sql?.sqlState ?? '') || work.signal.aborted) return null
  const { dataApi, target, clock, signal } = work
  const transactionId = await dataApi.begin(target, signal)
  const execute = async (sql: string): Promise<void> => { await dataApi.execute(target, sql, [], { transactionId, signal }) }

  /** Whether a part is refused as the group was. Throws for any other failure. */
  const isRefused = async (from: number, to: number): Promise<boolean> => {
    await execute(`SAVEPOINT ${SAVEPOINT}`)
    try {
      await runGroup(work, transactionId, { first: from, sets: group.sets.slice(from, to) })
      return false
    } catch (error) {
      if (!(error instanceof DataApiFailure) || error.sql?.sqlState !== failure.sql?.sqlState) throw error
      await execute(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`)
      return true
    }
  }

  try {
    const deadline = clock.now() + FIND_MS
    await execute(settings('write', FIND_MS) ?? '')
    let [from, to] = [0, group.sets.length]
    while (to - from > 1 && clock.now() < deadline) {
      const half = Math.ceil((from + to) / 2)
      if (await isRefused(from, half)) to = half
      else from = half
    }
    return to - from === 1 && await isRefused(from, to) ? group.first + from : null
  } finally {
    await giveUp(dataApi, target, transactionId)
  }
}
