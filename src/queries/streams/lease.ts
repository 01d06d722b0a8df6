import type { DataApi, DataTarget } from '../../aws/data-api.js'
import type { Argument, Result } from '../../aws/data-api-values.js'
import type { WhenFree } from '../calls/when-free.js'

/** The transactions of one stream, one after the other, and its place at the gate. Both are given back once, whatever happens. */
export interface Lease {
  /** Begins a transaction, after the end of the one before. */
  begin: () => Promise<void>
  execute: (sql: string, args?: readonly Argument[]) => Promise<Result>
  /** Stops what is under way, rolls back and gives the place back. Resolves when that is done; never throws. */
  end: () => Promise<void>
  /** Aborted by `end`. */
  over: AbortSignal
}

export interface LeaseOptions {
  dataApi: Pick<DataApi, 'begin' | 'execute' | 'rollback'>
  target: DataTarget
  whenFree: WhenFree
  /** Gives the place back. */
  leave: () => void
}

/** A statement goes on for as long as this after nobody waits for it any more; until then its transaction cannot be ended. */
const BUSY_MS = 60_000

export function createLease ({ dataApi, target, whenFree, leave }: LeaseOptions): Lease {
  const ending = new AbortController()
  let transactionId: string | null = null
  let ended: Promise<void> | null = null

  const rollBack = async (): Promise<void> => {
    const id = transactionId
    if (id === null) return
    transactionId = null
    // AWS does it after three minutes; until then the transaction would hold its snapshot and its connection.
    await whenFree(BUSY_MS, new AbortController().signal, async () => { await dataApi.rollback(target, id) }).catch(() => {})
  }

  return {
    over: ending.signal,
    begin: async () => {
      await rollBack()
      // It is never cut off: a transaction whose id did not arrive could not be ended.
      const begun = await dataApi.begin(target)
      transactionId = begun
      if (ending.signal.aborted) await rollBack()
      ending.signal.throwIfAborted()
    },
    execute: async (sql, args = []) => {
      ending.signal.throwIfAborted()
      return await dataApi.execute(target, sql, args, { transactionId: transactionId ?? '', signal: ending.signal })
    },
    end: async () => {
      ending.abort()
      await (ended ??= rollBack().finally(leave))
    }
  }
}
