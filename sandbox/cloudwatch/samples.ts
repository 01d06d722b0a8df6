import type { Logger } from 'pino'
import type { Clock } from '../clock.js'
import type { ClusterMeasurement } from '../rds/measure.js'
import { measureMetrics, type MetricName, type Previous } from './metrics.js'

/** The metrics of one cluster at one moment. What has no value then, such as connections to a paused one, is absent. */
export interface Sample {
  atMs: number
  region: string
  cluster: string
  writer: { identifier: string, instanceClass: string } | undefined
  engine: string
  values: Partial<Record<MetricName, number>>
}

/** The measurements of the last day, in memory. */
export interface Samples {
  /** Measures now, unless that was done within the last second. */
  take: () => Promise<void>
  in: (region: string) => readonly Sample[]
  /** Measures every minute until the signal is aborted. */
  keepTaking: (signal: AbortSignal) => Promise<void>
}

const MINUTE_MS = 60_000
const KEPT_MS = 24 * 60 * MINUTE_MS
const CLOSEST_MS = 1000

export interface SamplesOptions {
  measure: () => readonly ClusterMeasurement[]
  clock: Clock
  log: Pick<Logger, 'error'>
}

export function createSamples ({ measure, clock, log }: SamplesOptions): Samples {
  let samples: Sample[] = []
  let previous = new Map<string, Previous>()
  let takenAt = -Infinity

  const take = async (): Promise<void> => {
    const atMs = clock.now()
    if (atMs - takenAt < CLOSEST_MS) return
    takenAt = atMs
    const latest = new Map<string, Previous>()
    const taken = await Promise.all(measure().map(async measured => {
      const key = `${measured.region}/${measured.identifier}`
      const { values, next } = measureMetrics(measured, await measured.usage(), previous.get(key), atMs)
      latest.set(key, next)
      return { atMs, region: measured.region, cluster: measured.identifier, writer: measured.instances.find(({ isWriter }) => isWriter), engine: measured.engine, values }
    }))
    previous = latest
    samples = [...samples.filter(sample => sample.atMs > atMs - KEPT_MS), ...taken]
  }

  return {
    take,
    in: region => samples.filter(sample => sample.region === region),
    keepTaking: async signal => {
      while (!signal.aborted) {
        await take().catch((error: unknown) => log.error({ err: error }, 'the databases could not be measured'))
        await clock.sleep(MINUTE_MS - clock.now() % MINUTE_MS, signal).catch(() => undefined)
      }
    }
  }
}
