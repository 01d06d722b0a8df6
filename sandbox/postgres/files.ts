import { constants } from 'node:fs'
import { chmod, chown, copyFile, lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerUser } from './home.js'
import { type AdminAccess, asSuperuser } from './roles.js'

export interface CopyOptions {
  /** Owner of the copy; absent: ourselves. */
  owner?: ServerUser | undefined
  /** Whether to take the entry of that name, relative to the source. */
  takes?: (name: string) => boolean
}

/**
 * Copies a directory with its modes and links, by reference where the file system can (btrfs, XFS, APFS). A file
 * that vanishes meanwhile is left out: that is how a running server's directory is copied.
 */
export async function copyTree (source: string, target: string, { owner, takes = () => true }: CopyOptions = {}, name = ''): Promise<void> {
  const [from, to] = [join(source, name), join(target, name)]
  await mkdir(to, { recursive: true })
  await chmod(to, (await lstat(from)).mode & 0o777)
  if (owner) await chown(to, owner.uid, owner.gid)
  const entries = (await readdir(from, { withFileTypes: true })).filter(entry => takes(join(name, entry.name)))
  const files = entries.filter(entry => !entry.isDirectory())
  await Promise.all(files.map(async file => {
    await ifThere(copyEntry(join(from, file.name), join(to, file.name), file.isSymbolicLink(), owner))
  }))
  // One directory after the other: everything else that reads files waits for those of one at most.
  for (const entry of entries) if (entry.isDirectory()) await copyTree(source, target, { owner, takes }, join(name, entry.name))
}

async function copyEntry (source: string, target: string, isLink: boolean, owner: ServerUser | undefined): Promise<void> {
  if (isLink) return await symlink(await readlink(source), target)
  await copyFile(source, target, constants.COPYFILE_FICLONE)
  if (owner) await chown(target, owner.uid, owner.gid)
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

/** What the work answers; undefined where it finds no such file. */
export async function ifThere<T> (work: Promise<T>): Promise<T | undefined> {
  return await work.catch((error: unknown) => {
    if (isFileError(error, 'ENOENT')) return undefined
    throw error
  })
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
  const [start, stop] = major >= FIRST_MAJOR_WITH_BACKUP_START
    ? ["pg_backup_start('copy', true)", 'pg_backup_stop(false)']
    : ["pg_start_backup('copy', true, false)", 'pg_stop_backup(false, false)']
  await asSuperuser(access, 'postgres', async client => {
    const ask = async (text: string): Promise<string> => (await client.query<[string]>({ text, rowMode: 'array' })).rows[0]?.[0] ?? ''
    const firstSegment = await ask(`SELECT pg_walfile_name(${start})`)
    await copyTree(source, target, { owner, takes: name => !LEFT_OUT.test(name) && !isSegment(name) })
    const label = await ask(`SELECT labelfile FROM ${stop}`)
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

/** The PostgreSQL major that a server's data belongs to. */
export async function majorOf (directory: string): Promise<number> {
  return Number(await readFile(join(directory, 'data', 'PG_VERSION'), 'utf8'))
}
