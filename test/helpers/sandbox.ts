import { rmSync } from 'node:fs'
import pino from 'pino'
import { startSandbox, type SandboxOptions } from '../../sandbox/sandbox.js'
import { makeDataDir } from './data-dir.js'

/** What an SDK client needs to speak with the sandbox. */
export interface SandboxClientConfig {
  endpoint: string
  region: string
  credentials: { accessKeyId: string, secretAccessKey: string }
  /** One attempt, so that a test sees what was answered and not what was made of it. */
  maxAttempts: number
}

export interface TestSandbox {
  url: string
  clientConfig: (region?: string) => SandboxClientConfig
  /** Every line that was logged, as JSON text. */
  logged: string[]
  /** Stops it and starts another on the same data. */
  restart: () => Promise<TestSandbox>
}

interface Teardown {
  teardown: (callback: () => Promise<void>) => void
}

/**
 * A sandbox in this process, on a free port, at pace `instant`, with a data directory of its own. Both are gone when
 * the test is over.
 */
export async function openSandbox (test: Teardown, options: Partial<SandboxOptions> = {}): Promise<TestSandbox> {
  const dataDir = options.dataDir ?? makeDataDir()
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => { logged.push(line) } })
  const defaults = {
    host: '127.0.0.1',
    port: 0,
    pace: 'instant',
    resumeMs: null,
    serverlessV1: 'allowed',
    retiredVersions: 'refused',
    largeRows: 'refused',
    allowedHosts: [],
    clusterQuota: 40,
    clusterPorts: null,
    clusterHost: null,
    searchPath: process.env['PATH'] ?? ''
  } as const
  const sandbox = await startSandbox({ ...defaults, log, ...options, dataDir })
  let isOpen = true
  const close = async (): Promise<void> => {
    if (isOpen) await sandbox.close()
    isOpen = false
  }
  test.teardown(async () => {
    await close()
    rmSync(dataDir, { recursive: true, force: true })
  })
  return {
    url: sandbox.url,
    logged,
    clientConfig: (region = 'us-east-1') => ({
      endpoint: sandbox.url,
      region,
      credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'any' },
      maxAttempts: 1
    }),
    restart: async () => {
      await close()
      return await openSandbox(test, { ...options, dataDir })
    }
  }
}
