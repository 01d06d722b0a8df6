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
export function statisticOf (name: string): ((values: readonly number[]) => number) | undefined {
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
export function bucketsOf (points: ReadonlyArray<{ atMs: number, value: number }>, { startMs, endMs, periodMs }: Range): Bucket[] {
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
