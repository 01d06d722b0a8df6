import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import { requireAuthority } from './certificates.js'
import { readInsights } from './cluster-facts.js'
import { isServerlessV1 } from './cluster-shape.js'
import { pickGiven, type RdsContext, refuseStopped } from './context.js'
import { ENGINE } from './engine-versions.js'
import { CHANGEABLE, newInstance, readGroup, showInstance } from './instance-facts.js'
import { arnOf, invalidCombination, invalidValue, readIdentifier } from './names.js'
import { type Filterable, listed, select } from './paging.js'
import type { ClusterRecord, InstanceRecord } from './records.js'
import { beginInstanceWork } from './work.js'

/** What an instance may only be given as its cluster has it: the member that says so of the cluster, and what AWS calls it. */
const AS_THE_CLUSTER = {
  DBSubnetGroupName: ['DBSubnetGroup', 'DB subnet group'],
  EnableIAMDatabaseAuthentication: ['IAMDatabaseAuthenticationEnabled', 'IAM database authentication'],
  EngineLifecycleSupport: ['EngineLifecycleSupport', 'engine lifecycle support'],
  NetworkType: ['NetworkType', 'network type'],
  Port: ['Port', 'database endpoint port number'],
  StorageType: ['StorageType', 'storage type']
} as const

const FILTERABLE: Filterable<InstanceRecord> = {
  'db-instance-id': ({ facts }) => [facts.DBInstanceIdentifier, facts.DBInstanceArn],
  'db-cluster-id': ({ region, facts }) => [facts.DBClusterIdentifier, arnOf(region, 'cluster', facts.DBClusterIdentifier)],
  'dbi-resource-id': ({ facts }) => [facts.DbiResourceId],
  engine: ({ facts }) => [facts.Engine],
  domain: () => []
}

const MEMBER_SNAPSHOT = 'The specified instance is a member of a cluster and a snapshot cannot be created directly. Please use the CreateDBClusterSnapshot API instead.'
const MEMBER_STOP = 'aurora-postgresql DB instances are not eligible for stopping and starting.'

export function createInstanceOperations (context: RdsContext) {
  const { clusters, instances } = context.records
  const begin = (instance: InstanceRecord): { DBInstance: Rds.DBInstance } => {
    beginInstanceWork(context, instance)
    return { DBInstance: showInstance(context, instance) }
  }
  /** What instances of other engines do by themselves, those of Aurora do with their cluster. */
  const refuse = (input: { DBInstanceIdentifier?: string | undefined }, refusal: AwsError, region: string): never => {
    instances.require(input.DBInstanceIdentifier, region)
    throw refusal
  }
  return {
    CreateDBInstance: async (input, { region }) => {
      const id = readIdentifier('DBInstanceIdentifier', input.DBInstanceIdentifier)
      const cluster = readCluster(context, input, region)
      instances.requireRoom(id, region)
      const instance = newInstance(context, cluster, id, input)
      instances.put(instance)
      return begin(instance)
    },

    DescribeDBInstances: async (input, { region }) =>
      listed('DBInstances', select(instances, input.DBInstanceIdentifier, input, FILTERABLE, region), found => showInstance(context, found)),

    ModifyDBInstance: async (input, { region }) => {
      const instance = instances.require(input.DBInstanceIdentifier, region)
      const { EngineVersion: version } = instance.facts
      requireAvailable(instance, 'Database instance is not in available state.')
      refuseOwnWay(input, version)
      if (input.DBInstanceClass) requireClass(input.DBInstanceClass, version)
      requireAuthority(input.CACertificateIdentifier)
      requireMonitoringRole({ ...instance.facts, ...pickGiven(input, ['MonitoringInterval', 'MonitoringRoleArn']) })
      const renamed = rename(context, instance, input.NewDBInstanceIdentifier)
      const { DBParameterGroupName: group } = input
      return begin(instances.change(renamed, {
        ...pickGiven(input, [...CHANGEABLE, 'DBInstanceClass']),
        ...readInsights(input, instance.facts, region),
        ...(group ? { DBParameterGroups: readGroup(context, group, version, region) } : {}),
        DBInstanceStatus: 'modifying'
      }))
    },

    RebootDBInstance: async (input, { region }) => {
      const instance = instances.require(input.DBInstanceIdentifier, region)
      requireAvailable(instance, 'Instance cannot currently reboot due to an in-progress management operation.')
      return begin(instances.change(instance, { DBInstanceStatus: 'rebooting' }))
    },

    DeleteDBInstance: async (input, { region }) => {
      const instance = instances.require(input.DBInstanceIdentifier, region)
      if (instance.facts.DBInstanceStatus === 'deleting') throw new AwsError('InvalidDBInstanceState', `Instance ${instance.facts.DBInstanceIdentifier} is already being deleted.`)
      refuseStopped(clusters.get(region, instance.facts.DBClusterIdentifier))
      return begin(instances.change(instance, { DBInstanceStatus: 'deleting' }))
    },

    CreateDBSnapshot: async (input, { region }) => refuse(input, invalidValue(MEMBER_SNAPSHOT), region),
    StartDBInstance: async (input, { region }) => refuse(input, invalidCombination(MEMBER_STOP), region),
    StopDBInstance: async (input, { region }) => refuse(input, invalidCombination(MEMBER_STOP), region)
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** Refuses an instance without a cluster for that, before it is refused for what members of a cluster are not given. */
export function requireCluster (operation: string, { DBClusterIdentifier: cluster, Engine: engine = '' }: Partial<Rds.CreateDBInstanceMessage>): void {
  if (operation !== 'CreateDBInstance' || cluster) return
  if (engine !== ENGINE) throw invalidValue(`Invalid DB engine: ${engine}. This sandbox runs ${ENGINE} only.`)
  throw invalidCombination(`The parameter DBClusterIdentifier must be provided for the engine ${ENGINE}.`)
}

/** The cluster that a new instance is to be a member of. Throws AWS's refusal of what cannot be. */
function readCluster ({ records }: RdsContext, input: Rds.CreateDBInstanceMessage, region: string): ClusterRecord {
  const { Engine: engine = '', EngineVersion: wanted } = input
  const cluster = records.clusters.require(input.DBClusterIdentifier, region)
  const { facts } = cluster
  if (engine !== facts.Engine) throw invalidCombination(`The engine name requested for your DB instance (${engine}) doesn't match the engine name of your DB cluster (${facts.Engine}).`)
  requireClass(input.DBInstanceClass, facts.EngineVersion)
  requireAuthority(input.CACertificateIdentifier)
  requireMembership(input, cluster)
  requireMonitoringRole(input)
  if (isServerlessV1(cluster)) throw invalidValue('Instances cannot be added to Aurora Serverless clusters.')
  if (input.DBInstanceClass === 'db.serverless' && !facts.ServerlessV2ScalingConfiguration) {
    throw new AwsError('InvalidDBClusterStateFault', 'Set the Serverless v2 scaling configuration on the parent DB cluster before creating a Serverless v2 DB instance.')
  }
  if (wanted && !isVersion(wanted, facts.EngineVersion)) {
    throw invalidCombination(`The engine version that you requested for your DB instance (${wanted}) does not match the engine version of your DB cluster (${facts.EngineVersion}).`)
  }
  if (facts.Status === 'deleting') throw new AwsError('InvalidDBClusterStateFault', `DB cluster ${facts.DBClusterIdentifier} is in deleting state.`)
  return cluster
}

/** Throws AWS's refusal of an instance that is to be otherwise than its cluster. */
function requireMembership (input: Rds.CreateDBInstanceMessage, { facts, wantedPort }: ClusterRecord): void {
  const shown = { StorageType: 'aurora', ...facts, Port: wantedPort }
  const others = Object.entries(AS_THE_CLUSTER).flatMap<string>(([member, [fact, called]]) => {
    const given = input[member as keyof typeof AS_THE_CLUSTER]
    return given === undefined || String(given).toLowerCase() === String(shown[fact]).toLowerCase() ? [] : [called]
  })
  const groups = facts.VpcSecurityGroups?.map(({ VpcSecurityGroupId: id }) => id)
  if (input.VpcSecurityGroupIds?.some(id => !groups?.includes(id))) others.push('vpc security group')
  if (others[0]) throw invalidCombination(`The requested DB Instance will be a member of a DB Cluster. Set ${others[0]} for the DB Cluster.`)
}

/** Instances come to a version with their cluster (aws-controllers-k8s/community#2683), and stay in its subnets. */
function refuseOwnWay ({ EngineVersion: wanted, DBSubnetGroupName: group }: Rds.ModifyDBInstanceMessage, version = ''): void {
  const own = wanted && !isVersion(wanted, version) ? 'the DB engine version' : group && 'the DB subnet group'
  if (own) throw invalidCombination(`The specified DB Instance is a member of a cluster. Modify ${own} for the DB Cluster using the ModifyDbCluster API`)
}

/** Whether a request that names a version, or the major alone, means that one. */
function isVersion (wanted: string, version: string): boolean {
  return wanted === version || wanted === version.split('.')[0]
}

function requireMonitoringRole (
  { MonitoringInterval: seconds = 0, MonitoringRoleArn: role }: Pick<Rds.DBInstance, 'MonitoringInterval' | 'MonitoringRoleArn'>
): void {
  if (seconds > 0 && !role) throw invalidCombination('A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.')
}

/** Aurora PostgreSQL runs on memory-optimized classes and the larger burstable ones (Aurora User Guide, "DB instance classes"). */
const AURORA_CLASS = /^db\.(serverless|t(3|4g)\.(medium|large)|(r\d[a-z]*|x2g)\.\d*x?large)$/

function requireClass (name: string | undefined, version: string | undefined): void {
  if (!name) throw new AwsError('MissingParameter', 'The request must contain the parameter DBInstanceClass.')
  if (!/^db\.[a-z0-9]+(\.[a-z0-9]+)?$/.test(name)) throw invalidValue(`Invalid DB Instance class: ${name}`)
  if (AURORA_CLASS.test(name)) return
  throw invalidCombination(`RDS does not support creating a DB instance with the following combination: DBInstanceClass=${name}, Engine=aurora-postgresql, EngineVersion=${version}, LicenseModel=postgresql-license. For supported combinations of instance class and database engine version, see the documentation.`)
}

function requireAvailable ({ facts }: InstanceRecord, refusal: string): void {
  if (facts.DBInstanceStatus !== 'available') throw new AwsError('InvalidDBInstanceState', refusal)
}

function rename ({ records }: RdsContext, instance: InstanceRecord, newIdentifier: string | undefined): InstanceRecord {
  if (!newIdentifier) return instance
  const id = readIdentifier('NewDBInstanceIdentifier', newIdentifier)
  records.instances.requireFree(id, instance.region)
  return records.instances.rename(instance, { DBInstanceIdentifier: id, DBInstanceArn: arnOf(instance.region, 'db', id) })
}
