import { AwsFailure } from '../aws/errors.js'
import type { Cluster, Clusters } from '../aws/clusters.js'
import type { Stack } from '../aws/stacks.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'

export interface RunningOptions {
  clusters: Pick<Clusters, 'describe' | 'start'>
  clock: Pick<Clock, 'now' | 'sleep'>
}

const LOOK_MS = 3_000

/** Identifier of the cluster that a stack makes. */
export function clusterNameOf ({ name, parameters }: Pick<Stack, 'name' | 'parameters'>): string {
  return parameters.ClusterName || name
}

/** In these a cluster can be neither changed nor deleted. A person stopped it: one that has paused by itself is `available`. */
const notRunning: ReadonlySet<string> = new Set(['stopped', 'stopping', 'starting'])

/** Refuses to change a cluster that somebody has stopped. Throws a {@link Problem} `database-not-ready`; not when the status is not known. */
export function assertRunning (databaseId: string, clusterStatus: string | null): void {
  if (clusterStatus === null || !notRunning.has(clusterStatus)) return
  throw new Problem('database-not-ready', `The cluster of ${databaseId} is ${clusterStatus}, and RDS changes nothing that is stopped. One that somebody has stopped has to be started first (StartDBCluster).`, { retryAfterSeconds: 30 })
}

/**
 * Whether a stack's cluster runs, or there is none, within `waitMs`. One that somebody stopped is started: nothing that is stopped can
 * be deleted (Aurora User Guide, "Deleting a stopped Aurora cluster"). One that has paused by itself runs, to RDS.
 */
export function createUntilRunning ({ clusters, clock }: RunningOptions, waitMs: number): (stack: Stack) => Promise<boolean> {
  const describe = async (stack: Stack): Promise<Cluster | null> => {
    try {
      return await clusters.describe(stack.region, clusterNameOf(stack))
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'not-found') return null
      throw error
    }
  }

  return async stack => {
    const until = clock.now() + waitMs
    for (;;) {
      const status = (await describe(stack))?.status
      if (status === 'stopped') await clusters.start(stack.region, clusterNameOf(stack))
      else if (status === undefined || !notRunning.has(status)) return true
      if (clock.now() >= until) return false
      await clock.sleep(LOOK_MS)
    }
  }
}
