import { DataApiFailure, type DataApi, type DataTarget } from '../../aws/data-api.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import { markByTag, markByTransaction, type RunUnlessLeft } from './cancel.js'
import { hasRoomForTag, tagStatement, withoutTag, type Tagged } from '../sql/tag.js'

export interface HangUpOptions {
  clock: Pick<Clock, 'sleep'>
  runUnlessLeft: RunUnlessLeft
  /** A comment that no other statement has. */
  newTag: () => string
}

/** What a statement is sent with. */
type CallOptions = NonNullable<Parameters<DataApi['execute']>[3]>

/**
 * The Data API, whose statements end with their caller. Each carries a comment that no other has, by which it is found. One that has no
 * room for it is found by its transaction, which must be asked for its mark before; outside of one it goes on.
 */
export function cancelAbandoned (dataApi: DataApi, { clock, runUnlessLeft, newTag }: HangUpOptions): DataApi {
  const unlessLeft: RunUnlessLeft = async (target, mark, signal, run) => {
    try {
      return await runUnlessLeft(target, mark, signal, run)
    } catch (error) {
      throw signal.aborted && error instanceof DataApiFailure && error.kind === 'timeout' ? cancelled(error) : error
    }
  }

  /** Runs a statement so that it can be found. `run` sends it as it is then, with what else the call has. */
  const findably = async <Answer>(
    target: DataTarget,
    sql: string,
    { signal, ...rest }: CallOptions,
    run: (sql: string, options: CallOptions) => Promise<Answer>
  ): Promise<Answer> => {
    if (!signal) return await run(sql, rest)
    if (signal.aborted) throw gone()
    if (hasRoomForTag(sql)) {
      const tag = newTag()
      const tagged = tagStatement(sql, tag)
      return await unlessLeft(target, markByTag(tag), signal, async connection =>
        await run(tagged.sql, { ...rest, signal: connection }).catch((error: unknown) => { throw untag(error, tagged) }))
    }
    if (rest.transactionId === undefined) return await run(sql, { signal })
    const mark = await markByTransaction(dataApi, target, rest.transactionId, signal)
    return await unlessLeft(target, mark, signal, async connection => await run(sql, { ...rest, signal: connection }))
  }

  const rollback: DataApi['rollback'] = async (target, transactionId) => {
    // A statement that has just been told to end may not have ended yet.
    for (const pauseMs of BUSY_PAUSES_MS) {
      try {
        return await dataApi.rollback(target, transactionId)
      } catch (error) {
        if (!(error instanceof DataApiFailure) || error.kind !== 'busy') throw error
        await clock.sleep(pauseMs)
      }
    }
    await dataApi.rollback(target, transactionId)
  }

  return {
    ...dataApi,
    execute: async (target, sql, args, options = {}) =>
      await findably(target, sql, options, async (sql, findable) => await dataApi.execute(target, sql, args, findable)),
    executeBatch: async (target, sql, argSets, options) => {
      await findably(target, sql, options, async (sql, findable) => {
        await dataApi.executeBatch(target, sql, argSets, { ...options, ...findable })
      })
    },
    /** What is begun for somebody who has left is ended when AWS has said what it is called. */
    begin: async (target, signal) => {
      if (signal?.aborted) throw gone()
      const begun = dataApi.begin(target)
      const left = new Promise<'left'>(resolve => { signal?.addEventListener('abort', () => { resolve('left') }, { once: true }) })
      if (await Promise.race([begun, left]) !== 'left') return await begun
      begun.then(async transactionId => { await rollback(target, transactionId) }).catch(() => {})
      throw gone()
    },
    rollback
  }
}

const BUSY_PAUSES_MS = [20, 50, 100, 200, 400, 800]

/** Comments for statements of this replica, which no other has, given letters and digits that no other replica has. */
export function createTags (ofThisReplica: string): () => string {
  let count = 0
  return () => `/* aurora-databases-api ${ofThisReplica}${++count} */`
}

/** Whoever has hung up does not read these; whoever meets the end of a replica does. */
export const gone = (): Problem => new Problem('shutting-down', 'The statement did not run: its request ended before it was sent.')

export const cancelled = (cause: Error): Problem =>
  new Problem(
    'shutting-down',
    'The statement was cancelled and has had no effect: this replica is stopping, or nobody waits for the answer any more.',
    { cause }
  )

/** The same failure, at the place in the statement as it was before it had a tag. */
function untag (error: unknown, tagged: Tagged): unknown {
  if (!(error instanceof DataApiFailure) || !error.sql?.position) return error
  return new DataApiFailure(error.kind, error.aws, { ...error.sql, position: withoutTag(error.sql.position, tagged) })
}
