import { AwsFailure } from '../../aws/errors.js'
import type { Cluster, Clusters } from '../../aws/clusters.js'
import type { Stacks } from '../../aws/stacks.js'
import { orphanIdOf } from '../orphans/orphan.js'
import type { Check } from '../creation/preflight.js'

/**
 * No cluster has the name already that the stack would give its own: a deletion may have left it behind, with data that is newer than
 * that of any snapshot. One that has a stack by now is that of the same request, sent twice.
 */
export function createClusterNameCheck (clusters: Pick<Clusters, 'describe'>, stacks: Pick<Stacks, 'describe'>): Check {
  return {
    path: '/name',
    find: async (_principal, { key: { region }, launch: { stackName, parameters }, replacesRemainder }) => {
      const { ClusterName: name } = parameters
      const cluster = name && !replacesRemainder ? await describe(clusters, region, name) : null
      if (!name || !cluster || await stacks.describe(region, stackName)) return []
      return [{ path: '/name', message: `There is a cluster ${name} in ${region} without a stack (${cluster.status}), which may hold the latest data: DELETE /v1/orphans/${orphanIdOf(region, 'cluster', name)} removes it, after a snapshot.` }]
    }
  }
}

async function describe (clusters: Pick<Clusters, 'describe'>, region: string, name: string): Promise<Cluster | null> {
  try {
    return await clusters.describe(region, name)
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'not-found') return null
    throw error
  }
}
