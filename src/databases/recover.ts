import type { Principal, Scope } from '../access/keys.js'
import { AwsFailure } from '../aws/errors.js'
import { isMoving } from '../aws/stack-status.js'
import type { Stacks, StackStatus } from '../aws/stacks.js'
import { Problem } from '../problems.js'
import { startDeletion } from './deletion/delete.js'
import type { Find, Found } from './find.js'
import { invalid } from './creation/launch.js'
import type { DatabaseStatus } from './phases.js'

/** What to give up for the sake of the rest, by logical ids: see {@link ways}. */
export interface RecoverRequest { skip?: readonly string[], retain?: readonly string[] }

/** Whether this request began the recovery, or found it begun by an earlier one like it. */
export interface Recovered extends Found { isReplay: boolean }

export interface RecoverOptions {
  find: Find['find']
  stacks: Pick<Stacks, 'continueRollback' | 'rollBack' | 'remove' | 'resourcesOf'>
  newToken: () => string
}

/** One way out of a status. */
interface Way {
  scope: Scope
  /** Which part of a request names resources, and in which status they must be; null when none can be named. */
  names: { field: keyof RecoverRequest, status: string } | null
  start: (stacks: RecoverOptions['stacks'], found: Found, token: string, named: readonly string[]) => Promise<void>
}

/** Begins every token of a recovery, by which a repeated request knows what it did before. */
const PREFIX = 'recover-'

const ways: Partial<Readonly<Record<StackStatus, Way>>> = {
  UPDATE_ROLLBACK_FAILED: {
    scope: 'databases:write',
    names: { field: 'skip', status: 'UPDATE_FAILED' },
    start: async (stacks, { stack: { region, id } }, token, named) => { await stacks.continueRollback(region, id, token, named) }
  },
  UPDATE_FAILED: {
    scope: 'databases:write',
    names: null,
    start: async (stacks, { stack: { region, id } }, token) => { await stacks.rollBack(region, id, token) }
  },
  DELETE_FAILED: {
    scope: 'databases:delete',
    names: { field: 'retain', status: 'DELETE_FAILED' },
    start: async (stacks, found, token, named) => { await startDeletion(stacks, found, token, named) }
  }
}

/**
 * Gets a database out of a status that nothing gets out of by itself: a rollback that is stuck, a change that failed and was kept, a
 * deletion that failed. Sent again after a lost answer, the request finds the recovery that it began.
 */
export function createRecover ({ find, stacks, newToken }: RecoverOptions) {
  return async (principal: Principal, id: string, request: RecoverRequest): Promise<Recovered> => {
    const found = await find(principal, id)
    const way = ways[found.stack.status]
    if (!way) return replay(found)
    if (!principal.mayUse(way.scope)) throw new Problem('forbidden', `This needs a key with the scope ${way.scope}.`)
    const named = await checkNames(stacks, found, way, request)
    try {
      await way.start(stacks, found, PREFIX + newToken(), named)
    } catch (error) {
      const now = await find(principal, id)
      // Somebody else may have been quicker, or the answer to what we did was lost.
      if (now.stack.status !== found.stack.status) return replay(now)
      if (error instanceof AwsFailure && error.kind === 'refused') throw new Problem('recovery-refused', `CloudFormation refused it: ${error.message}`, { cause: error })
      throw error
    }
    return { ...await find(principal, id), isReplay: false }
  }
}

/** The resources to give up. CloudFormation takes only those that have failed. */
async function checkNames (
  stacks: Pick<Stacks, 'resourcesOf'>, { stack, database }: Found, { names }: Way, request: RecoverRequest
): Promise<readonly string[]> {
  const strange = (['skip', 'retain'] as const).filter(field => field !== names?.field && request[field] !== undefined)
  if (strange.length > 0) throw invalid(strange.map(field => ({ path: `/${field}`, message: `does not go with a stack in ${stack.status}` })))
  if (!names) return []
  const { field, status } = names
  const named = request[field] ?? []
  if (named.length === 0 && field === 'skip') return []
  const resources = await stacks.resourcesOf(stack.region, stack.id)
  const failed = resources.filter(resource => resource.status === status).map(({ logicalId }) => logicalId)
  const list = failed.join(', ')
  if (named.length === 0) throw invalid([{ path: `/${field}`, message: `must name what to leave behind, of ${list}. To try again to delete it, send DELETE /v1/databases/${database.id}` }])
  const wrong = named.flatMap((name, at) => failed.includes(name) ? [] : [{ path: `/${field}/${at}`, message: `must be one of those that failed: ${list}` }])
  if (wrong.length > 0) throw invalid(wrong)
  return named
}

function replay (found: Found): Recovered {
  const { database: { id, status, operation }, stack } = found
  if (operation?.id.startsWith(PREFIX) && operation.status !== 'failed') return { ...found, isReplay: true }
  if (isMoving(stack.status)) throw new Problem('database-busy', `${id} is ${status}.`, { retryAfterSeconds: 10 })
  throw new Problem('recovery-refused', refusals[status]?.(`/v1/databases/${id}`) ?? `${id} is ${status} and needs no recovery.`)
}

/** Where there is another way than a recovery. */
const refusals: Partial<Readonly<Record<DatabaseStatus, (path: string) => string>>> = {
  deleted: path => `It is deleted. POST ${path}/restore brings it back.`,
  failed: path => `What failed cannot be taken up again. Where it was the creation, or a restore, send that again; else DELETE ${path}, and restore it.`
}
