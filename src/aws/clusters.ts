import { DescribeDBClustersCommand, type RDSClient } from '@aws-sdk/client-rds'

import { AwsFailure, callAws } from './errors.js'

/** What the stack's outputs do not say of a cluster. */
export interface Cluster {
  arn: string
  masterUsername: string
}

export type Clusters = ReturnType<typeof createClusters>

/** RDS, as far as databases need it. Every function throws {@link AwsFailure}. */
export function createClusters (clientFor: (region: string) => RDSClient) {
  /** A cluster by identifier or ARN. */
  const describe = async (region: string, identifierOrArn: string): Promise<Cluster> => {
    const { DBClusters: [found] = [] } = await callAws(() => clientFor(region).send(
      new DescribeDBClustersCommand({ DBClusterIdentifier: identifierOrArn })))
    if (!found?.DBClusterArn || !found.MasterUsername) throw new AwsFailure('not-found', 'DBClusterNotFoundFault', `DBCluster ${identifierOrArn} not found.`)
    return { arn: found.DBClusterArn, masterUsername: found.MasterUsername }
  }

  return { describe }
}
