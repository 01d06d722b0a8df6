import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type Caller } from '../../aws.js'
import { type JsonObject, isObject } from '../template/json.js'
import { isOwn, type ResourceHandler, type ResourceRequest, tagsOf, unless } from './handler.js'
import { changedProperties, identifierOf, inputOf, notStabilized, type Renames, retag, snapshotName } from './rds-input.js'
import type { RdsRoom } from './rooms.js'

const renames: Renames = {
  AssociatedRoles: null,
  DBInstanceParameterGroupName: null,
  DeleteAutomatedBackups: null,
  MasterUserSecret: null,
  PerformanceInsightsEnabled: 'EnablePerformanceInsights',
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
const AFTER_RESTORE = ['BackupRetentionPeriod', 'MasterUserPassword', 'PreferredBackupWindow', 'PreferredMaintenanceWindow', 'ManageMasterUserPassword', 'EnableHttpEndpoint']

/** `AWS::RDS::DBCluster`: new, from a snapshot, or from another cluster at a point in time. */
export function createClusterHandler (rds: RdsRoom): ResourceHandler {
  const { operations } = rds

  const describe = async (identifier: string, caller: Caller): Promise<Rds.DBCluster | undefined> => {
    const found: { cluster?: Rds.DBCluster | undefined } = {}
    await unless(['DBClusterNotFoundFault'], async () => {
      const { DBClusters: clusters } = await operations.DescribeDBClusters({ DBClusterIdentifier: identifier }, caller)
      found.cluster = clusters?.[0]
    })
    return found.cluster
  }

  const ready = async (identifier: string, caller: Caller): Promise<Rds.DBCluster> => {
    await rds.whenSettled('cluster', identifier, caller)
    const cluster = await describe(identifier, caller)
    if (cluster?.Status !== 'available') throw notStabilized('DBCluster', identifier, cluster?.Status)
    return cluster
  }

  const launch = async (request: ResourceRequest, identifier: string): Promise<void> => {
    const { caller, properties } = request
    const given = { DBClusterIdentifier: identifier, Tags: tagsOf(request), ...secretKey(properties) }
    const { SnapshotIdentifier: snapshot, SourceDBClusterIdentifier: source } = properties
    if (typeof snapshot === 'string') {
      await rds.operations.RestoreDBClusterFromSnapshot(inputOf(without(properties, AFTER_RESTORE), renames, { ...given, SnapshotIdentifier: snapshot }), caller)
    } else if (typeof source === 'string') {
      await rds.operations.RestoreDBClusterToPointInTime(inputOf(without(properties, [...AFTER_RESTORE, 'Engine', 'EngineVersion', 'DatabaseName', 'MasterUsername']), renames, { ...given, ...pointInTime(properties), SourceDBClusterIdentifier: source }), caller)
    } else {
      await operations.CreateDBCluster(inputOf(properties, renames, given), caller)
    }
  }

  const finishRestore = async (request: ResourceRequest, identifier: string): Promise<void> => {
    const { SnapshotIdentifier: snapshot, SourceDBClusterIdentifier: source } = request.properties
    if (snapshot === undefined && source === undefined) return
    const late = Object.fromEntries(Object.entries(request.properties).filter(([name]) => AFTER_RESTORE.includes(name)))
    await modify(request, identifier, late)
  }

  const modify = async ({ caller }: ResourceRequest, identifier: string, changed: JsonObject): Promise<void> => {
    const cluster = await describe(identifier, caller)
    // RDS refuses to be told to manage no longer what it does not manage.
    const isMoot = changed.ManageMasterUserPassword === false && cluster?.MasterUserSecret === undefined
    const wanted = isMoot ? without(changed, ['ManageMasterUserPassword']) : changed
    const { EnableHttpEndpoint: endpoint, ...rest } = wanted
    const isServerlessV1 = cluster?.EngineMode === 'serverless'
    if (Object.keys(rest).length > 0 || (endpoint !== undefined && isServerlessV1)) {
      await operations.ModifyDBCluster(inputOf(isServerlessV1 ? wanted : rest, renames, {
        DBClusterIdentifier: identifier,
        ApplyImmediately: true,
        ...(rest.EngineVersion === undefined ? {} : { AllowMajorVersionUpgrade: true }),
        ...secretKey(rest)
      }), caller)
    }
    if (endpoint === undefined || isServerlessV1) return
    // The endpoint is switched on an available cluster only, and the change before may still be under way.
    const { DBClusterArn: ResourceArn } = await ready(identifier, caller)
    const target = { ResourceArn }
    await (endpoint === true ? operations.EnableHttpEndpoint(target, caller) : operations.DisableHttpEndpoint(target, caller))
  }

  return {
    replacedFor: ['Engine', 'GlobalClusterIdentifier', 'MasterUsername'],
    create: async (request, initiated) => {
      const identifier = identifierOf(request, 'DBClusterIdentifier')
      try {
        await launch(request, identifier)
      } catch (error) {
        const isThere = error instanceof AwsError && error.code === 'DBClusterAlreadyExistsFault'
        if (!isThere || !isOwn((await describe(identifier, request.caller))?.TagList, request)) throw error
      }
      initiated(identifier)
      await ready(identifier, request.caller)
      await finishRestore(request, identifier)
      return attributesOf(await ready(identifier, request.caller))
    },
    update: async (request, physicalId, previous) => {
      // A change that was begun before a crash may still be under way, and only an available cluster takes another.
      await rds.whenSettled('cluster', physicalId, request.caller)
      await modify(request, physicalId, changedProperties(request, previous))
      const cluster = await ready(physicalId, request.caller)
      await retag(rds, request, cluster.DBClusterArn ?? '', request.caller)
      return attributesOf(cluster)
    },
    delete: async (request, physicalId, finalSnapshot) => {
      const { caller } = request
      await rds.whenSettled('cluster', physicalId, caller)
      await unless(['DBClusterNotFoundFault'], async () => await operations.DeleteDBCluster({
        DBClusterIdentifier: physicalId,
        SkipFinalSnapshot: !finalSnapshot,
        ...(finalSnapshot ? { FinalDBSnapshotIdentifier: snapshotName(request) } : {})
      }, caller))
      await rds.whenSettled('cluster', physicalId, caller)
      const left = await describe(physicalId, caller)
      if (left) throw notStabilized('DBCluster', physicalId, left.Status)
    }
  }
}

function attributesOf (cluster: Rds.DBCluster): JsonObject {
  const { DBClusterArn: arn, DbClusterResourceId: resourceId, Endpoint: endpoint, ReaderEndpoint: reader, Port: port, MasterUserSecret: secret } = cluster
  return {
    DBClusterArn: arn ?? '',
    DBClusterResourceId: resourceId ?? '',
    'Endpoint.Address': endpoint ?? '',
    'Endpoint.Port': String(port ?? ''),
    'ReadEndpoint.Address': reader ?? '',
    ...(secret?.SecretArn === undefined ? {} : { 'MasterUserSecret.SecretArn': secret.SecretArn })
  }
}

function secretKey ({ MasterUserSecret: secret }: JsonObject): { MasterUserSecretKmsKeyId?: string } {
  return isObject(secret) && typeof secret.KmsKeyId === 'string' ? { MasterUserSecretKmsKeyId: secret.KmsKeyId } : {}
}

function pointInTime ({ RestoreToTime: time, RestoreType: type, UseLatestRestorableTime: latest }: JsonObject): Partial<Rds.RestoreDBClusterToPointInTimeMessage> {
  return {
    ...(typeof type === 'string' ? { RestoreType: type } : {}),
    ...(typeof time === 'string' ? { RestoreToTime: new Date(time) } : { UseLatestRestorableTime: latest !== false })
  }
}

function without (properties: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))
}
