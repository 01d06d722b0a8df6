/** How long AWS's slow steps take here: not at all, long enough to watch, or as long as on AWS. */
export type Pace = 'instant' | 'fast' | 'real'

export const PACES: readonly Pace[] = ['instant', 'fast', 'real']

/** The steps that take time, in milliseconds. `resource` is any resource that is not a database. */
export interface Durations {
  resource: number
  clusterCreate: number
  clusterModify: number
  clusterDelete: number
  instanceCreate: number
  instanceModify: number
  instanceDelete: number
  snapshot: number
  /** From the call that wakes a paused cluster until it takes connections. */
  resume: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND

/**
 * `real` follows AWS's own guidance and reports: 10 to 15 minutes for a standard set-up, 5 to 10 for a deletion,
 * about 15 seconds for a resume (Aurora User Guide, "Scaling to Zero ACUs with automatic pause and resume").
 */
export const durations: Readonly<Record<Pace, Durations>> = {
  instant: {
    resource: 0,
    clusterCreate: 0,
    clusterModify: 0,
    clusterDelete: 0,
    instanceCreate: 0,
    instanceModify: 0,
    instanceDelete: 0,
    snapshot: 0,
    resume: 0
  },
  fast: {
    resource: 0.3 * SECOND,
    clusterCreate: 2 * SECOND,
    clusterModify: SECOND,
    clusterDelete: SECOND,
    instanceCreate: 2 * SECOND,
    instanceModify: SECOND,
    instanceDelete: SECOND,
    snapshot: 0.5 * SECOND,
    resume: 2 * SECOND
  },
  real: {
    resource: 10 * SECOND,
    clusterCreate: 3 * MINUTE,
    clusterModify: MINUTE,
    clusterDelete: 2 * MINUTE,
    instanceCreate: 7 * MINUTE,
    instanceModify: 2 * MINUTE,
    instanceDelete: 5 * MINUTE,
    snapshot: MINUTE,
    resume: 15 * SECOND
  }
}
