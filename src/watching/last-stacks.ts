import type { Stack } from '../aws/stacks.js'

/** Which stack had a name last, of those that were seen living: once it is deleted, AWS finds it by its id only. */
export interface LastStacks {
  note: (stack: Pick<Stack, 'region' | 'name' | 'id'>) => void
  idOf: (region: string, name: string) => string | null
}

/** Of how many names it is remembered. An account has 2,000 stacks in a region, if it has not asked for more. */
const MOST_NAMES = 20_000

export function createLastStacks (): LastStacks {
  const ids = new Map<string, string>()
  const keyOf = (region: string, name: string): string => `${region} ${name}`
  return {
    note: ({ region, name, id }) => {
      const key = keyOf(region, name)
      ids.delete(key)
      ids.set(key, id)
      const [oldest] = ids.keys()
      if (ids.size > MOST_NAMES && oldest !== undefined) ids.delete(oldest)
    },
    idOf: (region, name) => ids.get(keyOf(region, name)) ?? null
  }
}
