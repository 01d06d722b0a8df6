import { AwsError } from '../aws.js'
import { type ClusterInput, readFacts, readSecurityGroups } from './cluster-facts.js'
import { readScaling, requireUsername } from './cluster-rules.js'
import { off, type RdsContext } from './context.js'
import type { EngineVersion } from './engine-versions.js'
import { arnOf, invalidValue, newResourceId, serviceKeyArn, zonesOf } from './names.js'
import type { ClusterFacts, ClusterRecord } from './records.js'
import { beginClusterWork } from './work.js'

/** The facts of a new cluster. Throws AWS's refusal of what cannot be. */
export function readClusterFacts (
  { records }: RdsContext, region: string, id: string, input: ClusterInput, version: EngineVersion, mode: string
): ClusterFacts {
  const isEncrypted = mode === 'serverless' || input.StorageEncrypted === true || input.KmsKeyId !== undefined
  return {
    ...off('CopyTagsToSnapshot', 'CrossAccountClone', 'DeletionProtection', 'HttpEndpointEnabled', 'IAMDatabaseAuthenticationEnabled'),
    AllocatedStorage: 1,
    AvailabilityZones: zonesOf(region),
    BackupRetentionPeriod: 1,
    PreferredBackupWindow: '03:00-03:30',
    PreferredMaintenanceWindow: 'sun:04:00-sun:04:30',
    AutoMinorVersionUpgrade: true,
    NetworkType: 'IPV4',
    EngineLifecycleSupport: 'open-source-rds-extended-support',
    DatabaseInsightsMode: 'standard',
    MasterUsername: requireUsername(input.MasterUsername),
    DBClusterParameterGroup: `default.${version.family}`,
    DBSubnetGroup: 'default',
    VpcSecurityGroups: readSecurityGroups([], region),
    AssociatedRoles: [],
    TagList: [],
    ...(mode === 'serverless' ? { ScalingConfigurationInfo: readScaling({}, undefined) } : {}),
    ...readFacts(input, { records, region, version, mode }),
    DBClusterIdentifier: id,
    DBClusterArn: arnOf(region, 'cluster', id),
    DbClusterResourceId: newResourceId('cluster'),
    Status: 'creating',
    Engine: 'aurora-postgresql',
    EngineVersion: version.version,
    EngineMode: mode,
    DBClusterOptionGroupMemberships: [],
    ReadReplicaIdentifiers: [],
    DomainMemberships: [],
    HostedZoneId: 'Z2R2ITUGPM61AM',
    StorageEncrypted: isEncrypted,
    ...(isEncrypted ? { KmsKeyId: input.KmsKeyId ?? serviceKeyArn(region, 'rds') } : {}),
    ActivityStreamStatus: 'stopped'
  }
}

/** The engine mode of a new cluster. Throws AWS's refusal of one that there is not, or not any more. */
export function readMode ({ serverlessV1 }: RdsContext, mode = 'provisioned'): string {
  if (mode !== 'provisioned' && mode !== 'serverless') throw invalidValue(`Invalid engine mode: ${mode}`)
  if (mode === 'serverless' && serverlessV1 === 'retired') throw invalidValue('The engine mode serverless you requested is currently unavailable.')
  return mode
}

interface NewCluster extends Pick<ClusterRecord, 'facts' | 'verifier' | 'copyOf' | 'restoreToMs'> {
  port: number
}

/** Records a new cluster, opens its address and begins to make it. A name once recorded is taken for everyone else. */
export async function addCluster (context: RdsContext, region: string, { port, ...given }: NewCluster): Promise<ClusterRecord> {
  const now = context.clock.now()
  const cluster: ClusterRecord = { region, wantedPort: port, createdMs: now, statusMs: now, ...given }
  context.records.clusters.put(cluster)
  try {
    const opened = await openAddress(context, cluster)
    beginClusterWork(context, opened)
    return opened
  } catch (error) {
    context.records.clusters.delete(cluster)
    throw new AwsError('InsufficientDBClusterCapacityFault', `The sandbox has no address for another cluster: ${(error as Error).message}`, 403)
  }
}

/** Opens the cluster's address, the one it had if it can be had again, and records it. */
export async function openAddress (context: RdsContext, cluster: ClusterRecord): Promise<ClusterRecord> {
  const { Endpoint: host, Port: port } = cluster.facts
  const address = await context.live(cluster).open(host && port ? { host, port } : undefined, cluster.wantedPort)
  const shown = context.advertisedHost ?? address.host
  if (shown === host && address.port === port) return cluster
  return context.records.clusters.change(cluster, { Endpoint: shown, ReaderEndpoint: shown, Port: address.port })
}
