import type { Logger } from 'pino'
import { type Clock, createStop } from '../clock.js'

export type Jobs = ReturnType<typeof createJobs>

/** What goes on behind the answers: one thing after the other for each resource. */
export function createJobs (clock: Clock, log: Logger) {
  const running = new Map<string, Promise<void>>()
  const closing = createStop()
  return {
    /** `key` is a resource id. Begins `work` when what went on for the resource has ended. A failure is logged and handed to `onFailure`. */
    run: (key: string, work: () => Promise<void>, onFailure?: (error: unknown) => void): void => {
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
    /** Resolves when nothing goes on for the resource. */
    settled: async (key: string): Promise<void> => {
      while (running.has(key)) await running.get(key)
    },
    /** Resolves `durationMs` after `sinceMs`, so that a restart of the sandbox does not begin a wait anew. */
    until: async (sinceMs: number, durationMs: number): Promise<void> => {
      await clock.sleep(sinceMs + durationMs - clock.now(), closing.signal)
      closing.signal.throwIfAborted()
    },
    /** Gives up what is waiting, to be resumed by the next start, and waits for the rest. */
    close: async (): Promise<void> => {
      closing.abort()
      await Promise.all(running.values())
    }
  }
}
