import type { Parameter, Tag } from '@aws-sdk/client-rds'
import { AwsError, type Caller } from '../aws.js'
import type { SettingDescription } from '../postgres/catalogue.js'
import { isAdjustable } from '../postgres/settings.js'
import type { RdsContext } from './context.js'
import { ENGINE_VERSIONS, FAMILIES } from './engine-versions.js'
import { arnOf, invalidCombination, invalidValue, nameIn, type ResourceKind } from './names.js'
import type { Book, ParameterGroupRecord, ParameterValue } from './records.js'
import { addTags } from './tags.js'

const CURRENT_FAMILIES = [...new Set(ENGINE_VERSIONS.map(({ family }) => family))]
const MOST_PARAMETERS = 20

/** Parameters of Aurora and of extensions, which PostgreSQL itself does not know. */
const BEYOND_POSTGRESQL = /^(rds|apg|aurora|babelfishpg|pg_stat_statements|pgaudit|auto_explain|cron|orafce|pg_hint_plan|plan_cache|ssl_)[a-z0-9_]*(\.[a-z0-9_.]+)?$/

/** A value that AWS computes from the instance's class: `LEAST({DBInstanceClassMemory/9531392},5000)`. Nothing here has a class. */
const FORMULA = /\{|^(greatest|least|sum|log)\(/i

/** What sets groups for clusters apart from groups for instances. */
export interface GroupKind {
  book: Book<ParameterGroupRecord>
  arnKind: ResourceKind
  /** As AWS calls one in its messages: `DBClusterParameterGroup`. */
  noun: string
  quota: number
  /** Has the servers of a group read it again; `isPending` when something waits for their next start. */
  apply: (group: ParameterGroupRecord, isPending: boolean) => Promise<void>
  isInUse: (group: ParameterGroupRecord) => boolean
}

export type GroupFacts = ParameterGroupRecord['facts']

/** Parameter groups of one kind. Everything throws what AWS answers. */
export interface ParameterStore {
  create: (wanted: { name: string | undefined, family: string | undefined, description: string | undefined, tags: Tag[] | undefined }, caller: Caller) => GroupFacts
  /** The one group by name or ARN, or all of the region with the default of each family first. */
  list: (nameOrArn: string | undefined, caller: Caller) => GroupFacts[]
  parameters: (nameOrArn: string | undefined, caller: Caller) => Promise<Parameter[]>
  modify: (nameOrArn: string | undefined, parameters: readonly Parameter[], caller: Caller) => Promise<GroupFacts>
  reset: (nameOrArn: string | undefined, parameters: readonly Parameter[] | 'all', caller: Caller) => Promise<GroupFacts>
  remove: (nameOrArn: string | undefined, caller: Caller) => void
}

export function createParameterStore ({ postgres }: Pick<RdsContext, 'postgres'>, kind: GroupKind): ParameterStore {
  const { book, noun } = kind
  const defaultGroup = (family: string, caller: Caller): GroupFacts => {
    const name = `default.${family}`
    return { name, family, description: `Default parameter group for ${family}`, arn: arnOf(caller, kind.arnKind, name) }
  }
  const find = (nameOrArn: string | undefined, caller: Caller): ParameterGroupRecord => {
    const name = nameIn(nameOrArn ?? '', kind.arnKind, caller)
    const usual = FAMILIES.map(family => defaultGroup(family, caller)).find(group => group.name === name)
    if (usual) return { region: caller.region, facts: usual, parameters: {}, tags: [] }
    const group = name === undefined ? undefined : book.get(caller.region, name)
    if (!group) throw new AwsError('DBParameterGroupNotFound', `${noun} not found: ${name ?? nameOrArn ?? ''}`, 404)
    return group
  }
  const requireOwn = (nameOrArn: string | undefined, caller: Caller): ParameterGroupRecord => {
    const group = find(nameOrArn, caller)
    if (group.facts.name.startsWith('default.')) throw invalidValue(`The parameter group ${group.facts.name} is a default parameter group and cannot be changed.`)
    return group
  }
  const store = async (group: ParameterGroupRecord, parameters: Record<string, ParameterValue>, isPending: boolean): Promise<GroupFacts> => {
    const changed = { ...group, parameters }
    book.put(changed)
    await kind.apply(changed, isPending)
    return group.facts
  }
  const readParameter = async (major: number, parameter: Parameter): Promise<[string, ParameterValue]> => {
    const name = parameter.ParameterName?.toLowerCase() ?? ''
    const value = parameter.ParameterValue ?? ''
    const method = parameter.ApplyMethod === 'pending-reboot' ? 'pending-reboot' : 'immediate'
    const setting = (await postgres.catalogue.list(major)).get(name)
    if (!setting) {
      if (!BEYOND_POSTGRESQL.test(name)) throw invalidValue(`Could not find parameter with name: ${name}`)
      return [name, { value, method, reachesServer: name.includes('.') }]
    }
    if (setting.isStatic && method === 'immediate') throw invalidCombination('cannot use immediate apply method for static parameter')
    const reachesServer = isAdjustable(name) && !FORMULA.test(value)
    const refusal = reachesServer ? await postgres.catalogue.refusalOf(major, setting.name, value) : undefined
    if (refusal) throw invalidValue(`Invalid parameter value: ${value} for: ${name} allowed values are: ${setting.allowed ?? refusal}`)
    return [name, { value, method, reachesServer }]
  }

  return {
    create: ({ name: given = '', family = '', description = '', tags }, caller) => {
      const name = given.toLowerCase()
      if (!/^[a-z](-?[a-z0-9])*$/.test(name) || name.length > 255) throw invalidValue(`The parameter ${noun}Name is not a valid identifier: ${name}`)
      if (!FAMILIES.includes(family)) throw invalidValue(`ParameterGroupFamily ${family} is not a valid parameter group family`)
      if (book.get(caller.region, name)) throw new AwsError('DBParameterGroupAlreadyExists', `Parameter group ${name} already exists`)
      if (book.in(caller.region).length >= kind.quota) throw new AwsError('DBParameterGroupQuotaExceeded', 'The request would result in the user exceeding the allowed number of DB parameter groups.')
      const facts = { name, family, description, arn: arnOf(caller, kind.arnKind, name) }
      book.put({ region: caller.region, facts, parameters: {}, tags: addTags([], tags) })
      return facts
    },
    list: (nameOrArn, caller) => {
      if (nameOrArn) return [find(nameOrArn, caller).facts]
      return [...CURRENT_FAMILIES.map(family => defaultGroup(family, caller)), ...book.in(caller.region).map(({ facts }) => facts)]
    },
    parameters: async (nameOrArn, caller) => {
      const { facts, parameters } = find(nameOrArn, caller)
      const settings = await postgres.catalogue.list(majorOf(facts.family))
      const names = [...new Set([...settings.keys(), ...Object.keys(parameters)])].sort()
      return names.map(name => showParameter(name, settings.get(name), parameters[name]))
    },
    modify: async (nameOrArn, given, caller) => {
      const group = requireOwn(nameOrArn, caller)
      if (given.length > MOST_PARAMETERS) throw invalidValue(`At most ${MOST_PARAMETERS} parameters can be modified in a single request.`)
      const read = await Promise.all(given.map(async parameter => await readParameter(majorOf(group.facts.family), parameter)))
      return await store(group, { ...group.parameters, ...Object.fromEntries(read) }, read.some(([, { method }]) => method === 'pending-reboot'))
    },
    reset: async (nameOrArn, given, caller) => {
      const group = requireOwn(nameOrArn, caller)
      const names = given === 'all' ? Object.keys(group.parameters) : given.map(({ ParameterName }) => ParameterName?.toLowerCase() ?? '')
      return await store(group, Object.fromEntries(Object.entries(group.parameters).filter(([name]) => !names.includes(name))), true)
    },
    remove: (nameOrArn, caller) => {
      const group = requireOwn(nameOrArn, caller)
      if (kind.isInUse(group)) throw new AwsError('InvalidDBParameterGroupState', 'One or more database instances are still members of this parameter group, so the group cannot be deleted')
      book.delete(group)
    }
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
