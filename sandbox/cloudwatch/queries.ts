import type * as Sdk from '@aws-sdk/client-cloudwatch'
import { AwsError, unmetConstraint } from '../aws.js'
import { type MetricName, units } from './metrics.js'
import { hasDimensions, matchesFilters, metricsOf, NAMESPACE, type Sample } from './samples.js'
import { computeStatistic, problemsOfStatistic, simple } from './statistics.js'

const MOST_QUERIES = 500
const MOST_POINTS = 100_800
const MOST_STATISTICS_POINTS = 1440
const LISTED_PER_PAGE = 500
const THREE_HOURS_MS = 3 * 3_600_000

/** GetMetricData, without metric math. Pages end at `MaxDatapoints`. */
export function getMetricData (samples: readonly Sample[], input: Sdk.GetMetricDataInput): Sdk.GetMetricDataOutput {
  const queries = input.MetricDataQueries ?? []
  if (queries.length > MOST_QUERIES) throw new AwsError('ValidationError', `The collection MetricDataQueries must not have a size greater than ${MOST_QUERIES}.`)
  const problems = [...problemsOfIds(queries), ...problemsOfRange(input), ...queries.flatMap(problemsOfQuery)]
  if (problems.length > 0) throw new AwsError('ValidationError', problems.map(problem => `${problem}\n`).join(''))
  return pageOf(queries.filter(({ ReturnData }) => ReturnData !== false).map(query => resultOf(samples, query, input)), input)
}

function problemsOfIds (queries: readonly Sdk.MetricDataQuery[]): string[] {
  const ids = queries.map(({ Id = '' }) => Id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  return [
    ...ids.flatMap((id, index) => /^[a-z][A-Za-z0-9_]{0,254}$/.test(id)
      ? []
      : [`The value ${id.slice(0, 255)} for parameter MetricDataQueries.member.${index + 1}.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`]),
    ...twice === undefined ? [] : [`The values for parameter id in MetricDataQueries are not unique: ${twice}.`]
  ]
}

/** What is wrong with a query, in AWS's words where those are known; and what the sandbox does not do. */
function problemsOfQuery ({ MetricStat, Expression, Period, Label }: Sdk.MetricDataQuery, index: number): string[] {
  const name = `MetricDataQueries.member.${index + 1}`
  if (Expression !== undefined) return [`The query ${name} has an Expression, and the sandbox does not evaluate metric math.`]
  if (Label?.includes('${')) return [`The parameter ${name}.Label is dynamic, and the sandbox does not fill in labels.`]
  if (!MetricStat) return [`The parameter ${name}.MetricStat is required.`]
  if (Period !== undefined) return [`The parameters ${name}.Period and ${name}.MetricStat are mutually exclusive and you have specified both.`]
  const { Stat = '', Period: period } = MetricStat
  return [...problemsOfStatistic(Stat, `${name}.MetricStat.Stat`), ...problemsOfPeriod(period, `${name}.MetricStat.Period`)]
}

function resultOf (samples: readonly Sample[], query: Sdk.MetricDataQuery, input: Sdk.GetMetricDataInput): Sdk.MetricDataResult {
  const { Metric: metric = {}, Period: period, Stat = '', Unit: unit } = query.MetricStat ?? {}
  const buckets = bucketsOf(samples, metric, { ...input, period, unit })
  if (input.ScanBy !== 'TimestampAscending') buckets.reverse()
  return {
    Id: query.Id,
    Label: query.Label ?? labelOf(query, input.MetricDataQueries ?? []),
    Timestamps: buckets.map(({ startMs }) => new Date(startMs)),
    Values: buckets.map(({ values }) => computeStatistic(Stat, values)),
    StatusCode: 'Complete'
  }
}

/** The name of the metric, with the statistic and the period where the queries differ in them (localstack's `test_label_generation`, recorded on AWS). */
function labelOf ({ MetricStat }: Sdk.MetricDataQuery, queries: readonly Sdk.MetricDataQuery[]): string {
  const told = (['Stat', 'Period'] as const).filter(member => new Set(queries.map(query => query.MetricStat?.[member])).size > 1)
  return [MetricStat?.Metric?.MetricName, ...told.map(member => MetricStat?.[member])].join(' ')
}

/** GetMetricStatistics: every statistic of one metric. */
export function getMetricStatistics (samples: readonly Sample[], input: Sdk.GetMetricStatisticsInput): Sdk.GetMetricStatisticsOutput {
  const { MetricName: name, Statistics = [], ExtendedStatistics = [], Unit: unit, StartTime, EndTime, Period: period = 1 } = input
  if (Statistics.length + ExtendedStatistics.length === 0) throw new AwsError('InvalidParameterCombination', 'Must specify either Statistics or ExtendedStatistics')
  const [problem] = [
    ...problemsOfRange(input),
    ...problemsOfPeriod(period, 'Period'),
    ...Statistics.flatMap((name, index) => Object.hasOwn(simple, name) ? [] : [`The parameter Statistics.member.${index + 1} must be a value in the set [ Sum, Maximum, Minimum, SampleCount, Average ].`]),
    ...ExtendedStatistics.flatMap((name, index) => problemsOfStatistic(name, `ExtendedStatistics.member.${index + 1}`))
  ]
  if (problem !== undefined) throw new AwsError('InvalidParameterValue', problem)
  const most = Math.ceil((Number(EndTime) - Number(StartTime)) / 1000 / period)
  if (most > MOST_STATISTICS_POINTS) {
    throw new AwsError('InvalidParameterCombination', `You have requested up to ${most.toLocaleString('en-US')} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`)
  }
  const Datapoints = bucketsOf(samples, input, { StartTime, EndTime, period, unit }).map(({ startMs, values }): Sdk.Datapoint => {
    const computed = (names: readonly string[]) => Object.fromEntries(names.map(each => [each, computeStatistic(each, values)]))
    const extended = ExtendedStatistics.length > 0 ? { ExtendedStatistics: computed(ExtendedStatistics) } : {}
    return { Timestamp: new Date(startMs), ...computed(Statistics), Unit: isMetric(name) ? units[name] : 'None', ...extended }
  })
  return { Label: name, Datapoints }
}

/** ListMetrics: every metric that has had a value within the last day, or within the three hours that are recent. */
export function listMetrics (samples: readonly Sample[], input: Sdk.ListMetricsInput, now: number): Sdk.ListMetricsOutput {
  const { Namespace, MetricName, Dimensions = [], NextToken, RecentlyActive: active } = input
  if (active !== undefined && active !== 'PT3H') throw unmetConstraint('ValidationError', `Value '${String(active)}' at 'recentlyActive'`, 'satisfy enum value set: [PT3H]')
  const since = active === undefined ? 0 : now - THREE_HOURS_MS
  const from = Number(NextToken ?? 0)
  if (!Number.isSafeInteger(from) || from < 0) throw new AwsError('InvalidParameterValue', 'Request parameter NextToken is invalid')
  const chosen = metricsOf(samples.filter(({ atMs }) => atMs > since)).filter(metric =>
    (Namespace ?? NAMESPACE) === NAMESPACE && (MetricName ?? metric.MetricName) === metric.MetricName && matchesFilters(metric, Dimensions))
  const until = from + LISTED_PER_PAGE
  return { Metrics: chosen.slice(from, until), NextToken: chosen.length > until ? String(until) : undefined }
}

function isMetric (name: string | undefined): name is MetricName {
  return name !== undefined && Object.hasOwn(units, name)
}

/** Periods of less than a minute, which are for metrics of high resolution and taken for any. */
const fineSeconds: readonly number[] = [1, 5, 10, 20, 30]

function problemsOfPeriod (seconds = 0, parameter: string): string[] {
  const isGood = fineSeconds.includes(seconds) || (seconds >= 60 && seconds % 60 === 0)
  return isGood ? [] : [`The parameter ${parameter} must be a value in the set [ ${fineSeconds.join(', ')} ] or a multiple of 60.`]
}

function problemsOfRange ({ StartTime: start, EndTime: end }: Pick<Asked, 'StartTime' | 'EndTime'>): string[] {
  const ms = Number(end) - Number(start)
  if (ms === 0) return ['The parameter StartTime must not equal parameter EndTime.']
  return ms > 0 ? [] : ['The parameter StartTime must be less than the parameter EndTime.']
}

/** Points are counted through all results; what does not fit begins the next page. */
function pageOf (results: readonly Sdk.MetricDataResult[], input: Sdk.GetMetricDataInput): Sdk.GetMetricDataOutput {
  const { MaxDatapoints = MOST_POINTS, NextToken } = input
  if (MaxDatapoints < 1 || MaxDatapoints > MOST_POINTS) throw new AwsError('InvalidParameterValue', `The parameter MaxDatapoints must be from 1 to ${MOST_POINTS}.`)
  const from = NextToken === undefined ? 0 : Number(NextToken)
  if (!Number.isSafeInteger(from) || from < 0) throw new AwsError('InvalidNextToken', 'The value for parameter NextToken is invalid')
  const until = from + MaxDatapoints
  let passed = 0
  const page = results.map(result => {
    const { Timestamps = [], Values = [] } = result
    const [start, end] = [Math.max(0, from - passed), Math.max(0, until - passed)]
    passed += Values.length
    const StatusCode = passed > until ? 'PartialData' as const : 'Complete' as const
    return { ...result, Timestamps: Timestamps.slice(start, end), Values: Values.slice(start, end), StatusCode }
  })
  return { MetricDataResults: page, Messages: [], NextToken: passed > until ? String(until) : undefined }
}

interface Asked {
  StartTime?: Date | undefined
  EndTime?: Date | undefined
  /** In seconds. */
  period?: number | undefined
  unit?: string | undefined
}

const MINUTE_MS = 60_000

/**
 * The values of a metric by periods, which begin at whole multiples of their length, in the order of time. A value belongs
 * to the minute in which it was measured, and is in the range when that minute's beginning is. AWS/RDS measures once a
 * minute, so that nothing finer is answered than that.
 */
function bucketsOf (
  samples: readonly Sample[], { Namespace, MetricName: name, Dimensions = [] }: Sdk.Metric, { StartTime, EndTime, period = 0, unit }: Asked
): Array<{ startMs: number, values: number[] }> {
  if (Namespace !== NAMESPACE || !isMetric(name) || (unit ?? units[name]) !== units[name]) return []
  const periodMs = Math.max(MINUTE_MS, period * 1000)
  const buckets = new Map<number, number[]>()
  for (const { atMs, values, ...sample } of samples) {
    const [minute, startMs, value] = [floor(atMs, MINUTE_MS), floor(atMs, periodMs), values[name]]
    const isWithin = minute >= floor(Number(StartTime), periodMs) && minute < Number(EndTime)
    if (value === undefined || !isWithin || !hasDimensions(sample, Dimensions)) continue
    buckets.set(startMs, buckets.get(startMs) ?? [])
    buckets.get(startMs)?.push(value)
  }
  return [...buckets].map(([startMs, values]) => ({ startMs, values }))
}

function floor (ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs
}
