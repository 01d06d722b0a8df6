import type { ChangeSet, ChangeSets, ResourceChange, Update } from '../../src/aws/change-sets.js'

/** Change sets in memory, computed at once; what a test puts in `answer` is what each is said to be. */
export interface MemoryChangeSets extends ChangeSets {
  /** Every call, in order, such as `create change-abc`; names are numbered by their first mention. */
  calls: string[]
  sets: Map<string, { update: Update, createdAt: Date }>
  answer: ChangeSet
}

export const scaling: ResourceChange = { logicalId: 'AuroraCluster', type: 'AWS::RDS::DBCluster', action: 'modify', replacement: 'never', changedProperties: ['ServerlessV2ScalingConfiguration'] }

export function createMemoryChangeSets (now: () => number = Date.now): MemoryChangeSets {
  const names: string[] = []
  const nameOf = (name: string): string => {
    if (!names.includes(name)) names.push(name)
    return `#${names.indexOf(name) + 1}`
  }
  const memory: MemoryChangeSets = {
    calls: [],
    sets: new Map(),
    answer: { status: 'ready', changes: [scaling] },
    create: async (_region, _stackId, update) => {
      memory.calls.push(`create ${nameOf(update.name)}`)
      memory.sets.set(update.name, { update, createdAt: new Date(now()) })
    },
    describe: async (_region, _stackId, name) => {
      memory.calls.push(`describe ${nameOf(name)}`)
      return memory.answer
    },
    execute: async (_region, _stackId, name) => { memory.calls.push(`execute ${nameOf(name)}`) },
    remove: async (_region, _stackId, name) => {
      memory.calls.push(`remove ${nameOf(name)}`)
      memory.sets.delete(name)
    },
    list: async () => [...memory.sets].map(([name, { createdAt }]) => ({ name, createdAt }))
  }
  return memory
}
