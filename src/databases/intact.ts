import { AwsFailure } from '../aws/errors.js'
import type { Clusters } from '../aws/clusters.js'
import type { Secrets } from '../aws/secrets.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import { withDeadline } from './deadline.js'
import type { Found } from './find.js'
import { assertRunning, clusterNameOf } from './running.js'

export interface IntactOptions {
  clusters: Pick<Clusters, 'describe'>
  secrets: Pick<Secrets, 'describe'>
  clock: Pick<Clock, 'sleep'>
}

/** How long AWS is waited for. What it does not say, CloudFormation will meet. */
const PATIENCE_MS = 5_000

/**
 * Refuses to change a database whose cluster or secret somebody has deleted or stopped past this service: CloudFormation would fail at that, and then at
 * taking back what it did. Throws a {@link Problem} `database-not-ready`; not where AWS does not say how it is.
 */
export function createAssertIntact ({ clusters, secrets, clock }: IntactOptions): (found: Found) => Promise<void> {
  const orUnknown = async <T>(ask: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await withDeadline(clock, PATIENCE_MS, ask)
    } catch (error) {
      if (error instanceof AwsFailure) return undefined
      throw error
    }
  }

  const assertCluster = async ({ stack, database: { id } }: Found): Promise<void> => {
    const cluster = await orUnknown(async () => await describeCluster(clusters, id, stack.region, clusterNameOf(stack)))
    assertRunning(id, cluster?.status ?? null)
  }

  const assertSecret = async ({ stack: { region, outputs, parameters }, database: { id } }: Found): Promise<void> => {
    const name = outputs.SecretArn ?? parameters.DBMaster
    if (!name) return
    const secret = await orUnknown(async () => await secrets.describe(region, name))
    if (secret === null) throw secretMissing(id)
    if (secret?.deletedAt) throw new Problem('database-not-ready', `The secret of ${id} waits for its deletion. RestoreSecret takes that back.`)
  }

  return async found => { await Promise.all([assertCluster(found), assertSecret(found)]) }
}

/** A cluster of a database. Throws a {@link Problem} where there is none: somebody has deleted it past this service. */
export async function describeCluster (
  clusters: Pick<Clusters, 'describe'>, id: string, region: string, nameOrArn: string
): ReturnType<Clusters['describe']> {
  return await orProblem(async () => await clusters.describe(region, nameOrArn), () => clusterMissing(id))
}

/** What a call answers; what it finds missing is the problem. */
export async function orProblem<T> (call: () => Promise<T>, missing: () => Problem): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'not-found') throw missing()
    throw error
  }
}

export function clusterMissing (id: string): Problem {
  return new Problem('database-not-ready', `The cluster of ${id} no longer exists: it was deleted past this service. Deleted here as well, the database can be restored from what snapshots it left.`)
}

export function secretMissing (id: string): Problem {
  return new Problem('database-not-ready', `The secret of ${id} no longer exists: it was deleted past this service. Deleted and restored, the database has a new one, and its data.`)
}
