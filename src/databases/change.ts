import type { Principal } from '../access/keys.js'
import type { ChangeSets, ResourceChange } from '../aws/change-sets.js'
import { isMoving } from '../aws/stack-status.js'
import type { Stacks } from '../aws/stacks.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Catalog } from '../templates/catalog.js'
import type { StackIndex } from '../watching/stack-index.js'
import type { Database } from './database.js'
import type { Find, Found } from './find.js'
import { hashOf } from './naming.js'
import { resolveChange, type ChangeRequest, type ResolvedChange } from './resolve-change.js'

export interface ChangeOptions {
  find: Find['find']
  stacks: Pick<Stacks, 'setTerminationProtection'>
  changeSets: ChangeSets
  index: Pick<StackIndex, 'invalidate'>
  catalog: Catalog
  clock: Clock
  newToken: () => string
}

/** What a change would do, or did. `started` is false when there was nothing to change, or nothing was to happen. */
export interface Changed { database: Database, changes: ResourceChange[], started: boolean }

/** Properties of a cluster or an instance whose change interrupts it (CloudFormation resource reference, "Update requires"). */
const interrupting: ReadonlySet<string> = new Set(['EngineVersion', 'DBInstanceClass', 'Port', 'DBClusterParameterGroupName', 'NetworkType'])

/** How often, and how many times, a change set is looked at while CloudFormation computes it. */
const LOOK_MS = 500
const LOOKS = 120

/**
 * Changes a database through a change set: computed, checked, executed. What would replace a resource never gets through;
 * what interrupts the database only when the caller said so. Repeated after a crash, it finds what it did before.
 */
export function createChange (options: ChangeOptions) {
  const { find, stacks, changeSets, index, catalog, newToken } = options

  return async (principal: Principal, id: string, request: ChangeRequest, precondition: (database: Database) => void, dryRun: boolean): Promise<Changed> => {
    const found = await find(principal, id)
    precondition(found.database)
    const change = resolveChange(catalog, found, request)
    const { stack: { region, id: stackId, terminationProtection } } = found
    const computed = change.isEmpty ? null : await compute(options, found, change)
    if (computed) refuseHarm(id, computed.changes, request.allowInterruption ?? false, dryRun)
    const hasNewProtection = request.deletionProtection !== undefined && request.deletionProtection !== terminationProtection
    if (dryRun) {
      if (computed) await changeSets.remove(region, stackId, computed.name)
      return { database: found.database, changes: computed?.changes ?? [], started: false }
    }
    if (hasNewProtection) await stacks.setTerminationProtection(region, stackId, request.deletionProtection ?? false)
    if (computed) await changeSets.execute(region, stackId, computed.name, `update-${newToken()}`)
    if (computed || hasNewProtection) index.invalidate(region)
    const { database } = await find(principal, id)
    return { database, changes: computed?.changes ?? [], started: computed !== null || isMoving(found.stack.status) }
  }
}

/** Has CloudFormation compute the change; null when it finds that nothing would change. */
async function compute ({ changeSets, clock }: ChangeOptions, { stack, database }: Found, change: ResolvedChange): Promise<{ name: string, changes: ResourceChange[] } | null> {
  if (database.status !== 'available') {
    const moving = isMoving(stack.status)
    const reason = database.statusReason === null ? '' : ` ${database.statusReason}`
    throw new Problem(moving ? 'database-busy' : 'database-not-ready', `${database.id} is ${database.status}.${reason}`, moving ? { retryAfterSeconds: 10 } : {})
  }
  // The same change of the same state has the same name, so that a repeated request finds the set of the one before it.
  const name = `change-${hashOf({ change, since: stack.updatedAt ?? stack.createdAt })}`
  await changeSets.create(stack.region, stack.id, { name, ...change })
  for (let look = 0; look < LOOKS; look++) {
    const set = await changeSets.describe(stack.region, stack.id, name)
    if (set.status === 'ready') return { name, changes: set.changes }
    if (set.status !== 'computing') await changeSets.remove(stack.region, stack.id, name)
    if (set.status === 'empty') return null
    if (set.status === 'failed') throw new Problem('preflight-failed', `CloudFormation refused the change: ${set.reason}`)
    await clock.sleep(LOOK_MS)
  }
  throw new Problem('aws-unavailable', 'CloudFormation has not computed the change in time.', { retryAfterSeconds: 10 })
}

function refuseHarm (id: string, changes: ResourceChange[], allowInterruption: boolean, dryRun: boolean): void {
  if (dryRun) return
  const replaced = changes.filter(({ replacement, action }) => replacement !== 'never' || action === 'remove')
  if (replaced.length > 0) {
    throw new Problem('change-refused', `The change would replace or remove ${listNames(replaced)} of ${id}, and data with it.`, { extensions: { changes } })
  }
  const interrupted = changes.filter(({ changedProperties }) => changedProperties.some(name => interrupting.has(name)))
  if (interrupted.length > 0 && !allowInterruption) {
    throw new Problem('change-refused', `The change would interrupt ${listNames(interrupted)} of ${id}. Send it again with allowInterruption: true.`, { extensions: { changes } })
  }
}

function listNames (changes: readonly ResourceChange[]): string {
  return changes.map(({ logicalId }) => logicalId).join(' and ')
}
