import type { Stack, Stacks } from '../aws/stacks.js'
import type { Clock } from '../clock.js'

/** The stacks of one region as they were at `asOf`. */
export interface RegionStacks { stacks: readonly Stack[], asOf: Date }

/** All stacks per region: one question to AWS answers every list for a while. */
export interface StackIndex {
  /** The region's stacks, not older than a few seconds; with `fresh` AWS is asked before answering. */
  read: (region: string, fresh: boolean) => Promise<RegionStacks>
  /** What is known of a region without asking AWS; null when it was never read. */
  peek: (region: string) => RegionStacks | null
  /** Forgets a region, so that the next reading sees what was just changed. */
  invalidate: (region: string) => void
}

export interface StackIndexOptions {
  stacks: Pick<Stacks, 'list'>
  clock: Pick<Clock, 'now'>
  /** For how long a reading answers further lists. */
  freshForMs: number
}

export function createStackIndex ({ stacks, clock, freshForMs }: StackIndexOptions): StackIndex {
  const known = new Map<string, RegionStacks>()
  const underWay = new Map<string, Promise<RegionStacks>>()

  const load = (region: string): Promise<RegionStacks> => {
    const asOf = new Date(clock.now())
    const loading: Promise<RegionStacks> = stacks.list(region).then(found => {
      const answer = { stacks: found, asOf }
      // An invalidation while AWS answered means that the answer may lack what was changed.
      if (underWay.get(region) === loading) known.set(region, answer)
      return answer
    }).finally(() => { if (underWay.get(region) === loading) underWay.delete(region) })
    underWay.set(region, loading)
    return loading
  }

  return {
    read: async (region, fresh) => {
      const answer = known.get(region)
      if (answer && !fresh && clock.now() - answer.asOf.getTime() < freshForMs) return answer
      return await ((!fresh && underWay.get(region)) || load(region))
    },
    peek: region => known.get(region) ?? null,
    invalidate: region => {
      known.delete(region)
      underWay.delete(region)
    }
  }
}
