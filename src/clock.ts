import { setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'

/** Time, given to whatever needs it, so that a test can move it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now: () => number
  /** Resolves after `ms`, or at once when `signal` is aborted. Does not keep the process alive. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>
}

/** Sleeps until `ms` have passed or one of the signals is aborted, and leaves nothing behind on those that live on. */
export async function sleepUntilAny ({ sleep }: Pick<Clock, 'sleep'>, ms: number, ...signals: AbortSignal[]): Promise<void> {
  const woken = new AbortController()
  const wake = (): void => { woken.abort() }
  for (const signal of signals) {
    if (signal.aborted) return
    signal.addEventListener('abort', wake, { once: true, signal: woken.signal })
  }
  await sleep(ms, woken.signal).finally(wake)
}

/** What ends many waits at once. More than ten that listen to one signal are a leak to Node.js, which says so on the terminal, unless it is told. */
export function createStop (): AbortController {
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  return stop
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
