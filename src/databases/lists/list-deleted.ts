import { AwsFailure } from '../../aws/errors.js'
import type { Stack, Stacks } from '../../aws/stacks.js'
import { mapLimited } from '../../concurrency.js'
import type { DeletedStacks } from '../../watching/deleted-stacks.js'
import type { EventLog } from '../../watching/event-log.js'
import type { Database } from '../database.js'
import type { Find } from '../find.js'
import { isStackName } from '../naming.js'

export interface ListDeletedOptions {
  deleted: DeletedStacks
  stacks: Pick<Stacks, 'describe'>
  events: EventLog
  read: Find['read']
}

/** The deleted databases of a region, and how many stacks were not looked at yet. */
export interface DeletedDatabases { databases: Database[], unread: number }

export type ListDeleted = (region: string, living: readonly Stack[], fresh: boolean) => Promise<DeletedDatabases>

/** For how long one list of deleted stacks answers further ones. */
const FRESH_FOR_MS = 10_000

/** How many stacks are looked at for one list, and at a time: each costs AWS two calls, and that once, since a deleted stack never changes. */
const LOOKS = 50
const LOOKS_AT_A_TIME = 4

const MOST_KEPT = 5_000

/** Lists what was deleted, the latest of each id, where nothing lives under it again. What is not known yet is filled in bit by bit. */
export function createListDeleted ({ deleted, stacks, events, read }: ListDeletedOptions): ListDeleted {
  /** By stack id; null for what is no database of ours. */
  const known = new Map<string, Database | null>()

  const look = async (region: string, id: string): Promise<void> => {
    const stack = await stacks.describe(region, id)
    const database = stack && read({ stack, events: await events.of(stack) })?.database
    known.set(id, database ?? null)
    const [oldest] = known.keys()
    if (known.size > MOST_KEPT && oldest !== undefined) known.delete(oldest)
  }

  return async (region, living, fresh) => {
    const { byName } = await deleted.read(region, fresh ? 0 : FRESH_FOR_MS)
    const names = new Set(living.map(({ name }) => name))
    const ours = [...byName.values()].filter(({ name }) => isStackName(name) && !names.has(name))
    const latest = ours.filter(({ id }) => !known.has(id)).toSorted((a, b) => b.deletedAt.getTime() - a.deletedAt.getTime())
    try {
      await mapLimited(latest.slice(0, LOOKS), LOOKS_AT_A_TIME, async ({ id }) => { await look(region, id) })
    } catch (error) {
      // What AWS does not tell now is told another time.
      if (!(error instanceof AwsFailure)) throw error
    }
    const databases = ours.flatMap(({ id }) => known.get(id) ?? []).filter(({ status }) => status === 'deleted')
    return { databases, unread: ours.filter(({ id }) => !known.has(id)).length }
  }
}
