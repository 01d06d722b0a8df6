import type * as Rds from '@aws-sdk/client-rds'
import { isObject, type JsonObject } from '../template/json.js'
import { type RdsRoom, type ResourceRequest, tagsOf } from './handler.js'
import { inputOf, type ModifyTools, type RdsKind, type RdsTools, type Renames } from './rds-handler.js'

const renames: Renames = {
  AssociatedRoles: null,
  DBInstanceParameterGroupName: null,
  DeleteAutomatedBackups: null,
  MasterUserSecret: null,
  PerformanceInsightsEnabled: 'EnablePerformanceInsights',
  PerformanceInsightsKmsKeyId: 'PerformanceInsightsKMSKeyId',
  ReadEndpoint: null,
  RestoreToTime: null,
  RestoreType: null,
  SnapshotIdentifier: null,
  SourceDBClusterIdentifier: null,
  SourceDbClusterResourceId: null,
  SourceRegion: null,
  UseLatestRestorableTime: null
}

/** Properties that the restore operations do not take: they are set once the restored cluster is there. */
const AFTER_RESTORE = [
  'BackupRetentionPeriod',
  'DatabaseInsightsMode',
  'EnableHttpEndpoint',
  'ManageMasterUserPassword',
  'MasterUserPassword',
  'MonitoringInterval',
  'MonitoringRoleArn',
  'PerformanceInsightsEnabled',
  'PerformanceInsightsKmsKeyId',
  'PerformanceInsightsRetentionPeriod',
  'PreferredBackupWindow',
  'PreferredMaintenanceWindow'
]

type Tools = RdsTools<Rds.DBCluster>
type Changes = Partial<Rds.ModifyDBClusterMessage>

/** `AWS::RDS::DBCluster`: new, from a snapshot, or from another cluster at a point in time. */
export function clusterKind ({ operations }: RdsRoom): RdsKind<Rds.DBCluster> {
  const modify = async (
    { caller }: ResourceRequest, identifier: string, changed: JsonObject, tools: Tools, more: Changes = {}
  ): Promise<void> => {
    const cluster = await tools.describe(identifier, caller)
    // RDS refuses to be told to manage no longer what it does not manage.
    const isMoot = changed.ManageMasterUserPassword === false && cluster?.MasterUserSecret === undefined
    const wanted = isMoot ? without(changed, ['ManageMasterUserPassword']) : changed
    const { EnableHttpEndpoint: endpoint, ...rest } = wanted
    const isServerlessV1 = cluster?.EngineMode === 'serverless'
    if (Object.keys({ ...rest, ...more }).length > 0 || (endpoint !== undefined && isServerlessV1)) {
      await operations.ModifyDBCluster(inputOf(isServerlessV1 ? wanted : rest, renames, {
        DBClusterIdentifier: identifier,
        ApplyImmediately: true,
        ...secretKey(rest),
        ...more
      }), caller)
    }
    if (endpoint === undefined || isServerlessV1) return
    // The endpoint is switched on an available cluster only, and the change before may still be under way.
    const { DBClusterArn: ResourceArn } = await tools.ready(identifier, caller)
    await operations[endpoint === true ? 'EnableHttpEndpoint' : 'DisableHttpEndpoint']({ ResourceArn }, caller)
  }

  /** Gives the cluster the roles of the properties, and takes those that it had from properties before. */
  const setRoles = async (request: ResourceRequest, identifier: string, { ready }: Tools, previous: JsonObject = {}): Promise<void> => {
    const { caller, properties } = request
    const [wanted, before] = [rolesOf(properties), rolesOf(previous)]
    if (wanted.length + before.length === 0) return
    const { AssociatedRoles: present = [] } = await ready(identifier, caller)
    const isIn = (roles: readonly Rds.DBClusterRole[], arn: unknown): boolean => roles.some(({ RoleArn }) => RoleArn === arn)
    for (const { RoleArn } of before.filter(role => isIn(present, role.RoleArn) && !isIn(wanted, role.RoleArn))) {
      await operations.RemoveRoleFromDBCluster({ DBClusterIdentifier: identifier, RoleArn }, caller)
    }
    for (const role of wanted.filter(({ RoleArn }) => !isIn(present, RoleArn))) {
      await operations.AddRoleToDBCluster({ ...role, DBClusterIdentifier: identifier }, caller)
    }
  }

  return {
    noun: 'DBCluster',
    identifier: 'DBClusterIdentifier',
    longest: 63,
    renames,
    settles: { as: 'cluster', status: 'Status' },
    replacedFor: ['Engine', 'GlobalClusterIdentifier', 'MasterUsername'],
    attributes: {
      DBClusterResourceId: 'DbClusterResourceId',
      'Endpoint.Address': 'Endpoint',
      'Endpoint.Port': 'Port',
      'ReadEndpoint.Address': 'ReaderEndpoint'
    },
    make: async (request, identifier) => {
      const { caller, properties } = request
      const given = { DBClusterIdentifier: identifier, Tags: tagsOf(request), ...secretKey(properties) }
      const { SnapshotIdentifier: snapshot } = properties
      if (typeof snapshot === 'string') {
        const kept = without(properties, AFTER_RESTORE)
        await operations.RestoreDBClusterFromSnapshot(inputOf(kept, renames, { ...given, SnapshotIdentifier: snapshot }), caller)
      } else if (isCopy(properties)) {
        const kept = without(properties, [...AFTER_RESTORE, 'Engine', 'EngineVersion', 'DatabaseName', 'MasterUsername'])
        await operations.RestoreDBClusterToPointInTime(inputOf(kept, renames, { ...given, ...pointInTime(properties) }), caller)
      } else {
        await operations.CreateDBCluster(inputOf(properties, renames, given), caller)
      }
    },
    finish: async (request, identifier, tools) => {
      await setRoles(request, identifier, tools)
      if (!isCopy(request.properties)) return
      await tools.ready(identifier, request.caller)
      const left = Object.entries(request.properties).filter(([name]) => AFTER_RESTORE.includes(name))
      await modify(request, identifier, Object.fromEntries(left), tools)
    },
    modify: async (request, identifier, tools) => {
      const changed = without(tools.changed, ['AssociatedRoles', 'EnableCloudwatchLogsExports'])
      await modify(request, identifier, changed, tools, { ...logExports(request, tools), ...upgrade(request, tools) })
      await setRoles(request, identifier, tools, tools.previous)
    }
  }
}

/** Whether it starts with the data of a snapshot or of another cluster. */
function isCopy ({ SnapshotIdentifier, SourceDBClusterIdentifier, SourceDbClusterResourceId }: JsonObject): boolean {
  return [SnapshotIdentifier, SourceDBClusterIdentifier, SourceDbClusterResourceId].some(source => typeof source === 'string')
}

/** What goes with another version. The group for instances means nothing without one. */
function upgrade ({ properties }: ResourceRequest, { changed }: ModifyTools<Rds.DBCluster>): Changes {
  const { DBInstanceParameterGroupName: group } = properties
  if (changed.EngineVersion === undefined) return {}
  return { AllowMajorVersionUpgrade: true, ...(typeof group === 'string' ? { DBInstanceParameterGroupName: group } : {}) }
}

/** The logs that are exported from now on, and those no longer. */
function logExports ({ properties }: ResourceRequest, { previous }: ModifyTools<Rds.DBCluster>): Changes {
  const logsOf = ({ EnableCloudwatchLogsExports: logs }: JsonObject): string[] => Array.isArray(logs) ? logs.map(String) : []
  const [wanted, before] = [logsOf(properties), logsOf(previous)]
  const EnableLogTypes = wanted.filter(log => !before.includes(log))
  const DisableLogTypes = before.filter(log => !wanted.includes(log))
  if (EnableLogTypes.length + DisableLogTypes.length === 0) return {}
  return { CloudwatchLogsExportConfiguration: { EnableLogTypes, DisableLogTypes } }
}

interface Role { RoleArn: string, FeatureName?: string }

function rolesOf ({ AssociatedRoles: roles }: JsonObject): Role[] {
  return Array.isArray(roles) ? roles as unknown as Role[] : []
}

function secretKey ({ MasterUserSecret: secret }: JsonObject): { MasterUserSecretKmsKeyId?: string } {
  return isObject(secret) && typeof secret.KmsKeyId === 'string' ? { MasterUserSecretKmsKeyId: secret.KmsKeyId } : {}
}

function pointInTime (properties: JsonObject): Partial<Rds.RestoreDBClusterToPointInTimeMessage> {
  const { RestoreToTime: time, RestoreType: type, UseLatestRestorableTime: latest } = properties
  const { SourceDBClusterIdentifier: source, SourceDbClusterResourceId: id } = properties
  return {
    ...(typeof source === 'string' ? { SourceDBClusterIdentifier: source } : {}),
    ...(typeof id === 'string' ? { SourceDbClusterResourceId: id } : {}),
    ...(typeof type === 'string' ? { RestoreType: type } : {}),
    ...(typeof time === 'string' ? { RestoreToTime: new Date(time) } : { UseLatestRestorableTime: latest !== false })
  }
}

function without (properties: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))
}
