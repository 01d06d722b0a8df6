import type { Principal } from '../access/keys.js'
import { AwsFailure } from '../aws/errors.js'
import { isMoving } from '../aws/stack-status.js'
import type { Stacks } from '../aws/stacks.js'
import { Problem } from '../problems.js'
import type { StackIndex } from '../watching/stack-index.js'
import type { Find, Found } from './find.js'
import { phases } from './phases.js'

export interface DeleteOptions {
  find: Find['find']
  stacks: Pick<Stacks, 'remove'>
  index: Pick<StackIndex, 'invalidate'>
  newToken: () => string
}

/**
 * Starts the deletion of a database; its template has CloudFormation take a final snapshot. Repeated while it goes on, or
 * after it is done, it changes nothing and answers the same. Throws a {@link Problem} while the database is protected or busy.
 */
export function createDelete ({ find, stacks, index, newToken }: DeleteOptions) {
  return async (principal: Principal, id: string): Promise<Found> => {
    const found = await find(principal, id)
    const { stack } = found
    const { type } = phases[stack.status]
    if (type === 'delete' && stack.status !== 'DELETE_FAILED') return found
    if (stack.terminationProtection) throw isProtected(id)
    if (isMoving(stack.status) && type !== 'create') {
      throw isBusy(id)
    }
    await startDeletion(stacks, found, `delete-${newToken()}`)
    index.invalidate(stack.region)
    return await find(principal, id)
  }
}

/** Starts the deletion of a stack, and leaves behind what is `retained`. Throws a {@link Problem} when somebody protected or changed it meanwhile. */
export async function startDeletion (stacks: Pick<Stacks, 'remove'>, { stack, database: { id } }: Found, token: string, retained: readonly string[] = []): Promise<void> {
  try {
    await stacks.remove(stack.region, stack.id, token, retained)
  } catch (error) {
    if (error instanceof AwsFailure && error.message.includes('TerminationProtection')) throw isProtected(id)
    if (error instanceof AwsFailure && /cannot be deleted while in status/.test(error.message)) throw isBusy(id)
    throw error
  }
}

function isBusy (id: string): Problem {
  return new Problem('database-busy', `${id} is being changed.`, { retryAfterSeconds: 10 })
}

function isProtected (id: string): Problem {
  return new Problem('deletion-protected', `${id} is protected from deletion.`)
}
