import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import { scramVerifier } from '../postgres/roles.js'
import { refuseManaged, requirePassword, requirePort } from './cluster-rules.js'
import { isServerlessV1, showCluster } from './cluster-shape.js'
import { NO_SNAPSHOT, type RdsContext, refuseStopped, requireStatus } from './context.js'
import { readVersion } from './engine-versions.js'
import { arnOf, invalidCombination, readIdentifier } from './names.js'
import { addCluster, readClusterFacts, readMode } from './new-cluster.js'
import { type Filterable, select } from './paging.js'
import { type ClusterRecord, membersOf } from './records.js'
import { requireWindows } from './windows.js'
import { beginClusterWork } from './work.js'

const FILTERABLE: Filterable<ClusterRecord> = {
  'db-cluster-id': ({ facts }) => [facts.DBClusterIdentifier, facts.DBClusterArn],
  'db-cluster-resource-id': ({ facts }) => [facts.DbClusterResourceId],
  engine: ({ facts }) => [facts.Engine],
  'clone-group-id': ({ facts }) => [facts.CloneGroupId],
  domain: () => []
}

export function createClusterOperations (context: RdsContext) {
  const { records } = context
  const shown = (cluster: ClusterRecord): { DBCluster: ReturnType<typeof showCluster> } => ({ DBCluster: showCluster(context, cluster) })
  const begin = (cluster: ClusterRecord, status: string): { DBCluster: ReturnType<typeof showCluster> } => {
    const changed = context.records.clusters.change(cluster, { Status: status })
    beginClusterWork(context, changed)
    return shown(changed)
  }
  return {
    CreateDBCluster: async (input, caller) => {
      const mode = readMode(context, input.EngineMode)
      const id = readIdentifier('DBClusterIdentifier', input.DBClusterIdentifier)
      const version = readVersion(input.Engine, input.EngineVersion, mode, context.retiredVersions === 'allowed')
      context.records.clusters.requireRoom(id, caller)
      const isManaged = input.ManageMasterUserPassword === true
      refuseManaged(input, mode)
      if (isManaged && input.MasterUserPassword) throw invalidCombination('You can\'t specify MasterUserPassword when ManageMasterUserPassword is enabled.')
      const facts = readClusterFacts(context, id, input, version, mode, caller)
      const port = requirePort(input.Port ?? 5432)
      requireWindows(input)
      if (!isManaged) {
        const verifier = scramVerifier(requirePassword(input.MasterUserPassword))
        return shown(await addCluster(context, { facts, port, verifier }, caller))
      }
      const { secret, password } = await context.secrets.create(arnOf(caller, 'cluster', id), facts.MasterUsername, input.MasterUserSecretKmsKeyId, caller)
      try {
        context.records.clusters.requireRoom(id, caller)
        const withSecret = { ...facts, MasterUserSecret: secret }
        return shown(await addCluster(context, { facts: withSecret, port, verifier: scramVerifier(password) }, caller))
      } catch (error) {
        await context.secrets.remove(secret, caller)
        throw error
      }
    },

    DescribeDBClusters: async (input, caller) => {
      const { page, Marker } = select(records.clusters, input.DBClusterIdentifier, input, FILTERABLE, caller)
      return { DBClusters: page.map(cluster => showCluster(context, cluster)), Marker }
    },

    DeleteDBCluster: async (input, caller) => {
      const cluster = context.records.clusters.require(input.DBClusterIdentifier, caller)
      refuseStopped(cluster)
      const finalSnapshot = readFinalSnapshot(input)
      requireStatus(cluster, { allowed: ['failed'], ...(finalSnapshot ? { refusal: NO_SNAPSHOT } : {}) })
      if (cluster.facts.DeletionProtection) throw invalidCombination('Cannot delete protected Cluster, please disable deletion protection and try again.')
      if (membersOf(records, cluster).some(({ facts }) => facts.DBInstanceStatus !== 'deleting')) {
        throw new AwsError('InvalidDBClusterStateFault', 'Cluster cannot be deleted, it still contains DB instances in non-deleting state.')
      }
      if (finalSnapshot) records.snapshots.requireRoom(finalSnapshot, caller)
      const changed = context.records.clusters.change(cluster, { Status: 'deleting' }, { finalSnapshot })
      beginClusterWork(context, changed)
      return shown(changed)
    },

    StartDBCluster: async (input, caller) => {
      const cluster = context.records.clusters.require(input.DBClusterIdentifier, caller)
      if (cluster.facts.Status !== 'stopped') throw new AwsError('InvalidDBClusterStateFault', `DbCluster ${cluster.facts.DBClusterIdentifier} is in ${cluster.facts.Status} state but expected it to be one of stopped,inaccessible-encryption-credentials-recoverable.`)
      return begin(cluster, 'starting')
    },

    StopDBCluster: async (input, caller) => {
      const cluster = context.records.clusters.require(input.DBClusterIdentifier, caller)
      if (isServerlessV1(cluster)) throw invalidCombination('Stop cluster is not supported for serverless engine mode.')
      if (cluster.facts.Status !== 'available') throw new AwsError('InvalidDBClusterStateFault', `DbCluster ${cluster.facts.DBClusterIdentifier} is in ${cluster.facts.Status} state but expected it to be one of available.`)
      return begin(cluster, 'stopping')
    },

    FailoverDBCluster: async (input, caller) => {
      const cluster = context.records.clusters.require(input.DBClusterIdentifier, caller)
      requireStatus(cluster)
      const [writer, ...readers] = membersOf(records, cluster)
      const wanted = input.TargetDBInstanceIdentifier?.toLowerCase()
      const target = wanted ? readers.find(({ facts }) => facts.DBInstanceIdentifier === wanted) : readers[0]
      if (!writer || !target) throw new AwsError('InvalidDBClusterStateFault', `Cannot failover cluster ${cluster.facts.DBClusterIdentifier}: it has no other DB instance to fail over to.`)
      context.together(() => {
        context.records.instances.change(writer, {}, { isWriter: false })
        context.records.instances.change(target, {}, { isWriter: true })
      })
      return begin(cluster, 'failing-over')
    },

    RebootDBCluster: async (input, caller) => {
      const cluster = context.records.clusters.require(input.DBClusterIdentifier, caller)
      requireStatus(cluster)
      await context.postgres.processes.stop(cluster.facts.DbClusterResourceId)
      return begin(cluster, 'starting')
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

function readFinalSnapshot ({ SkipFinalSnapshot, FinalDBSnapshotIdentifier: name }: Rds.DeleteDBClusterMessage): string | undefined {
  if (SkipFinalSnapshot && name) throw invalidCombination('You cannot specify both FinalDBSnapshotIdentifier and SkipFinalSnapshot')
  if (!SkipFinalSnapshot && !name) throw invalidCombination('FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.')
  // Longer than those of other snapshots may be (RDS API, DeleteDBCluster): CloudFormation makes it of the names of stack and resource.
  return name ? readIdentifier('FinalDBSnapshotIdentifier', name, 255) : undefined
}
