import type { Dimension, DimensionFilter } from '@aws-sdk/client-cloudwatch'
import { units, type MetricName } from './metrics.js'
import type { Sample } from './samples.js'

export const NAMESPACE = 'AWS/RDS'

type Dimensions = Readonly<Record<string, string>>

/** The sets of dimensions under which AWS keeps the metrics of a cluster and its writer. */
function dimensionSets ({ cluster, writer, engine }: Sample): Dimensions[] {
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
export function hasDimensions (sample: Sample, asked: readonly Dimension[]): boolean {
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
  const metrics = new Map<string, ListedMetric>()
  for (const sample of samples) {
    for (const MetricName of (Object.keys(units) as MetricName[]).filter(name => sample.values[name] !== undefined)) {
      for (const set of dimensionSets(sample)) {
        const Dimensions = Object.entries(set).map(([Name, Value]) => ({ Name, Value }))
        metrics.set(JSON.stringify([MetricName, Dimensions]), { Namespace: NAMESPACE, MetricName, Dimensions })
      }
    }
  }
  return [...metrics.values()]
}

/** A filter without a value asks only that the dimension is there. */
export function matchesFilters ({ Dimensions }: ListedMetric, filters: readonly DimensionFilter[]): boolean {
  return filters.every(filter => Dimensions.some(({ Name, Value }) => Name === filter.Name && (filter.Value === undefined || Value === filter.Value)))
}
