import { createHash } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { chown, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buildInPlace, writeOwned } from './files.js'
import type { Home } from './home.js'
import { chooseInstallation, findInstallations, type Installation, type Installations, runProgram } from './installations.js'
import { SUPERUSER } from './roles.js'
import { createTurns } from '../turns.js'

/** What every server stands on: binaries, and a template per major to copy. */
export interface Ground {
  home: Home
  /** The superuser's password, the same in every server of the data directory. */
  password: string
  /** The PostgreSQL of that major, else the default. */
  installationFor: (major?: number) => Promise<Installation>
  /** The data directory that a new server of the installation starts from. */
  templateOf: (installation: Installation) => Promise<string>
  directoryOf: (id: string) => string
}

/** Looks for binaries and makes templates when they are first needed, and once. */
export function createGround (home: Home, password: string, searchPath: string): Ground {
  let installations: Promise<Installations> | undefined
  const inTurn = createTurns()
  for (const name of ['clusters', 'trash']) mkdirSync(join(home.directory, name), { recursive: true, mode: 0o711 })
  return {
    home,
    password,
    installationFor: async major => {
      installations ??= findInstallations(home, searchPath)
      return chooseInstallation(await installations, major)
    },
    templateOf: async installation =>
      await inTurn(String(installation.major), async () => await openTemplate(home, installation, password)),
    directoryOf: id => join(home.directory, 'clusters', id)
  }
}

const FIRST_MAJOR_WITH_ICU_DEFAULT = 15

/**
 * The data directory that every new cluster of that major is a copy of, made at the first call. Text sorts as in
 * American English, Aurora's default; segments of the write-ahead log have 1 MB, so that copies stay small.
 */
export async function openTemplate (home: Home, installation: Installation, password: string): Promise<string> {
  const template = join(home.directory, 'templates', `${installation.major}-${shortHash(password)}`)
  if (existsSync(template)) return template
  await mkdir(join(home.directory, 'templates'), { recursive: true, mode: 0o711 })
  await buildInPlace(template, async draft => {
    await mkdir(draft, { mode: 0o700 })
    const passwordFile = `${draft}.password`
    await writeOwned(passwordFile, password, home.user)
    if (home.user) await chown(draft, home.user.uid, home.user.gid)
    try {
      await runProgram(join(installation.bin, 'initdb'), initdbArguments(draft, passwordFile, installation.major), home.user)
    } finally {
      await rm(passwordFile, { force: true })
    }
  })
  return template
}

/** A data directory made anew has another password, and its home may still hold the old template. */
function shortHash (text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

function initdbArguments (directory: string, passwordFile: string, major: number): string[] {
  const locale = major >= FIRST_MAJOR_WITH_ICU_DEFAULT ? ['--locale-provider=icu', '--icu-locale=en-US'] : []
  return [
    '-D', directory, '-U', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C',
    ...locale, '--wal-segsize=1', '--no-instructions', '--no-sync'
  ]
}
