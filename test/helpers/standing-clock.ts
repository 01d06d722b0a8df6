import type { Clock } from '../../src/clock.js'

/** A clock that stands until a test moves it, and then wakes whoever has slept long enough. */
export interface StandingClock extends Clock {
  move: (ms: number) => void
  /** Resolves as soon as somebody sleeps, with how long each sleeper still has. */
  whenAsleep: () => Promise<number[]>
  sleepers: () => number
}

export function createStandingClock (start = Date.UTC(2026, 10, 23, 9)): StandingClock {
  let now = start
  const sleeping = new Set<{ until: number, wake: () => void }>()
  let announce: Array<() => void> = []

  return {
    now: () => now,
    sleep: async (ms, signal) => await new Promise<void>(resolve => {
      if (signal?.aborted) return resolve()
      const sleeper = { until: now + ms, wake: () => { signal?.removeEventListener('abort', stop); resolve() } }
      const stop = (): void => { if (sleeping.delete(sleeper)) resolve() }
      sleeping.add(sleeper)
      signal?.addEventListener('abort', stop, { once: true })
      for (const tell of announce) tell()
      announce = []
    }),
    move: ms => {
      now += ms
      for (const sleeper of sleeping) {
        if (sleeper.until <= now && sleeping.delete(sleeper)) sleeper.wake()
      }
    },
    whenAsleep: async () => {
      if (sleeping.size === 0) await new Promise<void>(resolve => announce.push(resolve))
      return [...sleeping].map(({ until }) => until - now)
    },
    sleepers: () => sleeping.size
  }
}
