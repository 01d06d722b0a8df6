import type * as Rds from '@aws-sdk/client-rds'
import type { Caller } from '../aws.js'
import type { RdsContext } from './context.js'
import { ENGINE, type EngineVersion, findVersions } from './engine-versions.js'
import { invalidCombination } from './names.js'
import { readParameterGroup } from './new-cluster.js'
import type { ClusterRecord, InstanceFacts } from './records.js'

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
export async function readUpgrade (context: RdsContext, cluster: ClusterRecord, input: Rds.ModifyDBClusterMessage): Promise<Upgrade | undefined> {
  const before = versionOf(cluster)
  const wanted = input.EngineVersion
  if (!wanted || wanted === before.version) return undefined
  const after = findVersions(wanted, context.retiredVersions === 'allowed').at(-1)
  if (!after) throw invalidCombination(`Cannot find version ${wanted} for ${ENGINE}`)
  if (after.major === before.major && wanted === String(after.major)) return undefined
  const isMajor = after.major > before.major
  const isOlder = after.major < before.major || (!isMajor && Number(after.version.split('.')[1]) < Number(before.version.split('.')[1]))
  if (isOlder) throw invalidCombination(`Cannot upgrade ${ENGINE} from ${before.version} to ${after.version}`)
  if (!isMajor && input.DBInstanceParameterGroupName) throw invalidCombination('The parameter db-instance-parameter-group-name can only be specified for a major version upgrade.')
  if (isMajor && !input.AllowMajorVersionUpgrade) throw invalidCombination('The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.')
  if (isMajor && !await runs(context, cluster.facts.DbClusterResourceId, after)) {
    throw invalidCombination(`Cannot upgrade ${ENGINE} from ${before.version} to ${after.version}: this sandbox has a PostgreSQL for each of the two, and no pg_upgrade.`)
  }
  return { version: after, isMajor }
}

/** Whether the PostgreSQL that runs clusters of that version here runs a server's data as it is: where one stands in for several majors, it does. */
export async function runs ({ postgres }: Pick<RdsContext, 'postgres'>, dataId: string, { major }: EngineVersion): Promise<boolean> {
  return await postgres.data.majorOf(dataId) === await postgres.data.majorFor(major)
}

/** A default group belongs to its family; one of the user's own is checked against the new version. */
export function keptGroup ({ facts }: ClusterRecord, version: EngineVersion): string | undefined {
  return facts.DBClusterParameterGroup.startsWith('default.') ? `default.${version.family}` : facts.DBClusterParameterGroup
}

/** What an upgrade changes of every instance; without a group for a new major they have its default one. */
export function memberFacts ({ records }: RdsContext, { version, isMajor }: Upgrade, input: Rds.ModifyDBClusterMessage, caller: Caller): Partial<InstanceFacts> {
  if (!isMajor) return { EngineVersion: version.version }
  const DBParameterGroupName = readParameterGroup(records.instanceParameterGroups, input.DBInstanceParameterGroupName, version, caller)
  return { EngineVersion: version.version, DBParameterGroups: [{ DBParameterGroupName, ParameterApplyStatus: 'in-sync' }] }
}
