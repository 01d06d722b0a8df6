import type { CreateDBClusterMessage, VpcSecurityGroupMembership } from '@aws-sdk/client-rds'
import { AwsError, type Caller } from '../aws.js'
import { readCapacity, readScaling, requireDatabaseName, requireLogTypes, requireRetention, requireUsername } from './cluster-rules.js'
import { pickGiven, type RdsContext } from './context.js'
import { type EngineVersion, requireDataApi } from './engine-versions.js'
import { readInsights } from './insights.js'
import { arnOf, invalidCombination, invalidValue, newResourceId, serviceKeyArn, standInId, zonesOf } from './names.js'
import type { Book, ClusterFacts, ClusterRecord, ParameterGroupRecord } from './records.js'
import { addTags } from './tags.js'
import { beginClusterWork } from './work.js'

/** What is shown of a cluster as it was last asked for. */
export const CHANGEABLE = [
  'PreferredBackupWindow', 'PreferredMaintenanceWindow', 'CopyTagsToSnapshot', 'DeletionProtection', 'StorageType', 'NetworkType',
  'MonitoringInterval', 'MonitoringRoleArn', 'DatabaseInsightsMode', 'PerformanceInsightsKMSKeyId', 'PerformanceInsightsRetentionPeriod',
  'EngineLifecycleSupport', 'AutoMinorVersionUpgrade'
] as const

/** The same of a new one, and what never changes. */
const SHOWN_AGAIN = [...CHANGEABLE, 'ClusterScalabilityType', 'AvailabilityZones'] as const

/** What a request that makes a cluster may say of it, whether it starts empty or as a copy. */
export type ClusterInput = Pick<CreateDBClusterMessage,
  typeof SHOWN_AGAIN[number] | 'KmsKeyId' | 'BackupRetentionPeriod' | 'VpcSecurityGroupIds' | 'DBSubnetGroupName' | 'DBClusterParameterGroupName' |
  'EnableIAMDatabaseAuthentication' | 'EnableCloudwatchLogsExports' | 'EnablePerformanceInsights' | 'EnableHttpEndpoint' |
  'ScalingConfiguration' | 'ServerlessV2ScalingConfiguration' | 'Tags' | 'AssociatedRoles' | 'StorageEncrypted' | 'MasterUsername' | 'DatabaseName'>

/** The facts of a new cluster. Throws AWS's refusal of what cannot be. */
export function readClusterFacts (
  context: RdsContext, id: string, input: ClusterInput, version: EngineVersion, mode: string, caller: Caller
): ClusterFacts {
  if (input.EnableHttpEndpoint) requireDataApi(version, caller.region, mode)
  const isEncrypted = mode === 'serverless' || input.StorageEncrypted === true || input.KmsKeyId !== undefined
  return {
    AllocatedStorage: 1,
    AvailabilityZones: zonesOf(caller.region),
    PreferredBackupWindow: '03:00-03:30',
    PreferredMaintenanceWindow: 'sun:04:00-sun:04:30',
    CopyTagsToSnapshot: false,
    DeletionProtection: false,
    AutoMinorVersionUpgrade: true,
    NetworkType: 'IPV4',
    EngineLifecycleSupport: 'open-source-rds-extended-support',
    DatabaseInsightsMode: 'standard',
    ...pickGiven(input, SHOWN_AGAIN),
    BackupRetentionPeriod: requireRetention(input.BackupRetentionPeriod),
    DBClusterIdentifier: id,
    DBClusterArn: arnOf(caller, 'cluster', id),
    DbClusterResourceId: newResourceId('cluster'),
    Status: 'creating',
    Engine: 'aurora-postgresql',
    EngineVersion: version.version,
    EngineMode: mode,
    MasterUsername: requireUsername(input.MasterUsername),
    DatabaseName: requireDatabaseName(input.DatabaseName),
    DBClusterParameterGroup: readParameterGroup(context.records.parameterGroups, input.DBClusterParameterGroupName, version, caller),
    DBSubnetGroup: context.records.subnetGroups.require(input.DBSubnetGroupName ?? 'default', caller).facts.DBSubnetGroupName,
    VpcSecurityGroups: readSecurityGroups(input.VpcSecurityGroupIds, caller),
    DBClusterOptionGroupMemberships: [],
    ReadReplicaIdentifiers: [],
    AssociatedRoles: (input.AssociatedRoles ?? []).map(role => ({ ...role, Status: 'ACTIVE' })),
    DomainMemberships: [],
    HostedZoneId: 'Z2R2ITUGPM61AM',
    StorageEncrypted: isEncrypted,
    ...(isEncrypted ? { KmsKeyId: input.KmsKeyId ?? serviceKeyArn(caller, 'rds') } : {}),
    IAMDatabaseAuthenticationEnabled: input.EnableIAMDatabaseAuthentication ?? false,
    ...readInsights(input, {}, caller),
    HttpEndpointEnabled: input.EnableHttpEndpoint ?? false,
    ActivityStreamStatus: 'stopped',
    CrossAccountClone: false,
    EnabledCloudwatchLogsExports: requireLogTypes(input.EnableCloudwatchLogsExports, version.version),
    TagList: addTags([], input.Tags),
    ...readScalingFacts(input, version, mode)
  }
}

/** The engine mode of a new cluster. Throws AWS's refusal of one that there is not, or not any more. */
export function readMode ({ serverlessV1 }: RdsContext, mode = 'provisioned'): string {
  if (mode !== 'provisioned' && mode !== 'serverless') throw invalidValue(`Invalid engine mode: ${mode}`)
  if (mode === 'serverless' && serverlessV1 === 'retired') throw invalidValue('The engine mode serverless you requested is currently unavailable.')
  return mode
}

/** The parameter group of that name, or the default one of the version's family; throws when it does not fit. */
export function readParameterGroup (
  groups: Book<ParameterGroupRecord>, name: string | undefined, version: EngineVersion, caller: Caller
): string {
  const group = groups.require(name || `default.${version.family}`, caller)
  if (group.facts.family !== version.family) {
    // Seen for groups of clusters and of instances (terraform-aws-rds-cluster#227, mattermost-load-test-ng#707).
    throw invalidCombination(groups.kind === 'cluster-pg'
      ? `The Parameter Group ${name} with DBParameterGroupFamily ${group.facts.family} cannot be used for this instance. Please use a Parameter Group with DBParameterGroupFamily ${version.family}`
      : `The parameter group ${name} with DBParameterGroupFamily ${group.facts.family} can't be used for this instance. Use a parameter group with DBParameterGroupFamily ${version.family}.`)
  }
  return group.facts.name
}

/** The security groups as members; without any, the default one that every network has. */
export function readSecurityGroups (ids: readonly string[] | undefined, caller: Caller): VpcSecurityGroupMembership[] {
  const given = ids?.length ? ids : [standInId('sg', caller.region)]
  return given.map(id => {
    if (!/^sg-[0-9a-zA-Z]+$/.test(id)) throw invalidValue(`Invalid security group , groupId= ${id}, groupName=.`)
    return { VpcSecurityGroupId: id, Status: 'active' }
  })
}

/** terraform-provider-aws#31769 */
export const ONLY_V1_SCALES = 'You can only specify scaling configuration for an Aurora Serverless v1 cluster.'

function readScalingFacts (input: ClusterInput, version: EngineVersion, mode: string): Partial<ClusterFacts> {
  if (mode === 'serverless') {
    if (input.ServerlessV2ScalingConfiguration) throw invalidCombination('ServerlessV2ScalingConfiguration isn\'t supported for engine mode serverless.')
    return { ScalingConfigurationInfo: readScaling(input.ScalingConfiguration, undefined) }
  }
  if (input.ScalingConfiguration) throw invalidCombination(ONLY_V1_SCALES)
  if (!input.ServerlessV2ScalingConfiguration) return {}
  return {
    ServerlessV2ScalingConfiguration: readCapacity(input.ServerlessV2ScalingConfiguration, undefined, version),
    ServerlessV2PlatformVersion: '4'
  }
}

export interface NewCluster {
  facts: ClusterFacts
  port: number
  verifier?: string | undefined
  copyOf?: string | undefined
  restoreToMs?: number | undefined
  dataSinceMs?: number | undefined
}

/** Records a new cluster, opens its address and begins to make it. A name once recorded is taken for everyone else. */
export async function addCluster (
  context: RdsContext, { facts, port, dataSinceMs, ...rest }: NewCluster, caller: Caller
): Promise<ClusterRecord> {
  const now = context.clock.now()
  const since = { createdMs: now, statusMs: now, dataSinceMs: dataSinceMs ?? now }
  const cluster: ClusterRecord = { region: caller.region, facts, wantedPort: port, ...since, ...rest }
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
