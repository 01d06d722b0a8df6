import pino from 'pino'
import pretty from 'pino-pretty'
import { readSandboxConfig, type SandboxConfig } from './config.js'
import { startSandbox } from './sandbox.js'

const SAME_SIGNAL_MS = 1000
const GRACE_MS = 30_000

const config = readConfigOrExit()
const log = pino({ level: config.logLevel }, process.stdout.isTTY ? pretty({ ignore: 'pid,hostname', sync: true }) : pino.destination({ sync: true }))

try {
  const sandbox = await startSandbox({ ...config, log })
  log.info({ url: sandbox.url, dataDir: config.dataDir, pace: config.pace }, 'the sandbox is up')
  if (process.stdout.isTTY) process.stdout.write(greeting(sandbox.url))
  stopOnSignals(sandbox.close)
} catch (error) {
  const { message, code = '' } = error as NodeJS.ErrnoException
  process.stderr.write(`The sandbox cannot start: ${[message, adviceOn(code)].filter(Boolean).join('; ')}\n`)
  process.exit(1)
}

/** What to set where the system refuses something, by the code of its error. */
function adviceOn (code: string): string | undefined {
  if (code === 'EADDRINUSE') return 'SANDBOX_PORT takes another port'
  if (['EADDRNOTAVAIL', 'ENOTFOUND'].includes(code)) return 'SANDBOX_HOST must be an address of this machine'
  if (['EACCES', 'EEXIST', 'ENOTDIR', 'EROFS'].includes(code)) return 'SANDBOX_DATA_DIR must be a directory that can be written, and SANDBOX_PORT one that may be listened on'
  return code === 'ENOSPC' ? 'SANDBOX_DATA_DIR takes another directory' : undefined
}

function readConfigOrExit (): SandboxConfig {
  try {
    return readSandboxConfig(process.env)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}

function greeting (url: string): string {
  return `
  Every AWS service at   ${url}

  Point anything that speaks to AWS at it:

    export AWS_ENDPOINT_URL=${url} AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any
    aws sts get-caller-identity

  Ctrl-C stops it and keeps the data.

`
}

/** A second Ctrl-C ends the process at once; but a terminal and npm both pass on the first one. */
function stopOnSignals (close: () => Promise<void>): void {
  let stoppingSince: number | undefined
  const stop = async (exitCode: number): Promise<void> => {
    if (stoppingSince !== undefined) {
      if (Date.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(130)
      return
    }
    stoppingSince = Date.now()
    setTimeout(() => { process.exit(1) }, GRACE_MS).unref()
    await close()
    process.exit(exitCode)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stoppingSince === undefined) log.info({ signal }, 'stopping')
      void stop(0)
    })
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, 'stopping because of an error that nobody caught')
      void stop(1)
    })
  }
}
