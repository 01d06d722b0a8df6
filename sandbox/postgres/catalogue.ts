import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Ground } from './ground.js'

/** A setting as the server itself describes it. */
export interface SettingDescription {
  name: string
  /** Whether it changes only when the server is started. */
  isStatic: boolean
  /** In AWS's words: `boolean`, `integer`, `float`, `string`. */
  dataType: string
  /** `least-most`, for numbers. */
  allowed: string | undefined
  description: string
}

/** The settings that a PostgreSQL knows. */
export interface Catalogue {
  list: (major: number) => Promise<ReadonlyMap<string, SettingDescription>>
  /** Why the server would not take that value, in its own words; undefined: it would. */
  refusalOf: (major: number, name: string, value: string) => Promise<string | undefined>
}

const DATA_TYPES: Readonly<Record<string, string>> = { BOOLEAN: 'boolean', INTEGER: 'integer', REAL: 'float' }
const TIMEOUT_MS = 10_000
const run = promisify(execFile)

/** Asks the server's own program (`--describe-config`, `-C`), which needs no running server. */
export function createCatalogue (ground: Ground): Catalogue {
  const lists = new Map<number, Promise<ReadonlyMap<string, SettingDescription>>>()
  const read = async (bin: string): Promise<ReadonlyMap<string, SettingDescription>> => {
    const { stdout } = await run(join(bin, 'postgres'), ['--describe-config'], { timeout: TIMEOUT_MS, env: {} })
    return new Map(stdout.trimEnd().split('\n').map(describe).map(setting => [setting.name.toLowerCase(), setting]))
  }
  return {
    list: async major => {
      const installation = await ground.installationFor(major)
      const known = lists.get(installation.major)
      if (known) return await known
      const listed = read(installation.bin)
      lists.set(installation.major, listed)
      listed.catch(() => lists.delete(installation.major))
      return await listed
    },
    refusalOf: async (major, name, value) => {
      const installation = await ground.installationFor(major)
      const template = await ground.templateOf(installation)
      try {
        await run(join(installation.bin, 'postgres'), ['-C', name, '-c', `${name}=${value}`, '-D', template], { timeout: TIMEOUT_MS, env: {} })
        return undefined
      } catch (error) {
        return /FATAL: +(.*)/.exec(String((error as { stderr?: unknown }).stderr))?.[1] ?? 'not a valid value'
      }
    }
  }
}

function describe (line: string): SettingDescription {
  const [name = '', context = '', , type = '', , least = '', most = '', description = ''] = line.split('\t')
  return {
    name,
    isStatic: context === 'postmaster',
    dataType: DATA_TYPES[type] ?? 'string',
    allowed: type === 'BOOLEAN' ? '0,1' : least && most ? `${least}-${most}` : undefined,
    description
  }
}
