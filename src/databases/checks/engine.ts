import type { Account, OfferedVersion } from '../../aws/account.js'
import type { Clock } from '../../clock.js'
import { createMemo } from '../../memo.js'
import type { Finding } from '../../problems.js'
import type { Check, Launching } from '../preflight.js'
import { hasDataApi } from '../regions.js'

/** AWS adds and retires versions a few times a year. */
const REMEMBERED_MS = 10 * 60_000

/** The engine version is one that the region offers today, and can do there what is asked. */
export function createEngineCheck (account: Pick<Account, 'offeredVersions'>, clock: Clock): Check {
  const memo = createMemo<OfferedVersion[]>({ clock, forMs: REMEMBERED_MS, keeps: versions => versions.length > 0 })
  return {
    path: '/parameters/EngineVersion',
    find: async (_principal, launching) => {
      const { region } = launching.key
      const { EngineVersion: wanted } = launching.values
      if (typeof wanted !== 'string') return []
      return findWrong(await memo(region, async () => await account.offeredVersions(region)), wanted, launching)
    }
  }
}

function findWrong (versions: readonly OfferedVersion[], wanted: string, { key: { region }, template, values, isLiving = false }: Launching): Finding[] {
  const of = (version: string): OfferedVersion[] => versions.filter(each => each.version === version || each.version.startsWith(`${version}.`))
  // A major alone stands for one of its minors: AWS chooses, so it is enough when one of them can.
  const chosen = of(wanted)
  const finding = (message: string): Finding[] => [{ path: '/parameters/EngineVersion', message }]
  if (versions.length === 0 || (isLiving && (chosen.length === 0 || template.generation === 'v1'))) return []
  if (chosen.length === 0) return finding(`Aurora PostgreSQL ${wanted} is not offered in ${region}: ${offersInstead(versions, of(wanted.split('.')[0] ?? ''))}.`)
  if (template.generation === 'v1') {
    return chosen.some(({ modes }) => modes.includes('serverless')) ? [] : finding(`Aurora PostgreSQL ${wanted} is not offered with Serverless v1 in ${region}: take a template of Serverless v2.`)
  }
  const ranges = chosen.map(({ serverlessV2 }) => serverlessV2)
  if (ranges.includes(null)) return []
  const least = Math.min(...ranges.map(range => range?.minAcu ?? 0))
  const most = Math.max(...ranges.map(range => range?.maxAcu ?? 0))
  return [
    ...values.AutoPause === true && least > 0 ? finding(`Aurora PostgreSQL ${wanted} cannot pause in ${region}: set AutoPause to false.`) : [],
    ...Number(values.MaxCapacity) > most ? finding(`Aurora PostgreSQL ${wanted} goes up to ${most} ACUs in ${region}: lower MaxCapacity.`) : []
  ]
}

function offersInstead (all: readonly OfferedVersion[], ofMajor: readonly OfferedVersion[]): string {
  const list = (ofMajor.length > 0 ? ofMajor : all).map(({ version }) => version)
  return `take one of ${list.join(', ')}`
}

/** The Data API is offered in the region, when it is asked for. */
export const dataApiCheck: Check = {
  path: '/parameters/EnableDataApi',
  find: async (_principal, { key: { region }, values }) => values.EnableDataApi === true && !hasDataApi(region)
    ? [{ path: '/parameters/EnableDataApi', message: `The Data API is not offered in ${region}: set EnableDataApi to false, or take another region.` }]
    : []
}
