import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import { FairQueue, type FairQueueLimits, type Place } from './fair-queue.js'

/** How much runs and waits at once in this replica. */
export interface GateLimits extends FairQueueLimits {
  /** How long a statement waits for its turn at most. */
  waitMs: number
}

/** Where statements wait for their turn. */
export interface Gate {
  /**
   * Does `work` when it is its turn. Throws a problem when too many wait, when the turn does not come in time, and when `signal`
   * is aborted or the service stops meanwhile; then `work` was not begun.
   */
  run: <T>(place: Place, signal: AbortSignal, work: () => Promise<T>) => Promise<T>
  /** Resolves when the turn has come, with what ends it; throws as `run` does. For work that outlasts the call which begins it. */
  enter: (place: Place, signal: AbortSignal) => Promise<() => void>
  /** Resolves when nothing runs, which is when the database has been told of the end of everything that ran. */
  whenIdle: () => Promise<void>
  /** How many run and wait now. */
  standing: () => { running: number, waiting: number }
}

/** What a refusal calls that of which too many wait. */
export type GateNames = Readonly<Record<keyof Place, string>>

interface Ticket extends Place { begin: () => void, refuse: (problem: Problem) => void }

const RETRY_SECONDS = 2

/**
 * Bounds the statements that run at once on a database and for a key. They hold a connection of a cluster and a socket of this
 * replica each: without bounds a slow database would take those of the others. Who still waits when `stopping` is aborted is sent away.
 */
export function createGate (
  { waitMs, ...limits }: GateLimits,
  clock: Pick<Clock, 'sleep'>,
  stopping: AbortSignal,
  names: GateNames = { key: 'key', database: 'database' }
): Gate {
  const queue = new FairQueue<Ticket>(limits)
  let tellIdle: Array<() => void> = []

  const giveUp = (ticket: Ticket, problem: Problem): void => {
    if (queue.withdraw(ticket)) ticket.refuse(problem)
  }

  /** Resolves with a ticket that runs. */
  const takeTurn = async (place: Place, signal: AbortSignal): Promise<Ticket> => await new Promise<Ticket>((resolve, reject) => {
    if (signal.aborted || stopping.aborted) return reject(gone())
    const settled = new AbortController()
    const ticket: Ticket = {
      ...place,
      begin: () => { settled.abort(); resolve(ticket) },
      refuse: problem => { settled.abort(); reject(problem) }
    }
    const { isRunning, refused } = queue.enter(ticket)
    if (isRunning) return resolve(ticket)
    for (const { ticket: victim, full } of refused) victim.refuse(crowded(names[full], limits))
    if (settled.signal.aborted) return
    for (const end of [signal, stopping]) end.addEventListener('abort', () => { giveUp(ticket, gone()) }, { once: true, signal: settled.signal })
    clock.sleep(waitMs, settled.signal).then(() => { giveUp(ticket, late(waitMs)) }, reject)
  })

  const enter: Gate['enter'] = async (place, signal) => {
    const ticket = await takeTurn(place, signal)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      for (const next of queue.leave(ticket)) next.begin()
      if (queue.running > 0) return
      for (const tell of tellIdle) tell()
      tellIdle = []
    }
  }

  return {
    enter,
    whenIdle: async () => { if (queue.running > 0) await new Promise<void>(resolve => tellIdle.push(resolve)) },
    standing: () => ({ running: queue.running, waiting: queue.waiting }),
    run: async (place, signal, work) => {
      const leave = await enter(place, signal)
      try {
        return await work()
      } finally {
        leave()
      }
    }
  }
}

const crowded = (full: string, { waiting }: FairQueueLimits): Problem =>
  new Problem('too-many-requests', `${waiting} statements of this ${full} wait for their turn already. This one did not run.`, {
    retryAfterSeconds: RETRY_SECONDS, extensions: { full }
  })

const late = (waitMs: number): Problem =>
  new Problem('overloaded', `The statement did not run: its turn did not come within ${waitMs / 1000} s, for too many were before it.`, { retryAfterSeconds: RETRY_SECONDS })

/** Whoever has hung up does not read it; whoever meets the end of a replica does. */
const gone = (): Problem => new Problem('shutting-down', 'The statement did not run: its request ended before its turn came.')
