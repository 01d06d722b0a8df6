import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type OperationsOf } from '../aws.js'
import { scramVerifier } from '../postgres/roles.js'
import { readFacts } from './cluster-facts.js'
import { refuseManaged, requirePassword, requirePort } from './cluster-rules.js'
import { showCluster } from './cluster-shape.js'
import { NO_CHANGE, type RdsContext, requireStatus } from './context.js'
import { requireDataApi } from './engine-versions.js'
import { arnOf, invalidCombination, nameIn, readIdentifier } from './names.js'
import { openAddress } from './new-cluster.js'
import { type ClusterFacts, type ClusterRecord, membersOf } from './records.js'
import { keptGroup, memberFacts, readUpgrade, type Upgrade, versionOf } from './upgrades.js'
import { requireWindows } from './windows.js'
import { beginClusterWork } from './work.js'

export function createModifyClusterOperations (context: RdsContext) {
  const { clusters, instances } = context.records
  const setHttpEndpoint = (arn: string | undefined, isOn: boolean, region: string): Rds.EnableHttpEndpointResponse => {
    const name = nameIn(arn ?? '', 'cluster', region)
    const cluster = arn?.startsWith('arn:') && name ? clusters.get(region, name) : undefined
    if (!cluster) throw new AwsError('ResourceNotFoundFault', `The specified resource ARN ${arn ?? ''} was not found.`, 404)
    if (cluster.facts.Status !== 'available') throw new AwsError('InvalidResourceStateFault', `The cluster ${cluster.facts.DBClusterIdentifier} isn't available.`)
    if (isOn) requireDataApi(versionOf(cluster), region, cluster.facts.EngineMode)
    clusters.change(cluster, { HttpEndpointEnabled: isOn })
    return { ResourceArn: cluster.facts.DBClusterArn, HttpEndpointEnabled: isOn }
  }
  const setRoles = (name: string | undefined, region: string, change: (roles: Rds.DBClusterRole[]) => Rds.DBClusterRole[]): object => {
    const cluster = clusters.require(name, region)
    clusters.change(cluster, { AssociatedRoles: change(cluster.facts.AssociatedRoles ?? []) })
    return {}
  }
  return {
    ModifyDBCluster: async (input, { region }) => {
      const cluster = clusters.require(input.DBClusterIdentifier, region)
      requireStatus(cluster, NO_CHANGE)
      const upgrade = await readUpgrade(context, cluster, input)
      const facts = readChanges(context, cluster, input, upgrade)
      const ofMembers = upgrade && memberFacts(context, cluster, upgrade, input)
      const id = readNewName(context, cluster, input.NewDBClusterIdentifier)
      if (input.Port !== undefined) requirePort(input.Port)
      requireWindows(input)
      const secret = await readSecretChange(context, cluster, input)
      const renamed = id === cluster.facts.DBClusterIdentifier ? cluster : rename(context, cluster, id)
      const moved = await moveToPort(context, renamed, input.Port)
      let settled: Promise<unknown> | undefined
      // Killed between the two, the secret would hold a password that the server never learns.
      const changed = context.together(() => {
        settled = secret.settle?.()
        return clusters.change(moved, { ...facts, ...secret.facts, Status: statusOf(facts, secret) }, { verifier: secret.verifier })
      })
      await settled
      if (ofMembers) for (const member of membersOf(context.records, changed)) instances.change(member, ofMembers)
      beginClusterWork(context, changed)
      return { DBCluster: showCluster(context, changed) }
    },
    AddRoleToDBCluster: async ({ DBClusterIdentifier: id, RoleArn = '', FeatureName }, { region }) => setRoles(id, region, roles => {
      if (!roles.some(role => role.RoleArn === RoleArn)) return [...roles, { RoleArn, FeatureName, Status: 'ACTIVE' }]
      throw new AwsError('DBClusterRoleAlreadyExists', `Role ARN ${RoleArn} already exists for cluster: ${id}.`)
    }),
    RemoveRoleFromDBCluster: async ({ DBClusterIdentifier: id, RoleArn = '', FeatureName }, { region }) => setRoles(id, region, roles => {
      const left = roles.filter(role => role.RoleArn !== RoleArn || (FeatureName && role.FeatureName !== FeatureName))
      if (left.length < roles.length) return left
      throw new AwsError('DBClusterRoleNotFound', `Role ARN ${RoleArn} cannot be found for DB cluster: ${id}.`, 404)
    }),
    EnableHttpEndpoint: async ({ ResourceArn }, { region }) => setHttpEndpoint(ResourceArn, true, region),
    DisableHttpEndpoint: async ({ ResourceArn }, { region }) => setHttpEndpoint(ResourceArn, false, region)
  } satisfies Partial<OperationsOf<typeof Rds>>
}

/** What a cluster is called while it changes (Aurora User Guide, "Viewing DB cluster status"). */
function statusOf (facts: Partial<ClusterFacts>, secret: { verifier?: string }): string {
  if (facts.EngineVersion) return 'upgrading'
  return secret.verifier && Object.keys(facts).length === 0 ? 'resetting-master-credentials' : 'modifying'
}

function readChanges (
  { records }: RdsContext, cluster: ClusterRecord, input: Rds.ModifyDBClusterMessage, upgrade: Upgrade | undefined
): Partial<ClusterFacts> {
  const { EngineMode: mode } = cluster.facts
  if (input.EngineMode && input.EngineMode !== mode) throw invalidCombination(`This sandbox does not change the engine mode of a cluster, which is ${mode}.`)
  const version = upgrade?.version ?? versionOf(cluster)
  const DBClusterParameterGroupName = input.DBClusterParameterGroupName ?? (upgrade && keptGroup(cluster, upgrade))
  const reading = { records, region: cluster.region, version, mode, before: cluster.facts }
  return {
    ...readFacts({ ...input, DBClusterParameterGroupName }, reading),
    ...(upgrade ? { EngineVersion: version.version } : {})
  }
}

interface SecretChange {
  facts: Partial<ClusterFacts>
  verifier?: string
  /** What the secret is to become, stored in one go with the cluster's change. */
  settle?: () => Promise<unknown>
}

async function readSecretChange (
  { secrets }: RdsContext, { region, facts }: ClusterRecord, input: Rds.ModifyDBClusterMessage
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
    return { facts: { MasterUserSecret: undefined }, verifier, settle: async () => { await secrets.remove(region, secret) } }
  }
  if (input.ManageMasterUserPassword && !secret) {
    const made = await secrets.create(region, facts.DBClusterArn, username, input.MasterUserSecretKmsKeyId)
    return { facts: { MasterUserSecret: made.secret }, verifier: scramVerifier(made.password) }
  }
  if (!input.RotateMasterUserPassword) return { facts: {} }
  if (!secret) throw invalidCombination('You can\'t rotate the master user password when ManageMasterUserPassword isn\'t enabled.')
  if (!input.ApplyImmediately) throw invalidCombination('You must apply the change immediately when rotating the master user password.')
  const { password, put } = secrets.rotate(region, secret, username)
  return { facts: { MasterUserSecret: { ...secret, SecretStatus: 'rotating' } }, verifier: scramVerifier(password), settle: put }
}

/** What the cluster is to be called, which may be what it is called; throws when that is another's name. */
function readNewName ({ records }: RdsContext, { region, facts }: ClusterRecord, newIdentifier: string | undefined): string {
  if (!newIdentifier) return facts.DBClusterIdentifier
  const id = readIdentifier('NewDBClusterIdentifier', newIdentifier)
  if (id !== facts.DBClusterIdentifier) records.clusters.requireFree(id, region)
  return id
}

function rename ({ records, together }: RdsContext, cluster: ClusterRecord, id: string): ClusterRecord {
  return together(() => {
    for (const member of membersOf(records, cluster)) records.instances.change(member, { DBClusterIdentifier: id })
    return records.clusters.rename(cluster, { DBClusterIdentifier: id, DBClusterArn: arnOf(cluster.region, 'cluster', id) })
  })
}

async function moveToPort (context: RdsContext, cluster: ClusterRecord, port: number | undefined): Promise<ClusterRecord> {
  if (port === undefined || port === cluster.wantedPort) return cluster
  await context.live(cluster).closeFront()
  return await openAddress(context, context.records.clusters.change(cluster, { Port: port }, { wantedPort: port }))
}
