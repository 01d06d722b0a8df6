import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import { scramVerifier } from '../postgres/roles.js'
import { refuseManaged, requirePassword, requirePort } from './cluster-rules.js'
import { isServerlessV1, showCluster } from './cluster-shape.js'
import { NO_SNAPSHOT, type RdsContext, refuseStopped, requireStatus } from './context.js'
import { readVersion } from './engine-versions.js'
import { invalidCombination, invalidValue, readIdentifier } from './names.js'
import { addCluster, readClusterFacts, readMode } from './new-cluster.js'
import { type Filterable, listed, select } from './paging.js'
import { type ClusterRecord, membersOf } from './records.js'
import { requireWindows } from './windows.js'
import { beginClusterWork, passWriting } from './work.js'

const FILTERABLE: Filterable<ClusterRecord> = {
  'db-cluster-id': ({ facts }) => [facts.DBClusterIdentifier, facts.DBClusterArn],
  'db-cluster-resource-id': ({ facts }) => [facts.DbClusterResourceId],
  engine: ({ facts }) => [facts.Engine],
  'clone-group-id': ({ facts }) => [facts.CloneGroupId],
  domain: () => []
}

export function createClusterOperations (context: RdsContext) {
  const { clusters, instances, snapshots } = context.records
  const shown = (cluster: ClusterRecord): { DBCluster: Rds.DBCluster } => ({ DBCluster: showCluster(context, cluster) })
  const begin = (cluster: ClusterRecord, status: string, rest?: Partial<ClusterRecord>): { DBCluster: Rds.DBCluster } => {
    const changed = clusters.change(cluster, { Status: status }, rest)
    beginClusterWork(context, changed)
    return shown(changed)
  }
  return {
    CreateDBCluster: async (input, { region }) => {
      const mode = readMode(context, input.EngineMode)
      const id = readIdentifier('DBClusterIdentifier', input.DBClusterIdentifier)
      const version = readVersion(input.Engine, input.EngineVersion, mode, context.retiredVersions === 'allowed')
      clusters.requireRoom(id, region)
      const isManaged = input.ManageMasterUserPassword === true
      refuseManaged(input, mode)
      if (isManaged && input.MasterUserPassword) throw invalidCombination('You can\'t specify MasterUserPassword when ManageMasterUserPassword is enabled.')
      const facts = readClusterFacts(context, region, id, input, version, mode)
      const port = requirePort(input.Port ?? 5432)
      requireWindows(input)
      if (!isManaged) {
        const verifier = scramVerifier(requirePassword(input.MasterUserPassword))
        return shown(await addCluster(context, region, { facts, port, verifier }))
      }
      const { MasterUserSecretKmsKeyId: key } = input
      const { secret, password } = await context.secrets.create(region, facts.DBClusterArn, facts.MasterUsername, key)
      try {
        clusters.requireRoom(id, region)
        const withSecret = { ...facts, MasterUserSecret: secret }
        return shown(await addCluster(context, region, { facts: withSecret, port, verifier: scramVerifier(password) }))
      } catch (error) {
        await context.secrets.remove(region, secret)
        throw error
      }
    },

    DescribeDBClusters: async (input, { region }) =>
      listed('DBClusters', select(clusters, input.DBClusterIdentifier, input, FILTERABLE, region), cluster => showCluster(context, cluster)),

    DeleteDBCluster: async (input, { region }) => {
      const cluster = clusters.require(input.DBClusterIdentifier, region)
      refuseStopped(cluster)
      const finalSnapshot = readFinalSnapshot(input)
      requireStatus(cluster, finalSnapshot ? NO_SNAPSHOT : undefined, ['available', 'failed'])
      if (cluster.facts.DeletionProtection) throw invalidCombination('Cannot delete protected Cluster, please disable deletion protection and try again.')
      if (membersOf(context.records, cluster).some(({ facts }) => facts.DBInstanceStatus !== 'deleting')) {
        throw new AwsError('InvalidDBClusterStateFault', 'Cluster cannot be deleted, it still contains DB instances in non-deleting state.')
      }
      if (finalSnapshot) snapshots.requireRoom(finalSnapshot, region)
      return begin(cluster, 'deleting', { finalSnapshot })
    },

    StartDBCluster: async (input, { region }) => {
      const cluster = clusters.require(input.DBClusterIdentifier, region)
      requireStatus(cluster, expected('stopped,inaccessible-encryption-credentials-recoverable'), ['stopped'])
      return begin(cluster, 'starting')
    },

    StopDBCluster: async (input, { region }) => {
      const cluster = clusters.require(input.DBClusterIdentifier, region)
      if (isServerlessV1(cluster)) throw invalidCombination('Stop cluster is not supported for serverless engine mode.')
      requireStatus(cluster, expected('available'))
      return begin(cluster, 'stopping')
    },

    FailoverDBCluster: async (input, { region }) => {
      const wanted = input.TargetDBInstanceIdentifier?.toLowerCase()
      if (wanted && !instances.get(region, wanted)) throw invalidValue(`Cannot find target instance: ${wanted}`)
      const cluster = clusters.require(input.DBClusterIdentifier, region)
      requireStatus(cluster)
      const [writer, ...readers] = membersOf(context.records, cluster)
      const target = wanted ? readers.find(({ facts }) => facts.DBInstanceIdentifier === wanted) : readers[0]
      if (!writer || !target) throw new AwsError('InvalidDBClusterStateFault', `Cannot failover cluster ${cluster.facts.DBClusterIdentifier}: it has no other DB instance to fail over to.`)
      passWriting(context, writer, target)
      return begin(cluster, 'failing-over')
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

function expected (statuses: string) {
  return (id: string, status: string) => `DbCluster ${id} is in ${status} state but expected it to be one of ${statuses}.`
}

function readFinalSnapshot ({ SkipFinalSnapshot, FinalDBSnapshotIdentifier: name }: Rds.DeleteDBClusterMessage): string | undefined {
  if (SkipFinalSnapshot && name) throw invalidCombination('You cannot specify both FinalDBSnapshotIdentifier and SkipFinalSnapshot')
  if (!SkipFinalSnapshot && !name) throw invalidCombination('FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.')
  // Longer than those of other snapshots may be (RDS API, DeleteDBCluster): CloudFormation makes it of the names of stack and resource.
  return name ? readIdentifier('FinalDBSnapshotIdentifier', name, 255) : undefined
}
