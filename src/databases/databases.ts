import type { Logger } from 'pino'

import type { Principal } from '../access/keys.js'
import type { Account } from '../aws/account.js'
import type { ChangeSets } from '../aws/change-sets.js'
import type { Clusters } from '../aws/clusters.js'
import type { Identity } from '../aws/identity.js'
import type { Leftovers } from '../aws/leftovers.js'
import type { MasterPasswords } from '../aws/master-passwords.js'
import { AwsFailure } from '../aws/errors.js'
import type { Secrets } from '../aws/secrets.js'
import type { Stacks } from '../aws/stacks.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Catalog } from '../templates/catalog.js'
import { createDeletedStacks } from '../watching/deleted-stacks.js'
import type { EventLog } from '../watching/event-log.js'
import type { LastStacks } from '../watching/last-stacks.js'
import type { StackIndex } from '../watching/stack-index.js'
import type { StackWatch } from '../watching/stack-watch.js'
import { createAccess } from './access.js'
import { createChange } from './changes/change.js'
import { createChangePreflight } from './changes/change-preflight.js'
import { createChangeChecks, createChecks } from './checks/checks.js'
import type { ComputeStates } from './compute.js'
import { createCreate, type Created } from './creation/create.js'
import type { Database } from './database.js'
import { withDeadline } from './deadline.js'
import { createDelete, type DeleteRequest } from './deletion/delete.js'
import { createDurations } from './operations/durations.js'
import { describeWhereEnabled } from './checks/enabled-region.js'
import { createExpire } from './deletion/expire.js'
import { createFinalSnapshot } from './deletion/final-snapshot.js'
import { createFind, type FindHow } from './find.js'
import { createFollow } from './follow.js'
import { createFindImporters } from './deletion/importers.js'
import { createAssertIntact } from './intact.js'
import type { CreateRequest } from './creation/launch.js'
import { createList } from './lists/list.js'
import { createListDeleted } from './lists/list-deleted.js'
import { createOrphans } from './orphans/orphans.js'
import { createRotate } from './passwords/rotate.js'
import { createPlan } from './creation/plan.js'
import { createPreflight } from './creation/preflight.js'
import { createRecover, type RecoverRequest } from './recover.js'
import { createReadiness } from './readiness.js'
import { createCountPerRegion } from './regions.js'
import { createRestore, type RestoreRequest } from './creation/restore.js'
import { createUntilRunning } from './running.js'
import { createSnapshots } from './snapshots.js'
import { createPrepare } from './creation/source.js'

export interface DatabasesOptions {
  stacks: Stacks
  changeSets: ChangeSets
  account: Account
  secrets: Pick<Secrets, 'describe' | 'readCredentials'>
  clusters: Clusters
  identity: Pick<Identity, 'isKnown'>
  leftovers: Leftovers
  passwords: MasterPasswords
  compute: Pick<ComputeStates, 'of'>
  watch: StackWatch
  lastStacks: LastStacks
  events: EventLog
  index: StackIndex
  catalog: Catalog
  clock: Clock
  regions: readonly string[]
  defaultTemplate: string
  /** Whether callers may delete a database without a final snapshot. */
  finalSnapshots: 'always' | 'optional'
  log: Logger
  newToken: () => string
  newPassword: () => string
}

export type Databases = ReturnType<typeof createDatabases>

/** How long a create waits for the remains of a failed one to go. */
const REMOVAL_SECONDS = 30

/** How long a deletion waits for a cluster to start, and for an update of the stack. AWS takes longer for the first: then the caller comes again. */
const START_SECONDS = 15
const SWITCH_SECONDS = 30

/** How long somebody who reads a deleted database waits for its snapshots. */
const SNAPSHOTS_MS = 5_000

/** All that can be done with databases, for whoever holds a key. Every function throws {@link Problem} or `AwsFailure`. */
export function createDatabases (options: DatabasesOptions) {
  const deleted = createDeletedStacks(options)
  const { find, findToWatch, read, operationsOf } = createFind({ ...options, deleted, durations: createDurations() })
  const { follow, untilSettled, untilGone } = createFollow({ ...options, find, findToWatch, read })
  const preflight = createPreflight({ ...options, checks: createChecks(options) })
  const changePreflight = createChangePreflight(createPreflight({ ...options, checks: createChangeChecks(options) }), options.catalog)
  const prepare = createPrepare({ ...options, find })
  const untilRemoved = async (region: string, stackId: string): Promise<boolean> => await untilGone(region, stackId, REMOVAL_SECONDS)
  const stacks = { ...options.stacks, describe: describeWhereEnabled(options) }
  const launch = createCreate({
    ...options,
    stacks,
    prepare,
    preflight,
    untilGone: untilRemoved
  })
  const remove = createDelete({
    ...options,
    find,
    importers: createFindImporters(options.stacks, options.log),
    finalSnapshot: createFinalSnapshot(options),
    untilRunning: createUntilRunning(options, START_SECONDS * 1_000),
    untilSettled: async (principal, id) => await untilSettled(principal, id, SWITCH_SECONDS, new AbortController().signal)
  })
  const change = createChange({ ...options, find, preflight: changePreflight, assertIntact: createAssertIntact(options) })
  const plan = createPlan({ ...options, stacks, prepare, preflight })
  const recover = createRecover({ ...options, find })
  const { rotate, finish } = createRotate({ ...options, find })
  const snapshots = createSnapshots({ ...options, find })
  const restore = createRestore({ ...options, find, preflight, untilGone: untilRemoved })
  const { outputsOf, targetOf, connectionOf } = createAccess({ ...options, find })

  const show = async ({ region, stackId, isReplay }: Created): Promise<{ database: Database, isReplay: boolean }> => {
    const sighting = await options.watch.look(region, stackId)
    const found = sighting && read(sighting)
    if (!found) throw new Problem('internal-error', `The stack ${stackId} was created, but cannot be read.`)
    return { database: found.database, isReplay }
  }

  /** With what CloudFormation does not know of it: whether it is paused, and what a deleted one can come back from. */
  const withDetails = async (principal: Principal, database: Database): Promise<Database> => {
    const { id, status, region, outputs } = database
    if (status === 'deleted') return { ...database, snapshots: await snapshotsOrNull(principal, id) }
    return status === 'available' && outputs?.clusterArn ? { ...database, compute: await options.compute.of(region, outputs.clusterArn) } : database
  }

  const snapshotsOrNull = async (principal: Principal, id: string): Promise<Database['snapshots']> => {
    try {
      return await withDeadline(options.clock, SNAPSHOTS_MS, async () => await snapshots.list(principal, id))
    } catch (error) {
      if (error instanceof AwsFailure) return null
      throw error
    }
  }

  return {
    list: createList({ ...options, read, listDeleted: createListDeleted({ ...options, deleted, read }) }),
    countPerRegion: createCountPerRegion(options.index, options.regions),
    readiness: createReadiness(options),
    follow,
    orphans: createOrphans(options),

    /** Deletes those of the stacks that are databases past their time. */
    expire: createExpire({ ...options, remove }),

    change,

    outputsOf,
    targetOf,
    connectionOf,
    rotatePassword: rotate,
    finishRotation: finish,

    snapshots,

    plan,

    create: async (principal: Principal, request: CreateRequest, idempotencyKey: string | null) =>
      await show(await launch(principal, request, idempotencyKey)),

    restore: async (principal: Principal, id: string, request: RestoreRequest) => await show(await restore(principal, id, request)),

    get: async (principal: Principal, id: string, how: FindHow = {}): Promise<Database> =>
      await withDetails(principal, (await find(principal, id, how)).database),

    remove: async (principal: Principal, id: string, request: DeleteRequest = { finalSnapshot: true }): Promise<Database> =>
      (await remove(principal, id, request)).database,

    recover: async (principal: Principal, id: string, request: RecoverRequest): Promise<{ database: Database, isReplay: boolean }> =>
      await recover(principal, id, request),

    /** The database once its operation has settled, or as it is after `seconds`. */
    untilSettled: async (...[principal, ...wait]: Parameters<typeof untilSettled>): Promise<Database> =>
      await withDetails(principal, (await untilSettled(principal, ...wait)).database),

    /** The operations of a database, newest first. */
    operationsOf: async (principal: Principal, id: string, how: FindHow = {}) => operationsOf(await find(principal, id, how)).toReversed(),

    eventsOf: async (principal: Principal, id: string, how: FindHow = {}) => (await find(principal, id, how)).events
  }
}
