import { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { clientConfig, createDatabase, type Database, deleteDatabase } from './stacks.js'
import { interleave, line, median, verdict } from './statistics.js'
import { inTemporaryDirectory, withSandbox } from './workspace.js'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openTemplate } from '../sandbox/postgres/ground.js'
import { openHome } from '../sandbox/postgres/home.js'
import { findInstallations } from '../sandbox/postgres/installations.js'
import { startServer } from '../sandbox/postgres/server.js'

const ROUNDS = 15
const WARM_UPS = 1

/** From CreateStack to CREATE_COMPLETE, beside initdb and a start of the same PostgreSQL without a sandbox. */
export async function benchCreateStack (): Promise<void> {
  const samples = await withSandbox(async url => {
    const client = new CloudFormationClient(clientConfig(url))
    let count = 0
    let made: Database | undefined
    return await interleave({
      'CreateStack to CREATE_COMPLETE': async () => { made = await createDatabase(client, `bench-${++count}`) },
      'DeleteStack to DELETE_COMPLETE': async () => { if (made) await deleteDatabase(client, made) },
      'initdb and a start by hand': startByHand
    }, ROUNDS, WARM_UPS)
  })
  for (const [name, each] of Object.entries(samples)) process.stdout.write(line(name, each))
  const created = median(samples['CreateStack to CREATE_COMPLETE'])
  process.stdout.write(verdict('a stack, at the median', created / 1000, ' s', { atMost: 1.5 }))
  process.stdout.write(`${'a stack, over initdb and a start by hand'.padEnd(44)} ${(created / median(samples['initdb and a start by hand'])).toFixed(2)} times\n`)
}

/** The stop and the removal are in it as well; they take a twentieth of the whole. */
async function startByHand (): Promise<void> {
  await inTemporaryDirectory(async directory => {
    const home = openHome(directory)
    const [installation] = await findInstallations(home, process.env['PATH'] ?? '')
    const template = await openTemplate(home, installation, 'password')
    const server = join(directory, 'server')
    mkdirSync(server, { mode: 0o711 })
    renameSync(template, join(server, 'data'))
    const started = await startServer({ bin: installation.bin, directory: server, socketDirectory: join(home.sockets, 'by-hand'), parameters: {}, user: home.user })
    await started.stop()
    rmSync(home.sockets, { recursive: true, force: true })
  })
}
