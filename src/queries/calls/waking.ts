import { DataApiFailure } from '../../aws/data-api.js'
import { sleepUntilAny, type Clock } from '../../clock.js'
import type { WaitingCall } from './call.js'

/** When work began, and how long a paused database took to wake before; null when it was awake. */
export interface Times { startedAt: number, resumedAfterMs: number | null }

export type WhenAwake = ReturnType<typeof createWhenAwake>

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 2_000

/** Waits for paused databases as long as a call does, and not while the service stops. */
export function createWhenAwake (clock: Clock, stopping: AbortSignal) {
  /** Makes the first call, and makes it again while the database wakes: AWS refuses it before anything has begun. */
  return async <T>({ waitSeconds, signal }: Pick<WaitingCall, 'waitSeconds' | 'signal'>, work: () => Promise<T>): Promise<{ value: T } & Times> => {
    const arrivedAt = clock.now()
    const deadline = arrivedAt + waitSeconds * 1000
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const startedAt = clock.now()
      try {
        return { value: await work(), startedAt, resumedAfterMs: pauseMs > FIRST_PAUSE_MS ? startedAt - arrivedAt : null }
      } catch (error) {
        const isWaking = error instanceof DataApiFailure && error.kind === 'resuming'
        if (!isWaking || startedAt >= deadline || signal.aborted || stopping.aborted) throw error
        await sleepUntilAny(clock, Math.min(pauseMs, deadline - startedAt), signal, stopping)
        if (signal.aborted || stopping.aborted) throw error
      }
    }
  }
}
