import type { Dimension, DimensionFilter } from '@aws-sdk/client-cloudwatch'
import type { Logger } from 'pino'
import { type Clock, createRepetition } from '../clock.js'
import type { ClusterMeasurement } from '../rds/measure.js'
import { measureMetrics, type MetricName, type MetricValues, type Previous } from './metrics.js'

/** What the dimensions of metrics tell of a cluster. */
export interface Measured {
  cluster: string
  writer: { identifier: string, instanceClass: string } | undefined
  engine: string
}

/** The metrics of one cluster at one moment. */
export interface Sample extends Measured {
  atMs: number
  region: string
  values: MetricValues
}

const MINUTE_MS = 60_000
const KEPT_MS = 24 * 60 * MINUTE_MS
const CLOSEST_MS = 1000

export interface SamplesOptions {
  measure: () => readonly ClusterMeasurement[]
  clock: Clock
  log: Pick<Logger, 'error'>
}

/** The measurements of the last day, in memory. */
export function createSamples ({ measure, clock, log }: SamplesOptions) {
  let samples: Sample[] = []
  /** The counters at the end of the minute before, and now. */
  let previous = new Map<string, Previous>()
  let latest = previous
  let takenAt = -Infinity

  /**
   * Measures now, unless that was done within the last second. A minute has one sample, the latest, as on AWS: asking more
   * often makes no sum any larger.
   */
  const take = async (): Promise<void> => {
    const atMs = clock.now()
    if (atMs - takenAt < CLOSEST_MS) return
    const minuteMs = atMs - atMs % MINUTE_MS
    if (takenAt < minuteMs) previous = latest
    takenAt = atMs
    latest = new Map()
    const taken = await Promise.all(measure().map(async measured => {
      const key = `${measured.region}/${measured.identifier}`
      const { values, next } = measureMetrics(measured, await measured.usage(), previous.get(key), atMs)
      latest.set(key, next)
      const { region, identifier, instances, engine } = measured
      return { atMs, region, cluster: identifier, writer: instances.find(({ isWriter }) => isWriter), engine, values }
    }))
    samples = [...samples.filter(sample => sample.atMs > atMs - KEPT_MS && sample.atMs < minuteMs), ...taken]
  }

  return {
    take,
    in: (region: string): readonly Sample[] => samples.filter(sample => sample.region === region),
    /** Measures at the beginning of every minute. */
    ...createRepetition(
      clock,
      async () => await take().catch((error: unknown) => log.error({ err: error }, 'the databases could not be measured')),
      () => MINUTE_MS - clock.now() % MINUTE_MS
    )
  }
}

export const NAMESPACE = 'AWS/RDS'

type Dimensions = Readonly<Record<string, string>>

/** The sets of dimensions under which AWS keeps the metrics of a cluster and its writer. */
function dimensionSets ({ cluster, writer, engine }: Measured): Dimensions[] {
  const ofCluster = [
    { DBClusterIdentifier: cluster },
    { DBClusterIdentifier: cluster, Role: 'WRITER' },
    { DbClusterIdentifier: cluster, EngineName: engine },
    { EngineName: engine }
  ]
  return writer
    ? [{ DBInstanceIdentifier: writer.identifier }, ...ofCluster, { DatabaseClass: writer.instanceClass }]
    : ofCluster
}

/** A metric is what its whole set of dimensions says, no more and no less. */
export function hasDimensions (sample: Measured, asked: readonly Dimension[]): boolean {
  return dimensionSets(sample).some(set =>
    Object.keys(set).length === asked.length && asked.every(({ Name = '', Value }) => set[Name] === Value))
}

export interface ListedMetric {
  Namespace: string
  MetricName: MetricName
  Dimensions: Array<{ Name: string, Value: string }>
}

/** Every metric that the samples have a value of, once. */
export function metricsOf (samples: readonly Sample[]): ListedMetric[] {
  const named = new Map<string, ListedMetric>()
  const kindOf = ({ cluster, engine, writer, values }: Sample): string => JSON.stringify([cluster, engine, writer, Object.keys(values)])
  const kinds = new Map(samples.map(sample => [kindOf(sample), sample]))
  for (const sample of kinds.values()) {
    for (const MetricName of Object.keys(sample.values) as MetricName[]) {
      for (const set of dimensionSets(sample)) {
        const Dimensions = Object.entries(set).map(([Name, Value]) => ({ Name, Value }))
        named.set(JSON.stringify([MetricName, Dimensions]), { Namespace: NAMESPACE, MetricName, Dimensions })
      }
    }
  }
  return [...named.values()]
}

/** A filter without a value asks only that the dimension is there. */
export function matchesFilters ({ Dimensions }: ListedMetric, filters: readonly DimensionFilter[]): boolean {
  return filters.every(filter =>
    Dimensions.some(({ Name, Value }) => Name === filter.Name && (filter.Value === undefined || Value === filter.Value)))
}
