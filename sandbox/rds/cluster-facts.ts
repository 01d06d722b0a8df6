import type { CreateDBClusterMessage, DBCluster, ModifyDBClusterMessage, VpcSecurityGroupMembership } from '@aws-sdk/client-rds'
import type { Book } from './book.js'
import { readCapacity, readScaling, requireDatabaseName, requireLogTypes, requireRetention } from './cluster-rules.js'
import { pickGiven } from './context.js'
import { type EngineVersion, requireDataApi } from './engine-versions.js'
import { invalidCombination, invalidValue, serviceKeyArn, standInId } from './names.js'
import type { ClusterFacts, ParameterGroupRecord, Records } from './records.js'
import { addTags } from './tags.js'

/** What is shown of a cluster as it was last asked for, and needs no reading. */
const SHOWN_AGAIN = [
  'AutoMinorVersionUpgrade', 'AvailabilityZones', 'ClusterScalabilityType', 'CopyTagsToSnapshot', 'DatabaseInsightsMode', 'DeletionProtection',
  'EngineLifecycleSupport', 'MonitoringInterval', 'MonitoringRoleArn', 'NetworkType', 'PerformanceInsightsKMSKeyId',
  'PerformanceInsightsRetentionPeriod', 'PreferredBackupWindow', 'PreferredMaintenanceWindow', 'StorageType'
] as const

/** What requests say of a cluster that is made, copied or changed. */
export type ClusterInput = Omit<CreateDBClusterMessage, 'DBClusterIdentifier' | 'Engine'> &
  Pick<ModifyDBClusterMessage, 'CloudwatchLogsExportConfiguration'>

/** Whose request is read: a cluster of that version and mode, which may be there already. */
export interface Reading {
  records: Records
  region: string
  version: EngineVersion
  mode: string
  before?: ClusterFacts
}

type Readers = { readonly [M in keyof ClusterInput]: (given: NonNullable<ClusterInput[M]>, reading: Reading) => Partial<ClusterFacts> }

/** What each of the other members makes of a cluster. They throw AWS's refusal of what cannot be. */
const READERS: Readers = {
  AssociatedRoles: roles => ({ AssociatedRoles: roles.map(role => ({ ...role, Status: 'ACTIVE' })) }),
  BackupRetentionPeriod: days => ({ BackupRetentionPeriod: requireRetention(days) }),
  CloudwatchLogsExportConfiguration: ({ EnableLogTypes: added = [], DisableLogTypes: gone = [] }, { before, version }) => {
    const kept = before?.EnabledCloudwatchLogsExports?.filter(name => !gone.includes(name)) ?? []
    return { EnabledCloudwatchLogsExports: [...new Set([...kept, ...requireLogTypes(added, version.version)])] }
  },
  DatabaseName: name => ({ DatabaseName: requireDatabaseName(name) }),
  DBClusterParameterGroupName: (name, { records, version, region }) =>
    ({ DBClusterParameterGroup: readParameterGroup(records.parameterGroups, name, version, region) }),
  DBSubnetGroupName: (name, { records, region }) => ({ DBSubnetGroup: records.subnetGroups.require(name, region).facts.DBSubnetGroupName }),
  EnableCloudwatchLogsExports: (names, { version }) => ({ EnabledCloudwatchLogsExports: requireLogTypes(names, version.version) }),
  /** A cluster that is there has operations of its own for it: AWS ignores it here, but for Serverless v1. */
  EnableHttpEndpoint: (isOn, { version, region, mode, before }) => {
    if (before && mode !== 'serverless') return {}
    if (isOn) requireDataApi(version, region, mode)
    return { HttpEndpointEnabled: isOn }
  },
  EnableIAMDatabaseAuthentication: isOn => ({ IAMDatabaseAuthenticationEnabled: isOn }),
  /** terraform-provider-aws#31769 */
  ScalingConfiguration: (wanted, { mode, before }) => {
    if (mode !== 'serverless') throw invalidCombination('You can only specify scaling configuration for an Aurora Serverless v1 cluster.')
    return { ScalingConfigurationInfo: readScaling(wanted, before?.ScalingConfigurationInfo) }
  },
  ServerlessV2ScalingConfiguration: (wanted, { mode, version, before }) => {
    if (mode === 'serverless') throw invalidCombination('ServerlessV2ScalingConfiguration isn\'t supported for engine mode serverless.')
    const capacity = readCapacity(wanted, before?.ServerlessV2ScalingConfiguration, version)
    return { ServerlessV2ScalingConfiguration: capacity, ServerlessV2PlatformVersion: '4' }
  },
  Tags: tags => ({ TagList: addTags([], tags) }),
  VpcSecurityGroupIds: (ids, { region }) => ({ VpcSecurityGroups: readSecurityGroups(ids, region) })
}

/** What a request makes of a cluster, or changes of it. Throws AWS's refusal of what cannot be. */
export function readFacts (input: ClusterInput, reading: Reading): Partial<ClusterFacts> {
  const read = Object.entries(READERS).map(([member, reader]) => {
    const given = input[member as keyof ClusterInput]
    return given === undefined || given === '' ? {} : reader(given as never, reading)
  })
  const insights = readInsights(input, reading.before, reading.region)
  const facts = Object.assign({}, pickGiven(input, SHOWN_AGAIN), ...read, insights) as Partial<ClusterFacts>
  if (input.DatabaseInsightsMode === 'advanced') requireLongInsights({ ...reading.before, ...facts })
  return facts
}

/** The parameter group of that name, or the default one of the version's family; throws when it does not fit. */
export function readParameterGroup (
  groups: Book<ParameterGroupRecord>, name: string | undefined, { family }: EngineVersion, region: string
): string {
  const { facts: group } = groups.require(name || `default.${family}`, region)
  if (group.family === family) return group.name
  // Seen for groups of clusters and of instances (terraform-aws-rds-cluster#227, mattermost-load-test-ng#707).
  throw invalidCombination(groups.kind === 'cluster-pg'
    ? `The Parameter Group ${name} with DBParameterGroupFamily ${group.family} cannot be used for this instance. Please use a Parameter Group with DBParameterGroupFamily ${family}`
    : `The parameter group ${name} with DBParameterGroupFamily ${group.family} can't be used for this instance. Use a parameter group with DBParameterGroupFamily ${family}.`)
}

/** The security groups as members; without any, the default one that every network has. */
export function readSecurityGroups (ids: readonly string[], region: string): VpcSecurityGroupMembership[] {
  return (ids.length > 0 ? ids : [standInId('sg', region)]).map(id => {
    if (!/^sg-[0-9a-zA-Z]+$/.test(id)) throw invalidValue(`Invalid security group , groupId= ${id}, groupName=.`)
    return { VpcSecurityGroupId: id, Status: 'active' }
  })
}

/** pulumi-aws#5286 */
function requireLongInsights ({ PerformanceInsightsEnabled: isOn, PerformanceInsightsRetentionPeriod: days = 0 }: ShownInsights): void {
  if (!isOn || days < 465) throw invalidCombination('To enable the Advanced mode of Database Insights, modify your cluster to enable Performance Insights and set the retention period for Performance Insights to at least 465 days.')
}

type Insights = Pick<CreateDBClusterMessage, 'EnablePerformanceInsights' | 'PerformanceInsightsKMSKeyId' | 'PerformanceInsightsRetentionPeriod'>
type ShownInsights = Pick<DBCluster, 'PerformanceInsightsEnabled' | 'PerformanceInsightsKMSKeyId' | 'PerformanceInsightsRetentionPeriod'>

/** What is shown of a cluster or an instance whose Performance Insights are switched; a request that says nothing of them changes nothing. */
export function readInsights (wanted: Insights, before: ShownInsights | undefined, region: string): ShownInsights {
  if (wanted.EnablePerformanceInsights === undefined) return {}
  if (!wanted.EnablePerformanceInsights) return { PerformanceInsightsEnabled: false }
  return {
    PerformanceInsightsEnabled: true,
    PerformanceInsightsKMSKeyId: wanted.PerformanceInsightsKMSKeyId ?? before?.PerformanceInsightsKMSKeyId ?? serviceKeyArn(region, 'rds'),
    PerformanceInsightsRetentionPeriod: wanted.PerformanceInsightsRetentionPeriod ?? before?.PerformanceInsightsRetentionPeriod ?? 7
  }
}
