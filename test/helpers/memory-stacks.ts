import { AwsFailure } from '../../src/aws/errors.js'
import type { Launch, Stack, StackEvent, Stacks, StackStatus } from '../../src/aws/stacks.js'
import { clusterNameOf } from '../../src/databases/running.js'
import { stackIdOf } from './facts.js'

interface Kept { stack: Stack, events: StackEvent[], token: string }

/** CloudFormation as far as the domain sees it, moved on by the test. */
export interface MemoryStacks extends Stacks {
  /** Every call, in order, such as `create eu-west-1 acme-main-dev-abcdefgh`. */
  calls: string[]
  launches: Launch[]
  /** Stacks that import an export, by its name. */
  importers: Map<string, string[]>
  /** Has the next call of an operation fail. */
  failNext: (operation: keyof Stacks, error: Error) => void
  /** Runs before the next call of an operation is answered. */
  beforeNext: (operation: keyof Stacks, act: () => void) => void
  add: (stack: Stack) => void
  find: (name: string) => Stack
  /** Whether a living stack has a cluster of that name. */
  hasCluster: (name: string) => boolean
  /** Moves a stack on: its status, an event that says so, and what else is given. A token begins another operation. */
  advance: (name: string, status: StackStatus, facts?: Partial<Stack> & { reason?: string, token?: string }) => void
  /** An event of a resource. */
  emit: (name: string, logicalId: string, status: string, reason?: string) => void
}

/** ARN of the secret that every stack in memory has made. */
export const secretArnOf = (region: string): string => `arn:aws:secretsmanager:${region}:000000000000:secret:MasterSecret-abcdef`

export function createMemoryStacks (now: () => number): MemoryStacks {
  const kept: Kept[] = []
  const calls: string[] = []
  const launches: Launch[] = []
  const before: Array<{ operation: keyof Stacks, act: () => void }> = []
  let made = 0

  const call = (operation: keyof Stacks, region: string, name = ''): void => {
    calls.push(`${operation} ${region} ${name}`.trim())
    const at = before.findIndex(each => each.operation === operation)
    if (at >= 0) before.splice(at, 1)[0]?.act()
  }
  const isLive = ({ stack }: Kept): boolean => stack.status !== 'DELETE_COMPLETE'
  const search = (region: string, nameOrId: string): Kept | undefined =>
    kept.find(each => each.stack.region === region && (each.stack.id === nameOrId || (each.stack.name === nameOrId && isLive(each))))
  const named = (name: string): Kept => {
    const found = kept.findLast(({ stack }) => stack.name === name)
    if (!found) throw new Error(`no stack ${name}`)
    return found
  }
  const tell = (each: Kept, event: Pick<StackEvent, 'logicalId' | 'physicalId' | 'type' | 'status' | 'reason'>): void => {
    each.events.push({ id: `event-${each.events.length + 1}-${each.stack.name}`, at: new Date(now()), token: each.token, operationId: null, ...event })
  }
  const tellOfStack = (each: Kept, status: StackStatus, reason: string | null): void =>
    tell(each, { logicalId: each.stack.name, physicalId: each.stack.id, type: 'AWS::CloudFormation::Stack', status, reason })

  const latestOf = (region: string, stackId: string, logicalId: string): { status: string, reason: string | null } => {
    const { status = 'CREATE_COMPLETE', reason = null } = search(region, stackId)?.events.findLast(event => event.logicalId === logicalId) ?? {}
    return { status, reason }
  }
  const goBack = (each: Kept | undefined, token: string, from: StackStatus): void => {
    if (each?.stack.status !== from) throw new AwsFailure('refused', 'ValidationError', `Stack [${each?.stack.name}] is in ${each?.stack.status} state.`)
    each.token = token
    each.stack = { ...each.stack, status: 'UPDATE_ROLLBACK_IN_PROGRESS', statusReason: 'User Initiated' }
    tellOfStack(each, 'UPDATE_ROLLBACK_IN_PROGRESS', 'User Initiated')
  }

  const importers = new Map<string, string[]>()

  return {
    calls,
    launches,
    importers,
    failNext: (operation, error) => { before.push({ operation, act: () => { throw error } }) },
    beforeNext: (operation, act) => { before.push({ operation, act }) },
    add: stack => { kept.push({ stack, events: [], token: 'by-hand' }) },
    find: name => named(name).stack,
    hasCluster: name => kept.some(each => isLive(each) && clusterNameOf(each.stack) === name),
    advance: (name, status, { reason, token, ...facts } = {}) => {
      const each = named(name)
      each.token = token ?? each.token
      each.stack = { ...each.stack, ...facts, status, statusReason: reason ?? null }
      tellOfStack(each, status, reason ?? null)
    },
    emit: (name, logicalId, status, reason) => {
      tell(named(name), { logicalId, physicalId: null, type: 'AWS::RDS::DBCluster', status, reason: reason ?? null })
    },

    describe: async (region, nameOrId) => {
      call('describe', region, nameOrId)
      return search(region, nameOrId)?.stack ?? null
    },
    listDeleted: async region => {
      call('listDeleted', region)
      const deleted = kept.filter(each => each.stack.region === region && !isLive(each))
      return deleted.map(({ stack: { id, name, deletedAt } }) => ({ id, name, deletedAt: deletedAt ?? new Date(now()) }))
    },
    list: async region => {
      call('list', region)
      return kept.filter(each => each.stack.region === region && isLive(each)).map(({ stack }) => stack)
    },
    eventsAfter: async (region, stackId, lastSeenId) => {
      call('eventsAfter', region, stackId)
      const { events = [] } = search(region, stackId) ?? {}
      return events.slice(events.findIndex(({ id }) => id === lastSeenId) + 1)
    },
    create: async (region, launch) => {
      call('create', region, launch.stackName)
      launches.push(launch)
      if (search(region, launch.stackName)) throw new AwsFailure('already-exists', 'AlreadyExistsException', `Stack [${launch.stackName}] already exists`)
      made++
      const { stackName: name, parameters, tags, terminationProtection, token } = launch
      const id = stackIdOf(region, name, `stack-${made}`)
      const stack: Stack = {
        id,
        name,
        region,
        status: 'CREATE_IN_PROGRESS',
        statusReason: null,
        parameters,
        outputs: {},
        exports: [],
        tags,
        terminationProtection,
        createdAt: new Date(now()),
        updatedAt: null,
        deletedAt: null,
        operationId: null
      }
      const each = { stack, events: [], token }
      kept.push(each)
      tellOfStack(each, 'CREATE_IN_PROGRESS', 'User Initiated')
      return id
    },
    remove: async (region, stackId, token, retained = []) => {
      call('remove', region, [stackId, ...retained].join(' '))
      const each = search(region, stackId)
      if (!each) return
      if (each.stack.terminationProtection) {
        throw new AwsFailure('refused', 'ValidationError', `Stack [${each.stack.name}] cannot be deleted while TerminationProtection is enabled`)
      }
      each.token = token
      each.stack = { ...each.stack, status: 'DELETE_IN_PROGRESS', outputs: {}, deletedAt: new Date(now()) }
      tellOfStack(each, 'DELETE_IN_PROGRESS', 'User Initiated')
    },
    templateOf: async (region, stackId) => {
      call('templateOf', region, stackId)
      return launches.findLast(({ stackName }) => stackName === search(region, stackId)?.stack.name)?.templateBody ?? ''
    },
    importersOf: async (region, exportName) => {
      call('importersOf', region, exportName)
      return importers.get(exportName) ?? []
    },
    continueRollback: async (region, stackId, token, skipped) => {
      call('continueRollback', region, [stackId, ...skipped].join(' '))
      goBack(search(region, stackId), token, 'UPDATE_ROLLBACK_FAILED')
    },
    rollBack: async (region, stackId, token) => {
      call('rollBack', region, stackId)
      goBack(search(region, stackId), token, 'UPDATE_FAILED')
    },
    setTerminationProtection: async (region, stackId, enabled) => {
      call('setTerminationProtection', region, stackId)
      const each = search(region, stackId)
      if (each) each.stack = { ...each.stack, terminationProtection: enabled }
    },
    resourcesOf: async (region, stackId) => {
      call('resourcesOf', region, stackId)
      const name = search(region, stackId)?.stack.name ?? ''
      return [
        { logicalId: 'AuroraCluster', physicalId: name, type: 'AWS::RDS::DBCluster', ...latestOf(region, stackId, 'AuroraCluster') },
        { logicalId: 'MasterSecret', physicalId: secretArnOf(region), type: 'AWS::SecretsManager::Secret', ...latestOf(region, stackId, 'MasterSecret') }
      ]
    }
  }
}
