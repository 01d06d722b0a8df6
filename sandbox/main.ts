import pino from 'pino'
import pretty from 'pino-pretty'
import { readSandboxConfig, type SandboxConfig } from './config.js'
import { startSandbox } from './sandbox.js'

const config = readConfigOrExit()
const log = pino({ level: config.logLevel }, process.stdout.isTTY ? pretty({ ignore: 'pid,hostname', sync: true }) : pino.destination({ sync: true }))

try {
  const sandbox = await startSandbox({ ...config, log })
  log.info({ url: sandbox.url, dataDir: config.dataDir, pace: config.pace }, 'the sandbox is up')
  if (process.stdout.isTTY) process.stdout.write(greeting(sandbox.url))
  stopOnSignals(sandbox.close)
} catch (error) {
  log.fatal({ err: error }, 'the sandbox cannot start')
  process.exitCode = 1
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

function stopOnSignals (close: () => Promise<void>): void {
  let stopping = false
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) process.exit(130)
    stopping = true
    log.info({ signal }, 'stopping; once more to stop at once')
    await close()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { void stop(signal) })
}
