import type { Clock } from '../../clock.js'
import type { Collection, Store } from '../../store.js'
import type { EventRecord, ResourceRecord, StackRecord } from './records.js'

/** The records of one kind, by their stack and, in it, by a key of their own. */
export interface ByStack<T> {
  /** A stack's, in the order in which they were first put. */
  of: (stackId: string) => T[]
  get: (stackId: string, key: string) => T | undefined
  put: (item: T) => void
  delete: (item: T) => void
}

/** What the room remembers, in the store, with the ways in which it is looked up. */
export interface Records {
  stack: (id: string) => StackRecord | undefined
  /** The stack of that name that is not deleted. */
  namedStack: (region: string, name: string) => StackRecord | undefined
  /** Every stack of a region, deleted ones too, oldest first. */
  stacks: (region?: string) => StackRecord[]
  putStack: (stack: StackRecord) => void
  templates: Pick<Collection<string>, 'get' | 'put' | 'delete'>
  /** By logical id. */
  resources: ByStack<ResourceRecord>
  /** By id, oldest first. */
  events: ByStack<EventRecord>
  /** Has all that `work` writes survive a crash, or nothing of it. */
  together: (work: () => void) => void
}

const DELETED_STACKS_KEPT_MS = 90 * 24 * 3_600_000

/** Opens the collections and indexes them by stack. Stacks that were deleted 90 days ago are forgotten. */
export function openRecords (store: Pick<Store, 'collection' | 'together'>, clock: Pick<Clock, 'now'>): Records {
  const stacks = store.collection<StackRecord>('cloudformation-stacks')
  const templates = store.collection<string>('cloudformation-templates')
  const resources = groupByStack(store.collection<ResourceRecord>('cloudformation-resources'), ({ logicalId }) => logicalId)
  const events = groupByStack(store.collection<EventRecord>('cloudformation-events'), ({ id }) => id)
  const isForgotten = ({ status, deletedAt = Infinity }: StackRecord): boolean =>
    status === 'DELETE_COMPLETE' && deletedAt + DELETED_STACKS_KEPT_MS < clock.now()
  for (const { id, definition, previous } of [...stacks.values()].filter(isForgotten)) {
    for (const event of events.of(id)) events.delete(event)
    for (const resource of resources.of(id)) resources.delete(resource)
    for (const { template } of [definition, previous ?? definition]) templates.delete(template)
    stacks.delete(id)
  }
  const named = new Map<string, string>()
  for (const stack of stacks.values()) if (stack.status !== 'DELETE_COMPLETE') named.set(`${stack.region}/${stack.name}`, stack.id)
  return {
    stack: id => {
      const stack = stacks.get(id)
      return stack && !isForgotten(stack) ? stack : undefined
    },
    namedStack: (region, name) => stacks.get(named.get(`${region}/${name}`) ?? ''),
    stacks: region => [...stacks.values()].filter(stack => (region === undefined || stack.region === region) && !isForgotten(stack)),
    putStack: stack => {
      stacks.put(stack.id, stack)
      const key = `${stack.region}/${stack.name}`
      if (stack.status !== 'DELETE_COMPLETE') named.set(key, stack.id)
      else if (named.get(key) === stack.id) named.delete(key)
    },
    templates,
    resources,
    events,
    together: store.together
  }
}

function groupByStack<T extends { stackId: string }> (collection: Collection<T>, keyOf: (item: T) => string): ByStack<T> {
  const groups = new Map<string, Map<string, T>>()
  const add = (item: T): void => {
    const group = groups.get(item.stackId) ?? new Map<string, T>()
    groups.set(item.stackId, group)
    group.set(keyOf(item), item)
  }
  for (const item of collection.values()) add(item)
  return {
    of: stackId => [...groups.get(stackId)?.values() ?? []],
    get: (stackId, key) => groups.get(stackId)?.get(key),
    put: item => {
      collection.put(`${item.stackId}|${keyOf(item)}`, item)
      add(item)
    },
    delete: item => {
      collection.delete(`${item.stackId}|${keyOf(item)}`)
      const group = groups.get(item.stackId)
      group?.delete(keyOf(item))
      if (group?.size === 0) groups.delete(item.stackId)
    }
  }
}
