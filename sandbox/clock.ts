import { setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Store } from './store.js'

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

/** What ends many waits at once. More than ten that listen to one signal are a leak to Node.js, which says so on the terminal, unless it is told. */
export function createStop (): AbortController {
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  return stop
}

/** What is done again and again in the background. */
export interface Repetition {
  start: () => void
  /** Resolves when the work that is under way has ended, and none will begin any more. */
  close: () => Promise<void>
}

/** Does some work, which must not reject, over and over with pauses. */
export function createRepetition (clock: Clock, work: () => Promise<void>, pauseMs: () => number): Repetition {
  const stop = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await work()
      await clock.sleep(pauseMs(), stop.signal).catch(() => undefined)
    }
  }
  return {
    start: () => { running = run() },
    close: async () => {
      stop.abort()
      await running
    }
  }
}

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
  const sleepers = new Set<() => void>()

  return {
    now,
    aheadMs,
    // Without a signal of its own: every statement has a time limit, and two more signals cost it a tenth of a millisecond.
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      const untilMs = now() + ms
      let doze = (): void => {}
      const over = new Promise<void>((resolve, reject) => {
        doze = () => {
          const leftMs = untilMs - now()
          if (leftMs > 0) clock.sleep(leftMs, signal).then(doze, error => { reject(signal?.aborted ? signal.reason : error) })
          else resolve()
        }
      })
      sleepers.add(doze)
      doze()
      await over.finally(() => { sleepers.delete(doze) })
    },
    advance: ms => {
      shifts.put('shift', { aheadMs: aheadMs() + ms })
      for (const doze of [...sleepers]) doze()
    }
  }
}
