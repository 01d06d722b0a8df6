import { EventEmitter, once } from 'node:events'

import type { Logger } from 'pino'

import { isMoving } from '../aws/stack-status.js'
import type { Stack, StackEvent, Stacks } from '../aws/stacks.js'
import { createStop, type Clock } from '../clock.js'
import { shareNext } from '../concurrency.js'
import type { EventLog } from './event-log.js'

/** A stack and all its events, oldest first, as they were at one moment. */
export interface Sighting { stack: Stack, events: readonly StackEvent[] }

/** Follows moving stacks. A stack costs AWS the same however many follow it, also if nobody does. */
export interface StackWatch {
  /**
   * Yields what is known at once, then whenever something has changed, until the stack has settled, which is the last
   * one yielded, or `signal` is aborted. A slow reader gets the newest sighting and misses none of the events in it.
   */
  follow: (region: string, stackId: string, signal: AbortSignal) => AsyncIterable<Sighting>
  /** One reading, begun after it was asked for, and shared with whoever asks meanwhile; null when there is no such stack. */
  look: (region: string, nameOrId: string) => Promise<Sighting | null>
  /** The last sighting of a stack that moves and is looked at again and again; null of any other. */
  peek: (region: string, name: string) => Sighting | null
  /** Follows all of these that move, until they have settled. For a sweep. */
  followMoving: (stacks: readonly Stack[]) => void
  /** Looks at nothing any more. */
  stop: () => void
}

interface Followed {
  sighting: Sighting | null
  /** Which of all readings the sighting is from. */
  reading: number
  /** Counts the changes, so that a reader knows whether it has seen the last one. */
  version: number
  readers: number
  /** Whether it is followed without a reader. */
  isKept: boolean
  changes: EventEmitter
}

export interface StackWatchOptions {
  /** For whoever waits for the answer. */
  stacks: Pick<Stacks, 'describe'>
  /** For looking at what moves, which may come last. */
  background: Pick<Stacks, 'describe' | 'eventsAfter'>
  events: EventLog
  clock: Clock
  /** How long to wait between two readings of a moving stack. */
  pollMs: number
  log: Logger
}

/** The longest that a watch waits after AWS has refused it again and again. */
const LONGEST_BACKOFF_MS = 60_000

export function createStackWatch ({ stacks, background, events, clock, pollMs, log }: StackWatchOptions): StackWatch {
  const followed = new Map<string, Followed>()
  const stopped = createStop()
  let readings = 0

  const read = async (region: string, nameOrId: string, describe: Stacks['describe'], by?: Pick<Stacks, 'eventsAfter'>): Promise<Sighting | null> => {
    const reading = ++readings
    // The events first would leave out those that a change of status came with.
    const stack = await describe(region, nameOrId)
    if (!stack) return null
    const sighting = { stack, events: await events.of(stack, by) }
    const watched = followed.get(stack.id)
    if (watched) publish(watched, sighting, reading)
    return sighting
  }

  const shareLook = shareNext(async (place: string) => {
    const [region = '', nameOrId = ''] = place.split(' ')
    return await read(region, nameOrId, stacks.describe)
  })

  /** Runs as long as the stack is followed and moves. A reading that failed is tried again, later each time. */
  const poll = async (region: string, stackId: string, watched: Followed): Promise<void> => {
    const goesOn = (): boolean => !stopped.signal.aborted && !hasSettled(watched) && (watched.isKept || watched.readers > 0)
    for (let failures = 0; goesOn();) {
      try {
        const sighting = await read(region, stackId, background.describe, background)
        watched.isKept &&= sighting !== null
        failures = 0
      } catch (error) {
        failures++
        if (!stopped.signal.aborted) log.warn({ err: error, region, stackId, failures }, 'could not read a watched stack')
      }
      if (!hasSettled(watched)) await clock.sleep(Math.min(pollMs * 2 ** failures, LONGEST_BACKOFF_MS), stopped.signal)
    }
    followed.delete(stackId)
  }

  /** With no readers it is kept until it has settled. */
  const join = (region: string, stackId: string, readers: number): Followed => {
    const known = followed.get(stackId)
    if (known) {
      known.readers += readers
      known.isKept ||= readers === 0
      return known
    }
    const changes = new EventEmitter().setMaxListeners(0)
    const watched: Followed = { sighting: null, reading: 0, version: 0, readers, isKept: readers === 0, changes }
    followed.set(stackId, watched)
    void poll(region, stackId, watched)
    return watched
  }

  async function * follow (region: string, stackId: string, signal: AbortSignal): AsyncIterable<Sighting> {
    const watched = join(region, stackId, 1)
    try {
      for (let seen = 0; !signal.aborted;) {
        if (watched.version === seen) await once(watched.changes, 'change', { signal })
        const { sighting, version } = watched
        if (!sighting) continue
        seen = version
        yield sighting
        if (!isMoving(sighting.stack.status)) return
      }
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      watched.readers--
    }
  }

  return {
    follow,
    look: async (region, nameOrId) => await shareLook(`${region} ${nameOrId}`),
    peek: (region, name) => {
      for (const { sighting } of followed.values()) {
        if (sighting?.stack.name === name && sighting.stack.region === region && isMoving(sighting.stack.status)) return sighting
      }
      return null
    },
    followMoving: found => {
      for (const { region, id, status } of found) if (isMoving(status)) join(region, id, 0)
    },
    stop: () => { stopped.abort() }
  }
}

function hasSettled ({ sighting }: Followed): boolean {
  return sighting !== null && !isMoving(sighting.stack.status)
}

/** Wakes the readers when the status or the number of events is another than before. What was read earlier comes too late. */
function publish (watched: Followed, sighting: Sighting, reading: number): void {
  if (reading < watched.reading) return
  const before = watched.sighting
  watched.reading = reading
  watched.sighting = sighting
  if (before?.stack.status === sighting.stack.status && before.events.length === sighting.events.length) return
  watched.version++
  watched.changes.emit('change')
}
