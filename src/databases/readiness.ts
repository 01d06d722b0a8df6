import type { Clock } from '../clock.js'
import type { StackIndex } from '../watching/stack-index.js'
import { problemOf, type RegionAnswer } from './regions.js'

/** How a region stands, `pending` while AWS has not answered for the first time. */
export interface RegionReadiness extends Omit<RegionAnswer, 'status' | 'unread'> { status: RegionAnswer['status'] | 'pending' }

export interface Readiness {
  isReady: boolean
  regions: RegionReadiness[]
}

export interface ReadinessOptions {
  index: Pick<StackIndex, 'standingOf'>
  regions: readonly string[]
  clock: Pick<Clock, 'now'>
}

/** How long a replica that has just started waits for regions that say nothing at all. */
const FIRST_READING_MS = 30_000

/**
 * Says whether this replica may be sent requests: once each region was read, or has failed to be, for the first time. Before that, lists
 * would be answered late. A region that is down keeps no replica from being ready, neither by what it answers nor by silence.
 */
export function createReadiness ({ index, regions, clock }: ReadinessOptions): () => Readiness {
  const startedAt = clock.now()

  const readinessOf = (region: string): RegionReadiness => {
    const { status, asOf, failure } = index.standingOf(region)
    return { region, status: asOf || failure ? status : 'pending', asOf, problem: failure && problemOf(failure) }
  }

  return () => {
    const all = regions.map(readinessOf)
    const isLate = clock.now() - startedAt >= FIRST_READING_MS
    return { isReady: isLate || all.every(({ status }) => status !== 'pending'), regions: all }
  }
}
