import type {
  Datapoint, GetMetricDataInput, GetMetricDataOutput, GetMetricStatisticsInput, GetMetricStatisticsOutput, MetricDataQuery,
  MetricDataResult
} from '@aws-sdk/client-cloudwatch'
import { AwsError } from '../aws.js'
import { type MetricName, units } from './metrics.js'
import { hasDimensions, NAMESPACE, type Sample } from './samples.js'
import { problemsOfStatistic, simple, statisticOf } from './statistics.js'

const MOST_QUERIES = 500
const MOST_POINTS = 100_800
const MOST_STATISTICS_POINTS = 1440

/** GetMetricData, without metric math. Pages end at `MaxDatapoints`. */
export function getMetricData (samples: readonly Sample[], input: GetMetricDataInput): GetMetricDataOutput {
  const queries = input.MetricDataQueries ?? []
  if (queries.length > MOST_QUERIES) throw new AwsError('ValidationError', `The collection MetricDataQueries must not have a size greater than ${MOST_QUERIES}.`)
  const problems = [...problemsOfIds(queries), ...problemsOfRange(input), ...queries.flatMap(problemsOfQuery)]
  if (problems.length > 0) throw new AwsError('ValidationError', problems.map(problem => `${problem}\n`).join(''))
  const results = queries.filter(({ ReturnData }) => ReturnData !== false).map(query => resultOf(samples, query, input))
  return pageOf(results, input)
}

function problemsOfIds (queries: readonly MetricDataQuery[]): string[] {
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
function problemsOfQuery ({ MetricStat, Expression, Period }: MetricDataQuery, index: number): string[] {
  const name = `MetricDataQueries.member.${index + 1}`
  if (Expression !== undefined) return [`The query ${name} has an Expression, and the sandbox does not evaluate metric math.`]
  if (!MetricStat) return [`The parameter ${name}.MetricStat is required.`]
  if (Period !== undefined) return [`The parameters ${name}.Period and ${name}.MetricStat are mutually exclusive and you have specified both.`]
  const { Stat = '', Period: period } = MetricStat
  return [...problemsOfStatistic(Stat, `${name}.MetricStat.Stat`), ...problemsOfPeriod(period, `${name}.MetricStat.Period`)]
}

function resultOf (samples: readonly Sample[], query: MetricDataQuery, input: GetMetricDataInput): MetricDataResult {
  const { Metric: { Namespace, MetricName: name, Dimensions = [] } = {}, Period: period, Stat = '', Unit } = query.MetricStat ?? {}
  const buckets = bucketsOf(pointsOf(samples, Namespace, name, Dimensions, Unit), rangeOf(input, period))
  if (input.ScanBy !== 'TimestampAscending') buckets.reverse()
  return {
    Id: query.Id,
    Label: query.Label ?? labelOf(query, input.MetricDataQueries ?? []),
    Timestamps: buckets.map(({ startMs }) => new Date(startMs)),
    Values: buckets.map(({ values }) => statisticOf(Stat)?.(values) ?? 0),
    StatusCode: 'Complete'
  }
}

/** The name of the metric, with the statistic and the period where the queries differ in them (localstack's `test_label_generation`, recorded on AWS). */
function labelOf ({ MetricStat }: MetricDataQuery, queries: readonly MetricDataQuery[]): string {
  const told = (['Stat', 'Period'] as const).filter(member => new Set(queries.map(query => query.MetricStat?.[member])).size > 1)
  return [MetricStat?.Metric?.MetricName, ...told.map(member => MetricStat?.[member])].join(' ')
}

/** GetMetricStatistics: every statistic of one metric. */
export function getMetricStatistics (samples: readonly Sample[], input: GetMetricStatisticsInput): GetMetricStatisticsOutput {
  const { Namespace, MetricName: name, Dimensions = [], Statistics = [], ExtendedStatistics = [], Unit } = input
  if (Statistics.length + ExtendedStatistics.length === 0) throw new AwsError('InvalidParameterCombination', 'Must specify either Statistics or ExtendedStatistics')
  const [problem] = [
    ...problemsOfRange(input),
    ...problemsOfPeriod(input.Period, 'Period'),
    ...Statistics.flatMap((name, index) => Object.hasOwn(simple, name) ? [] : [`The parameter Statistics.member.${index + 1} must be a value in the set [ Sum, Maximum, Minimum, SampleCount, Average ].`]),
    ...ExtendedStatistics.flatMap((name, index) => problemsOfStatistic(name, `ExtendedStatistics.member.${index + 1}`))
  ]
  if (problem !== undefined) throw new AwsError('InvalidParameterValue', problem)
  const range = rangeOf(input, input.Period)
  const most = Math.ceil((range.endMs - range.startMs) / 1000 / (input.Period ?? 1))
  if (most > MOST_STATISTICS_POINTS) {
    throw new AwsError('InvalidParameterCombination', `You have requested up to ${most.toLocaleString('en-US')} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.`)
  }
  const asked = [...Statistics, ...ExtendedStatistics]
  const Datapoints = bucketsOf(pointsOf(samples, Namespace, name, Dimensions, Unit), range).map(({ startMs, values }): Datapoint => {
    const results = Object.fromEntries(asked.map(each => [each, statisticOf(each)?.(values)]))
    const extended = ExtendedStatistics.map(each => [each, results[each] ?? 0])
    return {
      Timestamp: new Date(startMs),
      ...Object.fromEntries(Statistics.map(each => [each, results[each]])),
      Unit: unitOf(name),
      ExtendedStatistics: extended.length > 0 ? Object.fromEntries(extended) : undefined
    }
  })
  return { Label: name, Datapoints }
}

function pointsOf (
  samples: readonly Sample[],
  namespace: string | undefined,
  name: string | undefined,
  dimensions: Parameters<typeof hasDimensions>[1],
  unit: string | undefined
): Array<{ atMs: number, value: number }> {
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

/** Periods of less than a minute, which are for metrics of high resolution and taken for any. */
const fineSeconds: readonly number[] = [1, 5, 10, 20, 30]

function problemsOfPeriod (seconds = 0, parameter: string): string[] {
  const isGood = fineSeconds.includes(seconds) || (seconds >= 60 && seconds % 60 === 0)
  return isGood ? [] : [`The parameter ${parameter} must be a value in the set [ ${fineSeconds.join(', ')} ] or a multiple of 60.`]
}

function problemsOfRange ({ StartTime: start, EndTime: end }: TimeRange): string[] {
  const ms = (end?.getTime() ?? 0) - (start?.getTime() ?? 0)
  if (ms === 0) return ['The parameter StartTime must not equal parameter EndTime.']
  return ms > 0 ? [] : ['The parameter StartTime must be less than the parameter EndTime.']
}

type TimeRange = Pick<GetMetricDataInput, 'StartTime' | 'EndTime'>

/** What AWS/RDS measures comes once a minute, so that nothing finer is answered than that. */
function rangeOf ({ StartTime, EndTime }: TimeRange, periodSeconds = 0): Range {
  return { startMs: StartTime?.getTime() ?? 0, endMs: EndTime?.getTime() ?? 0, periodMs: Math.max(MINUTE_MS, periodSeconds * 1000) }
}

/** Points are counted through all results; what does not fit begins the next page. */
function pageOf (
  results: readonly MetricDataResult[], { MaxDatapoints = MOST_POINTS, NextToken }: GetMetricDataInput
): GetMetricDataOutput {
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
