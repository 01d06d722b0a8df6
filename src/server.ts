import { readFileSync } from 'node:fs'

import { parseKeys } from './access/keys-file.js'
import { readConfig, type Config } from './config.js'
import { createLog } from './log.js'
import { createService } from './service.js'
import { stopOnSignals } from './signals.js'
import { loadCatalog, type Catalog } from './templates/catalog.js'

/** How long requests that are under way may take to end after a signal. */
const GRACE_MS = 10_000

const { catalog, config } = configure()
const log = createLog(config.logLevel, process.stdout.isTTY)
const app = await createService({ config, log, catalog })

stopOnSignals({ close: async () => { await app.close() }, graceMs: GRACE_MS, log })
await app.listen({ host: config.host, port: config.port })

function configure (): { catalog: Catalog, config: Readonly<Config> } {
  try {
    const catalog = loadCatalog()
    const config = readConfig({
      env: process.env,
      readKeys: file => parseKeys(readFileSync(file, 'utf8')),
      templates: [...catalog.keys()]
    })
    return { catalog, config }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}
