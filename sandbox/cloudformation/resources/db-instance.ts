import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type Caller } from '../../aws.js'
import type { JsonObject } from '../template/json.js'
import { isOwn, type ResourceHandler, tagsOf, unless } from './handler.js'
import { changedProperties, identifierOf, inputOf, notStabilized, type Renames, retag, snapshotName } from './rds-input.js'
import type { RdsRoom } from './rooms.js'

const renames: Renames = {
  AllowMajorVersionUpgrade: null,
  AssociatedRoles: null,
  CertificateDetails: null,
  DeleteAutomatedBackups: null,
  MasterUserSecret: null,
  ProcessorFeatures: null,
  UseDefaultProcessorFeatures: null,
  VPCSecurityGroups: 'VpcSecurityGroupIds'
}

/** `AWS::RDS::DBInstance`: a writer or reader of a cluster. */
export function createInstanceHandler (rds: RdsRoom): ResourceHandler {
  const { operations } = rds

  const describe = async (identifier: string, caller: Caller): Promise<Rds.DBInstance | undefined> => {
    const found: { instance?: Rds.DBInstance | undefined } = {}
    await unless(['DBInstanceNotFound', 'DBInstanceNotFoundFault'], async () => {
      const { DBInstances: instances } = await operations.DescribeDBInstances({ DBInstanceIdentifier: identifier }, caller)
      found.instance = instances?.[0]
    })
    return found.instance
  }

  const ready = async (identifier: string, caller: Caller): Promise<Rds.DBInstance> => {
    await rds.whenSettled('instance', identifier, caller)
    const instance = await describe(identifier, caller)
    if (instance?.DBInstanceStatus !== 'available') throw notStabilized('DBInstance', identifier, instance?.DBInstanceStatus)
    return instance
  }

  return {
    replacedFor: ['AvailabilityZone', 'DBClusterSnapshotIdentifier', 'DBSnapshotIdentifier', 'Engine', 'PerformanceInsightsKMSKeyId', 'SourceDBClusterIdentifier', 'SourceDBInstanceIdentifier'],
    create: async (request, initiated) => {
      const { caller, properties } = request
      const identifier = identifierOf(request, 'DBInstanceIdentifier')
      try {
        await operations.CreateDBInstance(inputOf(numbered(properties), renames, { DBInstanceIdentifier: identifier, Tags: tagsOf(request) }), caller)
      } catch (error) {
        const isThere = error instanceof AwsError && error.code.startsWith('DBInstanceAlreadyExists')
        if (!isThere || !isOwn((await describe(identifier, caller))?.TagList, request)) throw error
      }
      initiated(identifier)
      return attributesOf(await ready(identifier, caller))
    },
    update: async (request, physicalId, previous) => {
      // As for a cluster: a change from before a crash comes to its end first.
      await rds.whenSettled('instance', physicalId, request.caller)
      const changed = changedProperties(request, previous)
      if (Object.keys(changed).length > 0) {
        await operations.ModifyDBInstance(inputOf(numbered(changed), renames, { DBInstanceIdentifier: physicalId, ApplyImmediately: true }), request.caller)
      }
      const instance = await ready(physicalId, request.caller)
      await retag(rds, request, instance.DBInstanceArn ?? '', request.caller)
      return attributesOf(instance)
    },
    delete: async (request, physicalId, finalSnapshot) => {
      const { caller } = request
      await rds.whenSettled('instance', physicalId, caller)
      await unless(['DBInstanceNotFound', 'DBInstanceNotFoundFault'], async () => await operations.DeleteDBInstance({
        DBInstanceIdentifier: physicalId,
        SkipFinalSnapshot: !finalSnapshot,
        ...(finalSnapshot ? { FinalDBSnapshotIdentifier: snapshotName(request) } : {})
      }, caller))
      await rds.whenSettled('instance', physicalId, caller)
      const left = await describe(physicalId, caller)
      if (left) throw notStabilized('DBInstance', physicalId, left.DBInstanceStatus)
    }
  }
}

function attributesOf ({ DBInstanceArn: arn, DbiResourceId: resourceId, Endpoint: endpoint }: Rds.DBInstance): JsonObject {
  return {
    DBInstanceArn: arn ?? '',
    DbiResourceId: resourceId ?? '',
    'Endpoint.Address': endpoint?.Address ?? '',
    'Endpoint.Port': String(endpoint?.Port ?? ''),
    'Endpoint.HostedZoneId': endpoint?.HostedZoneId ?? ''
  }
}

/** Two numbers of the API are texts in the resource. */
function numbered (properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) =>
    [name, name === 'AllocatedStorage' || name === 'Port' ? Number(value) : value]))
}
