import { chmod, chown, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import { copyTree } from './files.js'
import type { ServerUser } from './home.js'
import { type AdminAccess, asSuperuser } from './roles.js'

const LEFT_OUT = /^(postmaster\.(pid|opts)|pg_(replslot|dynshmem|notify|serial|snapshots|subtrans|stat_tmp)\/.*|.*pgsql_tmp.*)$/
const SEGMENT = /^[0-9A-F]{24}$/
const FIRST_MAJOR_WITH_BACKUP_START = 15

/** Copies the data of a server that is down. */
export async function copyData (source: string, target: string, owner: ServerUser | undefined): Promise<void> {
  await copyTree(source, target, { owner, takes: name => !LEFT_OUT.test(name) })
}

/**
 * Copies the data of a running server as of the end of the copy: PostgreSQL's own online backup. A server started on
 * the copy replays the write-ahead log that came with it, as after a crash.
 */
export async function copyRunningData (source: string, target: string, owner: ServerUser | undefined, access: AdminAccess, major: number): Promise<void> {
  await asSuperuser(access, 'postgres', async client => {
    const firstSegment = await beginBackup(client, major)
    await copyTree(source, target, { owner, takes: name => !LEFT_OUT.test(name) && !isSegment(name) })
    const label = await endBackup(client, major)
    await copyTree(join(source, 'pg_wal'), join(target, 'pg_wal'), { owner, takes: name => !SEGMENT.test(name) || name >= firstSegment })
    await writeOwned(join(target, 'backup_label'), label, owner)
  })
}

/** Writes a file that only its owner can read. */
export async function writeOwned (file: string, text: string, owner: ServerUser | undefined): Promise<void> {
  await writeFile(file, text, { mode: 0o600 })
  await chmod(file, 0o600)
  if (owner) await chown(file, owner.uid, owner.gid)
}

function isSegment (name: string): boolean {
  return name.startsWith('pg_wal/') && SEGMENT.test(name.slice('pg_wal/'.length))
}

async function beginBackup (client: pg.Client, major: number): Promise<string> {
  const call = major >= FIRST_MAJOR_WITH_BACKUP_START ? "pg_backup_start('copy', true)" : "pg_start_backup('copy', true, false)"
  const { rows } = await client.query<{ segment: string }>(`SELECT pg_walfile_name(${call}) AS segment`)
  return rows[0]?.segment ?? ''
}

async function endBackup (client: pg.Client, major: number): Promise<string> {
  const call = major >= FIRST_MAJOR_WITH_BACKUP_START ? 'pg_backup_stop(false)' : 'pg_stop_backup(false, false)'
  const { rows } = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${call}`)
  return rows[0]?.labelfile ?? ''
}
