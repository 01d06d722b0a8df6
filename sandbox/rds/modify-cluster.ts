import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type Caller, type OperationsOf } from '../aws.js'
import { scramVerifier } from '../postgres/roles.js'
import { readCapacity, readScaling, refuseManaged, requireLogTypes, requirePassword, requirePort, requireRetention } from './cluster-rules.js'
import { isServerlessV1, showCluster } from './cluster-shape.js'
import { NO_CHANGE, pickGiven, type RdsContext, requireStatus } from './context.js'
import { type EngineVersion, requireDataApi } from './engine-versions.js'
import { readInsights } from './insights.js'
import { arnOf, invalidCombination, nameIn, readIdentifier } from './names.js'
import { CHANGEABLE, ONLY_V1_SCALES, openAddress, readParameterGroup, readSecurityGroups } from './new-cluster.js'
import { type ClusterFacts, type ClusterRecord, membersOf } from './records.js'
import { keptGroup, memberFacts, readUpgrade, type Upgrade, versionOf } from './upgrades.js'
import { requireWindows } from './windows.js'
import { beginClusterWork } from './work.js'

export function createModifyClusterOperations (context: RdsContext) {
  const setHttpEndpoint = async (arn: string | undefined, enabled: boolean, caller: Caller): Promise<Rds.EnableHttpEndpointResponse> => {
    const name = nameIn(arn ?? '', 'cluster', caller)
    const cluster = arn?.startsWith('arn:') && name ? context.records.clusters.get(caller.region, name) : undefined
    if (!cluster) throw new AwsError('ResourceNotFoundFault', `The specified resource ARN ${arn ?? ''} was not found.`, 404)
    if (cluster.facts.Status !== 'available') throw new AwsError('InvalidResourceStateFault', `The cluster ${cluster.facts.DBClusterIdentifier} isn't available.`)
    if (enabled) requireDataApi(versionOf(cluster), caller.region, cluster.facts.EngineMode)
    context.records.clusters.change(cluster, { HttpEndpointEnabled: enabled })
    return { ResourceArn: cluster.facts.DBClusterArn, HttpEndpointEnabled: enabled }
  }
  return {
    ModifyDBCluster: async (input, caller) => {
      const cluster = context.records.clusters.require(input.DBClusterIdentifier, caller)
      requireStatus(cluster, { refusal: NO_CHANGE })
      const upgrade = await readUpgrade(context, cluster, input)
      const facts = readChanges(context, cluster, input, upgrade, caller)
      const ofMembers = upgrade && memberFacts(context, cluster, upgrade, input, caller)
      const id = readNewName(context, cluster, input.NewDBClusterIdentifier, caller)
      if (input.Port !== undefined) requirePort(input.Port)
      requireWindows(input)
      const secret = await readSecretChange(context, cluster, input, caller)
      const renamed = id === cluster.facts.DBClusterIdentifier ? cluster : rename(context, cluster, id, caller)
      const moved = await moveToPort(context, renamed, input.Port)
      let settled: Promise<unknown> | undefined
      // Killed between the two, the secret would hold a password that the server never learns.
      const changed = context.together(() => {
        settled = secret.settle?.()
        const status = { Status: statusOf(facts, secret) }
        return context.records.clusters.change(moved, { ...facts, ...secret.facts, ...status }, { verifier: secret.verifier })
      })
      await settled
      if (ofMembers) for (const member of membersOf(context.records, changed)) context.records.instances.change(member, ofMembers)
      beginClusterWork(context, changed)
      return { DBCluster: showCluster(context, changed) }
    },
    AddRoleToDBCluster: async ({ DBClusterIdentifier, RoleArn = '', FeatureName }, caller) => {
      const cluster = context.records.clusters.require(DBClusterIdentifier, caller)
      const { AssociatedRoles: roles = [], DBClusterIdentifier: id } = cluster.facts
      if (roles.some(role => role.RoleArn === RoleArn)) throw new AwsError('DBClusterRoleAlreadyExists', `Role ARN ${RoleArn} already exists for cluster: ${id}.`)
      context.records.clusters.change(cluster, { AssociatedRoles: [...roles, { RoleArn, FeatureName, Status: 'ACTIVE' }] })
      return {}
    },
    RemoveRoleFromDBCluster: async ({ DBClusterIdentifier, RoleArn = '', FeatureName }, caller) => {
      const cluster = context.records.clusters.require(DBClusterIdentifier, caller)
      const { AssociatedRoles: roles = [], DBClusterIdentifier: id } = cluster.facts
      const left = roles.filter(role => role.RoleArn !== RoleArn || (FeatureName && role.FeatureName !== FeatureName))
      if (left.length === roles.length) throw new AwsError('DBClusterRoleNotFound', `Role ARN ${RoleArn} cannot be found for DB cluster: ${id}.`, 404)
      context.records.clusters.change(cluster, { AssociatedRoles: left })
      return {}
    },
    EnableHttpEndpoint: async ({ ResourceArn }, caller) => await setHttpEndpoint(ResourceArn, true, caller),
    DisableHttpEndpoint: async ({ ResourceArn }, caller) => await setHttpEndpoint(ResourceArn, false, caller)
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** What a cluster is called while it changes (Aurora User Guide, "Viewing DB cluster status"). */
function statusOf (facts: Partial<ClusterFacts>, secret: { verifier?: string }): string {
  if (facts.EngineVersion) return 'upgrading'
  return secret.verifier && Object.keys(facts).length === 0 ? 'resetting-master-credentials' : 'modifying'
}

function readChanges (
  context: RdsContext, cluster: ClusterRecord, input: Rds.ModifyDBClusterMessage, upgrade: Upgrade | undefined, caller: Caller
): Partial<ClusterFacts> {
  const version = upgrade?.version ?? versionOf(cluster)
  const { EnableIAMDatabaseAuthentication: iam, DBClusterParameterGroupName: wanted } = input
  const readGroup = (): string => {
    const name = wanted ?? keptGroup(cluster, version, upgrade?.isMajor === true)
    return readParameterGroup(context.records.parameterGroups, name, version, caller)
  }
  return {
    ...pickGiven(input, CHANGEABLE),
    ...(upgrade ? { EngineVersion: version.version } : {}),
    ...(input.BackupRetentionPeriod === undefined ? {} : { BackupRetentionPeriod: requireRetention(input.BackupRetentionPeriod) }),
    ...(input.VpcSecurityGroupIds ? { VpcSecurityGroups: readSecurityGroups(input.VpcSecurityGroupIds, caller) } : {}),
    ...(iam === undefined ? {} : { IAMDatabaseAuthenticationEnabled: iam }),
    ...readInsights(input, cluster.facts, caller),
    ...(wanted || upgrade ? { DBClusterParameterGroup: readGroup() } : {}),
    ...readLogExports(cluster, input),
    ...readScalingChange(cluster, input, version)
  }
}

/** Only a Serverless v1 cluster takes `EnableHttpEndpoint` here; AWS ignores it for others, which have operations of their own. */
function readScalingChange (cluster: ClusterRecord, input: Rds.ModifyDBClusterMessage, version: EngineVersion): Partial<ClusterFacts> {
  const { facts } = cluster
  const { EngineMode: mode = facts.EngineMode, ScalingConfiguration: scaling, ServerlessV2ScalingConfiguration: wanted } = input
  if (mode !== facts.EngineMode) throw invalidCombination(`This sandbox does not change the engine mode of a cluster, which is ${facts.EngineMode}.`)
  if (isServerlessV1(cluster)) {
    return {
      ...(input.EnableHttpEndpoint === undefined ? {} : { HttpEndpointEnabled: input.EnableHttpEndpoint }),
      ...(scaling ? { ScalingConfigurationInfo: readScaling(scaling, facts.ScalingConfigurationInfo) } : {})
    }
  }
  if (scaling) throw invalidCombination(ONLY_V1_SCALES)
  if (!wanted) return {}
  return {
    ServerlessV2ScalingConfiguration: readCapacity(wanted, facts.ServerlessV2ScalingConfiguration, version),
    ServerlessV2PlatformVersion: '4'
  }
}

function readLogExports (
  { facts }: ClusterRecord, { CloudwatchLogsExportConfiguration: wanted }: Rds.ModifyDBClusterMessage
): Partial<ClusterFacts> {
  if (!wanted) return {}
  const kept = (facts.EnabledCloudwatchLogsExports ?? []).filter(name => !wanted.DisableLogTypes?.includes(name))
  return { EnabledCloudwatchLogsExports: [...new Set([...kept, ...requireLogTypes(wanted.EnableLogTypes, facts.EngineVersion) ?? []])] }
}

interface SecretChange {
  facts: Partial<ClusterFacts>
  verifier?: string
  /** What the secret is to become, stored in one go with the cluster's change. */
  settle?: () => Promise<unknown>
}

async function readSecretChange (
  context: RdsContext, { facts }: ClusterRecord, input: Rds.ModifyDBClusterMessage, caller: Caller
): Promise<SecretChange> {
  const { MasterUserSecret: secret, MasterUsername: username } = facts
  refuseManaged(input, facts.EngineMode)
  if (input.ManageMasterUserPassword === false) {
    if (!input.MasterUserPassword) throw invalidCombination('MasterUserPassword must be provided when ManageMasterUserPassword is set to false.')
    if (!secret) throw invalidCombination('You cannot set ManageMasterUserPassword to false because the master user password is not currently managed by RDS.')
  }
  if (input.MasterUserPassword) {
    if (secret && input.ManageMasterUserPassword !== false) throw invalidCombination('You can\'t specify MasterUserPassword when ManageMasterUserPassword is enabled.')
    const verifier = scramVerifier(requirePassword(input.MasterUserPassword))
    if (!secret) return { facts: {}, verifier }
    return { facts: { MasterUserSecret: undefined }, verifier, settle: async () => { await context.secrets.remove(secret, caller) } }
  }
  if (input.ManageMasterUserPassword && !secret) {
    const made = await context.secrets.create(facts.DBClusterArn, username, input.MasterUserSecretKmsKeyId, caller)
    return { facts: { MasterUserSecret: made.secret }, verifier: scramVerifier(made.password) }
  }
  if (!input.RotateMasterUserPassword) return { facts: {} }
  if (!secret) throw invalidCombination('You can\'t rotate the master user password when ManageMasterUserPassword isn\'t enabled.')
  if (!input.ApplyImmediately) throw invalidCombination('You must apply the change immediately when rotating the master user password.')
  const { password, put } = context.secrets.rotate(secret, username, caller)
  return { facts: {}, verifier: scramVerifier(password), settle: put }
}

/** What the cluster is to be called, which may be what it is called; throws when that is another's name. */
function readNewName ({ records }: RdsContext, { facts }: ClusterRecord, newIdentifier: string | undefined, caller: Caller): string {
  if (!newIdentifier) return facts.DBClusterIdentifier
  const id = readIdentifier('NewDBClusterIdentifier', newIdentifier)
  if (id !== facts.DBClusterIdentifier && records.clusters.get(caller.region, id)) throw new AwsError('DBClusterAlreadyExistsFault', 'DB Cluster already exists')
  return id
}

function rename ({ records, together }: RdsContext, cluster: ClusterRecord, id: string, caller: Caller): ClusterRecord {
  return together(() => {
    for (const member of membersOf(records, cluster)) records.instances.change(member, { DBClusterIdentifier: id })
    return records.clusters.rename(cluster, { DBClusterIdentifier: id, DBClusterArn: arnOf(caller, 'cluster', id) })
  })
}

async function moveToPort (context: RdsContext, cluster: ClusterRecord, port: number | undefined): Promise<ClusterRecord> {
  if (port === undefined || port === cluster.wantedPort) return cluster
  await context.live(cluster).closeFront()
  return await openAddress(context, context.records.clusters.change(cluster, { Port: port }, { wantedPort: port }))
}
