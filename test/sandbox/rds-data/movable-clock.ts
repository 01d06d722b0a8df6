import type { Clock } from '../../../sandbox/clock.js'

/** A clock that stands until it is moved, and then wakes whoever slept long enough. */
export interface MovableClock extends Clock {
  move: (ms: number) => Promise<void>
}

export function createMovableClock (start = Date.UTC(2026, 0, 1)): MovableClock {
  let now = start
  const sleepers = new Set<{ until: number, wake: () => void }>()
  return {
    now: () => now,
    sleep: async (ms, signal) => await new Promise((resolve, reject) => {
      if (ms <= 0) return resolve()
      const stop = (): void => {
        sleepers.delete(sleeper)
        reject(new Error('aborted'))
      }
      const wake = (): void => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }
      const sleeper = { until: now + ms, wake }
      sleepers.add(sleeper)
      signal?.addEventListener('abort', stop, { once: true })
    }),
    move: async ms => {
      now += ms
      for (const sleeper of sleepers) {
        if (sleeper.until > now) continue
        sleepers.delete(sleeper)
        sleeper.wake()
      }
      await new Promise(resolve => { setImmediate(resolve) })
    }
  }
}
