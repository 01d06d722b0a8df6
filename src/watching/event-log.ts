import type { StackEvent, Stacks } from '../aws/stacks.js'

/** The events of stacks, remembered between readings. */
export interface EventLog {
  /** All events of a stack, oldest first, after asking AWS for those that are new. The list only ever grows. */
  refresh: (region: string, stackId: string) => Promise<readonly StackEvent[]>
}

/** How many stacks' events are remembered; the least recently read one is forgotten first. */
const REMEMBERED_STACKS = 1_000

/**
 * Reads each stack's events back to the one seen last, however often and by however many it is asked: questions that
 * come while one is under way share its answer.
 */
export function createEventLog (stacks: Pick<Stacks, 'eventsAfter'>): EventLog {
  const known = new Map<string, StackEvent[]>()
  const underWay = new Map<string, Promise<readonly StackEvent[]>>()

  const read = async (region: string, stackId: string): Promise<readonly StackEvent[]> => {
    const events = known.get(stackId) ?? []
    const fresh = await stacks.eventsAfter(region, stackId, events.at(-1)?.id ?? null)
    events.push(...fresh)
    known.delete(stackId)
    known.set(stackId, events)
    for (const oldest of known.keys()) {
      if (known.size <= REMEMBERED_STACKS) break
      known.delete(oldest)
    }
    return events
  }

  return {
    refresh: (region, stackId) => {
      const running = underWay.get(stackId)
      if (running) return running
      const reading = read(region, stackId).finally(() => { underWay.delete(stackId) })
      underWay.set(stackId, reading)
      return reading
    }
  }
}
