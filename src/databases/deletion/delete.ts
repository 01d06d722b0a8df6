import type { Logger } from 'pino'

import type { Principal } from '../../access/keys.js'
import { AwsFailure } from '../../aws/errors.js'
import { isMoving } from '../../aws/stack-status.js'
import type { Stack, Stacks } from '../../aws/stacks.js'
import { Problem } from '../../problems.js'
import type { Database } from '../database.js'
import type { Find, Found } from '../find.js'
import { isSwitch, type FinalSnapshot } from './final-snapshot.js'
import type { FindImporters } from './importers.js'
import { phases } from '../phases.js'
import { isRemainder } from '../creation/remainder.js'

export interface DeleteOptions {
  find: Find['find']
  stacks: Pick<Stacks, 'remove'>
  importers: FindImporters
  finalSnapshot: FinalSnapshot
  /** Whether callers may do without a final snapshot. */
  finalSnapshots: 'always' | 'optional'
  /** Starts the cluster of a stack if it is stopped; false when it does not run within a bounded time. */
  untilRunning: (stack: Stack) => Promise<boolean>
  /** The database once its operation has settled, or as it is after a bounded time. */
  untilSettled: (principal: Principal, id: string) => Promise<Found>
  log: Pick<Logger, 'warn'>
  newToken: () => string
}

export interface DeleteRequest {
  finalSnapshot: boolean
  precondition?: Precondition
}

/** What a database must still be, for whoever asks. */
export interface Precondition {
  /** Throws when the database is not as it was seen. */
  assert: (database: Database) => void
  /** The same for the same condition; empty for none. */
  name: string
}

/** A deletion that nobody asked for by a request. */
export interface Unasked {
  /** Who tries again, or elsewhere, has the same one. */
  token: string
  /** Whether the database, looked at right before, is still one to delete; nothing happens when it is not. */
  isStill: (found: Found) => boolean
}

export type Remove = ReturnType<typeof createDelete>

/**
 * Starts the deletion of a database, after a final snapshot unless the request and the configuration say otherwise. Repeated while it
 * goes on, or after it is done, it changes nothing and answers the same; repeated after a crash, it goes on from what it finds. Throws
 * a {@link Problem} while the database is protected or busy, and when something stands in the way that CloudFormation would stop at.
 */
export function createDelete (options: DeleteOptions) {
  const { find, stacks, newToken } = options

  /** The database, once what a deletion that was not finished has begun with it is over. */
  const findSettled = async (principal: Principal, id: string): Promise<Found> => {
    const found = await find(principal, id)
    const { stack, database } = found
    return isMoving(stack.status) && isSwitch(database.operation) ? await options.untilSettled(principal, id) : found
  }

  return async (principal: Principal, id: string, request: DeleteRequest, unasked?: Unasked): Promise<Found> => {
    const found = await findSettled(principal, id)
    if (unasked && !unasked.isStill(found)) return found
    const { stack } = found
    const { type } = phases[stack.status]
    if (type === 'delete' && stack.status !== 'DELETE_FAILED') return found
    // A switch that was held against the same has begun this, and is what has changed since.
    if (!isSwitch(found.database.operation, request.precondition?.name)) request.precondition?.assert(found.database)
    if (!request.finalSnapshot && options.finalSnapshots === 'always') {
      throw new Problem('final-snapshot-required', 'This service deletes no database without a final snapshot: FINAL_SNAPSHOTS is not optional here.')
    }
    if (stack.terminationProtection) throw isProtected(id)
    if (isMoving(stack.status) && type !== 'create') throw isBusy(id)
    const isMade = !isMoving(stack.status) && !isRemainder(stack, found.events) && stack.status !== 'REVIEW_IN_PROGRESS'
    if (isMade) await prepareDeletion(options, principal, found, request)
    await startDeletion(stacks, found, unasked?.token ?? `delete-${newToken()}`)
    return await find(principal, id)
  }
}

/** Gets out of the way what CloudFormation would stop at minutes later, or refuses. */
async function prepareDeletion (options: DeleteOptions, principal: Principal, found: Found, request: DeleteRequest): Promise<void> {
  const { finalSnapshot: wanted, precondition } = request
  const { stack, database: { id, status } } = found
  const importers = await options.importers(stack)
  if (importers.length > 0) {
    throw new Problem('exports-in-use', `${id} exports what ${importers.join(' and ')} import${importers.length > 1 ? '' : 's'}. Delete or change ${importers.length > 1 ? 'those stacks' : 'that stack'} first.`, { extensions: { importers } })
  }
  if (!await options.untilRunning(stack)) {
    throw new Problem('database-busy', `${id} was stopped and is being started: AWS deletes nothing that is stopped. Send the request again.`, { retryAfterSeconds: 30 })
  }
  if (await options.finalSnapshot.isTaken(stack) === wanted) return
  if (status !== 'available') throw cannotSwitch(id, status, wanted)
  await options.finalSnapshot.startSwitch(stack, wanted, precondition?.name)
  const settled = await options.untilSettled(principal, id)
  if (isMoving(settled.stack.status)) throw isBusy(id)
  if (await options.finalSnapshot.isTaken(settled.stack) !== wanted) {
    throw new Problem('final-snapshot-required', `CloudFormation did not switch the final snapshot of ${id}: ${settled.database.operation?.reason ?? 'it does not say why'}`)
  }
}

/** CloudFormation changes no stack that is in trouble, and how it deletes one is part of it. */
function cannotSwitch (id: string, status: string, wanted: boolean): Problem {
  return new Problem('final-snapshot-required', wanted
    ? `${id} is ${status}, and its deletion was begun with finalSnapshot=false, which cannot be changed now. Send it again like that, or take a snapshot first (POST /v1/databases/${id}/snapshots).`
    : `${id} is ${status}, and that a final snapshot is taken cannot be changed now. Delete it with one, and remove the snapshot afterwards.`)
}

/** Starts the deletion of a stack, and leaves behind what is `retained`. Throws a {@link Problem} when somebody protected or changed it meanwhile. */
export async function startDeletion (
  stacks: Pick<Stacks, 'remove'>, { stack, database: { id } }: Found, token: string, retained: readonly string[] = []
): Promise<void> {
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
  return new Problem('deletion-protected', `${id} is protected from deletion. PATCH /v1/databases/${id} with {"deletionProtection":false} takes that off.`)
}
