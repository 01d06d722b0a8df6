import { DataApiFailure } from '../../aws/data-api.js'
import { sleepUntilAny, type Clock } from '../../clock.js'

export type WhenFree = ReturnType<typeof createWhenFree>

const FIRST_PAUSE_MS = 25
const LONGEST_PAUSE_MS = 500

/**
 * Makes calls of a transaction in which another one may still be at work, for at most `busyMs`: AWS refuses such a call before it has
 * begun, and it comes again. Nothing is waited for while `stopping` is aborted; what has to be cleaned up gives a signal that never is.
 */
export function createWhenFree (clock: Clock, stopping: AbortSignal) {
  return async <T>(busyMs: number, signal: AbortSignal, call: () => Promise<T>): Promise<T> => {
    const deadline = clock.now() + busyMs
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return await call()
      } catch (error) {
        const isBusy = error instanceof DataApiFailure && error.kind === 'busy'
        if (!isBusy || clock.now() >= deadline || signal.aborted || stopping.aborted) throw error
        await sleepUntilAny(clock, pauseMs, signal, stopping)
      }
    }
  }
}
