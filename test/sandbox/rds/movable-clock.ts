import type { Clock } from '../../../sandbox/clock.js'

/** A clock that a test moves. */
export interface MovableClock extends Clock {
  move: (ms: number) => void
  /** Resolves when somebody sleeps for exactly that long. */
  whenAsleepFor: (ms: number) => Promise<void>
}

export function createMovableClock (startMs = Date.UTC(2026, 10, 23)): MovableClock {
  let nowMs = startMs
  const sleepers = new Set<{ untilMs: number, wake: () => void }>()
  const watchers = new Set<{ ms: number, tell: () => void }>()
  return {
    now: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      if (ms <= 0) return
      await new Promise<void>((resolve, reject) => {
        const sleeper = { untilMs: nowMs + ms, wake: resolve }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', () => {
          sleepers.delete(sleeper)
          reject(new Error('the sleep was aborted', { cause: signal.reason }))
        }, { once: true })
        for (const watcher of watchers) {
          if (watcher.ms === ms && watchers.delete(watcher)) watcher.tell()
        }
      })
    },
    move: ms => {
      nowMs += ms
      for (const sleeper of sleepers) {
        if (sleeper.untilMs <= nowMs && sleepers.delete(sleeper)) sleeper.wake()
      }
    },
    whenAsleepFor: async ms => {
      if ([...sleepers].some(({ untilMs }) => untilMs - nowMs === ms)) return
      await new Promise<void>(resolve => watchers.add({ ms, tell: resolve }))
    }
  }
}
