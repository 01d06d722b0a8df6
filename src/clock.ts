import { setTimeout as wait } from 'node:timers/promises'

/** Time, given to whatever needs it, so that a test can move it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now: () => number
  /** Resolves after `ms`, or at once when `signal` is aborted. Does not keep the process alive. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await wait(ms, undefined, { ref: false, ...(signal ? { signal } : {}) })
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  }
}
