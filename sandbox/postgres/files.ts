import { constants } from 'node:fs'
import { chmod, chown, copyFile, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type pg from 'pg'
import type { ServerUser } from './home.js'
import { type AdminAccess, asSuperuser } from './roles.js'

const PARALLEL_COPIES = 8

export interface CopyOptions {
  /** Owner of the copy; absent: ourselves. */
  owner?: ServerUser | undefined
  /** Whether to take the entry of that name, relative to the source. */
  takes?: (name: string) => boolean
}

interface Entry {
  name: string
  isLink: boolean
}

/**
 * Copies a directory with its modes and links, by reference where the file system can (btrfs, XFS, APFS). A file
 * that vanishes meanwhile is left out: that is how a running server's directory is copied.
 */
export async function copyTree (source: string, target: string, options: CopyOptions = {}): Promise<void> {
  const entries: Entry[] = []
  await copyDirectories(source, target, '', options, entries)
  const copyNext = async (): Promise<void> => {
    for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
      await copyEntry(join(source, entry.name), join(target, entry.name), entry.isLink, options.owner)
    }
  }
  await Promise.all(Array.from({ length: PARALLEL_COPIES }, copyNext))
}

/** Calls `build` with a name beside `path` and renames it into place, so that `path` is either whole or absent. */
export async function buildInPlace (path: string, build: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.draft-${process.pid}`
  await rm(draft, { recursive: true, force: true })
  try {
    await build(draft)
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

/** Whether the error is the file system's refusal of one of these kinds. */
export function isFileError (error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

async function copyDirectories (source: string, target: string, name: string, options: CopyOptions, entries: Entry[]): Promise<void> {
  const here = join(target, name)
  await mkdir(here, { recursive: true })
  await chmod(here, (await lstat(join(source, name))).mode & 0o777)
  if (options.owner) await chown(here, options.owner.uid, options.owner.gid)
  for (const entry of await readdir(join(source, name), { withFileTypes: true })) {
    const path = join(name, entry.name)
    if (options.takes && !options.takes(path)) continue
    if (entry.isDirectory()) await copyDirectories(source, target, path, options, entries)
    else entries.push({ name: path, isLink: entry.isSymbolicLink() })
  }
}

async function copyEntry (source: string, target: string, isLink: boolean, owner: ServerUser | undefined): Promise<void> {
  try {
    if (isLink) return await symlink(await readlink(source), target)
    await copyFile(source, target, constants.COPYFILE_FICLONE)
    if (owner) await chown(target, owner.uid, owner.gid)
  } catch (error) {
    if (!isFileError(error, 'ENOENT')) throw error
  }
}

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
export async function copyRunningData (
  source: string,
  target: string,
  owner: ServerUser | undefined,
  access: AdminAccess,
  major: number
): Promise<void> {
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

/** The PostgreSQL major that a server's data belongs to. */
export async function majorOf (directory: string): Promise<number> {
  return Number(await readFile(join(directory, 'data', 'PG_VERSION'), 'utf8'))
}
