import type { Account, OfferedVersion } from '../../aws/account.js'
import type { Clock } from '../../clock.js'
import { createMemo } from '../../memo.js'
import type { Finding } from '../../problems.js'
import type { Check, Launching } from '../creation/preflight.js'
import { hasDataApi } from '../regions.js'

/** AWS adds and retires versions a few times a year. */
const REMEMBERED_MS = 10 * 60_000

/** The engine version is one that the region offers today and that a snapshot can be restored to, and can do there what is asked. */
export function createEngineCheck (account: Pick<Account, 'offeredVersions' | 'upgradesOf'>, clock: Clock): Check {
  const memo = createMemo<OfferedVersion[]>({ clock, forMs: REMEMBERED_MS, keeps: versions => versions.length > 0 })
  const upgrades = createMemo<string[] | null>({ clock, forMs: REMEMBERED_MS, keeps: targets => targets !== null })

  /** What is wrong with another version than that of the snapshot, or with that if it was retired. RDS restores to no version that it does not upgrade to. */
  const findUnreachable = async (versions: readonly OfferedVersion[], wanted: string, launching: Launching): Promise<Finding[]> => {
    const { key: { region }, template, origin } = launching
    const from = origin?.snapshotVersion ?? null
    const chosen = versionsOf(versions, wanted)
    if (from === null || versions.length === 0 || chosen.some(({ version }) => version === from)) return []
    const targets = await upgrades(`${region} ${from}`, async () => await account.upgradesOf(region, from))
    if (targets === null || chosen.some(({ version }) => targets.includes(version))) return []
    const runnable = template.generation === 'v1' ? versions.filter(({ modes }) => modes.includes('serverless')) : versions
    const reachable = runnable.map(({ version }) => version).filter(version => version === from || targets.includes(version))
    const cure = reachable.length > 0 ? `set EngineVersion to one of ${reachable.join(', ')}` : 'it has none left there to be restored to'
    return finding(wanted === from
      ? `Aurora PostgreSQL ${from}, which the snapshot is of, is no longer offered in ${region}: ${cure}.`
      : `A snapshot of Aurora PostgreSQL ${from} cannot be restored to ${wanted} in ${region}: ${cure}.`)
  }

  return {
    path: '/parameters/EngineVersion',
    find: async (_principal, launching) => {
      const { region } = launching.key
      const { EngineVersion: wanted } = launching.values
      if (typeof wanted !== 'string') return []
      const versions = await memo(region, async () => await account.offeredVersions(region))
      if (isRetired(versions, launching)) return [{ path: '/template', message: `Serverless v1 is no longer offered in ${region}: ${wayOn(launching)}.` }]
      const unreachable = await findUnreachable(versions, wanted, launching)
      return unreachable.length > 0 ? unreachable : findWrong(versions, wanted, launching)
    }
  }
}

/** Whether a new cluster of Serverless v1 is wanted where no version has it any more. */
function isRetired (versions: readonly OfferedVersion[], { template, isLiving = false }: Launching): boolean {
  return template.generation === 'v1' && !isLiving && versions.length > 0 && !versions.some(({ modes }) => modes.includes('serverless'))
}

/** How what Serverless v1 no longer does is done with v2. */
function wayOn ({ origin = null }: Launching): string {
  return origin ? 'make a database of a template of Serverless v2 from a snapshot (POST /v1/databases with source.snapshotId)' : 'take a template of Serverless v2'
}

/** The version of that name; a major alone stands for one of its minors: AWS chooses, so it is enough when one of them will do. */
function versionsOf (versions: readonly OfferedVersion[], wanted: string): OfferedVersion[] {
  return versions.filter(({ version }) => version === wanted || version.startsWith(`${wanted}.`))
}

function finding (message: string): Finding[] {
  return [{ path: '/parameters/EngineVersion', message }]
}

function findWrong (versions: readonly OfferedVersion[], wanted: string, launching: Launching): Finding[] {
  const { key: { region }, template, values, origin = null, isLiving = false } = launching
  const chosen = versionsOf(versions, wanted)
  // That a version is no longer offered to new databases is nothing to a living one, nor to its copies.
  const isKept = isLiving || origin?.snapshotVersion === null
  if (versions.length === 0 || (isKept && chosen.length === 0) || (isLiving && template.generation === 'v1')) return []
  if (chosen.length === 0) return finding(`Aurora PostgreSQL ${wanted} is not offered in ${region}: ${offersInstead(versions, versionsOf(versions, wanted.split('.')[0] ?? ''))}.`)
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
