import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from './home.js'
import { chooseInstallation, findInstallations, type Installation } from './installations.js'
import { openTemplate } from './template.js'

/** What every server stands on: binaries, and a template per major to copy. */
export interface Ground {
  home: Home
  /** The superuser's password, the same in every server of the data directory. */
  password: string
  /** Every PostgreSQL that can be run, the default first. */
  installations: () => Promise<readonly Installation[]>
  /** The one of that major, else the default. */
  installationFor: (major: number) => Promise<Installation>
  /** The data directory that a new server of the installation starts from. */
  templateOf: (installation: Installation) => Promise<string>
  directoryOf: (id: string) => string
}

/** Looks for binaries and makes templates when they are first needed, and once. */
export function createGround (home: Home, password: string, searchPath: string): Ground {
  let installations: Promise<readonly Installation[]> | undefined
  const templates = new Map<number, Promise<string>>()
  for (const name of ['clusters', 'trash']) mkdirSync(join(home.directory, name), { recursive: true, mode: 0o711 })

  const findAll = async (): Promise<readonly Installation[]> => {
    installations ??= findInstallations(home, searchPath)
    return await installations
  }
  return {
    home,
    password,
    installations: findAll,
    installationFor: async major => chooseInstallation(await findAll(), major),
    templateOf: async installation => {
      const known = templates.get(installation.major)
      if (known) return await known
      const opened = openTemplate(home, installation, password)
      templates.set(installation.major, opened)
      opened.catch(() => templates.delete(installation.major))
      return await opened
    },
    directoryOf: id => join(home.directory, 'clusters', id)
  }
}
