import type { Principal } from '../../access/keys.js'
import type { ResourceChange } from '../../aws/change-sets.js'
import { isMoving } from '../../aws/stack-status.js'
import type { Stacks, StackStatus } from '../../aws/stacks.js'
import { Problem } from '../../problems.js'
import type { Catalog } from '../../templates/catalog.js'
import type { ChangePreflight } from './change-preflight.js'
import { computeChange, discardChange, executeChange, type Computed, type ComputeOptions, type Purpose } from './computed-change.js'
import type { Database } from '../database.js'
import { assertToCome, hasExpired } from '../expiry.js'
import type { Find, Found } from '../find.js'
import { phases } from '../phases.js'
import { resolveChange, type ChangeRequest, type ResolvedChange } from './resolve-change.js'
import { EXPIRES_AT_TAG } from '../tags.js'

export interface ChangeOptions extends ComputeOptions {
  find: Find['find']
  stacks: Pick<Stacks, 'setTerminationProtection'>
  preflight: ChangePreflight
  assertIntact: (found: Found) => Promise<void>
  catalog: Catalog
  newToken: () => string
}

/** Throws when the database is not what whoever asks has seen. */
type Holds = (database: Database) => void

/** What a change would do, or did. `started` is false when there was nothing to change, or nothing was to happen. */
export interface Changed { database: Database, changes: ResourceChange[], started: boolean }

/** Properties of a cluster or an instance whose change interrupts it (CloudFormation resource reference, "Update requires"). */
const interrupting: ReadonlySet<string> = new Set(['EngineVersion', 'DBInstanceClass', 'Port', 'DBClusterParameterGroupName', 'NetworkType'])

/**
 * Changes a database through a change set: computed, checked, executed. What would replace a resource never gets through;
 * what interrupts the database only when the caller said so. Repeated after a crash, it finds what it did before.
 */
export function createChange (options: ChangeOptions) {
  const { find, stacks, catalog, preflight, clock, newToken } = options

  return async (principal: Principal, id: string, request: ChangeRequest, precondition: Holds, dryRun: boolean): Promise<Changed> => {
    const found = await find(principal, id)
    const { stack, database } = found
    const change = resolveChange(catalog, found, request)
    if (change.tags[EXPIRES_AT_TAG] !== stack.tags[EXPIRES_AT_TAG]) assertToCome(request.expiresAt, clock.now())
    // A change that got stuck may be in the stack's parameters already, and is not made for that.
    if (database.status === 'failed' && !isMoving(stack.status) && asksForUpdate(request)) throw notNow(database, stack.status)
    const hasNewProtection = request.deletionProtection !== undefined && request.deletionProtection !== stack.terminationProtection
    // What has been changed already is no update that could get lost (RFC 9110, 13.1.1): the answer to it was.
    if (!change.isEmpty || hasNewProtection) holdAgainst(precondition, found, request, clock.now())
    if (hasNewProtection && phases[stack.status].type === 'delete') throw notNow(database, stack.status)
    if (!change.isEmpty) await preflight(principal, found, change)
    const computed = change.isEmpty ? null : await compute(options, found, change, dryRun ? 'look' : 'execute')
    const harm = computed && !dryRun ? findHarm(id, computed.changes, request.allowInterruption ?? false) : null
    if (computed && (dryRun || harm)) await discardChange(options, stack, computed)
    if (harm) throw harm
    if (dryRun) return { database, changes: computed?.changes ?? [], started: false }
    if (hasNewProtection) await stacks.setTerminationProtection(stack.region, stack.id, request.deletionProtection ?? false)
    if (computed) await executeChange(options, stack, computed, `update-${newToken()}`)
    const { database: changed } = await find(principal, id)
    return { database: changed, changes: computed?.changes ?? [], started: computed !== null || isMoving(stack.status) }
  }
}

/**
 * Holds a change against the database as it is; where that has the protection already that is asked for, also against how it was without:
 * a request like this one may have died between the two.
 */
function holdAgainst (precondition: Holds, { database, own }: Found, { deletionProtection }: ChangeRequest, nowMs: number): void {
  const wasProtected = !database.deletionProtection
  const before = { ...database, deletionProtection: wasProtected, expiryHeld: wasProtected && hasExpired(own, nowMs) }
  try {
    precondition(database)
  } catch (error) {
    if (deletionProtection !== database.deletionProtection) throw error
    precondition(before)
  }
}

/** Whether it is about more than the protection, which is no update of the stack. */
function asksForUpdate ({ parameters, tags, expiresAt }: ChangeRequest): boolean {
  return parameters !== undefined || tags !== undefined || expiresAt !== undefined
}

/** Has CloudFormation compute the change; null when it finds that nothing would change. */
async function compute (
  options: ChangeOptions, found: Found, { parameters, kept, tags }: ResolvedChange, purpose: Purpose
): Promise<Computed | null> {
  const { stack, database } = found
  if (database.status !== 'available') throw notNow(database, stack.status)
  await options.assertIntact(found)
  return await computeChange(options, stack, { parameters, kept, tags }, purpose)
}

function notNow ({ id, status, statusReason }: Database, stackStatus: StackStatus): Problem {
  const isGoing = isMoving(stackStatus)
  const reason = statusReason === null ? '' : ` ${statusReason}`
  return new Problem(isGoing ? 'database-busy' : 'database-not-ready', `${id} is ${status}.${reason}`, isGoing ? { retryAfterSeconds: 10 } : {})
}

/** The refusal of what would replace a resource, or interrupt the database without leave; null when nothing would. */
function findHarm (id: string, changes: ResourceChange[], allowInterruption: boolean): Problem | null {
  const replaced = changes.filter(({ replacement, action }) => replacement !== 'never' || action === 'remove')
  if (replaced.length > 0) {
    return new Problem('change-refused', `The change would replace or remove ${listNames(replaced)} of ${id}, and data with it.`, { extensions: { changes } })
  }
  const interrupted = changes.filter(({ changedProperties }) => changedProperties.some(name => interrupting.has(name)))
  if (interrupted.length > 0 && !allowInterruption) {
    return new Problem('change-refused', `The change would interrupt ${listNames(interrupted)} of ${id}. Send it again with allowInterruption: true.`, { extensions: { changes } })
  }
  return null
}

function listNames (changes: readonly ResourceChange[]): string {
  return changes.map(({ logicalId }) => logicalId).join(' and ')
}
