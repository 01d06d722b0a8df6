import type { StackEvent } from '../src/aws/stacks.js'
import type { Clock } from '../src/clock.js'
import type { Found } from '../src/databases/find.js'
import { eventsAfter } from '../src/databases/follow.js'

export interface LiveEventsOptions {
  /** What the changes began with, read already. */
  first: IteratorResult<Found, void>
  changes: AsyncIterator<Found, void>
  /** Id of the last event that the reader has, null when it has none. */
  after: string | null
  clock: Pick<Clock, 'sleep'>
  signal: AbortSignal
  toJson: (event: StackEvent) => unknown
}

/** A line is sent at least this often, so that no proxy takes the silence for the end. */
const HEARTBEAT_MS = 15_000

/** How long a browser is to wait before it comes back to another replica, when this one stops. */
const RETRY_MS = 1_000

/** A reader that takes nothing for so long, while there is something to take, is dropped. */
const SLOW_READER_MS = 30_000

/**
 * The changes of a database as server-sent events. Everything is pulled by the reader: one that is slow holds a place in the
 * list of events, and nothing is kept for it. When the service stops, the last message says when to come back.
 */
export async function * liveEvents ({ first, changes, after, clock, signal, toJson }: LiveEventsOptions): AsyncGenerator<string> {
  let lastId = after
  let lastShown = ''
  let status: string | null = null
  let next = Promise.resolve(first)
  try {
    while (!signal.aborted) {
      const change = await beat(next, clock)
      if (change === null) {
        yield ': still here\n\n'
        continue
      }
      if (change.done) break
      const { events, database } = change.value
      status = database.status
      for (const event of eventsAfter(events, lastId)) yield message('stack-event', toJson(event), event.id)
      lastId = events.at(-1)?.id ?? lastId
      const shown = JSON.stringify([database.status, database.operation?.progress, database.operation?.status])
      if (shown !== lastShown) yield message('database', database)
      lastShown = shown
      next = changes.next() as Promise<IteratorResult<Found, void>>
    }
    yield signal.aborted ? `retry: ${RETRY_MS}\n\n` : message('end', { status })
  } finally {
    await changes.return?.()
  }
}

/**
 * The messages, as long as they are taken. `drop` is called when one is not for {@link SLOW_READER_MS}: its reader would hold a
 * connection, and AWS would be asked for it, for ever.
 */
export async function * dropSlowReader (messages: AsyncIterable<string>, clock: Pick<Clock, 'sleep'>, drop: () => void): AsyncGenerator<string> {
  for await (const each of messages) {
    const taken = new AbortController()
    void clock.sleep(SLOW_READER_MS, taken.signal).then(() => { if (!taken.signal.aborted) drop() })
    try {
      yield each
    } finally {
      taken.abort()
    }
  }
}

/** The same for what the reader has not taken when all of it is handed over. `sent` is aborted when it has. */
export async function dropSlowTail (sent: AbortSignal, clock: Pick<Clock, 'sleep'>, drop: () => void): Promise<void> {
  await clock.sleep(SLOW_READER_MS, sent)
  if (!sent.aborted) drop()
}

/** The next change, or null when none has come within a heartbeat. */
async function beat<Change> (next: Promise<Change>, clock: Pick<Clock, 'sleep'>): Promise<Change | null> {
  const stop = new AbortController()
  try {
    return await Promise.race([next, clock.sleep(HEARTBEAT_MS, stop.signal).then(() => null)])
  } finally {
    stop.abort()
  }
}

function message (event: string, data: unknown, id?: string): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}
