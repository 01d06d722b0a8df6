import type {
  Datapoint, GetMetricDataInput, GetMetricDataOutput, GetMetricStatisticsInput, GetMetricStatisticsOutput, MetricDataQuery,
  MetricDataResult
} from '@aws-sdk/client-cloudwatch'
import { AwsError } from '../aws.js'
import { type MetricName, units } from './metrics.js'
import { hasDimensions, NAMESPACE, type Sample } from './samples.js'

const MOST_QUERIES = 500
const MOST_POINTS = 100_800
const MOST_STATISTICS_POINTS = 1440

/** GetMetricData, without metric math. Pages end at `MaxDatapoints`. */
export function getMetricData (samples: readonly Sample[], input: GetMetricDataInput): GetMetricDataOutput {
  const queries = input.MetricDataQueries ?? []
  if (queries.length > MOST_QUERIES) throw new AwsError('ValidationError', `The collection MetricDataQueries must not have a size greater than ${MOST_QUERIES}.`)
  checkIds(queries)
  const asked = queries.filter(({ ReturnData }) => ReturnData !== false)
  const results = asked.map(query => resultOf(samples, query, input))
  return pageOf(results, input)
}

function checkIds (queries: readonly MetricDataQuery[]): void {
  const ids = queries.map(({ Id = '' }) => Id)
  const wrong = ids.find(id => !/^[a-z][A-Za-z0-9_]{0,254}$/.test(id))
  if (wrong !== undefined) throw new AwsError('ValidationError', `The value ${wrong.slice(0, 255)} for parameter MetricDataQueries.member.Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.`)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined) throw new AwsError('ValidationError', `The values for parameter id in MetricDataQueries are not unique: ${twice}.`)
}

function resultOf (samples: readonly Sample[], { Id, Label, MetricStat, Expression }: MetricDataQuery, input: GetMetricDataInput): MetricDataResult {
  if (!MetricStat) {
    const what = Expression === undefined ? 'must have a MetricStat' : 'has an Expression, and the sandbox does not evaluate metric math'
    throw new AwsError('ValidationError', `The query ${Id} ${what}.`)
  }
  const { Metric: { Namespace, MetricName: name, Dimensions = [] } = {}, Period: period, Stat = '', Unit } = MetricStat
  const statistic = requireStatistic(Stat)
  const range = rangeOf(input.StartTime, input.EndTime, period)
  const buckets = bucketsOf(pointsOf(samples, Namespace, name, Dimensions, Unit), range)
  if (input.ScanBy !== 'TimestampAscending') buckets.reverse()
  return {
    Id,
    Label: Label ?? name,
    Timestamps: buckets.map(({ startMs }) => new Date(startMs)),
    Values: buckets.map(({ values }) => statistic(values)),
    StatusCode: 'Complete'
  }
}

/** GetMetricStatistics: every statistic of one metric. */
export function getMetricStatistics (samples: readonly Sample[], input: GetMetricStatisticsInput): GetMetricStatisticsOutput {
  const { Namespace, MetricName: name, Dimensions = [], Statistics = [], ExtendedStatistics = [], Unit } = input
  if (Statistics.length + ExtendedStatistics.length === 0) throw new AwsError('InvalidParameterCombination', 'Must specify either Statistics or ExtendedStatistics')
  const range = rangeOf(input.StartTime, input.EndTime, input.Period)
  const most = Math.ceil((range.endMs - range.startMs) / range.periodMs)
  if (most > MOST_STATISTICS_POINTS) {
    throw new AwsError('InvalidParameterCombination', `You have requested up to ${most.toLocaleString('en-US')} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`)
  }
  const computed = [...Statistics, ...ExtendedStatistics].map(each => [each, requireStatistic(each)] as const)
  const Datapoints = bucketsOf(pointsOf(samples, Namespace, name, Dimensions, Unit), range).map(({ startMs, values }): Datapoint => {
    const results = Object.fromEntries(computed.map(([each, statistic]) => [each, statistic(values)]))
    const extended = Object.fromEntries(ExtendedStatistics.map(each => [each, results[each] ?? 0]))
    const standard = Object.fromEntries(Statistics.map(each => [each, results[each]]))
    return { Timestamp: new Date(startMs), ...standard, Unit: unitOf(name), ExtendedStatistics: ExtendedStatistics.length > 0 ? extended : undefined }
  })
  return { Label: name, Datapoints }
}

function pointsOf (samples: readonly Sample[], namespace: string | undefined, name: string | undefined, dimensions: Parameters<typeof hasDimensions>[1], unit: string | undefined): Array<{ atMs: number, value: number }> {
  if (namespace !== NAMESPACE || !isMetric(name) || (unit !== undefined && unit !== units[name])) return []
  return samples
    .filter(sample => hasDimensions(sample, dimensions))
    .flatMap(({ atMs, values }) => values[name] === undefined ? [] : [{ atMs, value: values[name] }])
}

function isMetric (name: string | undefined): name is MetricName {
  return name !== undefined && Object.hasOwn(units, name)
}

function unitOf (name: string | undefined): Datapoint['Unit'] {
  return isMetric(name) ? units[name] : 'None'
}

function requireStatistic (name: string): (values: readonly number[]) => number {
  const statistic = statisticOf(name)
  if (!statistic) throw new AwsError('InvalidParameterValue', `The value ${name.slice(0, 100)} for parameter Stat is not supported.`)
  return statistic
}

function rangeOf (start: Date | undefined, end: Date | undefined, periodSeconds = 0): Range {
  const [startMs, endMs] = [start?.getTime() ?? 0, end?.getTime() ?? 0]
  if (startMs >= endMs) throw new AwsError('ValidationError', 'The parameter StartTime must be less than the parameter EndTime.')
  if (periodSeconds < 60 || periodSeconds % 60 !== 0) throw new AwsError('InvalidParameterValue', 'The parameter Period must be a multiple of 60.')
  return { startMs, endMs, periodMs: periodSeconds * 1000 }
}

/** Points are counted through all results; what does not fit begins the next page. */
function pageOf (results: readonly MetricDataResult[], { MaxDatapoints = MOST_POINTS, NextToken }: GetMetricDataInput): GetMetricDataOutput {
  if (MaxDatapoints < 1 || MaxDatapoints > MOST_POINTS) throw new AwsError('InvalidParameterValue', `The parameter MaxDatapoints must be from 1 to ${MOST_POINTS}.`)
  const from = NextToken === undefined ? 0 : Number(NextToken)
  if (!Number.isSafeInteger(from) || from < 0) throw new AwsError('InvalidNextToken', 'The value for parameter NextToken is invalid')
  const until = from + MaxDatapoints
  let passed = 0
  const page = results.map(result => {
    const [start, end] = [from - passed, until - passed]
    const count = result.Values?.length ?? 0
    passed += count
    const part = <T>(items: T[] | undefined): T[] => (items ?? []).slice(Math.max(0, start), Math.max(0, end))
    return { ...result, Timestamps: part(result.Timestamps), Values: part(result.Values), StatusCode: count > end ? 'PartialData' as const : 'Complete' as const }
  })
  return { MetricDataResults: page, Messages: [], NextToken: passed > until ? String(until) : undefined }
}

/** The values of a metric within one period. */
export interface Bucket {
  startMs: number
  values: number[]
}

const simple: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SampleCount: values => values.length,
  Sum: sum,
  Average: values => sum(values) / values.length,
  Minimum: values => values.reduce((least, value) => Math.min(least, value)),
  Maximum: values => values.reduce((most, value) => Math.max(most, value))
}

const percentile = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/

/** How to compute a statistic by its name; undefined for those that are not computed here. */
function statisticOf (name: string): ((values: readonly number[]) => number) | undefined {
  if (Object.hasOwn(simple, name)) return simple[name]
  const share = percentile.exec(name)?.[1]
  return share === undefined ? undefined : values => nthOf(values, Number(share) / 100)
}

function sum (values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function nthOf (values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
}

const MINUTE_MS = 60_000

export interface Range {
  startMs: number
  endMs: number
  periodMs: number
}

/**
 * Sorts values into periods, which begin at whole multiples of their length. A value belongs to the minute in which it
 * was measured, and is in the range when that minute's beginning is.
 */
function bucketsOf (points: ReadonlyArray<{ atMs: number, value: number }>, { startMs, endMs, periodMs }: Range): Bucket[] {
  const buckets = new Map<number, Bucket>()
  const from = floor(startMs, periodMs)
  for (const { atMs, value } of points) {
    const minute = floor(atMs, MINUTE_MS)
    if (minute < from || minute >= endMs) continue
    const bucket = buckets.get(floor(atMs, periodMs)) ?? { startMs: floor(atMs, periodMs), values: [] }
    buckets.set(bucket.startMs, bucket)
    bucket.values.push(value)
  }
  return [...buckets.values()].sort((a, b) => a.startMs - b.startMs)
}

function floor (ms: number, stepMs: number): number {
  return Math.floor(ms / stepMs) * stepMs
}
