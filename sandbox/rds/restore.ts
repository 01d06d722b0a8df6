import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import type { ClusterInput } from './cluster-facts.js'
import { earliestRestorableMs, showCluster } from './cluster-shape.js'
import { pickGiven, type RdsContext, requireStatus } from './context.js'
import { ENGINE, type EngineVersion, readVersion } from './engine-versions.js'
import { invalidCombination, invalidValue, newResourceId, readIdentifier } from './names.js'
import { addCluster, readClusterFacts, readMode } from './new-cluster.js'
import type { ClusterFacts, ClusterRecord, SnapshotRecord } from './records.js'
import { requireAvailable } from './snapshots.js'
import { runs } from './upgrades.js'

type RestoreInput = Rds.RestoreDBClusterFromSnapshotMessage | Rds.RestoreDBClusterToPointInTimeMessage

/** New clusters that start as real copies: of a snapshot, or of a cluster as it is or as it was. */
export function createRestoreOperations (context: RdsContext) {
  return {
    RestoreDBClusterFromSnapshot: async (input, { region }) => {
      const id = readIdentifier('DBClusterIdentifier', input.DBClusterIdentifier)
      const snapshot = context.records.snapshots.require(input.SnapshotIdentifier, region)
      requireAvailable(snapshot)
      context.records.clusters.requireRoom(id, region)
      const mode = readMode(context, input.EngineMode)
      const version = await readRestoreVersion(context, input, snapshot, mode)
      const facts = readClusterFacts(context, region, id, inherit(input, snapshot.cluster), version, mode)
      const port = input.Port ?? snapshot.cluster.Port ?? 5432
      return { DBCluster: showCluster(context, await addCluster(context, region, { facts, port, copyOf: snapshot.dataId })) }
    },

    RestoreDBClusterToPointInTime: async (input, { region }) => {
      const id = readIdentifier('DBClusterIdentifier', input.DBClusterIdentifier)
      const source = readSource(context, input, region)
      const restoreToMs = readMoment(context, source, input)
      if (restoreToMs !== undefined && !await context.postgres.data.reachesBack(source.facts.DbClusterResourceId)) {
        throw new AwsError('InvalidRestoreFault', 'Too much was written since the cluster was created: this sandbox can only restore it to the latest restorable time.')
      }
      context.records.clusters.requireRoom(id, region)
      const mode = readMode(context, input.EngineMode ?? source.facts.EngineMode)
      const version = readVersion(ENGINE, source.facts.EngineVersion, mode, true)
      const settings = { ...inherit(input, source.facts), ...inheritScaling(input, source.facts, mode) }
      const group = joinCloneGroup(context, source, input.RestoreType)
      const facts = { ...readClusterFacts(context, region, id, settings, version, mode), ...group }
      const port = input.Port ?? source.facts.Port ?? 5432
      const copyOf = source.facts.DbClusterResourceId
      return { DBCluster: showCluster(context, await addCluster(context, region, { facts, port, copyOf, restoreToMs })) }
    }
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/**
 * What a copy has of what it is a copy of, unless the request says otherwise; its users and databases come with the data. IAM
 * authentication is off unless it is asked for (API references of both restores).
 */
function inherit (input: RestoreInput, source: ClusterFacts): ClusterInput {
  return {
    ...pickGiven(source, ['BackupRetentionPeriod', 'KmsKeyId', 'PreferredBackupWindow', 'PreferredMaintenanceWindow', 'StorageEncrypted']),
    ...input,
    MasterUsername: source.MasterUsername,
    DatabaseName: source.DatabaseName
  }
}

function inheritScaling (input: RestoreInput, source: ClusterFacts, mode: string): Partial<ClusterInput> {
  if (mode === 'serverless') return { ScalingConfiguration: input.ScalingConfiguration ?? source.ScalingConfigurationInfo }
  const scaling = input.ServerlessV2ScalingConfiguration ?? source.ServerlessV2ScalingConfiguration
  return scaling ? { ServerlessV2ScalingConfiguration: scaling } : {}
}

/** The version of the copy: that of the snapshot, or a later one that its data can be run as. */
async function readRestoreVersion (
  context: RdsContext, input: Rds.RestoreDBClusterFromSnapshotMessage, { cluster, dataId }: SnapshotRecord, mode: string
): Promise<EngineVersion> {
  const wanted = readVersion(input.Engine, input.EngineVersion ?? cluster.EngineVersion, mode, true)
  const [major = 0, minor = 0] = wanted.version.split('.').map(Number)
  const [oldMajor = 0, oldMinor = 0] = cluster.EngineVersion.split('.').map(Number)
  if (major < oldMajor || (major === oldMajor && minor < oldMinor)) {
    throw invalidCombination(`The engine version you requested for your restored DB cluster (${wanted.version}) is earlier than the engine version of the DB cluster snapshot (${cluster.EngineVersion}).`)
  }
  if (major === oldMajor || await runs(context, dataId, wanted)) return wanted
  throw invalidCombination(`The snapshot of engine version ${cluster.EngineVersion} can't be restored to engine version ${wanted.version}.`)
}

type Source = Pick<Rds.RestoreDBClusterToPointInTimeMessage, 'SourceDBClusterIdentifier' | 'SourceDbClusterResourceId'>

function readSource ({ records: { clusters } }: RdsContext, input: Source, region: string): ClusterRecord {
  const { SourceDBClusterIdentifier: name, SourceDbClusterResourceId: id } = input
  const source = clusters.in(region).find(({ facts }) => !name && facts.DbClusterResourceId === id) ?? clusters.require(name, region)
  requireStatus(source, undefined, ['available', 'stopped', 'backing-up', 'modifying'])
  return source
}

/** The moment to restore to; undefined is the latest. Throws AWS's refusal of none, of both and of one out of range. */
function readMoment ({ clock }: RdsContext, source: ClusterRecord, input: Rds.RestoreDBClusterToPointInTimeMessage): number | undefined {
  const { RestoreToTime: time, UseLatestRestorableTime: latest, RestoreType: type = 'full-copy' } = input
  if (type !== 'full-copy' && type !== 'copy-on-write') throw invalidValue(`Invalid RestoreType: ${type}`)
  if (time && latest) throw invalidCombination('RestoreToTime can\'t be specified if UseLatestRestorableTime is enabled.')
  if (!time && !latest) throw invalidCombination('Either RestoreToTime or UseLatestRestorableTime must be specified.')
  if (!time) return undefined
  if (type === 'copy-on-write') throw invalidCombination('RestoreToTime can\'t be specified if RestoreType is copy-on-write.')
  const moment = time.getTime()
  if (moment > clock.now()) throw new AwsError('InvalidRestoreFault', 'RestoreToTime is later than the latest restorable time.')
  if (moment < earliestRestorableMs(clock.now(), source)) throw new AwsError('InvalidRestoreFault', 'RestoreToTime is earlier than the earliest restorable time.')
  return moment
}

/** Clones and what they were cloned from have a group in common. */
function joinCloneGroup ({ records }: RdsContext, source: ClusterRecord, type: string | undefined): { CloneGroupId?: string } {
  if (type !== 'copy-on-write') return {}
  const CloneGroupId = source.facts.CloneGroupId ?? newResourceId('cluster').toLowerCase()
  if (!source.facts.CloneGroupId) records.clusters.change(source, { CloneGroupId })
  return { CloneGroupId }
}
