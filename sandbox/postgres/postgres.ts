import { randomBytes } from 'node:crypto'
import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { Store } from '../store.js'
import { type Catalogue, createCatalogue } from './catalogue.js'
import { createServerData, type ServerData } from './data.js'
import { type Certificate, type Front, type FrontOptions, makeCertificate } from './front.js'
import { createGround } from './ground.js'
import { openHome } from './home.js'
import { type Address, createPlacement, type PortRange } from './placement.js'
import { createProcesses, type Processes } from './processes.js'

export interface PostgresOptions {
  dataDir: string
  store: Pick<Store, 'collection'>
  clock: Pick<Clock, 'now'>
  log: Logger
  /** Directories to look for a PostgreSQL in, as in PATH. */
  searchPath: string
  /** Absent: an address of 127.77.0.0/16 for each cluster. */
  ports?: PortRange | undefined
}

/** Real PostgreSQL servers by name: their data, their processes and their addresses. */
export interface Postgres {
  data: ServerData
  processes: Processes
  catalogue: Catalogue
  /** Opens the address at which clients reach a server. */
  openFront: (wanted: Address | undefined, port: number, options: Omit<FrontOptions, 'certificate'>) => Promise<Front>
  /** Stops what an earlier, killed run left running, and removes the data of all but the known servers. */
  start: (known: ReadonlySet<string>) => Promise<void>
  /** Stops every server. */
  close: () => Promise<void>
}

/** Throws when the directories that it needs belong to somebody else. */
export function createPostgres ({ dataDir, store, clock, log, searchPath, ports }: PostgresOptions): Postgres {
  const kept = store.collection<string>('postgres')
  const home = openHome(dataDir)
  const ground = createGround(home, kept.get('superuser') ?? keep('superuser', randomBytes(24).toString('base64url')), searchPath)
  const processes = createProcesses(ground)
  const data = createServerData(ground, processes)
  const place = createPlacement(dataDir, ports, log)
  let certificate: Promise<Certificate> | undefined
  let preparation: Promise<unknown> = Promise.resolve()

  return {
    data,
    processes,
    catalogue: createCatalogue(ground),
    openFront: async (wanted, port, options) => {
      certificate ??= openCertificate()
      return await place(wanted, port, { ...options, certificate: await certificate })
    },
    start: async known => {
      await data.sweep(known)
      preparation = prepare().catch(error => log.error({ err: error as Error }, 'new clusters cannot be made'))
    },
    close: async () => {
      await preparation
      await processes.close()
      await rm(home.sockets, { recursive: true, force: true })
      // Nobody who removes the data directory would think of the one apart from it.
      const isUnused = home.isApart && await rmdir(join(home.directory, 'clusters')).then(() => true, () => false)
      if (isUnused) await rm(home.directory, { recursive: true, force: true })
    }
  }

  async function prepare (): Promise<void> {
    certificate ??= openCertificate()
    await ground.templateOf(await ground.installationFor())
    await Promise.all([certificate, data.emptyTrash()])
  }

  /** One for every cluster and every run. */
  async function openCertificate (): Promise<Certificate> {
    return JSON.parse(kept.get('certificate') ?? keep('certificate', JSON.stringify(await makeCertificate(clock.now())))) as Certificate
  }

  function keep (name: string, made: string): string {
    kept.put(name, made)
    return made
  }
}
