import type { RotationRulesType } from '@aws-sdk/client-secrets-manager'
import type { Logger } from 'pino'
import { ACCOUNT, AwsError, type Caller } from '../aws.js'
import { type Clock, createRepetition } from '../clock.js'
import type { SecretRecord, SecretRecords } from './records.js'
import { checkRules, nextTime } from './schedule.js'
import { invalidRequest } from './validation.js'

/** Gives a secret that a service manages a new value. */
export type Rotator = (secretArn: string, caller: Caller) => Promise<void>

const HOUR_MS = 3_600_000

/** Managed secrets rotate every seven days unless told otherwise (Aurora User Guide, "Password management"). */
export function rotationRulesOf ({ rotationRules }: SecretRecord): RotationRulesType {
  return rotationRules ?? { AutomaticallyAfterDays: 7 }
}

/** When a managed secret is to be rotated next, in epoch milliseconds; undefined: its rotation is cancelled. What a calendar names counts from when it was set. */
export function nextRotation (secret: SecretRecord): number | undefined {
  const { isRotationCancelled, rotatedAt = secret.createdAt, scheduledAt = 0 } = secret
  const rules = rotationRulesOf(secret)
  const from = rules.ScheduleExpression?.startsWith('cron') ? Math.max(rotatedAt, scheduledAt) : rotatedAt
  return isRotationCancelled ? undefined : nextTime(rules, from)
}

/** What RotateSecret and the calendar do to secrets whose owner can rotate them. */
export type Rotation = ReturnType<typeof createRotation>

export function createRotation ({ records, clock, log }: { records: SecretRecords, clock: Clock, log: Pick<Logger, 'warn'> }) {
  const rotators = new Map<string, Rotator>()

  const rotatorOf = ({ owner = '' }: SecretRecord): Rotator => {
    const rotator = rotators.get(owner)
    if (!rotator) throw invalidRequest('No Lambda rotation function ARN is associated with this secret.')
    return rotator
  }

  /** Throws InvalidRequestException for a secret that nobody rotates, or whose owner cannot do it now. */
  const rotate = async (secret: SecretRecord, caller: Caller): Promise<SecretRecord> => {
    await rotatorOf(secret)(secret.arn, caller).catch((error: unknown) => {
      throw error instanceof AwsError ? invalidRequest(error.message) : error
    })
    return records.save(records.find(secret.arn, secret.region), { rotatedAt: clock.now() })
  }

  const rotateDue = async (): Promise<void> => {
    for (const secret of records.all().filter(each => each.deletedAt === undefined && rotators.has(each.owner ?? '') && (nextRotation(each) ?? Infinity) <= clock.now())) {
      const caller = { region: secret.region, account: ACCOUNT, requestId: 'rotation' }
      await rotate(secret, caller).catch((error: unknown) => log.warn({ err: error, secret: secret.arn }, 'a secret could not be rotated'))
    }
  }

  return {
    rotators,
    rotate,
    /** Sets when it is to be rotated, where that is given, and that it is to be. Throws for what `rotate` throws, and for rules it cannot follow. */
    schedule: (secret: SecretRecord, rules: RotationRulesType | undefined): SecretRecord => {
      rotatorOf(secret)
      if (rules) checkRules(rules, clock.now())
      return records.save(secret, { ...rules && { rotationRules: rules, scheduledAt: clock.now() }, isRotationCancelled: undefined })
    },
    /** Rotates what is due, at the start and every hour. */
    ...createRepetition(clock, rotateDue, () => HOUR_MS)
  }
}
