import type { CloudWatch } from '../aws/cloud-watch.js'
import type { Clock } from '../clock.js'

/** Whether a database runs. `capacityAcu` is null where only that is known. */
export interface Compute { state: 'active' | 'paused' | 'resuming', capacityAcu: number | null }

/** What the statements of this replica have found out; CloudWatch knows it a minute or two later. */
export interface ComputeNotes {
  noteAwake: (clusterArn: string) => void
  noteResuming: (clusterArn: string) => void
}

export interface ComputeStates extends ComputeNotes {
  /** Never throws, and never takes longer than a second: null says that it is not known. */
  of: (region: string, clusterArn: string) => Promise<Compute | null>
}

export interface ComputeOptions {
  cloudWatch: CloudWatch
  clock: Clock
}

/** For how long one measurement answers; AWS takes a new one every minute, and bills each that is read. */
const KEEP_MS = 15_000

/** How long somebody who reads a database waits for CloudWatch. */
const PATIENCE_MS = 1_000

/** The least that AWS lets `SecondsUntilAutoPause` be: whoever has run a statement was not paused before. */
const SURELY_AWAKE_MS = 300_000

/** Longer than a resume takes, also from a long pause (Aurora User Guide: about 15 s, 30 s and more after a day). */
const RESUMING_MS = 60_000

const MOST_KEPT = 10_000

interface Note { isAwake: boolean, until: number }

/** Says which databases are paused, from CloudWatch and from what statements have met. */
export function createCompute ({ cloudWatch, clock }: ComputeOptions): ComputeStates {
  const notes = new Map<string, Note>()
  const measured = new Map<string, { capacity: Promise<number | null>, until: number }>()

  const measure = (region: string, clusterArn: string): Promise<number | null> => {
    const known = measured.get(clusterArn)
    if (known && known.until > clock.now()) return known.capacity
    // A refusal is kept as well: asking again at once would make a throttled CloudWatch worse.
    const capacity = cloudWatch.capacityOf(region, clusterArn.split(':').at(-1) ?? '', clock.now()).catch(() => null)
    keep(measured, clusterArn, { capacity, until: clock.now() + KEEP_MS })
    return capacity
  }

  const inTime = async (capacity: Promise<number | null>): Promise<number | null> => {
    const done = new AbortController()
    return await Promise.race([capacity, clock.sleep(PATIENCE_MS, done.signal).then(() => null)]).finally(() => { done.abort() })
  }

  return {
    of: async (region, clusterArn) => {
      const capacity = await inTime(measure(region, clusterArn))
      const note = notes.get(clusterArn)
      if (note && note.until > clock.now()) {
        return note.isAwake ? { state: 'active', capacityAcu: capacity || null } : { state: 'resuming', capacityAcu: 0 }
      }
      return capacity === null ? null : { state: capacity === 0 ? 'paused' : 'active', capacityAcu: capacity }
    },
    noteAwake: clusterArn => { keep(notes, clusterArn, { isAwake: true, until: clock.now() + SURELY_AWAKE_MS }) },
    noteResuming: clusterArn => { keep(notes, clusterArn, { isAwake: false, until: clock.now() + RESUMING_MS }) }
  }
}

/** Keeps a value as the latest, and lets the oldest go when there are too many. */
function keep<Value> (map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (oldest !== undefined && map.size > MOST_KEPT) map.delete(oldest)
}
