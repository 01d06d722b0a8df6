import type { DataApi, DataTarget } from '../../aws/data-api.js'
import type { Argument } from '../../aws/data-api-values.js'
import type { Clock } from '../../clock.js'

/** How a running statement is told from all others: a condition on `pg_stat_activity`, and its parameters. */
export interface Mark { where: string, args: readonly Argument[] }

export interface CancelOptions {
  dataApi: Pick<DataApi, 'execute'>
  clock: Pick<Clock, 'sleep'>
}

export type RunUnlessLeft = ReturnType<typeof createRunUnlessLeft>

/**
 * Runs calls of the Data API whose statements end with their caller. AWS goes on with one whose connection is closed, for 45 s (User
 * Guide, "Controlling Data API timeout behavior"), and knows no call that ends it. So a second call finds its backend and cancels it;
 * that costs no call as long as nobody hangs up. What was cancelled is rolled back.
 */
export function createRunUnlessLeft ({ dataApi, clock }: CancelOptions) {
  /** Resolves when the statement has been told to end, or does not seem to be there, when that takes too long, or when it has `ended`. */
  const cancel = async (target: DataTarget, { where, args }: Mark, ended: AbortSignal): Promise<void> => {
    const patience = new AbortController()
    ended.addEventListener('abort', () => { patience.abort() }, { once: true })
    const tell = async (): Promise<void> => {
      // Its request may still be on its way when it is looked for the first time.
      for (const pauseMs of CANCEL_PAUSES_MS) {
        await clock.sleep(pauseMs, patience.signal)
        if (patience.signal.aborted) return
        const { rows } = await dataApi.execute(target, `${CANCEL} AND ${where}`, args, { signal: patience.signal })
        if (rows.length > 0) return
      }
    }
    await Promise.race([tell().catch(() => {}), clock.sleep(CANCEL_MS, patience.signal)]).finally(() => { patience.abort() })
  }

  /** Has the database end a statement, whose answer says then that it has had no effect. The connection is closed only when none comes. */
  const endStatement = async (target: DataTarget, mark: Mark, connection: AbortController): Promise<void> => {
    await cancel(target, mark, connection.signal)
    await clock.sleep(LAST_WORDS_MS, connection.signal)
    connection.abort()
  }

  /** Makes the call `run` of the statement that `mark` finds, which is cancelled when `left` is aborted. */
  return async <Answer>(
    target: DataTarget,
    mark: Mark,
    left: AbortSignal,
    run: (connection: AbortSignal) => Promise<Answer>
  ): Promise<Answer> => {
    const connection = new AbortController()
    const end = (): void => { endStatement(target, mark, connection).catch(() => {}) }
    left.addEventListener('abort', end, { once: true })
    try {
      return await run(connection.signal)
    } finally {
      left.removeEventListener('abort', end)
      connection.abort()
    }
  }
}

/** Finds the statement that has a tag, which no other has. */
export function markByTag (tag: string): Mark {
  return { where: 'strpos(query, :tag) > 0', args: [{ name: 'tag', value: tag }] }
}

/** Finds what runs in a transaction: no other of the cluster began in the same backend at the same microsecond. */
export async function markByTransaction (
  dataApi: Pick<DataApi, 'execute'>,
  target: DataTarget,
  transactionId: string,
  signal: AbortSignal
): Promise<Mark> {
  const { rows } = await dataApi.execute(target, ASK_MARK, [], { transactionId, signal })
  const [pid = '', begun = ''] = (rows[0] ?? []).map(String)
  return transactionMark(pid, begun)
}

/** What a transaction is asked to be found by: its backend's number, and when it began. */
export const ASK_MARK = 'SELECT pg_backend_pid()::text, extract(epoch FROM now())::text'

export function transactionMark (pid: string, begun: string): Mark {
  return {
    where: 'pid::text = :pid AND extract(epoch FROM xact_start)::text = :begun',
    args: [{ name: 'pid', value: pid }, { name: 'begun', value: begun }]
  }
}

const CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"

const CANCEL_PAUSES_MS = [0, 100, 400, 1_600]

/** Whoever hung up does not wait for it, but its place at the gate is not free until then. */
const CANCEL_MS = 5_000

/** How long the answer to a statement that was told to end is waited for. */
const LAST_WORDS_MS = 500
