import { type JsonObject, isObject } from '../template/json.js'
import { inputOf, type RdsKind } from './rds-handler.js'

/** `AWS::RDS::DBInstance`: a writer or reader of a cluster. */
export const instanceKind: RdsKind = {
  noun: 'DBInstance',
  identifier: 'DBInstanceIdentifier',
  longest: 63,
  settles: { as: 'instance', status: 'DBInstanceStatus' },
  renames: {
    AllowMajorVersionUpgrade: null,
    CertificateDetails: null,
    CustomIAMInstanceProfile: 'CustomIamInstanceProfile',
    DeleteAutomatedBackups: null,
    MasterUserSecret: null,
    SourceRegion: null,
    VPCSecurityGroups: 'VpcSecurityGroupIds'
  },
  replacedFor: ['AvailabilityZone', 'DBClusterSnapshotIdentifier', 'DBSnapshotIdentifier', 'Engine', 'PerformanceInsightsKMSKeyId', 'SourceDBClusterIdentifier', 'SourceDBInstanceIdentifier'],
  unheeded: [{
    members: [
      'AssociatedRoles', 'AutomaticBackupReplicationKmsKeyId', 'AutomaticBackupReplicationRegion', 'AutomaticBackupReplicationRetentionPeriod',
      'DBClusterSnapshotIdentifier', 'DBSnapshotIdentifier', 'EnableCloudwatchLogsExports', 'RestoreTime', 'SourceDBClusterIdentifier',
      'SourceDBInstanceAutomatedBackupsArn', 'SourceDBInstanceIdentifier', 'SourceDbiResourceId', 'UseLatestRestorableTime'
    ]
  }]
}

/** `AWS::RDS::DBSubnetGroup`, whose subnets are always given together. */
export const subnetGroupKind: RdsKind = {
  noun: 'DBSubnetGroup',
  identifier: 'DBSubnetGroupName',
  longest: 255,
  modify: async ({ caller, properties }, name, { call, changed }) => {
    if (Object.keys(changed).length > 0) await call('Modify', inputOf(properties, {}, { DBSubnetGroupName: name }), caller)
  }
}

/** One call takes at most this many parameters. */
const MOST_PARAMETERS = 20

/** `AWS::RDS::DBClusterParameterGroup` and `AWS::RDS::DBParameterGroup`, whose operations have the same members under the noun of each. */
export function parameterGroupKind (noun: 'DBClusterParameterGroup' | 'DBParameterGroup'): RdsKind {
  const identifier = `${noun}Name`
  type Change = NonNullable<RdsKind['modify']>

  const change = async (verb: 'Modify' | 'Reset', name: string, values: JsonObject, { caller }: Parameters<Change>[0], { call }: Pick<Parameters<Change>[2], 'call'>): Promise<void> => {
    const parameters = Object.entries(values).map(([key, value]) =>
      ({ ParameterName: key, ApplyMethod: 'pending-reboot', ...(verb === 'Modify' ? { ParameterValue: String(value) } : {}) }))
    for (let at = 0; at < parameters.length; at += MOST_PARAMETERS) {
      await call(verb, { [identifier]: name, Parameters: parameters.slice(at, at + MOST_PARAMETERS) }, caller)
    }
  }

  return {
    noun,
    identifier,
    longest: 255,
    renames: { Family: 'DBParameterGroupFamily', Parameters: null },
    finish: async (request, name, tools) => { await change('Modify', name, parametersIn(request.properties), request, tools) },
    modify: async (request, name, tools) => {
      const wanted = parametersIn(request.properties)
      const gone = Object.entries(parametersIn(tools.previous)).filter(([key]) => !Object.hasOwn(wanted, key))
      await change('Reset', name, Object.fromEntries(gone), request, tools)
      await change('Modify', name, wanted, request, tools)
    }
  }
}

function parametersIn ({ Parameters: parameters }: JsonObject): JsonObject {
  return isObject(parameters) ? parameters : {}
}
