import type { Settings } from '../postgres/settings.js'
import type { RdsContext } from './context.js'
import type { ClusterRecord } from './records.js'

/** The settings that a cluster's parameter group gives to its server. */
export function parametersOf ({ records }: Pick<RdsContext, 'records'>, { region, facts }: ClusterRecord): Settings {
  const group = records.parameterGroups.get(region, facts.DBClusterParameterGroup)
  const reaching = Object.entries(group?.parameters ?? {}).filter(([, { reachesServer }]) => reachesServer)
  return Object.fromEntries(reaching.map(([name, { value }]) => [name, value]))
}
