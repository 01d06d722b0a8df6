import { constants } from 'node:fs'
import { chmod, chown, copyFile, lstat, mkdir, readdir, readlink, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServerUser } from './home.js'

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
