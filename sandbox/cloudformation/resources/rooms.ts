import type * as Rds from '@aws-sdk/client-rds'
import type * as Secrets from '@aws-sdk/client-secrets-manager'
import { AwsError, type Caller, type Operation } from '../../aws.js'

/** What only some templates need of the RDS room. */
interface FurtherRdsOperations {
  CreateDBClusterParameterGroup: Operation<Rds.CreateDBClusterParameterGroupMessage, Rds.CreateDBClusterParameterGroupResult>
  DeleteDBClusterParameterGroup: Operation<Rds.DeleteDBClusterParameterGroupMessage, object>
  DescribeDBClusterParameterGroups: Operation<Rds.DescribeDBClusterParameterGroupsMessage, Rds.DBClusterParameterGroupsMessage>
  ModifyDBClusterParameterGroup: Operation<Rds.ModifyDBClusterParameterGroupMessage, Rds.DBClusterParameterGroupNameMessage>
  RestoreDBClusterFromSnapshot: Operation<Rds.RestoreDBClusterFromSnapshotMessage, Rds.RestoreDBClusterFromSnapshotResult>
  RestoreDBClusterToPointInTime: Operation<Rds.RestoreDBClusterToPointInTimeMessage, Rds.RestoreDBClusterToPointInTimeResult>
}

/** What the handlers need of the RDS room. */
export interface RdsRoom {
  operations: Partial<FurtherRdsOperations> & {
    AddTagsToResource: Operation<Rds.AddTagsToResourceMessage, object>
    CreateDBCluster: Operation<Rds.CreateDBClusterMessage, Rds.CreateDBClusterResult>
    CreateDBInstance: Operation<Rds.CreateDBInstanceMessage, Rds.CreateDBInstanceResult>
    CreateDBSubnetGroup: Operation<Rds.CreateDBSubnetGroupMessage, Rds.CreateDBSubnetGroupResult>
    DeleteDBCluster: Operation<Rds.DeleteDBClusterMessage, Rds.DeleteDBClusterResult>
    DeleteDBInstance: Operation<Rds.DeleteDBInstanceMessage, Rds.DeleteDBInstanceResult>
    DeleteDBSubnetGroup: Operation<Rds.DeleteDBSubnetGroupMessage, object>
    DescribeDBClusters: Operation<Rds.DescribeDBClustersMessage, Rds.DBClusterMessage>
    DescribeDBInstances: Operation<Rds.DescribeDBInstancesMessage, Rds.DBInstanceMessage>
    DescribeDBSubnetGroups: Operation<Rds.DescribeDBSubnetGroupsMessage, Rds.DBSubnetGroupMessage>
    DisableHttpEndpoint: Operation<Rds.DisableHttpEndpointRequest, Rds.DisableHttpEndpointResponse>
    EnableHttpEndpoint: Operation<Rds.EnableHttpEndpointRequest, Rds.EnableHttpEndpointResponse>
    ListTagsForResource: Operation<Rds.ListTagsForResourceMessage, Rds.TagListMessage>
    ModifyDBCluster: Operation<Rds.ModifyDBClusterMessage, Rds.ModifyDBClusterResult>
    ModifyDBInstance: Operation<Rds.ModifyDBInstanceMessage, Rds.ModifyDBInstanceResult>
    ModifyDBSubnetGroup: Operation<Rds.ModifyDBSubnetGroupMessage, Rds.ModifyDBSubnetGroupResult>
    RemoveTagsFromResource: Operation<Rds.RemoveTagsFromResourceMessage, object>
  }
  /** Resolves when the cluster or instance is not being created, changed or deleted any more; at once when there is none. */
  whenSettled: (kind: 'cluster' | 'instance', identifier: string, caller: Caller) => Promise<void>
}

/** What the handlers and dynamic references need of the Secrets Manager room. */
export interface SecretsRoom {
  operations: {
    CreateSecret: Operation<Secrets.CreateSecretRequest, Secrets.CreateSecretResponse>
    DeleteSecret: Operation<Secrets.DeleteSecretRequest, Secrets.DeleteSecretResponse>
    DescribeSecret: Operation<Secrets.DescribeSecretRequest, Secrets.DescribeSecretResponse>
    GetRandomPassword: Operation<Secrets.GetRandomPasswordRequest, Secrets.GetRandomPasswordResponse>
    GetSecretValue: Operation<Secrets.GetSecretValueRequest, Secrets.GetSecretValueResponse>
    PutSecretValue: Operation<Secrets.PutSecretValueRequest, Secrets.PutSecretValueResponse>
    TagResource: Operation<Secrets.TagResourceRequest, object>
    UntagResource: Operation<Secrets.UntagResourceRequest, object>
    UpdateSecret: Operation<Secrets.UpdateSecretRequest, Secrets.UpdateSecretResponse>
  }
}

/** Throws the error that names an operation which the RDS room does not have. */
export function offered<K extends keyof FurtherRdsOperations> ({ operations }: RdsRoom, name: K): FurtherRdsOperations[K] {
  const operation = (operations as Partial<FurtherRdsOperations>)[name]
  if (!operation) throw new AwsError('InvalidAction', `The sandbox does not implement ${name}.`)
  return operation
}
