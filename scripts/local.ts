import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'

import type { SandboxConfig } from '../sandbox/config.js'
import { startSandbox } from '../sandbox/sandbox.js'
import { parseKeys } from '../src/access/keys-file.js'
import type { Key } from '../src/access/keys.js'
import { readConfig } from '../src/config.js'
import { createService } from '../src/service.js'
import { loadCatalog } from '../src/templates/catalog.js'

/** The key that works on a sandbox of one's own, and only there. */
export const LOCAL_KEY = 'local-dev-key'

/** What that key signs requests of the RDS Data API with: its id is the access key id. */
export const LOCAL_SIGNING_SECRET = 'local-dev-signing-secret'

const BUILT_IN_KEYS = '(built in)'

/** What `npm start` knows for keys. */
export const localKeys: Key[] = [{
  id: 'local-dev', sha256: createHash('sha256').update(LOCAL_KEY).digest('hex'), client: '*', scopes: ['*'], regions: ['*'], expiresAt: null, signingSecret: LOCAL_SIGNING_SECRET
}]

/** What is different when nobody waits for AWS. Whoever sets these in the environment has the last word. */
const localDefaults = {
  REGIONS: 'us-east-1,us-west-2,eu-west-1,eu-central-1,ap-southeast-2',
  POLL_MS: '250',
  SWEEP_MS: '1000',
  CALLS_PER_SECOND: '500',
  API_KEYS_FILE: BUILT_IN_KEYS
}

export interface Local {
  app: FastifyInstance
  /** Where the service listens. */
  url: string
  sandboxUrl: string
  /** Whether {@link LOCAL_KEY} is the key. */
  hasLocalKey: boolean
  close: () => Promise<void>
}

/**
 * Starts a sandbox and, pointed at it, the service. The SDK is given the sandbox's address through its own environment
 * variable, and nothing of an AWS account that the person may have.
 */
export async function startLocal (sandboxConfig: SandboxConfig, env: NodeJS.ProcessEnv, log: Logger): Promise<Local> {
  const catalog = loadCatalog()
  const config = readConfig({
    env: { ...localDefaults, ...env },
    readKeys: file => file === BUILT_IN_KEYS ? localKeys : parseKeys(readFileSync(file, 'utf8')),
    templates: [...catalog.keys()]
  })
  const sandbox = await startSandbox({ ...sandboxConfig, log: log.child({ program: 'sandbox' }) })
  for (const name of Object.keys(env)) if (name.startsWith('AWS_') && !name.startsWith('AWS_SDK_JS_')) delete env[name]
  Object.assign(env, { AWS_ENDPOINT_URL: sandbox.url, AWS_ACCESS_KEY_ID: 'sandbox', AWS_SECRET_ACCESS_KEY: 'sandbox' })
  try {
    const app = await createService({ config, log, catalog })
    const url = await app.listen({ host: config.host, port: config.port })
    const close = async (): Promise<void> => {
      await app.close()
      await sandbox.close()
    }
    return { app, url, sandboxUrl: sandbox.url, hasLocalKey: config.keys === localKeys, close }
  } catch (error) {
    await sandbox.close()
    throw error
  }
}

/** A failure to start, in a sentence for a person. */
export function explainStart (error: unknown): string {
  const { code, port, message } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `Port ${port} is taken. Stop what listens there, or set PORT (the service) or SANDBOX_PORT (the sandbox).`
  return message
}
