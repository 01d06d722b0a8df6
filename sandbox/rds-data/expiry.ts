import type { Clock } from '../clock.js'

/** Watches over many things that may each take the same time. */
export interface Expiry {
  /** Calls `onExpiry` when the time is over, unless the returned function is called before. */
  add: (onExpiry: () => void) => () => void
}

/**
 * What is added first is over first, so that one sleep serves for all: a timer with a signal of its own for each
 * statement and each idle session cost every call a tenth of a millisecond.
 */
export function createExpiry (clock: Clock, ms: number): Expiry {
  const entries = new Set<{ atMs: number, onExpiry: () => void }>()
  let watching = false

  const watch = async (): Promise<void> => {
    watching = true
    for (let [next] = entries; next; [next] = entries) {
      const leftMs = next.atMs - clock.now()
      if (leftMs > 0) {
        await clock.sleep(leftMs)
      } else {
        entries.delete(next)
        next.onExpiry()
      }
    }
    watching = false
  }

  return {
    add: onExpiry => {
      const entry = { atMs: clock.now() + ms, onExpiry }
      entries.add(entry)
      if (!watching) void watch()
      return () => { entries.delete(entry) }
    }
  }
}
