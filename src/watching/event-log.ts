import { isMoving, isOfStack } from '../aws/stack-status.js'
import type { Stack, StackEvent, Stacks } from '../aws/stacks.js'

/** The events of stacks, remembered between readings. */
export interface EventLog {
  /** All events of a stack, oldest first. AWS is asked, through `by`, for those that are new, unless there can be none. */
  of: (stack: Stack, by?: Pick<Stacks, 'eventsAfter'>) => Promise<readonly StackEvent[]>
  /** The events as somebody has read them, if they tell how the stack has come to its status; else all, from AWS. */
  latest: (stack: Stack) => Promise<readonly StackEvent[]>
}

/** How many stacks' events are remembered; the least recently read one is forgotten first. */
const REMEMBERED_STACKS = 1_000

/**
 * Reads each stack's events back to the one seen last, however often and by however many it is asked: questions that
 * come while one is under way share its answer. An answer never changes: what is new comes in another one.
 */
export function createEventLog (stacks: Pick<Stacks, 'eventsAfter'>): EventLog {
  const known = new Map<string, readonly StackEvent[]>()
  const underWay = new Map<string, Promise<readonly StackEvent[]>>()

  const read = async (region: string, stackId: string, by: Pick<Stacks, 'eventsAfter'>): Promise<readonly StackEvent[]> => {
    const events = known.get(stackId) ?? []
    const fresh = await by.eventsAfter(region, stackId, events.at(-1)?.id ?? null)
    const all = [...events, ...fresh]
    known.delete(stackId)
    known.set(stackId, all)
    for (const oldest of known.keys()) {
      if (known.size <= REMEMBERED_STACKS) break
      known.delete(oldest)
    }
    return all
  }

  const start = ({ region, id }: Stack, by: Pick<Stacks, 'eventsAfter'>): Promise<readonly StackEvent[]> => {
    const reading = read(region, id, by).finally(() => { underWay.delete(id) })
    underWay.set(id, reading)
    return reading
  }

  const of = async (stack: Stack, by: Pick<Stacks, 'eventsAfter'> = stacks): Promise<readonly StackEvent[]> => {
    const running = underWay.get(stack.id)
    // One that began before the stack came to rest may lack what happened last.
    const events = running ? await running : known.get(stack.id)
    if (events && (isComplete(stack, events) || (running && isMoving(stack.status)))) return events
    return await (underWay.get(stack.id) ?? start(stack, by))
  }

  return {
    of,
    latest: async stack => {
      const events = known.get(stack.id)
      const explains = isMoving(stack.status) && events?.findLast(isOfStack)?.status === stack.status
      return explains && events ? events : await of(stack)
    }
  }
}

/**
 * Whether the last thing said of a stack at rest is how it is now: then nothing has happened since. A deletion that CloudFormation
 * cancels, or a rollback that gets stuck where the one before it did, leave status, times and reason as they were.
 */
function isComplete (stack: Stack, events: readonly StackEvent[]): boolean {
  const last = events.findLast(isOfStack)
  if (isMoving(stack.status) || last?.status !== stack.status) return false
  const isOtherOperation = stack.operationId !== null && last.operationId !== null && last.operationId !== stack.operationId
  return !isOtherOperation && last.at >= (stack.deletedAt ?? stack.updatedAt ?? stack.createdAt)
}
