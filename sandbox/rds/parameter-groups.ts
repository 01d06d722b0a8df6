import type * as Rds from '@aws-sdk/client-rds'
import { AwsError, type Operation, type OperationsOf } from '../aws.js'
import type { SettingDescription } from '../postgres/catalogue.js'
import { isAdjustable } from '../postgres/settings.js'
import { parametersOf } from './cluster-shape.js'
import type { RdsContext } from './context.js'
import { ENGINE_VERSIONS, FAMILIES } from './engine-versions.js'
import { arnOf, invalidCombination, invalidValue, nameIn } from './names.js'
import { filterBy, listed, type PageRequest, pageOf } from './paging.js'
import { type ClusterRecord, membersOf, type ParameterGroupRecord, type ParameterValue } from './records.js'
import { addTags } from './tags.js'

const CURRENT_FAMILIES = [...new Set(ENGINE_VERSIONS.map(({ family }) => family))]
const MOST_PARAMETERS = 20

/** Parameters of Aurora and of extensions, which PostgreSQL itself does not know. */
const BEYOND_POSTGRESQL = /^(rds|apg|aurora|babelfishpg|pg_stat_statements|pgaudit|auto_explain|cron|orafce|pg_hint_plan|plan_cache|ssl_)[a-z0-9_]*(\.[a-z0-9_.]+)?$/

/** A value that AWS computes from the instance's class: `LEAST({DBInstanceClassMemory/9531392},5000)`. Nothing here has a class. */
const FORMULA = /\{|^(greatest|least|sum|log)\(/i

type Verbs<Of extends string> = `Describe${Of}Parameter${'s' | 'Groups'}` | `${'Create' | 'Copy' | 'Modify' | 'Reset' | 'Delete'}${Of}ParameterGroup`

export type ParameterGroupOperations = OperationsOf<typeof Rds, Verbs<'DBCluster' | 'DB'> | `DescribeEngineDefault${'Cluster' | ''}Parameters`>

/** Groups for clusters and for instances: the same thing under other names. */
export function createParameterGroupOperations (context: RdsContext): ParameterGroupOperations {
  return { ...createOperationsOn(context, 'DBCluster'), ...createOperationsOn(context, 'DB') } as ParameterGroupOperations
}

type GroupKind = 'DBCluster' | 'DB'

interface ParameterPage { Parameters: Rds.Parameter[], Marker: string | undefined }

type GroupName = `${GroupKind}ParameterGroupName` | `${'Source' | 'Target'}${GroupKind}ParameterGroup${'Identifier' | 'Description'}`

/** The members of all those operations, but for the group's name, which is called after the kind. */
interface GroupInput extends PageRequest, Partial<Record<GroupName, string>> {
  DBParameterGroupFamily?: string
  Description?: string
  Tags?: Rds.Tag[]
  Source?: string
  Parameters?: Rds.Parameter[]
  ResetAllParameters?: boolean
}

function createOperationsOn ({ records, postgres }: RdsContext, of: GroupKind): Record<string, Operation<GroupInput, object>> {
  const book = of === 'DB' ? records.instanceParameterGroups : records.parameterGroups
  const noun = `${of}ParameterGroup` as const
  const nameMember = `${noun}Name` as const

  /** AWS tells those who call these operations of both kinds with the same code. */
  const find = ({ [nameMember]: nameOrArn = '' }: GroupInput, region: string): ParameterGroupRecord => {
    const name = nameIn(nameOrArn, book.kind, region) ?? ''
    const group = book.get(region, name)
    if (!group) throw new AwsError('DBParameterGroupNotFound', book.notFound(name || nameOrArn).message, 404)
    return group
  }
  const requireOwn = (input: GroupInput, region: string, refusal = (_name: string) => invalidValue('Cannot modify a default parameter group.')): ParameterGroupRecord => {
    const group = find(input, region)
    if (group.facts.name.startsWith('default.')) throw refusal(group.facts.name)
    return group
  }
  const groupsOf = (cluster: ClusterRecord): Array<string | undefined> => {
    if (of === 'DBCluster') return [cluster.facts.DBClusterParameterGroup]
    return membersOf(records, cluster).flatMap(({ facts }) => facts.DBParameterGroups ?? []).map(group => group.DBParameterGroupName)
  }
  const usersOf = ({ region, facts }: ParameterGroupRecord): ClusterRecord[] =>
    records.clusters.in(region).filter(cluster => groupsOf(cluster).includes(facts.name))
  /** Has the servers of the group read it again; `isPending` when something waits for their next start. */
  const change = async (group: ParameterGroupRecord, parameters: Record<string, ParameterValue>, isPending: boolean): Promise<object> => {
    const changed = book.change(group, {}, { parameters })
    for (const cluster of usersOf(changed)) {
      if (isPending) records.clusters.change(cluster, {}, { isPendingReboot: true })
      await postgres.processes.reload(cluster.facts.DbClusterResourceId, parametersOf(records, cluster))
    }
    return { [nameMember]: group.facts.name }
  }
  const show = ({ facts: { name, family, description, arn } }: ParameterGroupRecord): object =>
    ({ [nameMember]: name, DBParameterGroupFamily: family, Description: description, [`${noun}Arn`]: arn })

  const parametersIn = async ({ facts, parameters }: ParameterGroupRecord, input: GroupInput): Promise<ParameterPage> => {
    const settings = await postgres.catalogue.list(majorOf(facts.family))
    const names = [...new Set([...settings.keys(), ...Object.keys(parameters)])].sort()
    const shown = names.map(name => showParameter(name, settings.get(name), parameters[name]))
    return listed('Parameters', pageOf(shown.filter(({ Source }) => !input.Source || Source === input.Source), input), parameter => parameter)
  }
  const add = (input: GroupInput, parameters: Record<string, ParameterValue>, region: string): object => {
    const { DBParameterGroupFamily: family = '', Description: description = '', Tags: tags } = input
    const name = (input[nameMember] ?? '').toLowerCase()
    if (!/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > 255) throw invalidValue(`The parameter ${nameMember} is not a valid identifier: ${name}`)
    requireFamily(family)
    book.requireRoom(name, region)
    const facts = { name, family, description, arn: arnOf(region, book.kind, name), TagList: addTags([], tags) }
    const group = { region, facts, parameters }
    book.put(group)
    return show(group)
  }

  return {
    [`Create${noun}`]: async (input, { region }) => ({ [noun]: add(input, {}, region) }),
    [`Copy${noun}`]: async (input, { region }) => {
      const { facts, parameters } = requireOwn({ [nameMember]: input[`Source${noun}Identifier`] ?? '' }, region, () => invalidValue('Cannot copy a default parameter group.'))
      const { [`Target${noun}Identifier` as const]: name = '', [`Target${noun}Description` as const]: Description = '', Tags = [] } = input
      return { [noun]: add({ [nameMember]: name, Description, Tags, DBParameterGroupFamily: facts.family }, parameters, region) }
    },
    /** The one group that is asked for, or all of the region with the default of each family first. */
    [`Describe${noun}s`]: async (input, { region }) => {
      const usual = CURRENT_FAMILIES.map(family => book.require(`default.${family}`, region))
      const own = book.in(region).filter(({ facts }) => !facts.name.startsWith('default.'))
      const groups = input[nameMember] ? [find(input, region)] : [...usual, ...own]
      return listed(`${noun}s`, pageOf(filterBy(groups, input, {}), input), show)
    },
    [`Describe${of}Parameters`]: async (input, { region }) => await parametersIn(find(input, region), input),
    [`DescribeEngineDefault${of === 'DB' ? '' : 'Cluster'}Parameters`]: async (input, { region }) => {
      const { DBParameterGroupFamily: family = '' } = input
      requireFamily(family)
      return { EngineDefaults: { DBParameterGroupFamily: family, ...await parametersIn(book.require(`default.${family}`, region), input) } }
    },
    [`Modify${noun}`]: async (input, { region }) => {
      const group = requireOwn(input, region)
      const given = input.Parameters ?? []
      if (given.length > MOST_PARAMETERS) throw invalidValue(`At most ${MOST_PARAMETERS} parameters can be modified in a single request.`)
      const read = await Promise.all(given.map(async parameter => await readParameter(postgres, majorOf(group.facts.family), parameter)))
      return await change(group, { ...group.parameters, ...Object.fromEntries(read) }, read.some(([, { method }]) => method === 'pending-reboot'))
    },
    [`Reset${noun}`]: async (input, { region }) => {
      const group = requireOwn(input, region)
      const names = input.Parameters?.map(({ ParameterName: name }) => name?.toLowerCase())
      const kept = Object.entries(group.parameters).filter(([name]) => !input.ResetAllParameters && !names?.includes(name))
      return await change(group, Object.fromEntries(kept), true)
    },
    [`Delete${noun}`]: async (input, { region }) => {
      const group = requireOwn(input, region, name => new AwsError('InvalidDBParameterGroupState', `Default ${noun} cannot be deleted: ${name}`))
      if (usersOf(group).length > 0) {
        throw new AwsError('InvalidDBParameterGroupState', `One or more database instances are still members of this parameter group ${group.facts.name}, so the group cannot be deleted`)
      }
      book.delete(group)
      return {}
    }
  }
}

function requireFamily (family: string): void {
  if (!FAMILIES.includes(family)) throw invalidValue(`ParameterGroupFamily ${family} is not a valid parameter group family`)
}

async function readParameter (
  { catalogue }: RdsContext['postgres'], major: number, parameter: Rds.Parameter
): Promise<[string, ParameterValue]> {
  const name = parameter.ParameterName?.toLowerCase() ?? ''
  const value = parameter.ParameterValue ?? ''
  const method = parameter.ApplyMethod === 'pending-reboot' ? 'pending-reboot' : 'immediate'
  const setting = (await catalogue.list(major)).get(name)
  if (!setting) {
    if (!BEYOND_POSTGRESQL.test(name)) throw invalidValue(`Could not find parameter with name: ${name}`)
    return [name, { value, method, reachesServer: name.includes('.') }]
  }
  if (setting.isStatic && method === 'immediate') throw invalidCombination('cannot use immediate apply method for static parameter')
  const reachesServer = isAdjustable(name) && !FORMULA.test(value)
  const refusal = reachesServer ? await catalogue.refusalOf(major, setting.name, value) : undefined
  if (refusal) throw invalidValue(`Invalid parameter value: ${value} for: ${name} allowed values are: ${setting.allowed ?? refusal}`)
  return [name, { value, method, reachesServer }]
}

function showParameter (name: string, setting: SettingDescription | undefined, changed: ParameterValue | undefined): Rds.Parameter {
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
