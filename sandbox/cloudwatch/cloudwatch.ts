import type * as Sdk from '@aws-sdk/client-cloudwatch'
import { AwsError, type OperationsOf } from '../aws.js'
import { refuseUnheeded } from '../unheeded.js'
import { getMetricData, getMetricStatistics } from './queries.js'
import { createSamples, type ListedMetric, matchesFilters, metricsOf, type SamplesOptions } from './samples.js'
import { unheeded } from './unheeded.js'

export interface CloudWatch {
  operations: OperationsOf<typeof Sdk, 'GetMetricData' | 'GetMetricStatistics' | 'ListMetrics'>
  /** Begins to measure every minute. */
  start: () => void
  close: () => Promise<void>
}

const LISTED_PER_PAGE = 500

/** CloudWatch for the metrics of AWS/RDS, measured every minute and whenever somebody asks, and kept in memory for a day. */
export function createCloudWatch (options: SamplesOptions): CloudWatch {
  const samples = createSamples(options)
  const closing = new AbortController()
  let taking: Promise<void> = Promise.resolve()

  return {
    operations: refuseUnheeded<CloudWatch['operations']>({
      GetMetricData: async (input, { region }) => {
        await samples.take()
        return getMetricData(samples.in(region), input)
      },
      GetMetricStatistics: async (input, { region }) => {
        await samples.take()
        return getMetricStatistics(samples.in(region), input)
      },
      ListMetrics: async ({ Namespace, MetricName, Dimensions = [], NextToken }, { region }) => {
        await samples.take()
        const from = Number(NextToken ?? 0)
        if (!Number.isSafeInteger(from) || from < 0) throw new AwsError('InvalidParameterValue', 'Request parameter NextToken is invalid')
        const isOf = (metric: ListedMetric): boolean =>
          (Namespace ?? metric.Namespace) === metric.Namespace && (MetricName ?? metric.MetricName) === metric.MetricName
        const chosen = metricsOf(samples.in(region)).filter(metric => isOf(metric) && matchesFilters(metric, Dimensions))
        const until = from + LISTED_PER_PAGE
        return { Metrics: chosen.slice(from, until), NextToken: chosen.length > until ? String(until) : undefined }
      }
    }, unheeded),
    start: () => { taking = samples.keepTaking(closing.signal) },
    close: async () => {
      closing.abort()
      await taking
    }
  }
}
