import type { Logger } from 'pino'
import { ACCOUNT, AwsError, type Caller } from '../aws.js'
import type { Clock } from '../clock.js'
import type { SecretRecord, SecretRecords } from './records.js'
import { invalidRequest } from './validation.js'

/** Gives a secret that a service manages a new value. */
export type Rotator = (secret: { arn: string, tags: SecretRecord['tags'] }, caller: Caller) => Promise<void>

/** What RotateSecret and the calendar do to secrets whose owner can rotate them. */
export interface Rotation {
  rotators: Map<string, Rotator>
  /** Throws InvalidRequestException for a secret that nobody rotates, or whose owner cannot do it now. */
  rotate: (secret: SecretRecord, caller: Caller) => Promise<SecretRecord>
  /** Rotates what is due, now and every hour, until the signal is aborted. */
  keepRotating: (signal: AbortSignal) => Promise<void>
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Managed secrets rotate every seven days unless told otherwise (Aurora User Guide, "Password management"). */
export const MANAGED_ROTATION_DAYS = 7

/** When a managed secret is to be rotated next, in epoch milliseconds. */
export function nextRotation ({ rotatedAt, createdAt }: SecretRecord): number {
  return (rotatedAt ?? createdAt) + MANAGED_ROTATION_DAYS * DAY_MS
}

export function createRotation ({ records, clock, log }: { records: SecretRecords, clock: Clock, log: Pick<Logger, 'warn'> }): Rotation {
  const rotators = new Map<string, Rotator>()

  const rotate: Rotation['rotate'] = async (secret, caller) => {
    const rotator = rotators.get(secret.owner ?? '')
    if (!rotator) throw invalidRequest('No Lambda rotation function ARN is associated with this secret.')
    await rotator(secret, caller).catch((error: unknown) => {
      throw error instanceof AwsError ? invalidRequest(error.message) : error
    })
    const rotated = { ...records.find(secret.arn, secret.region), rotatedAt: clock.now() }
    records.save(rotated)
    return rotated
  }

  const rotateDue = async (): Promise<void> => {
    for (const secret of records.all().filter(each => each.deletedAt === undefined && rotators.has(each.owner ?? '') && nextRotation(each) <= clock.now())) {
      const caller = { region: secret.region, account: ACCOUNT, requestId: 'rotation' }
      await rotate(secret, caller).catch((error: unknown) => log.warn({ err: error, secret: secret.arn }, 'a secret could not be rotated'))
    }
  }

  return {
    rotators,
    rotate,
    keepRotating: async signal => {
      while (!signal.aborted) {
        await rotateDue()
        await clock.sleep(HOUR_MS, signal).catch(() => undefined)
      }
    }
  }
}
