import type { DeletedStack, Stacks } from '../aws/stacks.js'
import type { Clock } from '../clock.js'

/** The deleted stacks of one region, as they were at `asOf`. */
export interface DeletedReading {
  /** The one that was deleted last, of each name. */
  byName: ReadonlyMap<string, DeletedStack>
  ids: ReadonlySet<string>
  asOf: Date
}

/** What AWS remembers of deleted stacks, which it does for 90 days. */
export interface DeletedStacks {
  /** As AWS had it at most `maxAgeMs` ago. One reading pages through all of them, so it answers whoever asks in the meantime. */
  read: (region: string, maxAgeMs: number) => Promise<DeletedReading>
  /** Adds a stack that was seen to be deleted, which the last reading may be too old to have. */
  note: (region: string, stack: DeletedStack) => void
}

export interface DeletedStacksOptions { stacks: Pick<Stacks, 'listDeleted'>, clock: Pick<Clock, 'now'> }

export function createDeletedStacks ({ stacks, clock }: DeletedStacksOptions): DeletedStacks {
  const known = new Map<string, WritableReading>()
  const underWay = new Map<string, Promise<DeletedReading>>()

  const load = async (region: string): Promise<DeletedReading> => {
    const asOf = new Date(clock.now())
    const found = await stacks.listDeleted(region)
    const reading = { byName: new Map<string, DeletedStack>(), ids: new Set<string>(), asOf }
    for (const stack of found) put(reading, stack)
    known.set(region, reading)
    return reading
  }

  return {
    read: async (region, maxAgeMs) => {
      const reading = known.get(region)
      if (reading && clock.now() - reading.asOf.getTime() < maxAgeMs) return reading
      const loading = underWay.get(region) ?? load(region).finally(() => { underWay.delete(region) })
      underWay.set(region, loading)
      return await loading
    },
    note: (region, stack) => {
      const reading = known.get(region)
      if (reading) put(reading, stack)
    }
  }
}

type WritableReading = DeletedReading & { byName: Map<string, DeletedStack>, ids: Set<string> }

function put ({ byName, ids }: WritableReading, stack: DeletedStack): void {
  ids.add(stack.id)
  const other = byName.get(stack.name)
  if (!other || other.deletedAt <= stack.deletedAt) byName.set(stack.name, stack)
}
