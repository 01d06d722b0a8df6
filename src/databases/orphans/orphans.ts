import type { Principal } from '../../access/keys.js'
import type { Clusters } from '../../aws/clusters.js'
import { AwsFailure } from '../../aws/errors.js'
import { isProtection, type LeftoverCluster, type Leftovers } from '../../aws/leftovers.js'
import type { Stacks } from '../../aws/stacks.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import type { StackIndex } from '../../watching/stack-index.js'
import { withDeadline } from '../deadline.js'
import { hashOf } from '../naming.js'
import { regionsOf } from '../lists/list.js'
import { problemOf, type RegionAnswer } from '../regions.js'
import { TAG_PREFIX } from '../tags.js'
import { findOrphansAmong, findOrphanStacks, isBeyondSnapshots, isGoing, orphanIdOf, ORPHAN_KINDS, parseOrphanId, type Orphan, type OrphanKind } from './orphan.js'
import { cut } from './pages.js'

export interface OrphansOptions {
  stacks: Pick<Stacks, 'list' | 'describe' | 'remove'>
  clusters: Pick<Clusters, 'start' | 'removeSnapshot'>
  leftovers: Leftovers
  /** Asked after a removal, so that the next list knows. */
  index: Pick<StackIndex, 'describe'>
  clock: Clock
  regions: readonly string[]
  newToken: () => string
}

export interface OrphansRequest {
  /** Every enabled region when there are none. */
  regions: readonly string[]
  /** Every kind when there are none. */
  kinds: readonly OrphanKind[]
  limit: number
  cursor: string | null
}

export interface OrphansPage { items: Orphan[], nextCursor: string | null, regions: RegionAnswer[] }

/** An orphan, and how it is removed. */
interface Found { orphan: Orphan, remove: () => Promise<void> }

/** What a region has: its orphans, and by their ids also what is none. */
interface Seen { found: Found[], ids: ReadonlySet<string> }

/** An orphan that is on its way out, and whether this request has begun that. */
export interface Removed { orphan: Orphan, isBegun: boolean }

/** How long a region may take. The SDK alone would try for a minute while it does not answer. */
const DEADLINE_MS = 20_000

/** What is left over, for whoever may touch every client's databases. */
export function createOrphans (options: OrphansOptions) {
  const { stacks, clusters, leftovers, index, clock, regions: enabled, newToken } = options

  /** The orphans of a region as they are now: what there is, and only then the stacks that it may be of. Throws {@link AwsFailure}. */
  const look = async (region: string, kinds: readonly OrphanKind[]): Promise<Seen> => {
    const list = async <T>(kind: OrphanKind, ask: () => Promise<T[]>): Promise<T[]> => kinds.includes(kind) ? await ask() : []
    const [someClusters, snapshots, secrets] = await Promise.all([
      list('cluster', async () => await leftovers.clusters(region)),
      list('snapshot', async () => await leftovers.snapshots(region)),
      list('secret', async () => await leftovers.secrets(region, `${TAG_PREFIX}client`))
    ])
    const living = await stacks.list(region)
    const now = clock.now()
    const idsOf = (kind: OrphanKind, things: ReadonlyArray<{ name: string }>): string[] =>
      things.map(({ name }) => orphanIdOf(region, kind, name))
    const ids = [...idsOf('stack', living), ...idsOf('cluster', someClusters), ...idsOf('snapshot', snapshots), ...idsOf('secret', secrets)]
    const found: Found[] = [
      ...(kinds.includes('stack') ? findOrphanStacks(living, now) : []).map(orphan => ({ orphan, remove: async () => { await removeStack(orphan) } })),
      ...findOrphansAmong('cluster', someClusters, region, living, now).map(({ orphan, leftover }) => ({
        orphan,
        remove: async () => { await removeCluster(orphan, leftover) }
      })),
      ...findOrphansAmong('snapshot', snapshots, region, living, now).map(({ orphan }) => ({ orphan, remove: async () => { await clusters.removeSnapshot(region, orphan.name) } })),
      ...findOrphansAmong('secret', secrets, region, living, now).map(({ orphan, leftover }) => ({ orphan, remove: async () => { await leftovers.removeSecret(region, leftover.arn) } }))
    ]
    return { found, ids: new Set(ids) }
  }

  /** After a last snapshot, unless its status is one in which there is none. In any status that passes nothing of it is touched. */
  const removeCluster = async (orphan: Orphan, leftover: LeftoverCluster): Promise<void> => {
    const { id, region, kind, name, status } = orphan
    const busy = (why: string): Problem => new Problem('database-busy', `The cluster ${name} ${why}. Send the request again.`, { retryAfterSeconds: 30 })
    if (status === 'stopped') {
      await clusters.start(region, name)
      throw busy('is being started: AWS deletes nothing that is stopped')
    }
    const isBeyond = isBeyondSnapshots(kind, status)
    if (status !== 'available' && !isBeyond) throw busy(`is ${status}`)
    const refusal = await leftovers.removeCluster(region, leftover, isBeyond ? null : `orphan-${name}-${hashOf(leftover.resourceId).slice(0, 8)}`)
    if (refusal !== null) throw isProtection(refusal) ? isProtected(id) : busy(`is not deleted yet: ${refusal.replace(/\.$/, '')}`)
  }

  /** By its id, which no later stack has, and only as it was seen. */
  const removeStack = async ({ region, name, status }: Orphan): Promise<void> => {
    const stack = await stacks.describe(region, name)
    if (stack?.status !== status) throw new Problem('database-busy', `The stack ${name} has changed meanwhile. Look at it again.`, { retryAfterSeconds: 10 })
    await stacks.remove(region, stack.id, `orphan-${newToken()}`)
    await index.describe(region, stack.id)
  }

  const lookIn = async (region: string, kinds: readonly OrphanKind[]): Promise<{ answer: RegionAnswer, orphans: Orphan[] }> => {
    try {
      const { found } = await withDeadline(clock, DEADLINE_MS, async () => await look(region, kinds))
      return { orphans: found.map(({ orphan }) => orphan), answer: { region, status: 'ok', asOf: new Date(clock.now()), problem: null } }
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      return { orphans: [], answer: { region, status: 'unavailable', asOf: null, problem: problemOf(error) } }
    }
  }

  return {
    /** The orphans of regions, oldest first. AWS is asked for every page. */
    list: async (principal: Principal, { regions: asked, kinds, limit, cursor }: OrphansRequest): Promise<OrphansPage> => {
      assertOperator(principal)
      const regions = regionsOf(asked, enabled).filter(principal.mayEnter)
      const answers = await Promise.all(regions.map(async region => await lookIn(region, kinds.length > 0 ? kinds : ORPHAN_KINDS)))
      const { page, nextCursor } = cut(answers.flatMap(({ orphans }) => orphans), limit, cursor)
      return { items: page, nextCursor, regions: answers.map(({ answer }) => answer) }
    },

    /**
     * Removes an orphan, if it is still one. What holds data goes only when `confirm` names its database. Null when there is nothing of
     * the id: sent again, a removal that is done finds that. Throws a {@link Problem} when it is no orphan, or is protected.
     */
    remove: async (principal: Principal, id: string, confirm: string | null): Promise<Removed | null> => {
      assertOperator(principal)
      const place = parseOrphanId(id)
      if (!place || !enabled.includes(place.region) || !principal.mayEnter(place.region)) throw new Problem('not-found', `${id} is in no region that this key may enter.`)
      const { found, ids } = await withDeadline(clock, DEADLINE_MS, async () => await look(place.region, [place.kind]))
      const own = found.find(({ orphan }) => orphan.id === id)
      if (!own && !ids.has(id)) return null
      if (!own) throw new Problem('not-found', `${id} is no orphan: it belongs to a living database, is younger than an hour, or was not made by this service.`)
      const { orphan, remove } = own
      if (isGoing(orphan)) return { orphan, isBegun: false }
      assertRemovable(orphan, confirm)
      await remove()
      return { orphan, isBegun: true }
    }
  }
}

function assertRemovable ({ id, databaseId, ...orphan }: Orphan, confirm: string | null): void {
  if (orphan.protected) throw isProtected(id)
  if (!orphan.restorable || confirm === databaseId) return
  throw new Problem('confirmation-required', `${id} may be the last that there is of the data of ${databaseId}. Send confirm=${databaseId} to remove it for good.`, { extensions: { databaseId } })
}

function isProtected (id: string): Problem {
  return new Problem('deletion-protected', `${id} is protected from deletion. Take the protection off first.`)
}

function assertOperator ({ client }: Principal): void {
  if (client !== null) throw new Problem('forbidden', `Orphans are for keys that are bound to no client; this one is for ${client}.`)
}
