import { AwsFailure } from '../aws/errors.js'
import { createStop, type Clock } from '../clock.js'
import { Rounds } from './rounds.js'

/** For whom a call is made: somebody who waits for the answer, or nobody in particular. */
export type Urgency = 'caller' | 'background'

/** A number of calls per second and region that is never exceeded. */
export interface CallBudget {
  /**
   * Resolves when a call may be made. Callers go before the background, which gets one call in five all the same; among each, the
   * `lanes` (stacks) take turns. Throws an {@link AwsFailure} `throttled` when a caller's turn does not come in time.
   */
  take: (region: string, lane: string, urgency: Urgency) => Promise<void>
  /** Has a region's calls be made more slowly for a while: AWS has refused one. */
  slowDown: (region: string) => void
  /** How each region stands that a call was made in. */
  standing: () => BudgetStanding[]
  /** Refuses everybody who waits, and whoever comes. */
  close: () => void
}

/** How many calls wait, and how many times more slowly than it may the budget is spent. */
export interface BudgetStanding { region: string, waiting: Readonly<Record<Urgency, number>>, slowness: number }

/** What a call has waited for its turn, which did not come if it was not admitted. */
export interface BudgetWait { region: string, urgency: Urgency, waitedMs: number, isAdmitted: boolean }

export interface CallBudgetOptions {
  callsPerSecond: number
  clock: Clock
  /** Told of each call that had to wait, when it waits no longer. */
  noteWait?: (wait: BudgetWait) => void
}

/** How long a caller waits for its turn at most. */
const CALLER_WAIT_MS = 10_000

/** After so many calls for callers in a row, one for the background. */
const CALLERS_IN_A_ROW = 4

/** A region that throttles gets the calls of a second in at most so many. */
const SLOWEST = 8

/** For so long without a refusal a region stays slow; then it gets twice as fast, until it is as fast as it may be. */
const RECOVERY_MS = 10_000

interface Ticket { admit: () => void, refuse: (failure: AwsFailure) => void }

interface Place {
  /** When the latest calls began, the oldest first; as many as fit into the budget. */
  begun: number[]
  waiting: Record<Urgency, Rounds<Ticket>>
  callersInARow: number
  isServing: boolean
  slowness: number
  slowedAt: number
}

/**
 * The calls that this replica may make. In no second more of them are begun in a region than it has, whatever they are for. It is
 * not a bucket that fills up: AWS is said to refuse a sixth `DescribeStacks` in a second, whatever was before (aws-sam-cli#2671).
 */
export function createCallBudget ({ callsPerSecond, clock, noteWait = () => {} }: CallBudgetOptions): CallBudget {
  const places = new Map<string, Place>()
  const closed = createStop()

  const placeOf = (region: string): Place => {
    const known = places.get(region) ?? {
      begun: [],
      waiting: { caller: new Rounds<Ticket>(), background: new Rounds<Ticket>() },
      callersInARow: 0,
      isServing: false,
      slowness: 1,
      slowedAt: 0
    }
    places.set(region, known)
    return known
  }

  const recover = (place: Place, now: number): void => {
    for (; place.slowness > 1 && now - place.slowedAt >= RECOVERY_MS; place.slowedAt += RECOVERY_MS) place.slowness /= 2
  }

  /** In how many milliseconds the next call may begin. */
  const pauseOf = (place: Place): number => {
    const now = clock.now()
    recover(place, now)
    // A clock that was set back would hold everything up until it is as late again.
    if ((place.begun.at(-1) ?? now) > now) place.begun = place.begun.map(() => now)
    const [oldest] = place.begun
    return oldest === undefined || place.begun.length < callsPerSecond ? 0 : oldest + 1_000 * place.slowness - now
  }

  const begin = (place: Place): void => {
    place.begun.push(clock.now())
    if (place.begun.length > callsPerSecond) place.begun.shift()
  }

  const nextOf = (place: Place): Ticket | undefined => {
    const { caller, background } = place.waiting
    const isBackgroundsTurn = caller.isEmpty || (place.callersInARow >= CALLERS_IN_A_ROW && !background.isEmpty)
    place.callersInARow = isBackgroundsTurn ? 0 : place.callersInARow + 1
    return isBackgroundsTurn ? background.next() : caller.next()
  }

  /** Runs while somebody waits. */
  const serve = async (place: Place): Promise<void> => {
    if (place.isServing) return
    place.isServing = true
    while (!closed.signal.aborted && !(place.waiting.caller.isEmpty && place.waiting.background.isEmpty)) {
      const pauseMs = pauseOf(place)
      if (pauseMs > 0) {
        await clock.sleep(pauseMs, closed.signal)
        continue
      }
      begin(place)
      nextOf(place)?.admit()
    }
    place.isServing = false
  }

  const queue = async (region: string, place: Place, lane: string, urgency: Urgency): Promise<void> => {
    const since = clock.now()
    await new Promise<void>((resolve, reject) => {
      const settled = new AbortController()
      const settle = (isAdmitted: boolean): void => {
        settled.abort()
        noteWait({ region, urgency, waitedMs: Math.max(0, clock.now() - since), isAdmitted })
      }
      const ticket: Ticket = {
        admit: () => { settle(true); resolve() },
        refuse: failure => { settle(false); reject(failure) }
      }
      place.waiting[urgency].enter(lane, ticket)
      if (urgency === 'caller') {
        void clock.sleep(CALLER_WAIT_MS, settled.signal).then(() => {
          if (settled.signal.aborted) return
          place.waiting[urgency].withdraw(lane, ticket)
          ticket.refuse(new AwsFailure('throttled', 'BudgetSpent', `The turn did not come within ${CALLER_WAIT_MS / 1_000} s: ` +
            `the service makes at most ${callsPerSecond} calls per second in a region`))
        })
      }
      void serve(place)
    })
  }

  return {
    take: async (region, lane, urgency) => {
      if (closed.signal.aborted) throw stopping()
      const place = placeOf(region)
      if (!place.isServing && pauseOf(place) <= 0) begin(place)
      else await queue(region, place, lane, urgency)
    },
    slowDown: region => {
      const place = placeOf(region)
      const now = clock.now()
      // Calls that were under way together are refused together: that is one reason to slow down, not many.
      if (now - place.slowedAt < 1_000 * place.slowness) return
      place.slowness = Math.min(place.slowness * 2, SLOWEST)
      place.slowedAt = now
    },
    standing: () => [...places].map(([region, place]) => {
      const { waiting: { caller, background } } = place
      recover(place, clock.now())
      return { region, waiting: { caller: caller.size, background: background.size }, slowness: place.slowness }
    }),
    close: () => {
      closed.abort()
      for (const { waiting } of places.values()) {
        for (const ticket of [...waiting.caller.clear(), ...waiting.background.clear()]) ticket.refuse(stopping())
      }
    }
  }
}

function stopping (): AwsFailure {
  return new AwsFailure('unavailable', 'Stopping', 'The service is stopping')
}
