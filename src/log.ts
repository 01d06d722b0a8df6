import { destination, pino, type Logger } from 'pino'
import pretty from 'pino-pretty'

/** JSON lines, or for a person on a terminal something that is nicer to read. `fd` 1 is the standard output, 2 that for errors. */
export function createLog (level: string, isTerminal: boolean, fd: 1 | 2 = 1): Logger {
  const options = {
    level,
    // Nothing of ours logs these; what a library attaches to an error might.
    redact: { paths: ['*.authorization', '*.password', '*.SecretString', 'err.request', 'err.config', 'err.$response'], remove: true }
  }
  if (!isTerminal) return pino(options, destination({ fd, sync: true }))
  return pino(options, pretty({ translateTime: 'HH:MM:ss', ignore: 'pid,hostname,reqId', singleLine: true, sync: true, destination: fd }))
}
