import { readFileSync } from 'node:fs'

import closeWithGrace from 'close-with-grace'

import { parseKeys } from './access/keys-file.js'
import { readConfig, type Config } from './config.js'
import { createLog } from './log.js'
import { createService } from './service.js'
import { loadCatalog } from './templates/catalog.js'

/** How long requests that are under way may take to end after a signal. */
const GRACE_MS = 10_000

const config = configure()
const log = createLog(config.logLevel, process.stdout.isTTY)
const app = await createService({ config, log })

closeWithGrace({ delay: GRACE_MS }, async ({ signal, err }) => {
  if (err) log.fatal({ err }, 'the service stops because of an error nobody caught')
  else log.info({ signal }, 'stopping')
  await app.close()
})
await app.listen({ host: config.host, port: config.port })

function configure (): Readonly<Config> {
  try {
    return readConfig({
      env: process.env,
      readKeys: file => parseKeys(readFileSync(file, 'utf8')),
      templates: [...loadCatalog().keys()]
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  }
}
