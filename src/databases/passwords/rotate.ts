import type { Logger } from 'pino'

import type { Principal } from '../../access/keys.js'
import { PENDING, type MasterPasswords } from '../../aws/master-passwords.js'
import { isMoving } from '../../aws/stack-status.js'
import type { Stacks } from '../../aws/stacks.js'
import type { Clock } from '../../clock.js'
import { Problem } from '../../problems.js'
import type { Find, Found } from '../find.js'
import { hashOf } from '../naming.js'
import { clusterMissing, orProblem } from '../intact.js'
import { assertRunning } from '../running.js'
import { createAttempt } from './attempt.js'
import { createHandover } from './handover.js'
import { look, type Holder, type Seen } from './versions.js'

export interface RotateOptions {
  find: Find['find']
  stacks: Pick<Stacks, 'describe' | 'resourcesOf'>
  passwords: MasterPasswords
  clock: Clock
  /** A password at random, of the characters that RDS and PostgreSQL's connection strings take as they are. */
  newPassword: () => string
  log: Pick<Logger, 'error'>
}

/** What became of the wish for a new password. The password itself is in the secret alone. */
export interface Rotation {
  databaseId: string
  status: 'rotated' | 'rotating'
  secretArn: string
  /** The version of the secret that has the new password; null while RDS, which manages it, has not made one. */
  versionId: string | null
}

/** Labels of ours in a secret begin so: each names a request that its version was made for. */
const REQUEST_LABEL = 'aurora-databases:request:'

/**
 * Gives master users new passwords. Secrets Manager is the store of how far that is: the new password is there, as a pending
 * version, before the cluster hears of it, and becomes the current one when the cluster has it. So it can be repeated from anywhere.
 */
export function createRotate (options: RotateOptions) {
  const { find, stacks, passwords, clock, log } = options
  const handover = createHandover(options)
  const attempt = createAttempt(options)

  /** The database's cluster and its own secret. Throws a {@link Problem} when its password is not ours to change. */
  const holderOf = async ({ stack, database }: Found): Promise<Holder> => {
    const { clusterArn, secretArn } = database.outputs ?? {}
    if (database.status !== 'available' || isMoving(stack.status) || !clusterArn) {
      throw isMoving(stack.status)
        ? new Problem('database-busy', `${database.id} is ${database.status}.`, { retryAfterSeconds: 10 })
        : new Problem('database-not-ready', `${database.id} is ${database.status}.`, { extensions: { databaseStatus: database.status } })
    }
    const askState = async () => await passwords.stateOf(stack.region, clusterArn)
    const { managed, status } = await orProblem(askState, () => clusterMissing(database.id))
    assertRunning(database.id, status)
    if (managed) return { id: database.id, region: stack.region, clusterArn, secretArn: managed.secretArn, isManaged: true }
    const own = (await stacks.resourcesOf(stack.region, stack.id)).filter(({ type }) => type === 'AWS::SecretsManager::Secret')
    if (!secretArn || !own.some(({ physicalId }) => physicalId === secretArn)) {
      throw new Problem('rotation-refused', `The password of ${database.id} is in ${stack.parameters.DBMaster || 'a secret'}, which its stack did not make: other databases may use it too. Change it there, then in the cluster.`)
    }
    return { id: database.id, region: stack.region, clusterArn, secretArn, isManaged: false }
  }

  /** Puts the new password beside the current one, or finds the one that is on its way; answers its version. */
  const begin = async (holder: Holder, label: string | null): Promise<{ versionId: string, isReplay: boolean }> => {
    const seen = await look(passwords, holder)
    const before = label === null ? undefined : seen.labelled(label)
    if (before !== undefined && before !== seen.pending) return { versionId: before, isReplay: true }
    if (!seen.pending) await forgetOldRequests(holder, seen)
    const { versionId, isOurs } = await attempt.propose(holder, label === null ? [PENDING] : [PENDING, label])
    // Of requests that meet, those that come second name themselves afterwards.
    if (label !== null && !isOurs && before === undefined) await passwords.move(holder.region, holder.secretArn, label, null, versionId)
    return { versionId, isReplay: false }
  }

  /** A version with a label is kept for ever, and there is room for about a hundred: those before the last two can go. */
  const forgetOldRequests = async ({ region, secretArn }: Holder, { stages }: Seen): Promise<void> => {
    for (const [versionId, labels] of stages) {
      if (!labels.every(label => label.startsWith(REQUEST_LABEL))) continue
      for (const label of labels) await passwords.move(region, secretArn, label, versionId, null)
    }
  }

  /** Whether the work ends within the time. It goes on when it does not. */
  const endsWithin = async (seconds: number, signal: AbortSignal, work: Promise<unknown>): Promise<boolean> => {
    const done = new AbortController()
    const late = clock.sleep(seconds * 1000, AbortSignal.any([signal, done.signal])).then(() => false)
    try {
      return await Promise.race([work.then(() => true), late])
    } finally {
      done.abort()
    }
  }

  /**
   * Rotates the password of a database, and waits for it at most `waitSeconds`. The same `idempotencyKey` finds the password that
   * it made, for as long as that is the current one or the one before. Throws a {@link Problem} when it is not possible.
   */
  const rotate = async (
    principal: Principal, id: string, idempotencyKey: string | null, waitSeconds: number, signal: AbortSignal
  ): Promise<{ rotation: Rotation, isReplay: boolean }> => {
    const holder = await holderOf(await find(principal, id))
    const label = idempotencyKey === null ? null : REQUEST_LABEL + hashOf([principal.client ?? '*', idempotencyKey])
    const begun = holder.isManaged ? null : await begin(holder, label)
    const answer = (status: Rotation['status'], versionId: string | null, isReplay = false) =>
      ({ rotation: { databaseId: id, status, secretArn: holder.secretArn, versionId }, isReplay })
    if (begun?.isReplay) return answer('rotated', begun.versionId, true)

    const work = holder.isManaged ? handover.rotateManaged(holder) : handover.finish(holder)
    let isWatched = true
    work.catch((error: unknown) => { if (!isWatched) log.error({ err: error, databaseId: id }, 'a rotation did not end; sent again, it goes on') })
    const isDone = await endsWithin(waitSeconds, signal, work)
    isWatched = isDone
    return isDone ? answer('rotated', await work ?? begun?.versionId ?? null) : answer('rotating', begun?.versionId ?? null)
  }

  return { rotate, finish: handover.finish }
}
