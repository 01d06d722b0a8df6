/** How long AWS's slow steps take here: not at all, long enough to watch, or as long as on AWS. */
export type Pace = 'instant' | 'fast' | 'real'

export const PACES: readonly Pace[] = ['instant', 'fast', 'real']

/**
 * The steps that take time, and how many seconds each takes at the paces `fast` and `real`. The latter follows AWS's own
 * guidance and reports: 10 to 15 minutes for a standard set-up, 5 to 10 for a deletion, about 15 seconds for a resume
 * (Aurora User Guide, "Scaling to Zero ACUs with automatic pause and resume").
 */
const seconds = {
  /** Of any resource that is not a database. */
  resource: [0.3, 10],
  clusterCreate: [2, 180],
  clusterModify: [1, 60],
  clusterDelete: [1, 120],
  instanceCreate: [2, 420],
  instanceModify: [1, 120],
  instanceDelete: [1, 300],
  snapshot: [0.5, 60],
  /** From the call that wakes a paused cluster until it takes connections. */
  resume: [2, 15]
} as const satisfies Record<string, readonly [fast: number, real: number]>

/** The steps that take time, in milliseconds. */
export type Durations = Record<keyof typeof seconds, number>

export const durations: Readonly<Record<Pace, Durations>> = {
  instant: durationsFrom(() => 0),
  fast: durationsFrom(([fast]) => fast),
  real: durationsFrom(([, real]) => real)
}

function durationsFrom (choose: (choices: readonly [fast: number, real: number]) => number): Durations {
  return Object.fromEntries(Object.entries(seconds).map(([step, choices]) => [step, 1000 * choose(choices)])) as unknown as Durations
}
