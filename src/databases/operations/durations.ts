import type { Operation } from './operations.js'

/** How long operations took that this service has seen finish, to say when a running one will. */
export interface Durations {
  note: (region: string, template: string, operation: Operation) => void
  /** When a running operation is likely to end; null when none like it was seen, or it has ended. */
  estimateEnd: (region: string, template: string, operation: Operation) => Date | null
}

/** Of each kind, the median of the last few is what the next one is expected to take. */
const REMEMBERED = 20

export function createDurations (): Durations {
  const seen = new Map<string, Map<string, number>>()
  const kindOf = (region: string, template: string, { type }: Operation): string => `${region} ${template} ${type}`

  return {
    note: (region, template, operation) => {
      if (operation.status !== 'succeeded' || !operation.endedAt) return
      const kind = kindOf(region, template, operation)
      const durations = seen.get(kind) ?? new Map<string, number>()
      seen.set(kind, durations)
      durations.set(operation.id, operation.endedAt.getTime() - operation.startedAt.getTime())
      const [oldest] = durations.keys()
      if (durations.size > REMEMBERED && oldest !== undefined) durations.delete(oldest)
    },
    estimateEnd: (region, template, operation) => {
      const durations = seen.get(kindOf(region, template, operation))
      if (!durations || operation.status !== 'running') return null
      const sorted = [...durations.values()].sort((a, b) => a - b)
      return new Date(operation.startedAt.getTime() + (sorted[Math.floor(sorted.length / 2)] ?? 0))
    }
  }
}
