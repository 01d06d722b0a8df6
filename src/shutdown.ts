import { createStop, type Clock } from './clock.js'

/** How a service stops: whoever waits is sent away at once, and statements that run may end. */
export interface Shutdown {
  /** Aborted when the service starts to stop: whatever waits or streams ends then. */
  stopping: AbortSignal
  /** Aborted when statements that still run have had their time: they are cancelled in the database then. */
  overdue: AbortSignal
  /** Starts to stop. */
  begin: () => void
  /** Nothing runs any more. */
  end: () => void
}

/** How long statements may run on. What is left until the process ends is for cancelling them, and for answers. */
const STATEMENTS_MS = 7_000

/** Aborts both signals in time, once {@link Shutdown.begin} is called. */
export function createShutdown (clock: Pick<Clock, 'sleep'>): Shutdown {
  // Each request that waits, streams or runs a statement listens to one of the first two.
  const [stopping, overdue, over] = [createStop(), createStop(), new AbortController()]
  return {
    stopping: stopping.signal,
    overdue: overdue.signal,
    begin: () => {
      stopping.abort()
      clock.sleep(STATEMENTS_MS, over.signal).then(() => { if (!over.signal.aborted) overdue.abort() }, () => {})
    },
    end: () => { over.abort() }
  }
}
