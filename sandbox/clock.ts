import { setTimeout as wait } from 'node:timers/promises'

/** Time as the sandbox's parts see it, so that a test can move it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now: () => number
  /** Resolves after `ms`; rejects with an AbortError when `signal` is aborted. Never keeps the process alive. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    if (ms <= 0) return signal?.throwIfAborted()
    await wait(ms, undefined, { ref: false, ...(signal ? { signal } : {}) })
  }
}
