import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import type { RdsContext } from './context.js'
import { filterBy, pageOf } from './paging.js'
import type { ClusterRecord } from './records.js'

/** What tools list beside a cluster although nothing can make more of it here: quotas, its two endpoints, and nothing at all. */
export function createListingOperations ({ records, quotas }: Pick<RdsContext, 'records' | 'quotas'>) {
  return {
    DescribeDBClusterEndpoints: async (input, caller) => {
      const found = filterBy(records.clusters.list(input.DBClusterIdentifier, caller).flatMap(endpointsOf), input.Filters, {
        'db-cluster-endpoint-type': ({ EndpointType }) => [EndpointType],
        'db-cluster-endpoint-status': ({ Status }) => [Status]
      })
      const { page, Marker } = pageOf(found, input)
      return { DBClusterEndpoints: page, Marker }
    },
    DescribeGlobalClusters: async ({ GlobalClusterIdentifier: wanted }) => {
      if (wanted) throw new AwsError('GlobalClusterNotFoundFault', `Global cluster ${wanted} not found`, 404)
      return { GlobalClusters: [] }
    },
    /** The quotas of the account in the region, under the names that AWS gives them. */
    DescribeAccountAttributes: async (_input, { region }) => ({
      AccountQuotas: [
        { AccountQuotaName: 'DBInstances', Used: records.instances.in(region).length, Max: quotas.instances },
        { AccountQuotaName: 'DBSubnetGroups', Used: records.subnetGroups.in(region).length, Max: quotas.subnetGroups },
        { AccountQuotaName: 'DBClusters', Used: records.clusters.in(region).length, Max: quotas.clusters },
        { AccountQuotaName: 'DBClusterParameterGroups', Used: records.parameterGroups.in(region).length, Max: quotas.parameterGroups },
        { AccountQuotaName: 'ManualClusterSnapshots', Used: records.snapshots.in(region).length, Max: quotas.snapshots }
      ]
    }),
    DescribePendingMaintenanceActions: async () => ({ PendingMaintenanceActions: [] })
  } satisfies Partial<OperationsOf<typeof Rds>>
}

function endpointsOf ({ facts }: ClusterRecord): Rds.DBClusterEndpoint[] {
  const shared = { DBClusterIdentifier: facts.DBClusterIdentifier, Status: 'available' }
  return [
    { ...shared, Endpoint: facts.Endpoint, EndpointType: 'WRITER' },
    { ...shared, Endpoint: facts.ReaderEndpoint, EndpointType: 'READER' }
  ]
}
