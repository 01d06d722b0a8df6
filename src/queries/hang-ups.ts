import { DataApiFailure, type DataApi, type DataTarget } from '../aws/data-api.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'

export interface HangUpOptions {
  clock: Pick<Clock, 'now' | 'sleep'>
  /** Letters and digits that no other statement has. */
  newTag: () => string
}

/**
 * The Data API, whose statements end with their caller. AWS goes on with one whose connection is closed, for 45 s (User Guide,
 * "Controlling Data API timeout behavior"), and knows no call that ends it. So each carries a comment that no other has, by which a
 * second call finds its backend and cancels it; that costs no call as long as nobody hangs up. What was cancelled is rolled back.
 */
export function cancelAbandoned (dataApi: DataApi, { clock, newTag }: HangUpOptions): DataApi {
  /** Resolves when the statement has been told to end, or does not seem to be there, when that takes too long, or when it has `ended`. */
  const cancel = async (target: DataTarget, tag: string, ended: AbortSignal): Promise<void> => {
    const patience = new AbortController()
    ended.addEventListener('abort', () => { patience.abort() }, { once: true })
    const tell = async (): Promise<void> => {
      // Its request may still be on its way when it is looked for the first time.
      for (const pauseMs of CANCEL_PAUSES_MS) {
        await clock.sleep(pauseMs, patience.signal)
        if (patience.signal.aborted) return
        const { rows } = await dataApi.execute(target, CANCEL, [{ name: 'tag', value: tag }], { signal: patience.signal })
        if (rows.length > 0) return
      }
    }
    await Promise.race([tell().catch(() => {}), clock.sleep(CANCEL_MS, patience.signal)]).finally(() => { patience.abort() })
  }

  /** Has the database end a statement, whose answer says then that it has had no effect. The connection is closed only when none comes. */
  const endStatement = async (target: DataTarget, tag: string, connection: AbortController): Promise<void> => {
    await cancel(target, tag, connection.signal)
    await clock.sleep(LAST_WORDS_MS, connection.signal)
    connection.abort()
  }

  /** Runs a statement with a tag, unless that makes it too long or nobody can hang up. */
  const tagged = async <Answer>(target: DataTarget, sql: string, signal: AbortSignal | undefined, run: (sql: string, signal: AbortSignal | undefined) => Promise<Answer>): Promise<Answer> => {
    const tag = `/* aurora-databases-api ${newTag()} */`
    if (!signal || sql.length + tag.length >= LONGEST_SQL) return await run(sql, signal)
    if (signal.aborted) throw gone()
    const connection = new AbortController()
    const end = (): void => { endStatement(target, tag, connection).catch(() => {}) }
    signal.addEventListener('abort', end, { once: true })
    try {
      return await run(isHinted(sql) ? `${sql}\n${tag}` : `${tag} ${sql}`, connection.signal)
    } catch (error) {
      if (!(error instanceof DataApiFailure)) throw error
      if (signal.aborted && error.kind === 'timeout') throw new Problem('shutting-down', 'The statement was cancelled and has had no effect: this replica is stopping, or nobody waits for the answer any more.', { cause: error })
      throw isHinted(sql) ? error : withoutTag(error, tag)
    } finally {
      signal.removeEventListener('abort', end)
      connection.abort()
    }
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
    execute: async (target, sql, args, { signal: left, ...options } = {}) =>
      await tagged(target, sql, left, async (sql, signal) => await dataApi.execute(target, sql, args, { ...options, ...(signal ? { signal } : {}) })),
    executeBatch: async (target, sql, argSets, { signal: left, ...options }) => {
      await tagged(target, sql, left, async (sql, signal) => { await dataApi.executeBatch(target, sql, argSets, { ...options, ...(signal ? { signal } : {}) }) })
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

const CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE strpos(query, :tag) > 0 AND state = 'active' AND pid <> pg_backend_pid()"

const CANCEL_PAUSES_MS = [0, 100, 400, 1_600]

/** Whoever hung up does not wait for it, but its place at the gate is not free until then. */
const CANCEL_MS = 5_000

/** How long the answer to a statement that was told to end is waited for. */
const LAST_WORDS_MS = 500

const BUSY_PAUSES_MS = [20, 50, 100, 200, 400, 800]

/** pg_hint_plan looks for its hints in the first comment and in no other. Elsewhere that place is the better one: PostgreSQL shows the beginning of a statement. */
const isHinted = (sql: string): boolean => sql.includes('/*+')

/** The Data API takes no more. */
const LONGEST_SQL = 65_536

/** Whoever has hung up does not read it; whoever meets the end of a replica does. */
const gone = (): Problem => new Problem('shutting-down', 'The statement did not run: its request ended before it was sent.')

/** The same failure, at the place in the statement as it was before it had a tag. */
function withoutTag (failure: DataApiFailure, tag: string): DataApiFailure {
  const { kind, aws, sql } = failure
  if (!sql?.position) return failure
  return new DataApiFailure(kind, aws, { ...sql, position: Math.max(1, sql.position - tag.length - 1) })
}
