import type {
  CreateDBClusterParameterGroupMessage, CreateDBClusterParameterGroupResult, DBClusterParameterGroup, DBClusterParameterGroupDetails,
  DBClusterParameterGroupNameMessage, DBClusterParameterGroupsMessage, DeleteDBClusterParameterGroupMessage,
  DescribeDBClusterParameterGroupsMessage, DescribeDBClusterParametersMessage, ModifyDBClusterParameterGroupMessage, Parameter,
  ResetDBClusterParameterGroupMessage
} from '@aws-sdk/client-rds'
import { AwsError, type Caller, type Operation } from '../aws.js'
import type { SettingDescription } from '../postgres/catalogue.js'
import { isAdjustable } from '../postgres/settings.js'
import { changeCluster, type RdsContext } from './context.js'
import { ENGINE_VERSIONS } from './engine-versions.js'
import { arnOf, invalidCombination, invalidValue, nameIn } from './names.js'
import { filterBy, pageOf } from './paging.js'
import { parametersOf } from './parameters.js'
import type { ParameterGroupRecord, ParameterValue } from './records.js'
import { addTags } from './tags.js'

const FAMILIES = [...new Set(ENGINE_VERSIONS.map(({ family }) => family))]
const MOST_PARAMETERS = 20

/** Parameters of Aurora and of extensions, which PostgreSQL itself does not know. */
const BEYOND_POSTGRESQL = /^(rds|apg|aurora|babelfishpg|pg_stat_statements|pgaudit|auto_explain|cron|orafce|pg_hint_plan|plan_cache|ssl_)[a-z0-9_]*(\.[a-z0-9_.]+)?$/

export interface ParameterGroupOperations {
  CreateDBClusterParameterGroup: Operation<CreateDBClusterParameterGroupMessage, CreateDBClusterParameterGroupResult>
  DescribeDBClusterParameterGroups: Operation<DescribeDBClusterParameterGroupsMessage, DBClusterParameterGroupsMessage>
  DescribeDBClusterParameters: Operation<DescribeDBClusterParametersMessage, DBClusterParameterGroupDetails>
  ModifyDBClusterParameterGroup: Operation<ModifyDBClusterParameterGroupMessage, DBClusterParameterGroupNameMessage>
  ResetDBClusterParameterGroup: Operation<ResetDBClusterParameterGroupMessage, DBClusterParameterGroupNameMessage>
  DeleteDBClusterParameterGroup: Operation<DeleteDBClusterParameterGroupMessage, object>
}

export function createParameterGroupOperations (context: RdsContext): ParameterGroupOperations {
  const { records, postgres, quotas } = context
  return {
    CreateDBClusterParameterGroup: async (input, caller) => {
      const name = (input.DBClusterParameterGroupName ?? '').toLowerCase()
      const family = input.DBParameterGroupFamily ?? ''
      if (!/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > 255) throw invalidValue(`The parameter DBClusterParameterGroupName is not a valid identifier: ${name}`)
      if (!FAMILIES.includes(family)) throw invalidValue(`ParameterGroupFamily ${family} is not a valid parameter group family`)
      if (records.parameterGroups.get(caller.region, name)) throw new AwsError('DBParameterGroupAlreadyExists', `Parameter group ${name} already exists`)
      if (records.parameterGroups.in(caller.region).length >= quotas.parameterGroups) throw new AwsError('DBParameterGroupQuotaExceeded', 'The request would result in the user exceeding the allowed number of DB parameter groups.')
      const facts = { DBClusterParameterGroupName: name, DBParameterGroupFamily: family, Description: input.Description ?? '', DBClusterParameterGroupArn: arnOf(caller, 'cluster-pg', name) }
      records.parameterGroups.put({ region: caller.region, facts, parameters: {}, tags: addTags([], input.Tags) })
      return { DBClusterParameterGroup: facts }
    },

    DescribeDBClusterParameterGroups: async (input, caller) => {
      const named = input.DBClusterParameterGroupName
      const found = named ? [factsOf(context, named, caller)] : [...FAMILIES.map(family => defaultGroup(family, caller)), ...records.parameterGroups.in(caller.region).map(({ facts }) => facts)]
      const { page, Marker } = pageOf(filterBy(found, input.Filters, {}), input)
      return { DBClusterParameterGroups: page, Marker }
    },

    DescribeDBClusterParameters: async (input, caller) => {
      const { DBParameterGroupFamily: family = '' } = factsOf(context, input.DBClusterParameterGroupName, caller)
      const changed = records.parameterGroups.get(caller.region, input.DBClusterParameterGroupName ?? '')?.parameters ?? {}
      const settings = await postgres.catalogue.list(majorOf(family))
      const shown = [...new Set([...settings.keys(), ...Object.keys(changed)])].sort().map(name => showParameter(name, settings.get(name), changed[name]))
      const { page, Marker } = pageOf(shown.filter(({ Source }) => !input.Source || Source === input.Source), input)
      return { Parameters: page, Marker }
    },

    ModifyDBClusterParameterGroup: async (input, caller) => {
      const group = requireGroup(context, input.DBClusterParameterGroupName, caller)
      const given = input.Parameters ?? []
      if (given.length > MOST_PARAMETERS) throw invalidValue(`At most ${MOST_PARAMETERS} parameters can be modified in a single request.`)
      const read = await Promise.all(given.map(async parameter => await readParameter(context, group, parameter)))
      await store(context, group, { ...group.parameters, ...Object.fromEntries(read) }, read.map(([, parameter]) => parameter))
      return { DBClusterParameterGroupName: group.facts.DBClusterParameterGroupName }
    },

    ResetDBClusterParameterGroup: async (input, caller) => {
      const group = requireGroup(context, input.DBClusterParameterGroupName, caller)
      const names = input.ResetAllParameters ? Object.keys(group.parameters) : (input.Parameters ?? []).map(({ ParameterName }) => ParameterName?.toLowerCase() ?? '')
      const kept = Object.fromEntries(Object.entries(group.parameters).filter(([name]) => !names.includes(name)))
      await store(context, group, kept, [{ value: '', method: 'pending-reboot', reachesServer: true }])
      return { DBClusterParameterGroupName: group.facts.DBClusterParameterGroupName }
    },

    DeleteDBClusterParameterGroup: async (input, caller) => {
      const group = requireGroup(context, input.DBClusterParameterGroupName, caller)
      const { DBClusterParameterGroupName: name } = group.facts
      if (records.clusters.in(caller.region).some(({ facts }) => facts.DBClusterParameterGroup === name)) {
        throw new AwsError('InvalidDBParameterGroupState', 'One or more database instances are still members of this parameter group, so the group cannot be deleted')
      }
      records.parameterGroups.delete(group)
      return {}
    }
  }
}

function defaultGroup (family: string, caller: Caller): DBClusterParameterGroup {
  const name = `default.${family}`
  return { DBClusterParameterGroupName: name, DBParameterGroupFamily: family, Description: `Default cluster parameter group for ${family}`, DBClusterParameterGroupArn: arnOf(caller, 'cluster-pg', name) }
}

function factsOf (context: RdsContext, nameOrArn: string | undefined, caller: Caller): DBClusterParameterGroup {
  const usual = FAMILIES.map(family => defaultGroup(family, caller)).find(group => group.DBClusterParameterGroupName === nameIn(nameOrArn ?? '', 'cluster-pg', caller))
  return usual ?? findGroup(context, nameOrArn, caller).facts
}

function requireGroup (context: RdsContext, nameOrArn: string | undefined, caller: Caller): ParameterGroupRecord {
  if (nameOrArn?.startsWith('default.')) throw invalidValue(`The parameter group ${nameOrArn} is a default parameter group and cannot be changed.`)
  return findGroup(context, nameOrArn, caller)
}

function findGroup ({ records }: RdsContext, nameOrArn: string | undefined, caller: Caller): ParameterGroupRecord {
  const name = nameIn(nameOrArn ?? '', 'cluster-pg', caller)
  const group = name === undefined ? undefined : records.parameterGroups.get(caller.region, name)
  if (!group) throw new AwsError('DBParameterGroupNotFound', `DBClusterParameterGroup not found: ${name ?? nameOrArn ?? ''}`, 404)
  return group
}

/** The parameter as it is stored; throws AWS's refusal of one that there is not, or of a value PostgreSQL does not take. */
async function readParameter ({ postgres }: RdsContext, group: ParameterGroupRecord, parameter: Parameter): Promise<[string, ParameterValue]> {
  const name = parameter.ParameterName?.toLowerCase() ?? ''
  const value = parameter.ParameterValue ?? ''
  const method = parameter.ApplyMethod === 'pending-reboot' ? 'pending-reboot' : 'immediate'
  const major = majorOf(group.facts.DBParameterGroupFamily)
  const setting = (await postgres.catalogue.list(major)).get(name)
  if (!setting) {
    if (!BEYOND_POSTGRESQL.test(name)) throw invalidValue(`Could not find parameter with name: ${name}`)
    return [name, { value, method, reachesServer: name.includes('.') }]
  }
  if (setting.isStatic && method === 'immediate') throw invalidCombination('cannot use immediate apply method for static parameter')
  const reachesServer = isAdjustable(name)
  const refusal = reachesServer ? await postgres.catalogue.refusalOf(major, setting.name, value) : undefined
  if (refusal) throw invalidValue(`Invalid parameter value: ${value} for: ${name} allowed values are: ${setting.allowed ?? refusal}`)
  return [name, { value, method, reachesServer }]
}

/** Running servers read the parameters again; what only a start applies is shown as pending. */
async function store (context: RdsContext, group: ParameterGroupRecord, parameters: Record<string, ParameterValue>, changed: readonly ParameterValue[]): Promise<void> {
  const { records, postgres } = context
  records.parameterGroups.put({ ...group, parameters })
  const users = records.clusters.in(group.region).filter(({ facts }) => facts.DBClusterParameterGroup === group.facts.DBClusterParameterGroupName)
  for (const cluster of users) {
    if (changed.some(({ method }) => method === 'pending-reboot')) changeCluster(context, cluster, {}, { isPendingReboot: true })
    await postgres.processes.reload(cluster.facts.DbClusterResourceId, parametersOf(context, cluster))
  }
}

function showParameter (name: string, setting: SettingDescription | undefined, changed: ParameterValue | undefined): Parameter {
  return {
    ParameterName: name,
    ParameterValue: changed?.value,
    Description: setting?.description,
    Source: changed ? 'user' : 'engine-default',
    ApplyType: setting?.isStatic ? 'static' : 'dynamic',
    DataType: setting?.dataType ?? 'string',
    AllowedValues: setting?.allowed,
    IsModifiable: true,
    ApplyMethod: changed?.method ?? 'pending-reboot',
    SupportedEngineModes: ['provisioned']
  }
}

function majorOf (family: string): number {
  return Number(/\d+$/.exec(family)?.[0])
}
