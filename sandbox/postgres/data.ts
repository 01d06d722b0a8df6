import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildInPlace, copyData, copyRunningData, copyTree, ifThere, majorOf } from './files.js'
import type { Ground } from './ground.js'
import type { Installation } from './installations.js'
import type { Processes } from './processes.js'
import { reachesBack, recoverInto } from './recovery.js'
import { stopOrphan } from './server.js'

/** The servers' data directories by name. */
export interface ServerData {
  /** Makes the data of a new server; nothing happens if it has some. The major is the default's where it is not here. */
  create: (id: string, major: number) => Promise<Installation>
  /** Makes the data of `target` a copy of that of `source`, running or not; nothing happens if it has some. */
  copy: (source: string, target: string) => Promise<void>
  /** As `copy`, but keeps what it started from, so that the new server's past can be restored. */
  clone: (source: string, target: string) => Promise<void>
  /** Makes the data of `target` what that of `source` was at a moment, from its write-ahead log; throws if that does not reach back. */
  restore: (source: string, target: string, momentMs: number) => Promise<void>
  /** Whether the write-ahead log that is kept goes back to the beginning of the data. */
  reachesBack: (id: string) => Promise<boolean>
  /** The major of the PostgreSQL that the data of a server belongs to. */
  majorOf: (id: string) => Promise<number>
  /** The major of the PostgreSQL that runs what was asked for as that major. */
  majorFor: (major: number) => Promise<number>
  /** Removes the data; the server is to be stopped before. */
  remove: (id: string) => Promise<void>
  /** Stops servers that an earlier run left behind, and removes what no server of that name owns any more. */
  sweep: (known: ReadonlySet<string>) => Promise<void>
  /** Frees the space of what was removed. */
  emptyTrash: () => Promise<void>
}

export function createServerData (ground: Ground, processes: Processes): ServerData {
  const { home, directoryOf } = ground
  const trash = join(home.directory, 'trash')
  const discard = async (id: string): Promise<string> => {
    const moved = join(trash, `${id}-${randomBytes(4).toString('hex')}`)
    await ifThere(rename(directoryOf(id), moved))
    return moved
  }
  const remove = async (id: string): Promise<void> => { await rm(await discard(id), { recursive: true, force: true }) }
  const copyInto = async (source: string, data: string): Promise<void> => {
    const from = join(directoryOf(source), 'data')
    const wasDown = await processes.whileDown(source, async () => { await copyData(from, data, home.user) })
    if (!wasDown) await copyRunningData(from, data, home.user, processes.accessTo(source), await majorOf(directoryOf(source)))
  }
  /** Makes a part of what a server has, whole or not at all; nothing happens if it is there. */
  const fill = async (id: string, part: 'base' | 'data', build: (draft: string) => Promise<void>): Promise<void> => {
    if (existsSync(join(directoryOf(id), part))) return
    await mkdir(directoryOf(id), { recursive: true, mode: 0o711 })
    await buildInPlace(join(directoryOf(id), part), build)
  }
  /** Lays what a server starts from, which is kept for {@link reachesBack}, and copies it to its data. */
  const found = async (id: string, layBase: (base: string) => Promise<void>): Promise<void> => {
    if (existsSync(join(directoryOf(id), 'data'))) return
    await remove(id)
    await fill(id, 'base', layBase)
    await fill(id, 'data', async data => { await copyTree(join(directoryOf(id), 'base'), data, { owner: home.user }) })
  }
  return {
    create: async (id, major) => {
      const installation = await ground.installationFor(major)
      const template = await ground.templateOf(installation)
      await fill(id, 'data', async data => { await copyTree(template, data, { owner: home.user }) })
      return installation
    },
    copy: async (source, target) => { await fill(target, 'data', async data => { await copyInto(source, data) }) },
    clone: async (source, target) => { await found(target, async base => { await copyInto(source, base) }) },
    restore: async (source, target, momentMs) => {
      await found(target, async base => {
        const draft = `${target}-recovering`
        await remove(draft)
        await recoverInto(ground, processes, source, draft, momentMs)
        await rename(join(directoryOf(draft), 'data'), base)
        await remove(draft)
      })
    },
    majorOf: async id => await majorOf(directoryOf(id)),
    majorFor: async major => (await ground.installationFor(major)).major,
    reachesBack: async id => await reachesBack(ground, directoryOf(id)),
    remove,
    sweep: async known => {
      const ids = await readdir(join(home.directory, 'clusters'))
      await Promise.all(ids.map(async id => {
        await stopOrphan(join(directoryOf(id), 'data'))
        if (!known.has(id)) await discard(id)
      }))
    },
    emptyTrash: async () => {
      for (const name of await readdir(trash)) await rm(join(trash, name), { recursive: true, force: true })
    }
  }
}
