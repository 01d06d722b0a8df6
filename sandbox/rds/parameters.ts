import type { Settings } from '../postgres/settings.js'
import type { RdsContext } from './context.js'
import { type ClusterRecord, membersOf, type ParameterGroupRecord } from './records.js'

/** The settings that a cluster's parameter group gives to its server, and over them those of its writer's own group. */
export function parametersOf ({ records }: Pick<RdsContext, 'records'>, cluster: ClusterRecord): Settings {
  const { region, facts } = cluster
  const [writer] = membersOf(records, cluster)
  const ownName = writer?.facts.DBParameterGroups?.[0]?.DBParameterGroupName
  return {
    ...settingsOf(records.parameterGroups.get(region, facts.DBClusterParameterGroup)),
    ...settingsOf(ownName ? records.instanceParameterGroups.get(region, ownName) : undefined)
  }
}

function settingsOf (group: ParameterGroupRecord | undefined): Settings {
  const reaching = Object.entries(group?.parameters ?? {}).filter(([, { reachesServer }]) => reachesServer)
  return Object.fromEntries(reaching.map(([name, { value }]) => [name, value]))
}
