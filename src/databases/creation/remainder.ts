import { isOfStack } from '../../aws/stack-status.js'
import type { Stack, StackEvent, Stacks } from '../../aws/stacks.js'
import { Problem } from '../../problems.js'
import type { EventLog } from '../../watching/event-log.js'
import { idOf } from '../naming.js'
import { isFailedRemainder, phases } from '../phases.js'

/**
 * Whether a stack is what is left of a create that failed, also after its removal has failed: then its events have to tell, all of them
 * (`events`, oldest first), that it never was complete. Where they do not tell, there may be data in what is left.
 */
export function isRemainder ({ status }: Pick<Stack, 'status'>, events: readonly StackEvent[]): boolean {
  if (status !== 'DELETE_FAILED') return isFailedRemainder(status)
  const ofStack = events.filter(isOfStack).map(event => event.status as Stack['status'])
  return ofStack[0] === 'CREATE_IN_PROGRESS' && ofStack.every(isBeforeComplete)
}

function isBeforeComplete (status: Stack['status']): boolean {
  const { type, operation } = phases[status] ?? {}
  return type === 'delete' || (type === 'create' && operation !== 'succeeded')
}

/** The same of a stack whose events nobody has read yet: AWS is asked for them only where they decide. */
export async function findRemainder (events: Pick<EventLog, 'of'>, stack: Stack): Promise<boolean> {
  return isRemainder(stack, stack.status === 'DELETE_FAILED' ? await events.of(stack) : [])
}

export interface RemovalOptions {
  stacks: Pick<Stacks, 'describe' | 'remove' | 'setTerminationProtection'>
  /** Resolves once a stack is deleted; false when it is not within a bounded time. */
  untilGone: (region: string, stackId: string) => Promise<boolean>
  newToken: () => string
}

/**
 * Clears away a create that failed. It holds no data, so a protection that was asked for the database does not cover it. It goes by its
 * id, which no later stack has: whoever comes second removes nothing else.
 */
export async function removeRemainder ({ stacks, untilGone, newToken }: RemovalOptions, stack: Stack): Promise<void> {
  const { region, id, name, terminationProtection } = stack
  if (terminationProtection) await stacks.setTerminationProtection(region, id, false)
  await stacks.remove(region, id, `replace-${newToken()}`)
  if (await untilGone(region, id)) return
  const now = await stacks.describe(region, id)
  if (now?.status === 'DELETE_FAILED') throw deletionFailed(idOf(region, name))
  throw new Problem('database-busy', `The remains of a failed create of ${idOf(region, name)} are being removed.`, { retryAfterSeconds: 10 })
}

/** It is not anything that a request could be answered with, and what may hold data is not replaced. */
export function deletionFailed (databaseId: string): Problem {
  const path = `/v1/databases/${databaseId}`
  return new Problem('database-exists', `The deletion of ${databaseId} has failed, and what is left of it is in the way. DELETE ${path} tries again; POST ${path}/recover can leave behind what cannot be deleted.`, {
    extensions: { databaseId }
  })
}
