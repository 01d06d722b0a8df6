import { join } from 'node:path'
import type { Ground } from './ground.js'
import { runProgram } from './installations.js'

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

/** Asks the server's own program (`--describe-config`, `-C`), which needs no running server. */
export function createCatalogue (ground: Ground): Catalogue {
  const lists = new Map<number, ReadonlyMap<string, SettingDescription>>()
  const read = async (bin: string): Promise<ReadonlyMap<string, SettingDescription>> => {
    const listed = await runProgram(join(bin, 'postgres'), ['--describe-config'])
    return new Map(listed.trimEnd().split('\n').map(describe).map(setting => [setting.name.toLowerCase(), setting]))
  }
  return {
    list: async major => {
      const installation = await ground.installationFor(major)
      const list = lists.get(installation.major) ?? await read(installation.bin)
      lists.set(installation.major, list)
      return list
    },
    refusalOf: async (major, name, value) => {
      const installation = await ground.installationFor(major)
      const template = await ground.templateOf(installation)
      try {
        await runProgram(join(installation.bin, 'postgres'), ['-C', name, '-c', `${name}=${value}`, '-D', template])
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
