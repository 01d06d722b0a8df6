import type { Principal } from '../access/keys.js'
import { sees } from '../access/tenancy.js'
import type { Clock } from '../clock.js'
import type { Target } from '../databases/access.js'
import type { Databases } from '../databases/databases.js'
import { Problem } from '../problems.js'
import type { Call } from './calls/call.js'

/** Where statements go. */
export interface Targets {
  /** Where the database of a call is; `databaseName`, where one is given, is another of its cluster. */
  targetOf: (call: Pick<Call, 'id'> & { caller: Principal }, databaseName?: string | null) => Promise<Target>
  /** Has AWS asked again for the next statement. */
  forget: (id: string) => void
}

/** How long a target is good for. It hardly ever changes, and a statement that misses it has no effect. */
const KEEP_MS = 30_000

const MOST_KEPT = 10_000

/** Remembers where databases are: asking CloudFormation before each statement would be slow, and soon be throttled. */
export function createTargets (databases: Pick<Databases, 'targetOf'>, clock: Pick<Clock, 'now'>): Targets {
  const kept = new Map<string, { target: Target, until: number }>()
  const find = async (principal: Principal, id: string): Promise<Target> => {
    const known = kept.get(id)
    if (known && known.until > clock.now()) {
      if (sees(principal, known.target)) return known.target
      throw new Problem('not-found', `There is no database ${id}.`)
    }
    const target = await databases.targetOf(principal, id)
    const [oldest] = kept.keys()
    if (oldest !== undefined && kept.size >= MOST_KEPT) kept.delete(oldest)
    kept.delete(id)
    kept.set(id, { target, until: clock.now() + KEEP_MS })
    return target
  }
  return {
    targetOf: async ({ caller, id }, databaseName = null) => {
      const target = await find(caller, id)
      return databaseName === null ? target : { ...target, databaseName }
    },
    forget: id => { kept.delete(id) }
  }
}
