import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import { type RdsContext, requireCluster } from './context.js'
import { filterBy, pageOf } from './paging.js'
import type { ClusterRecord } from './records.js'

export type ListingOperations = OperationsOf<typeof Rds, 'DescribeDBClusterEndpoints' | 'DescribeGlobalClusters' | 'DescribePendingMaintenanceActions'>

/** What tools list beside a cluster although nothing can make more of it here: its two endpoints, and nothing at all. */
export function createListingOperations (context: RdsContext): ListingOperations {
  return {
    DescribeDBClusterEndpoints: async (input, caller) => {
      const clusters = input.DBClusterIdentifier ? [requireCluster(context, input.DBClusterIdentifier, caller)] : context.records.clusters.in(caller.region)
      const found = filterBy(clusters.flatMap(endpointsOf), input.Filters, {
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
    DescribePendingMaintenanceActions: async () => ({ PendingMaintenanceActions: [] })
  }
}

function endpointsOf ({ facts }: ClusterRecord): Rds.DBClusterEndpoint[] {
  const shared = { DBClusterIdentifier: facts.DBClusterIdentifier, Status: 'available' }
  return [
    { ...shared, Endpoint: facts.Endpoint, EndpointType: 'WRITER' },
    { ...shared, Endpoint: facts.ReaderEndpoint, EndpointType: 'READER' }
  ]
}
