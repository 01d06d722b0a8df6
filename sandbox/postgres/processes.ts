import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PRELOADED } from './extensions.js'
import { majorOf } from './files.js'
import type { Ground } from './ground.js'
import type { AdminAccess } from './roles.js'
import { reloadServer, type Server, type ServerOptions, startServer } from './server.js'
import type { Settings } from './settings.js'

/** The server processes by the name of their data. */
export interface Processes {
  /** Starts the server and resolves when it takes connections; at once when it does already. */
  start: (id: string, parameters: Settings) => Promise<Server>
  /** Gives changed parameters to the server, if it runs. */
  reload: (id: string, parameters: Settings) => Promise<void>
  stop: (id: string) => Promise<void>
  /** Calls `work` while the server is down and kept from starting. False, and nothing called, when it runs. */
  whileDown: (id: string, work: () => Promise<void>) => Promise<boolean>
  /** The process that takes connections for the data now, if any. */
  serverOf: (id: string) => Server | undefined
  accessTo: (id: string) => AdminAccess
  close: () => Promise<void>
}

interface Entry {
  /** Absent while work goes on that needs the server to be down. */
  started?: Promise<Server>
  /** Set while it takes connections. */
  server?: Server
  /** Settles when another server may be started on the data. */
  stopped?: Promise<void>
}

const PORT = 5432

export function createProcesses (ground: Ground): Processes {
  const entries = new Map<string, Entry>()
  let isClosed = false
  const accessTo = (id: string): AdminAccess => ({ host: join(ground.home.sockets, id), port: PORT, password: ground.password })

  const optionsOf = async (id: string, parameters: Settings): Promise<ServerOptions> => {
    const directory = ground.directoryOf(id)
    const { bin, isPrepared } = await ground.installationFor(await majorOf(directory))
    const settings = { ...isPrepared ? PRELOADED : {}, ...parameters }
    return { bin, directory, socketDirectory: accessTo(id).host, parameters: settings, user: ground.home.user }
  }
  const forget = (id: string, entry: Entry): void => {
    if (entries.get(id) === entry) entries.delete(id)
  }
  const launch = (id: string, parameters: Settings): Promise<Server> => {
    const started = optionsOf(id, parameters).then(startServer)
    const entry: Entry = { started }
    entries.set(id, entry)
    started.then(async server => {
      entry.server = server
      await server.exited
    }).catch(() => {}).finally(() => { if (!entry.stopped) forget(id, entry) })
    return started
  }
  const end = async (id: string, entry: Entry): Promise<void> => {
    const server = await entry.started?.catch(() => undefined)
    delete entry.server
    await server?.stop()
    // Whoever starts the next server waits for this entry: its directory of sockets must not go from under it.
    await rm(accessTo(id).host, { recursive: true, force: true })
    forget(id, entry)
  }
  const stop = async (id: string): Promise<void> => {
    const entry = entries.get(id)
    if (entry) await (entry.stopped ??= end(id, entry))
  }

  return {
    start: async (id, parameters) => {
      for (let stopped = entries.get(id)?.stopped; stopped; stopped = entries.get(id)?.stopped) await stopped.catch(() => {})
      if (isClosed) throw new Error('the sandbox is closing')
      return await (entries.get(id)?.started ?? launch(id, parameters))
    },
    whileDown: async (id, work) => {
      // Many may wait for the same server, so whoever has waited looks again: another one may have it by now.
      for (let found = entries.get(id); found; found = entries.get(id)) {
        const runs = await found.started?.then(() => true, () => false)
        if (runs && !found.stopped) return false
        await found.stopped?.catch(() => {})
      }
      const entry: Entry = {}
      entries.set(id, entry)
      entry.stopped = work().finally(() => forget(id, entry))
      await entry.stopped
      return true
    },
    reload: async (id, parameters) => {
      const server = entries.get(id)?.server
      if (server) await reloadServer(server, await optionsOf(id, parameters))
    },
    stop,
    serverOf: id => entries.get(id)?.server,
    accessTo,
    close: async () => {
      isClosed = true
      await Promise.allSettled([...entries.keys()].map(stop))
    }
  }
}
