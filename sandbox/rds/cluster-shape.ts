import type { DBCluster } from '@aws-sdk/client-rds'
import type { Clock } from '../clock.js'
import type { Settings } from '../postgres/settings.js'
import { type ClusterRecord, type InstanceRecord, membersOf, type ParameterGroupRecord, type Records } from './records.js'

const SERVING_STATUSES: ReadonlySet<string> = new Set(['available', 'modifying', 'backing-up', 'upgrading', 'resetting-master-credentials', 'failing-over'])
const ABSENT_STATUSES: ReadonlySet<string> = new Set(['creating', 'deleting', 'failed'])

/** A cluster as DescribeDBClusters shows it. */
export function showCluster ({ records, clock }: { records: Records, clock: Pick<Clock, 'now'> }, cluster: ClusterRecord): DBCluster {
  const members = membersOf(records, cluster)
  const { facts } = cluster
  return {
    ...facts,
    MultiAZ: members.length > 1,
    ClusterCreateTime: new Date(cluster.createdMs),
    EarliestRestorableTime: new Date(earliestRestorableMs(clock.now(), cluster)),
    LatestRestorableTime: new Date(clock.now()),
    DBClusterMembers: members.map(member => ({
      DBInstanceIdentifier: member.facts.DBInstanceIdentifier,
      IsClusterWriter: member.isWriter,
      DBClusterParameterGroupStatus: cluster.isPendingReboot ? 'pending-reboot' : 'in-sync',
      PromotionTier: member.facts.PromotionTier
    })),
    ...(isServerlessV1(cluster) ? { Capacity: cluster.pausedMs === undefined ? facts.ScalingConfigurationInfo?.MinCapacity : 0 } : {})
  }
}

/** The backup retention period back, but not beyond the cluster's beginning. */
export function earliestRestorableMs (nowMs: number, { facts, createdMs }: ClusterRecord): number {
  return Math.max(createdMs, nowMs - (facts.BackupRetentionPeriod ?? 1) * 24 * 60 * 60 * 1000)
}

export function isServerlessV1 ({ facts }: ClusterRecord): boolean {
  return facts.EngineMode === 'serverless'
}

/** The instance that takes the cluster's writes, once it is there. */
export function writerOf (records: Records, cluster: ClusterRecord): InstanceRecord | undefined {
  return membersOf(records, cluster).find(({ isWriter, facts }) => isWriter && !ABSENT_STATUSES.has(facts.DBInstanceStatus))
}

/** Whether the cluster takes connections, at the latest after its server has been woken. */
export function isServing (records: Records, cluster: ClusterRecord): boolean {
  return SERVING_STATUSES.has(cluster.facts.Status) && (isServerlessV1(cluster) || writerOf(records, cluster) !== undefined)
}

/**
 * The idle time in milliseconds after which the cluster pauses; undefined: never. Serverless v2 pauses when the
 * minimum is 0 and every instance is serverless (Aurora User Guide, "Scaling to Zero ACUs").
 */
export function pauseAfterMs (records: Records, cluster: ClusterRecord): number | undefined {
  const { ScalingConfigurationInfo: v1, ServerlessV2ScalingConfiguration: v2 } = cluster.facts
  if (isServerlessV1(cluster)) return v1?.AutoPause ? (v1.SecondsUntilAutoPause ?? 300) * 1000 : undefined
  const members = membersOf(records, cluster)
  if (v2?.MinCapacity !== 0 || !members.length) return undefined
  return members.every(({ facts }) => facts.DBInstanceClass === 'db.serverless') ? (v2.SecondsUntilAutoPause ?? 300) * 1000 : undefined
}

/** The parameters of a cluster's groups that reach its server. */
export function parametersOf (records: Records, cluster: ClusterRecord): Settings {
  const { region, facts } = cluster
  const [writer] = membersOf(records, cluster)
  const ownName = writer?.facts.DBParameterGroups?.[0]?.DBParameterGroupName
  return {
    ...settingsOf(records.parameterGroups.get(region, facts.DBClusterParameterGroup)),
    ...settingsOf(ownName ? records.instanceParameterGroups.get(region, ownName) : undefined)
  }
}

function settingsOf (group: ParameterGroupRecord | undefined): Settings {
  const reaching = Object.entries(group?.parameters ?? {}).filter(([, { reachesServer }]) => reachesServer)
  return Object.fromEntries(reaching.map(([name, { value }]) => [name, value]))
}
