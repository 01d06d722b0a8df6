import type { Clock } from './clock.js'
import type { Store } from './store.js'

/** A clock that can be moved forward, for whoever does not want to wait for a pause or an expiry. */
export interface MovableClock extends Clock {
  /** Whoever sleeps past the new time wakes. */
  advance: (ms: number) => void
  /** How far it has been moved, in milliseconds. */
  aheadMs: () => number
}

interface Shift { aheadMs: number }

/** How far it was moved is kept on disk: time does not run backwards with a restart. */
export function createMovableClock (clock: Clock, store: Pick<Store, 'collection'>): MovableClock {
  const shifts = store.collection<Shift>('clock')
  const aheadMs = (): number => shifts.get('shift')?.aheadMs ?? 0
  const now = (): number => clock.now() + aheadMs()
  const dozing = new Set<AbortController>()

  /** Sleeps for `ms` at most; cut short, without an error, when the clock is moved. */
  const doze = async (ms: number, signal: AbortSignal | undefined): Promise<void> => {
    const cut = new AbortController()
    const onAbort = (): void => { cut.abort() }
    dozing.add(cut)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await clock.sleep(ms, cut.signal)
    } catch (error) {
      if (!cut.signal.aborted) throw error
    } finally {
      dozing.delete(cut)
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.throwIfAborted()
  }

  return {
    now,
    aheadMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      const untilMs = now() + ms
      for (let leftMs = ms; leftMs > 0; leftMs = untilMs - now()) await doze(leftMs, signal)
    },
    advance: ms => {
      shifts.put('shift', { aheadMs: aheadMs() + ms })
      for (const cut of dozing) cut.abort()
    }
  }
}
