import type * as Rds from '@aws-sdk/client-rds'
import { AwsError } from '../aws.js'
import { readParameterGroup } from './cluster-facts.js'
import { isServerlessV1, writerOf } from './cluster-shape.js'
import type { RdsContext } from './context.js'
import { ENGINE, type EngineVersion, findVersions } from './engine-versions.js'
import { invalidCombination } from './names.js'
import { type ClusterRecord, type InstanceFacts, membersOf } from './records.js'

/** What a cluster is brought to. */
export interface Upgrade {
  version: EngineVersion
  isMajor: boolean
}

/** The version that a cluster has; every cluster was made with one of the table. */
export function versionOf ({ facts }: ClusterRecord): EngineVersion {
  const [version] = findVersions(facts.EngineVersion)
  if (!version) throw invalidCombination(`Cannot find version ${facts.EngineVersion} for ${ENGINE}`)
  return version
}

/**
 * The upgrade that a change asks for; undefined: none. Throws AWS's refusals, and ours of another major that a
 * PostgreSQL of its own would run, as there is no pg_upgrade here.
 */
export async function readUpgrade (
  context: RdsContext, cluster: ClusterRecord, input: Rds.ModifyDBClusterMessage
): Promise<Upgrade | undefined> {
  const before = versionOf(cluster)
  const wanted = input.EngineVersion ?? before.version
  const after = wanted === before.version ? before : findVersions(wanted, context.retiredVersions === 'allowed').at(-1)
  if (!after) throw invalidCombination(`Cannot find version ${wanted} for ${ENGINE}`)
  const isMajor = after.major > before.major
  if (!isMajor && input.DBInstanceParameterGroupName) throw invalidCombination('The parameter db-instance-parameter-group-name can only be specified for a major version upgrade.')
  if (after === before || (after.major === before.major && wanted === String(after.major))) return undefined
  const isOlder = after.major < before.major || (!isMajor && Number(after.version.split('.')[1]) < Number(before.version.split('.')[1]))
  if (isOlder) throw invalidCombination(`Cannot upgrade ${ENGINE} from ${before.version} to ${after.version}`)
  if (isMajor && !input.AllowMajorVersionUpgrade) throw invalidCombination('The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.')
  if (isMajor && !await runs(context, cluster.facts.DbClusterResourceId, after)) {
    throw invalidCombination(`Cannot upgrade ${ENGINE} from ${before.version} to ${after.version}: this sandbox has a PostgreSQL for each of the two, and no pg_upgrade.`)
  }
  // terraform-provider-aws#30131
  if (!isServerlessV1(cluster) && !writerOf(context.records, cluster)) {
    throw new AwsError('InvalidDBClusterStateFault', `Cannot modify engine version without a healthy primary instance in DB cluster: ${cluster.facts.DBClusterIdentifier}`)
  }
  return { version: after, isMajor }
}

/** Whether the PostgreSQL that runs clusters of that version here runs a server's data as it is: where one stands in for several majors, it does. */
export async function runs ({ postgres }: Pick<RdsContext, 'postgres'>, dataId: string, { major }: EngineVersion): Promise<boolean> {
  return await postgres.data.majorOf(dataId) === await postgres.data.majorFor(major)
}

/** The group of a cluster whose change names none: a default one belongs to its family, and no major has the user's own group of another. */
export function keptGroup ({ facts: { DBClusterParameterGroup: group } }: ClusterRecord, { version, isMajor }: Upgrade): string {
  if (group.startsWith('default.')) return `default.${version.family}`
  if (isMajor) throw customGroup('DB cluster', group)
  return group
}

function customGroup (kind: string, name: string): AwsError {
  return invalidCombination(`The current ${kind} parameter group ${name} is custom. You must explicitly specify a new ${kind} parameter group, either default or custom, for the engine version upgrade.`)
}

/** What an upgrade changes of every instance of the cluster; to a new major they come with a default group, or the one that is given. */
export function memberFacts (
  { records }: RdsContext, cluster: ClusterRecord, { version, isMajor }: Upgrade, input: Rds.ModifyDBClusterMessage
): Partial<InstanceFacts> {
  if (!isMajor) return { EngineVersion: version.version }
  const groups = membersOf(records, cluster).flatMap(({ facts }) => facts.DBParameterGroups ?? [])
  const custom = groups.find(({ DBParameterGroupName: name }) => name && !name.startsWith('default.'))
  if (custom?.DBParameterGroupName && !input.DBInstanceParameterGroupName) throw customGroup('DB instance', custom.DBParameterGroupName)
  const { DBInstanceParameterGroupName: wanted } = input
  const DBParameterGroupName = readParameterGroup(records.instanceParameterGroups, wanted, version, cluster.region)
  return { EngineVersion: version.version, DBParameterGroups: [{ DBParameterGroupName, ParameterApplyStatus: 'in-sync' }] }
}
