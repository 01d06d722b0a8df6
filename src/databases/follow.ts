import type { Principal } from '../access/keys.js'
import { isMoving } from '../aws/stack-status.js'
import type { StackEvent } from '../aws/stacks.js'
import type { Clock } from '../clock.js'
import type { StackWatch } from '../watching/stack-watch.js'
import type { Find, Found } from './find.js'

export type Follow = ReturnType<typeof createFollow>

export interface FollowOptions {
  find: Find['find']
  /** Also where it is only watched, and the last look may be a moment old. */
  findToWatch: Find['findToWatch']
  read: Find['read']
  watch: Pick<StackWatch, 'follow'>
  clock: Pick<Clock, 'sleep'>
}

/** What a database that is followed is to begin with. */
export interface FollowFrom {
  /** No older than this event. */
  lastEventId?: string | null
  /** As AWS has it, asked after the caller did. */
  isFresh?: boolean
}

/** Waits for databases to change. */
export function createFollow ({ find, findToWatch, read, watch, clock }: FollowOptions) {
  /** As it is known. Who has had an event already that is not known here had it from another replica: then AWS is asked. */
  const begin = async (principal: Principal, id: string, { lastEventId = null, isFresh = false }: FollowFrom): Promise<Found> => {
    if (isFresh) return await find(principal, id, { isFresh })
    const known = await findToWatch(principal, id)
    return lastEventId === null || known.events.some(event => event.id === lastEventId) ? known : await find(principal, id)
  }

  /**
   * The database as it is, then each time it has changed, until its operation settles or `signal` is aborted. What is watched begins
   * with what was last seen of it, which may be as old as the time between two looks, unless `from` says otherwise.
   */
  async function * follow (principal: Principal, id: string, signal: AbortSignal, from: FollowFrom = {}): AsyncIterable<Found> {
    const first = await begin(principal, id, from)
    yield first
    if (!isMoving(first.stack.status)) return
    let { events } = first
    for await (const sighting of watch.follow(first.stack.region, first.stack.id, signal)) {
      // What others have been following may be from before the first look, and know less.
      if (sighting.events.length > events.length) events = sighting.events
      const found = read({ stack: sighting.stack, events })
      if (found) yield found
    }
  }

  /** Runs with a signal that is aborted after `seconds`; the sleep ends with whatever is run. */
  const within = async <Result>(seconds: number, run: (timeUp: AbortSignal) => Promise<Result>): Promise<Result> => {
    const timeUp = new AbortController()
    const done = new AbortController()
    void clock.sleep(seconds * 1000, done.signal).then(() => { timeUp.abort() })
    try {
      return await run(timeUp.signal)
    } finally {
      done.abort()
    }
  }

  /** The database once its operation has settled, or as it is after `seconds`. */
  const untilSettled = async (
    principal: Principal, id: string, seconds: number, signal: AbortSignal, from: FollowFrom = {}
  ): Promise<Found> =>
    await within(seconds, async timeUp => {
      let latest: Found | null = null
      for await (const found of follow(principal, id, AbortSignal.any([signal, timeUp]), from)) latest = found
      return latest ?? await findToWatch(principal, id)
    })

  /** Whether a stack is deleted within `seconds`. */
  const untilGone = async (region: string, stackId: string, seconds: number): Promise<boolean> =>
    await within(seconds, async timeUp => {
      let isGone = false
      for await (const { stack } of watch.follow(region, stackId, timeUp)) isGone = stack.status === 'DELETE_COMPLETE'
      return isGone
    })

  return { follow, untilSettled, untilGone }
}

/** The events after the one with this id; all of them when it is not among them, so that nobody misses one. */
export function eventsAfter (events: readonly StackEvent[], lastId: string | null): readonly StackEvent[] {
  return lastId === null ? events : events.slice(events.findIndex(({ id }) => id === lastId) + 1)
}
