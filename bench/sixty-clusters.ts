import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { DatabaseResumingException, ExecuteStatementCommand, RDSDataClient } from '@aws-sdk/client-rds-data'
import { launchSandbox, type SandboxProcess } from '../test/helpers/sandbox-process.js'
import { measureMemory } from './memory.js'
import { clientConfig, createDatabase, type Database } from './stacks.js'
import { line, median, timed, verdict } from './statistics.js'
import { inTemporaryDirectory } from './workspace.js'

const CLUSTERS = 60
const AWAKE = 10
const AT_ONCE = 4
const STARTS = 7
const PAUSE_MS = 300_000
const POLL_MS = 20
const TIMEOUT_MS = 60_000
const MIB_PER_GIB = 1024

/** Sixty clusters of which ten are in use: how much memory they need together, and how long the sandbox takes to start with them. */
export async function benchSixtyClusters (): Promise<void> {
  await inTemporaryDirectory(async dataDir => {
    let sandbox = launch(dataDir)
    const { url } = await sandbox.up
    try {
      const databases = await createAll(url)
      await pauseAll(url, sandbox, dataDir)
      for (const database of databases.slice(0, AWAKE)) await query(url, database)
      reportMemory(sandbox, dataDir)
      const starts = { 'start after an orderly stop': 'SIGTERM', 'start after kill -9': 'SIGKILL' } as const
      for (const [name, signal] of Object.entries(starts)) {
        const samples: number[] = []
        for (let start = 0; start < STARTS; start++) {
          await sandbox.end(signal)
          sandbox = launch(dataDir)
          const { startMs, url } = await sandbox.up
          samples.push(startMs)
          await Promise.all(databases.slice(0, AWAKE).map(async database => { await query(url, database) }))
        }
        process.stdout.write(line(name, samples) + verdict(`${name}, at the median`, median(samples) / 1000, ' s', { atMost: 3 }))
      }
      reportMemory(sandbox, dataDir)
      process.stdout.write(`${'the journal'.padEnd(44)} ${(statSync(join(dataDir, 'journal.jsonl')).size / 1024).toFixed(0)} KiB\n`)
    } finally {
      await sandbox.end('SIGTERM')
    }
  })
}

function launch (dataDir: string): SandboxProcess {
  return launchSandbox(dataDir, { SANDBOX_CLUSTER_QUOTA: String(CLUSTERS) })
}

async function createAll (url: string): Promise<Database[]> {
  const client = new CloudFormationClient(clientConfig(url))
  const databases: Database[] = []
  let count = 0
  const lane = async (): Promise<void> => {
    while (count < CLUSTERS) databases.push(await createDatabase(client, `bench-${++count}`))
  }
  const tookMs = await timed(async () => { await Promise.all(Array.from({ length: AT_ONCE }, lane)) })
  process.stdout.write(`${`${CLUSTERS} stacks, ${AT_ONCE} at once`.padEnd(44)} ${(tookMs / 1000).toFixed(1)} s\n`)
  return databases
}

/** Moves the sandbox's clock on, and resolves when every server has been stopped. */
async function pauseAll (url: string, { pid }: SandboxProcess, dataDir: string): Promise<void> {
  await fetch(`${url}/_sandbox/clock`, { method: 'POST', body: JSON.stringify({ advanceMs: PAUSE_MS + 1000 }) })
  const deadlineMs = performance.now() + TIMEOUT_MS
  while (measureMemory(pid, dataDir).servers > 0) {
    if (performance.now() > deadlineMs) throw new Error('not every cluster pauses')
    await wait(POLL_MS)
  }
}

/** Asks until the database has woken. */
async function query (url: string, { stackId: _, ...place }: Database): Promise<void> {
  const dataApi = new RDSDataClient(clientConfig(url))
  const deadlineMs = performance.now() + TIMEOUT_MS
  for (;;) {
    try {
      await dataApi.send(new ExecuteStatementCommand({ ...place, sql: 'SELECT 1' }))
      return
    } catch (error) {
      if (!(error instanceof DatabaseResumingException) || performance.now() > deadlineMs) throw error
      await wait(POLL_MS)
    }
  }
}

function reportMemory (sandbox: SandboxProcess, dataDir: string): void {
  const { sandboxMiB, serversMiB, servers } = measureMemory(sandbox.pid, dataDir)
  const parts = `the sandbox ${sandboxMiB.toFixed(0)} MiB, ${servers} processes of ${AWAKE} servers ${serversMiB.toFixed(0)} MiB`
  process.stdout.write(`${verdict('memory together', (sandboxMiB + serversMiB) / MIB_PER_GIB, ' GiB', { atMost: 2 })}${' '.repeat(44)} ${parts}\n`)
}
