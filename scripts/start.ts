import { readSandboxConfig } from '../sandbox/config.js'
import { createLog } from '../src/log.js'
import { stopOnSignals } from '../src/signals.js'
import { explainStart, LOCAL_KEY, startLocal, type Local } from './local.js'
import { createTerminal, type Terminal } from './terminal.js'

// The service and the sandbox together, for a machine without an AWS account.
const terminal = createTerminal(process.stdout, process.env)

try {
  const log = createLog(process.env.LOG_LEVEL ?? 'info', process.stderr.isTTY, 2)
  const sandboxConfig = readSandboxConfig(process.env)
  const local = await startLocal(sandboxConfig, process.env, log)
  stopOnSignals({ close: local.close, graceMs: 30_000, log })
  greet(terminal, local, sandboxConfig.dataDir)
} catch (error) {
  process.stderr.write(`${explainStart(error)}\n`)
  process.exit(1)
}

function greet ({ say, bold, dim }: Terminal, { url, sandboxUrl, hasLocalKey }: Local, dataDir: string): void {
  const key = hasLocalKey ? LOCAL_KEY : '<key>'
  say()
  say(`  ${bold('Aurora Databases API')}  ${url}  ${dim(`documentation at ${url}/docs`)}`)
  say(`  ${bold('AWS sandbox')}           ${sandboxUrl}  ${dim(`data in ${dataDir}`)}`)
  say(`  ${bold('Key')}                   ${hasLocalKey ? LOCAL_KEY : 'one of API_KEYS_FILE'}`)
  say()
  say('  Create a database:')
  say()
  say(`  curl -X POST ${url}/v1/databases -H 'Authorization: Bearer ${key}' -H 'Content-Type: application/json' -d '{"client":"acme","region":"eu-west-1"}'`)
  say()
  say(dim('  Ctrl-C stops everything and keeps the data.'))
  say()
}
