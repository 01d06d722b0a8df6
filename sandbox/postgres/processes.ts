import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PRELOADED } from './extensions.js'
import { majorOf } from './files.js'
import type { Ground } from './ground.js'
import type { AdminAccess } from './roles.js'
import { reloadServer, type Server, type ServerOptions, startServer } from './server.js'
import type { Settings } from './settings.js'
import { createTurns } from '../turns.js'

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

const PORT = 5432

export function createProcesses (ground: Ground): Processes {
  /** Those that take connections; undefined while one has yet to. */
  const servers = new Map<string, Server | undefined>()
  /** What changes whether a server runs happens one at a time for each. */
  const inTurn = createTurns()
  let isClosed = false
  const accessTo = (id: string): AdminAccess => ({ host: join(ground.home.sockets, id), port: PORT, password: ground.password })

  const optionsOf = async (id: string, parameters: Settings): Promise<ServerOptions> => {
    const directory = ground.directoryOf(id)
    const { bin, isPrepared } = await ground.installationFor(await majorOf(directory))
    const settings = { ...isPrepared ? PRELOADED : {}, ...parameters }
    return { bin, directory, socketDirectory: accessTo(id).host, parameters: settings, user: ground.home.user }
  }
  const launch = async (id: string, parameters: Settings): Promise<Server> => {
    if (isClosed) throw new Error('the sandbox is closing')
    servers.set(id, undefined)
    const server = await startServer(await optionsOf(id, parameters))
    servers.set(id, server)
    void server.exited.then(() => { if (servers.get(id) === server) servers.delete(id) })
    return server
  }
  const stop = async (id: string): Promise<void> => {
    await inTurn(id, async () => {
      const server = servers.get(id)
      servers.delete(id)
      await server?.stop()
      await rm(accessTo(id).host, { recursive: true, force: true })
    })
  }

  return {
    start: async (id, parameters) => await inTurn(id, async () => servers.get(id) ?? await launch(id, parameters)),
    whileDown: async (id, work) => await inTurn(id, async () => {
      if (servers.get(id)) return false
      await work()
      return true
    }),
    reload: async (id, parameters) => {
      const server = servers.get(id)
      if (server) await reloadServer(server, await optionsOf(id, parameters))
    },
    stop,
    serverOf: id => servers.get(id),
    accessTo,
    close: async () => {
      isClosed = true
      await Promise.allSettled([...servers.keys()].map(stop))
    }
  }
}
