import type { Caller } from '../../aws.js'
import type { RdsOperations } from '../../rds/rds.js'
import type { SecretOperations } from '../../secrets-manager/secrets-manager.js'

type Lives<Noun extends string> = `${'Create' | 'Delete' | 'Modify'}${Noun}` | `Describe${Noun}s`

/** What the handlers need of the RDS room. */
export interface RdsRoom {
  operations: Pick<RdsOperations, Lives<'DBCluster' | 'DBClusterParameterGroup' | 'DBInstance' | 'DBParameterGroup' | 'DBSubnetGroup'> |
  'AddTagsToResource' | 'DisableHttpEndpoint' | 'EnableHttpEndpoint' | 'ListTagsForResource' | 'RemoveTagsFromResource' |
  'ResetDBClusterParameterGroup' | 'ResetDBParameterGroup' | 'RestoreDBClusterFromSnapshot' | 'RestoreDBClusterToPointInTime'>
  /** Resolves when the cluster or instance is not being created, changed or deleted any more; at once when there is none. */
  whenSettled: (kind: 'cluster' | 'instance', identifier: string, caller: Caller) => Promise<void>
}

/** What the handlers and dynamic references need of the Secrets Manager room. */
export interface SecretsRoom {
  operations: Pick<SecretOperations, 'CreateSecret' | 'DeleteSecret' | 'DescribeSecret' | 'GetRandomPassword' | 'GetSecretValue' | 'PutSecretValue' | 'TagResource' | 'UntagResource' | 'UpdateSecret'>
}
