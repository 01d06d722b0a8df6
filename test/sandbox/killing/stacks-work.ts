import { setTimeout as wait } from 'node:timers/promises'
import {
  CreateStackCommand, DeleteStackCommand, DescribeStackEventsCommand, DescribeStacksCommand, type Stack, UpdateStackCommand
} from '@aws-sdk/client-cloudformation'
import type { Random } from './random.js'
import { type Clients, unlessMissing, type Work } from './work.js'

export interface StackKind {
  prefix: string
  template: string
  /** No more stacks than this at a time. */
  most: number
  /** Numbers that a stack can be given, from `least` to `most`. */
  numbers: { least: number, most: number }
  parameters: (name: string, value: number) => Record<string, string>
  /** What is wrong with the resources of a stack that is there, or, with undefined, of one that is not. */
  inspect: (clients: Clients, name: string, stack: Stack, value: number | undefined) => Promise<string[]>
}

type Act = 'create' | 'update' | 'delete'

interface Known {
  name: string
  /** Absent while the creation was not acknowledged. */
  id?: string
  value: number
  last: Act
  pending?: { act: Act, value: number }
  /** In the hands of one of those who work at the same time. */
  isBusy: boolean
}

const STATUS_AFTER: Readonly<Record<Act, string>> = { create: 'CREATE_COMPLETE', update: 'UPDATE_COMPLETE', delete: 'DELETE_COMPLETE' }
const POLL_MS = 15
const TIMEOUT_MS = 30_000

/** Creates stacks, updates them and deletes them, each to its end. */
export function createStacksWork (random: Random, kind: StackKind): Work {
  let known: Known[] = []
  let count = 0

  const act = async (clients: Clients, stack: Known, act: Act, value: number): Promise<void> => {
    stack.isBusy = true
    stack.pending = { act, value }
    const id = await send(clients, kind, stack, act, value)
    Object.assign(stack, { id: stack.id ?? id, last: act, value, pending: undefined })
    await settle(clients, stack)
    stack.isBusy = false
  }

  const judge = async (clients: Clients, stack: Known): Promise<string[]> => {
    const { pending } = stack
    Object.assign(stack, { pending: undefined, isBusy: false })
    const found = await settle(clients, stack)
    if (!found) return stack.id === undefined ? forget(stack, []) : [`stack ${stack.name} is gone`]
    stack.id ??= found.StackId ?? ''
    const wanted = pending && wasDone(found, pending, kind)
      ? { last: pending.act, value: pending.value }
      : { last: stack.last, value: stack.value }
    Object.assign(stack, wanted)
    const isGone = stack.last === 'delete'
    const problems = [
      ...(found.StackStatus === STATUS_AFTER[stack.last] ? [] : [`stack ${stack.name} is ${found.StackStatus} (${found.StackStatusReason}) after ${stack.last}`]),
      ...await judgeEvents(clients, found),
      ...await kind.inspect(clients, stack.name, found, isGone ? undefined : stack.value)
    ]
    return isGone ? forget(stack, problems) : problems
  }

  const forget = (stack: Known, problems: string[]): string[] => {
    known = known.filter(each => each !== stack)
    return problems
  }

  return {
    step: async clients => {
      const free = known.filter(({ isBusy, last }) => !isBusy && last !== 'delete')
      const stack = random.pick(free)
      const value = random.integer(kind.numbers.least, kind.numbers.most)
      const isFull = known.filter(({ last }) => last !== 'delete').length >= kind.most
      if (isFull && !stack) await wait(POLL_MS)
      else if (!stack || (!isFull && random.chance(0.4))) {
        const made: Known = { name: `${kind.prefix}-${++count}`, value, last: 'create', isBusy: true }
        known.push(made)
        await act(clients, made, 'create', value)
      } else if (value !== stack.value && random.chance(0.6)) await act(clients, stack, 'update', value)
      else await act(clients, stack, 'delete', stack.value)
    },
    verify: async clients => (await Promise.all(known.map(async stack => await judge(clients, stack)))).flat()
  }
}

async function send (
  { stacks }: Clients,
  { template, parameters }: StackKind,
  { name }: Known,
  act: Act,
  value: number
): Promise<string | undefined> {
  const launch = {
    StackName: name,
    TemplateBody: template,
    Parameters: Object.entries(parameters(name, value)).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue }))
  }
  if (act === 'create') return (await stacks.send(new CreateStackCommand(launch))).StackId
  if (act === 'update') return (await stacks.send(new UpdateStackCommand(launch))).StackId
  await stacks.send(new DeleteStackCommand({ StackName: name }))
  return undefined
}

/** The stack when nothing happens to it any more; undefined when there is none. */
async function settle ({ stacks }: Clients, { id, name }: Known): Promise<Stack | undefined> {
  const deadlineMs = performance.now() + TIMEOUT_MS
  for (;;) {
    const stack = (await unlessMissing(stacks.send(new DescribeStacksCommand({ StackName: id ?? name }))))?.Stacks?.[0]
    if (!stack?.StackStatus?.endsWith('_IN_PROGRESS')) return stack
    if (performance.now() > deadlineMs) throw new Error(`stack ${name} stays ${stack.StackStatus}`)
    await wait(POLL_MS)
  }
}

/** Whether what was sent and not acknowledged has been taken: a stack shows the parameters that it has. */
function wasDone (found: Stack, { act, value }: { act: Act, value: number }, { parameters }: StackKind): boolean {
  if (act === 'create') return true
  if (act === 'delete') return found.StackStatus === 'DELETE_COMPLETE'
  const shown = new Map(found.Parameters?.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]))
  return Object.entries(parameters(found.StackName ?? '', value)).every(([key, text]) => shown.get(key) === text)
}

/** The newest event tells the stack's status, and none is told twice. */
async function judgeEvents ({ stacks }: Clients, { StackId, StackName, StackStatus }: Stack): Promise<string[]> {
  const { StackEvents: events = [] } = await stacks.send(new DescribeStackEventsCommand({ StackName: StackId }))
  const ids = new Set(events.map(({ EventId }) => EventId))
  return [
    ...(events[0]?.ResourceStatus === StackStatus ? [] : [`the last event of ${StackName} is ${events[0]?.ResourceStatus}, not ${StackStatus}`]),
    ...(ids.size === events.length ? [] : [`an event of ${StackName} is there twice`])
  ]
}
