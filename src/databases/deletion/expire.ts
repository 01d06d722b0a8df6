import type { Logger } from 'pino'

import type { Principal } from '../../access/keys.js'
import { AwsFailure } from '../../aws/errors.js'
import { isMoving } from '../../aws/stack-status.js'
import type { Stack } from '../../aws/stacks.js'
import type { Clock } from '../../clock.js'
import { mapLimited } from '../../concurrency.js'
import { Problem } from '../../problems.js'
import type { Remove } from './delete.js'
import { hasExpired } from '../expiry.js'
import type { Found } from '../find.js'
import { hashOf, idOf } from '../naming.js'
import { phases } from '../phases.js'
import { EXPIRES_AT_TAG, readOwnTags } from '../tags.js'

export interface ExpireOptions {
  remove: Remove
  clock: Pick<Clock, 'now'>
  log: Pick<Logger, 'info' | 'warn'>
}

/** In whose name databases are deleted that have expired. */
const service: Principal = { keyId: 'expiry', client: null, mayUse: () => true, mayEnter: () => true }

const DELETIONS_AT_A_TIME = 4

/**
 * Deletes databases that are past their `expiresAt`, as a caller would, with a final snapshot. Every replica tries, with the same
 * token, which follows from the stack and the time: CloudFormation makes one deletion of them. What a sweep says is some seconds old, so
 * each is looked at again right before. A region is worked on by one sweep at a time: nobody waits for it, and the next finds the rest.
 */
export function createExpire ({ remove, clock, log }: ExpireOptions) {
  const regionsAtWork = new Set<string>()
  const told = new Set<string>()

  const isDue = ({ status, tags }: Stack): boolean => {
    const own = readOwnTags({ tags })
    return own !== null && hasExpired(own, clock.now()) && !isMoving(status) && phases[status].type !== 'delete'
  }

  /** What stands in the way is the same at every sweep: it is said once. */
  const tellOnce = (stack: Stack, reason: string, tell: () => void): void => {
    const key = `${stack.id} ${stack.tags[EXPIRES_AT_TAG]} ${reason}`
    if (told.has(key)) return
    told.add(key)
    tell()
  }

  const expire = async (stack: Stack): Promise<void> => {
    const databaseId = idOf(stack.region, stack.name)
    const { expiresAt = '' } = readOwnTags(stack) ?? {}
    const isStill = ({ stack: now }: Found): boolean =>
      now.id === stack.id && isDue(now) && readOwnTags(now)?.expiresAt === expiresAt && !now.terminationProtection
    try {
      const found = await remove(service, databaseId, { finalSnapshot: true }, { token: `expire-${hashOf([stack.id, expiresAt])}`, isStill })
      if (phases[found.stack.status].type === 'delete') log.info({ databaseId, expiresAt }, 'a database has expired, and is being deleted')
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'token-reused') return
      if (!(error instanceof Problem) && !(error instanceof AwsFailure)) throw error
      tellOnce(stack, error.message, () => { log.warn({ err: error, databaseId, expiresAt }, 'a database has expired, and cannot be deleted yet') })
    }
  }

  /** Of the stacks of a region. */
  return async (stacks: readonly Stack[]): Promise<void> => {
    const region = stacks[0]?.region ?? ''
    if (regionsAtWork.has(region)) return
    const due = stacks.filter(isDue)
    for (const stack of due.filter(({ terminationProtection }) => terminationProtection)) {
      tellOnce(stack, 'protected', () => {
        log.warn({ databaseId: idOf(stack.region, stack.name) }, 'a database has expired, and is kept because it is protected')
      })
    }
    const free = due.filter(({ terminationProtection }) => !terminationProtection)
    regionsAtWork.add(region)
    try {
      await mapLimited(free, DELETIONS_AT_A_TIME, expire)
    } finally {
      regionsAtWork.delete(region)
    }
  }
}
