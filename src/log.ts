import { destination, pino, type Logger, type LoggerOptions } from 'pino'
import pretty from 'pino-pretty'

/** JSON lines, or for a person on a terminal something that is nicer to read. `fd` 1 is the standard output, 2 that for errors. */
export function createLog (level: string, isTerminal: boolean, fd: 1 | 2 = 1): Logger {
  const options = logOptions(level)
  if (!isTerminal) return pino(options, destination({ fd, sync: true }))
  return pino(options, pretty({ translateTime: 'HH:MM:ss', ignore: 'pid,hostname,reqId', singleLine: true, sync: true, destination: fd }))
}

/** The audit trail: lines of the same log, which a level that leaves out information does not leave out. */
export function createAuditLog (log: Logger): Pick<Logger, 'info'> {
  return log.level === 'silent' ? log : log.child({}, { level: 'info' })
}

/** What every log of the service does, wherever it goes to. */
export function logOptions (level: string): LoggerOptions {
  return { level, serializers: { err: (error: unknown) => describeError(error) } }
}

interface ErrorFacts { type: string, code?: unknown, message: string, stack?: string | undefined, cause?: ErrorFacts }

/** How far the causes of causes are followed. */
const DEEPEST_CAUSE = 5

/** Of an error only this is logged: libraries hang requests, headers and whole answers on theirs, and with them secrets. */
function describeError (error: unknown, depth = 0): ErrorFacts {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) }
  const { name, message, stack, cause, code } = error as NodeJS.ErrnoException
  return {
    type: name,
    ...(code === undefined ? {} : { code }),
    message,
    stack,
    ...(cause === undefined || depth === DEEPEST_CAUSE ? {} : { cause: describeError(cause, depth + 1) })
  }
}
