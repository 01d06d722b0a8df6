import { existsSync } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { copyTree, majorOf, writeOwned } from './files.js'
import type { Ground } from './ground.js'
import type { Processes } from './processes.js'
import { asSuperuser } from './roles.js'

/**
 * Fills the data of `draft` with what that of `source` was at a moment: what `source` started from, and then its
 * write-ahead log up to there. PostgreSQL fails a recovery whose log ends before the moment, so a last transaction is
 * written to the source first.
 */
export async function recoverInto (ground: Ground, processes: Processes, source: string, draft: string, momentMs: number): Promise<void> {
  const { home, directoryOf } = ground
  const [from, to] = [directoryOf(source), directoryOf(draft)]
  await mkdir(to, { recursive: true, mode: 0o711 })
  await copyTree(await baseOf(ground, from), join(to, 'data'), { owner: home.user })
  await whileUp(processes, source, async () => {
    await asSuperuser(processes.accessTo(source), 'postgres', async client => {
      await client.query('SELECT txid_current()')
      await client.query('SELECT pg_switch_wal()')
    })
    await copyTree(join(from, 'data', 'pg_wal'), join(to, 'archive'), { owner: home.user })
  })
  await writeOwned(join(to, 'data', 'recovery.signal'), '', home.user)
  await processes.start(draft, {
    restore_command: 'cp "../archive/%f" "%p"',
    recovery_target_time: endOfMillisecond(momentMs),
    recovery_target_action: 'promote',
    // Without readers in between, settings of the source that differ from these do not matter.
    hot_standby: 'off'
  })
  await processes.stop(draft)
}

/** PostgreSQL's clock is finer than AWS's: a commit in the millisecond that was named belongs to it. */
function endOfMillisecond (momentMs: number): string {
  return new Date(momentMs).toISOString().replace('T', ' ').replace('Z', '999+00')
}

/** Whether the log of the data in a directory still has its first part, so that it can be recovered to any moment. */
export async function reachesBack (ground: Ground, directory: string): Promise<boolean> {
  const files = await readdir(join(await baseOf(ground, directory), 'pg_wal'))
  const [first] = files.filter(name => /^[0-9A-F]{24}$/.test(name)).sort()
  return first !== undefined && existsSync(join(directory, 'data', 'pg_wal', first))
}

/** A cluster that is a copy kept what it started from; every other started from the template. */
async function baseOf (ground: Ground, directory: string): Promise<string> {
  const kept = join(directory, 'base')
  return existsSync(kept) ? kept : await ground.templateOf(await ground.installationFor(await majorOf(directory)))
}

/** Runs `work` while the server is up; one that was down is stopped again. */
async function whileUp (processes: Processes, id: string, work: () => Promise<void>): Promise<void> {
  const wasUp = processes.serverOf(id) !== undefined
  await processes.start(id, {})
  try {
    await work()
  } finally {
    if (!wasUp) await processes.stop(id)
  }
}
