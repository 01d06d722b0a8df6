import type { Logger } from 'pino'

/** A signal sent again within this time is the same one: a terminal and npm both pass on one Ctrl-C. */
const SAME_SIGNAL_MS = 1_000

export interface StopOptions {
  close: () => Promise<void>
  /** How long `close` may take before the process ends all the same. */
  graceMs: number
  log: Pick<Logger, 'info' | 'error' | 'fatal'>
}

/** Ends the process in order on SIGINT, SIGTERM and SIGHUP, and on an error that nobody caught. A second Ctrl-C ends it at once. */
export function stopOnSignals ({ close, graceMs, log }: StopOptions): void {
  let stoppingSince: number | null = null

  const stop = (exitCode: number): void => {
    if (stoppingSince !== null) {
      if (Date.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(130)
      return
    }
    stoppingSince = Date.now()
    setTimeout(() => {
      log.error({ graceMs }, 'stopping took too long')
      process.exit(1)
    }, graceMs).unref()
    close().then(() => process.exit(exitCode), (error: unknown) => {
      log.error({ err: error }, 'could not stop in order')
      process.exit(1)
    })
  }

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stoppingSince === null) log.info({ signal }, 'stopping')
      stop(0)
    })
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, 'stopping because of an error that nobody caught')
      stop(1)
    })
  }
}
