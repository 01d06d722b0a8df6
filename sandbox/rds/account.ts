import type * as Rds from '@aws-sdk/client-rds'
import type { OperationsOf } from '../aws.js'
import type { RdsContext } from './context.js'

export type AccountOperations = OperationsOf<typeof Rds, 'DescribeAccountAttributes'>

/** The quotas of the account in the region, under the names that AWS gives them. */
export function createAccountOperations ({ records, quotas }: Pick<RdsContext, 'records' | 'quotas'>): AccountOperations {
  return {
    DescribeAccountAttributes: async (_input, { region }) => ({
      AccountQuotas: [
        { AccountQuotaName: 'DBInstances', Used: records.instances.in(region).length, Max: quotas.instances },
        { AccountQuotaName: 'DBSubnetGroups', Used: records.subnetGroups.in(region).length, Max: quotas.subnetGroups },
        { AccountQuotaName: 'DBClusters', Used: records.clusters.in(region).length, Max: quotas.clusters },
        { AccountQuotaName: 'DBClusterParameterGroups', Used: records.parameterGroups.in(region).length, Max: quotas.parameterGroups },
        { AccountQuotaName: 'ManualClusterSnapshots', Used: records.snapshots.in(region).length, Max: quotas.snapshots }
      ]
    })
  }
}
