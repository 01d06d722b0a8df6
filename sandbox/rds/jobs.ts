import type { Logger } from 'pino'
import { type Clock, createStop } from '../clock.js'

/** What goes on behind the answers: one thing after the other for each resource. */
export interface Jobs {
  /** Begins `work` when what went on for the resource has ended. A failure is logged and handed to `onFailure`. */
  run: (key: string, work: () => Promise<void>, onFailure?: (error: unknown) => void) => void
  /** Resolves when nothing goes on for the resource. */
  settled: (key: string) => Promise<void>
  /** Resolves `durationMs` after `sinceMs`, so that a restart of the sandbox does not begin a wait anew. */
  until: (sinceMs: number, durationMs: number) => Promise<void>
  /** Gives up what is waiting, to be resumed by the next start, and waits for the rest. */
  close: () => Promise<void>
}

export function createJobs (clock: Clock, log: Logger): Jobs {
  const running = new Map<string, Promise<void>>()
  const closing = createStop()
  return {
    run: (key, work, onFailure) => {
      const before = running.get(key) ?? Promise.resolve()
      const job = before.then(async () => {
        closing.signal.throwIfAborted()
        await work()
      }).catch(error => {
        if (closing.signal.aborted) return
        log.error({ err: error as Error, resource: key }, 'a change could not be completed')
        onFailure?.(error)
      }).finally(() => {
        if (running.get(key) === job) running.delete(key)
      })
      running.set(key, job)
    },
    settled: async key => {
      while (running.has(key)) await running.get(key)
    },
    until: async (sinceMs, durationMs) => {
      await clock.sleep(sinceMs + durationMs - clock.now(), closing.signal)
      closing.signal.throwIfAborted()
    },
    close: async () => {
      closing.abort()
      await Promise.all(running.values())
    }
  }
}
