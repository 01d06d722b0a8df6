/** A number that only grows. */
export interface Counter { add: (amount?: number) => void }

/** Durations, counted by how long they were. */
export interface Histogram { observe: (seconds: number) => void }

/** One value at the time of a scrape, with the values of its labels in the order of their names. */
export type Reading<Names extends Labels = Labels> = readonly [labels: ValuesOf<Names>, value: number]

type Labels = readonly string[]
type ValuesOf<Names extends Labels> = { readonly [At in keyof Names]: string }

export interface Family {
  /** With its unit at its end (Prometheus, "Metric and label naming"). */
  name: string
  /** What it counts, in a sentence or two. */
  help: string
  type: 'counter' | 'gauge' | 'histogram'
  labels: Labels
}

/** The metrics of one process, and how Prometheus reads them. */
export interface Registry {
  /** Counters by the values of their labels, made when they are first asked for and kept. */
  counters: <const Names extends Labels>(family: Declaration<Names>) => (...labels: ValuesOf<Names>) => Counter
  /** The same for histograms; `buckets` are upper bounds in seconds, ascending. */
  histograms: <const Names extends Labels>(
    family: Declaration<Names>,
    buckets: readonly number[]
  ) => (...labels: ValuesOf<Names>) => Histogram
  /** Values that are read when they are asked for. `read` must not wait for anything. */
  readings: <const Names extends Labels>(type: 'counter' | 'gauge', family: Declaration<Names>, read: () => Iterable<Reading<Names>>) => void
  families: () => readonly Family[]
  /** Everything in the text format of Prometheus, version 0.0.4. */
  render: () => string
}

export interface Declaration<Names extends Labels = Labels> extends Omit<Family, 'type'> { labels: Names }

interface Kept extends Family { lines: () => Iterable<string> }

/**
 * Whoever asks for a counter or a histogram pays for a look into a map. Every value that a label is given stays for as long as the
 * process does, so they must be few: names of ours and of AWS's operations, and nothing that a caller has chosen.
 */
export function createRegistry (): Registry {
  const kept = new Map<string, Kept>()

  const keep = (family: Kept): void => {
    if (kept.has(family.name)) throw new Error(`There are two metrics called ${family.name}`)
    kept.set(family.name, family)
  }

  return {
    counters: family => {
      const series = createSeries(() => new CountedSeries())
      keep({ ...family, type: 'counter', lines: () => series.lines(({ value }, labels) => [line(family.name, family.labels, labels, value)]) })
      return series.of
    },
    histograms: (family, buckets) => {
      const series = createSeries(() => new HistogramSeries(buckets))
      keep({ ...family, type: 'histogram', lines: () => series.lines((histogram, labels) => histogramLines(family, histogram, labels)) })
      return series.of
    },
    readings: (type, family, read) => {
      keep({ ...family, type, lines: () => [...read()].map(([labels, value]) => line(family.name, family.labels, labels, value)) })
    },
    families: () => [...kept.values()].map(({ lines, ...family }) => family),
    render: () => [...kept.values()].map(renderFamily).join('')
  }
}

class CountedSeries implements Counter {
  value = 0
  add (amount = 1): void { this.value += amount }
}

class HistogramSeries implements Histogram {
  readonly bounds: readonly number[]
  /** How many are at most as long as each bound, and longer than the one before it; the last are longer than all. */
  readonly counts: number[]
  sum = 0

  constructor (bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe (seconds: number): void {
    let at = 0
    while (at < this.bounds.length && seconds > (this.bounds[at] ?? Infinity)) at++
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += seconds
  }
}

/** Between the values of labels in a key, where no value has it. */
const SEPARATOR = '\u0000'

function createSeries<One> (make: () => One) {
  const all = new Map<string, { labels: Labels, one: One }>()
  return {
    of: (...labels: Labels): One => {
      const key = labels.join(SEPARATOR)
      const known = all.get(key)
      if (known) return known.one
      const one = make()
      all.set(key, { labels, one })
      return one
    },
    lines: (write: (one: One, labels: Labels) => string[]): string[] => [...all.values()].flatMap(({ one, labels }) => write(one, labels))
  }
}

function histogramLines ({ name, labels: names }: Declaration, { bounds, counts, sum }: HistogramSeries, labels: Labels): string[] {
  let total = 0
  const buckets = counts.map((count, at) => {
    total += count
    const bound = bounds[at]
    return line(`${name}_bucket`, [...names, 'le'], [...labels, bound === undefined ? '+Inf' : String(bound)], total)
  })
  return [...buckets, line(`${name}_sum`, names, labels, sum), line(`${name}_count`, names, labels, total)]
}

function renderFamily ({ name, help, type, lines }: Kept): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n${[...lines()].map(each => `${each}\n`).join('')}`
}

function line (name: string, names: Labels, labels: Labels, value: number): string {
  if (names.length === 0) return `${name} ${value}`
  const pairs = names.map((label, at) => `${label}="${escapeLabel(labels[at] ?? '')}"`)
  return `${name}{${pairs.join(',')}} ${value}`
}

function escapeLabel (value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
