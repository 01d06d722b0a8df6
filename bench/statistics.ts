/** The value that half of the samples stay below. Throws when there are none. */
export function median (samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

/** The value that the given share of the samples stays below; `share` is from 0 to below 1. */
export function quantile (samples: readonly number[], share: number): number {
  const value = samples.toSorted((one, other) => one - other)[Math.floor(samples.length * share)]
  if (value === undefined) throw new Error('there are no samples')
  return value
}

/** Milliseconds that `work` takes. */
export async function timed (work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

/**
 * Times several ways of doing the same, one after the other in every round, so that whatever else the machine does
 * meets all of them alike. The first `warmUps` rounds are not counted.
 */
export async function interleave<Name extends string> (
  ways: Readonly<Record<Name, () => Promise<unknown>>>,
  rounds: number,
  warmUps: number
): Promise<Record<Name, number[]>> {
  const names = Object.keys(ways) as Name[]
  const samples = Object.fromEntries(names.map(name => [name, []])) as unknown as Record<Name, number[]>
  for (let round = -warmUps; round < rounds; round++) {
    for (const name of names) {
      const tookMs = await timed(ways[name])
      if (round >= 0) samples[name].push(tookMs)
    }
  }
  return samples
}

/** One line of a report: a name, the median, the middle half, and the number of samples. */
export function line (name: string, samples: readonly number[]): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map(share => quantile(samples, share).toFixed(2))
  return `${name.padEnd(44)} median ${middle} ms   middle half ${low} to ${high} ms   of ${samples.length}\n`
}

/** One line that holds a figure against its target. */
export function verdict (name: string, value: number, unit: string, target: { atMost: number } | { atLeast: number }): string {
  const isMet = 'atMost' in target ? value <= target.atMost : value >= target.atLeast
  const wanted = 'atMost' in target ? `at most ${target.atMost}` : `at least ${target.atLeast}`
  return `${name.padEnd(44)} ${value.toFixed(2)}${unit}   target ${wanted}${unit}: ${isMet ? 'met' : 'NOT MET'}\n`
}
