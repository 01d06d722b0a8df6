import type { Logger } from 'pino'

import { AwsFailure, toFailure } from '../aws/errors.js'
import type { Stack, Stacks } from '../aws/stacks.js'
import { createStop, type Clock } from '../clock.js'
import { shareNext } from '../concurrency.js'
import { RegionStacks, type RegionStatus } from './region-stacks.js'

/** The stacks of one region, as they were at `asOf` or later. `failure` is why the last reading did not succeed, if it did not. */
export interface RegionReading { stacks: readonly Stack[], asOf: Date, status: Exclude<RegionStatus, 'unavailable'>, failure: AwsFailure | null }

/** How a region stands. `failure` is null where nothing has failed: of one that is unavailable, it was not read yet. */
export interface RegionStanding { status: RegionStatus, asOf: Date | null, failure: AwsFailure | null }

/** Told of all stacks of a region after each complete reading of it. What it throws is logged, and stops nothing. */
export type SweepListener = (region: string, stacks: readonly Stack[]) => void | Promise<void>

/** All stacks per region, kept fresh by one loop per region: lists cost AWS nothing. */
export interface StackIndex {
  /**
   * What is known of the region, at once; with `fresh` after AWS was asked. Only where nothing is known yet it waits, for a bounded
   * time. Throws an {@link AwsFailure} when nothing is known then.
   */
  read: (region: string, fresh: boolean) => Promise<RegionReading>
  /** What is known of a region without asking AWS; null when it was never read. */
  peek: (region: string) => RegionReading | null
  /** How a region stands, without its stacks: the same work however many there are. */
  standingOf: (region: string) => RegionStanding
  /** Asks AWS for one stack, by name or id, and remembers what it answers: whoever lists the region next sees it. */
  describe: Stacks['describe']
  /** The same, for what nobody waits for. */
  describeInBackground: Stacks['describe']
  /** Calls a listener after each sweep, from now on; answers how to have it called no more. */
  onSweep: (listener: SweepListener) => () => void
  /** Starts a loop for each region. */
  start: (regions: readonly string[]) => void
  /** Ends all loops. */
  stop: () => void
}

export interface StackIndexOptions {
  /** For whoever waits for the answer. */
  stacks: Pick<Stacks, 'list' | 'describe'>
  /** For the loops, which may come last. */
  background: Pick<Stacks, 'list' | 'describe'>
  clock: Clock
  /** From one sweep of a region to the next, while all is well. */
  sweepMs: number
  /** From 0 to below 1: keeps replicas that were started together from asking together. */
  random: () => number
  log: Logger
}

/** How long a reader waits for AWS. */
const READ_WAIT_MS = 10_000

/** For how long no reader asks AWS after it has failed at once: whoever is told to come again in five seconds is to find more than that failure then. */
const LEAST_QUIET_MS = 5_000

/** The longest pause of a loop after AWS has failed again and again. */
const LONGEST_PAUSE_MS = 60_000

/** A region that was not read for so many intervals is stale. */
const LATE_AFTER_INTERVALS = 3

/** How far a pause varies, both ways. */
const JITTER = 0.2

interface Place {
  stacks: RegionStacks
  underWay: Promise<void> | null
  failures: number
  /** No reader asks AWS before: it has just failed. */
  quietUntil: number
}

/** An index of stacks that is filled when it is first read, or by its loops once they are started. */
export function createStackIndex ({ stacks, background, clock, sweepMs, random, log }: StackIndexOptions): StackIndex {
  const places = new Map<string, Place>()
  const listeners = new Set<SweepListener>()
  const stopped = createStop()
  let readings = 0

  const placeOf = (region: string): Place => {
    const known = places.get(region) ?? { stacks: new RegionStacks(), underWay: null, failures: 0, quietUntil: 0 }
    places.set(region, known)
    return known
  }

  const pauseAfter = (failures: number, tookMs: number): number =>
    Math.max(Math.min(sweepMs * 2 ** failures, Math.max(sweepMs, LONGEST_PAUSE_MS)), tookMs) * (1 - JITTER + 2 * JITTER * random())

  /** One complete reading. Throws an {@link AwsFailure}. */
  const sweep = async (region: string, { list }: Pick<Stacks, 'list'>): Promise<void> => {
    const place = placeOf(region)
    const order = ++readings
    const asOf = new Date(clock.now())
    try {
      place.stacks.sweep(await list(region), order, asOf)
      place.failures = 0
    } catch (error) {
      place.failures++
      place.stacks.fail(toFailure(error), order)
      // Where nothing is answered, every reader waits: then that is to be for no more than half of the time.
      place.quietUntil = clock.now() + Math.max(LEAST_QUIET_MS, clock.now() - asOf.getTime())
      throw error
    }
    if (!stopped.signal.aborted) tell(region, place.stacks.list())
  }

  const tell = (region: string, found: readonly Stack[]): void => {
    for (const listener of listeners) {
      const call = async (): Promise<void> => { await listener(region, found) }
      call().catch((error: unknown) => { log.error({ err: error, region }, 'what follows a sweep failed') })
    }
  }

  const sweepForReader = shareNext(async (region: string) => { await sweep(region, stacks) })

  const loop = async (region: string): Promise<void> => {
    const place = placeOf(region)
    while (!stopped.signal.aborted) {
      const began = clock.now()
      try {
        place.underWay = sweep(region, background)
        await place.underWay
      } catch (error) {
        if (!stopped.signal.aborted) log.warn({ err: error, region, failures: place.failures }, 'could not read the stacks of a region')
      } finally {
        place.underWay = null
      }
      await clock.sleep(pauseAfter(place.failures, clock.now() - began), stopped.signal)
    }
  }

  const describe = async (region: string, nameOrId: string, by: Pick<Stacks, 'describe'>): Promise<Stack | null> => {
    const order = ++readings
    const stack = await by.describe(region, nameOrId)
    if (stack) placeOf(region).stacks.put(stack, order)
    else placeOf(region).stacks.remove(nameOrId, order)
    return stack
  }

  const standingOf = ({ stacks: { asOf, failure } }: Place): RegionStanding => {
    if (!asOf) return { status: 'unavailable', asOf, failure }
    const isLate = clock.now() - asOf.getTime() > LATE_AFTER_INTERVALS * sweepMs
    return { status: failure || isLate ? 'stale' : 'ok', asOf, failure }
  }

  const answer = (place: Place): RegionReading | null => {
    const { asOf, status, failure } = standingOf(place)
    return asOf === null || status === 'unavailable' ? null : { stacks: place.stacks.list(), asOf, status, failure }
  }

  /** Waits for a reading as long as a reader may; how it went is seen from what is known then. */
  const waitFor = async (reading: Promise<void>): Promise<void> => {
    const done = new AbortController()
    try {
      await Promise.race([reading.catch(passOver), clock.sleep(READ_WAIT_MS, done.signal)])
    } finally {
      done.abort()
    }
  }

  return {
    read: async (region, fresh) => {
      const place = placeOf(region)
      const mustAsk = fresh || (!answer(place) && clock.now() >= place.quietUntil)
      if (mustAsk) await waitFor((!fresh && place.underWay) || sweepForReader(region))
      const known = answer(place)
      if (known) return known
      throw place.stacks.failure ?? new AwsFailure('unavailable', 'NoAnswerYet', `The region ${region} has not answered yet`)
    },
    peek: region => answer(placeOf(region)),
    standingOf: region => standingOf(placeOf(region)),
    describe: async (region, nameOrId) => await describe(region, nameOrId, stacks),
    describeInBackground: async (region, nameOrId) => await describe(region, nameOrId, background),
    onSweep: listener => {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
    start: regions => {
      for (const region of regions) void loop(region)
    },
    stop: () => { stopped.abort() }
  }
}

/** What is not a failure of AWS is a mistake of ours, which nobody is to take for a region that is down. */
function passOver (error: unknown): void {
  if (!(error instanceof AwsFailure)) throw error
}
