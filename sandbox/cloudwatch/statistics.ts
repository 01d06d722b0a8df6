/** The statistics that GetMetricStatistics calls so, by name. */
export const simple: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SampleCount: values => values.length,
  Sum: sum,
  Average: values => sum(values) / values.length,
  Minimum: values => values.reduce((least, value) => Math.min(least, value)),
  Maximum: values => values.reduce((most, value) => Math.max(most, value))
}

/** The statistics that AWS computes and the sandbox does not: trimmed and winsorized means, their counts and sums, percentile ranks. */
const othersOfAws = /^(?:IQM|(?:tm|wm|tc|ts)\d{1,2}(?:\.\d{1,10})?|(?:TM|WM|TC|TS|PR)\([\d.:%]+\))$/i

const percentile = /^p(\d{1,2}(?:\.\d{1,10})?|100)$/

/** A statistic of some values; 0 for those that are not computed here. */
export function computeStatistic (name: string, values: readonly number[]): number {
  return statisticOf(name)?.(values) ?? 0
}

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

/** What is wrong with the name of a statistic, in AWS's words; and those that the sandbox does not compute. */
export function problemsOfStatistic (name: string, parameter: string): string[] {
  if (statisticOf(name)) return []
  if (othersOfAws.test(name)) return [`The sandbox does not compute the statistic ${name} that parameter ${parameter} asks for.`]
  return [`The value ${name.slice(0, 100)} for parameter ${parameter} is not a valid statistic.`]
}
