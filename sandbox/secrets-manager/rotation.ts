import type { RotationRulesType } from '@aws-sdk/client-secrets-manager'
import type { Logger } from 'pino'
import { ACCOUNT, AwsError, type Caller } from '../aws.js'
import type { Clock } from '../clock.js'
import type { SecretRecord, SecretRecords } from './records.js'
import { invalidParameter, invalidRequest } from './validation.js'

/** Gives a secret that a service manages a new value. */
export type Rotator = (secretArn: string, caller: Caller) => Promise<void>

/** What RotateSecret and the calendar do to secrets whose owner can rotate them. */
export interface Rotation {
  rotators: Map<string, Rotator>
  /** Sets when it is to be rotated, where that is given, and that it is to be. Throws for what `rotate` throws, and for rules it cannot follow. */
  schedule: (secret: SecretRecord, rules: RotationRulesType | undefined) => SecretRecord
  /** Throws InvalidRequestException for a secret that nobody rotates, or whose owner cannot do it now. */
  rotate: (secret: SecretRecord, caller: Caller) => Promise<SecretRecord>
  /** Rotates what is due, now and every hour, until the signal is aborted. */
  keepRotating: (signal: AbortSignal) => Promise<void>
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000

/** Managed secrets rotate every seven days unless told otherwise (Aurora User Guide, "Password management"). */
const EVERY_SEVEN_DAYS: RotationRulesType = { AutomaticallyAfterDays: 7 }

export function rotationRulesOf ({ rotationRules }: SecretRecord): RotationRulesType {
  return rotationRules ?? EVERY_SEVEN_DAYS
}

/** When a managed secret is to be rotated next, in epoch milliseconds; undefined: its rotation is cancelled. */
export function nextRotation (secret: SecretRecord): number | undefined {
  return secret.isRotationCancelled ? undefined : (secret.rotatedAt ?? secret.createdAt) + intervalMs(rotationRulesOf(secret))
}

/** How often; throws AWS's refusal of rules that are out of range, and ours of a calendar. */
function intervalMs ({ AutomaticallyAfterDays: days, ScheduleExpression: expression }: RotationRulesType): number {
  if (days !== undefined && expression !== undefined) throw invalidParameter('You can set AutomaticallyAfterDays or ScheduleExpression, but not both.')
  if (expression === undefined) return within(days ?? 7, DAY_MS)
  const [, count, unit] = /^rate\((\d+) (day|hour)s?\)$/.exec(expression) ?? []
  if (count === undefined) throw invalidParameter(`The sandbox rotates at a rate of days or hours, such as rate(10 days), and not by ${expression.slice(0, 256)}.`)
  return within(Number(count), unit === 'hour' ? HOUR_MS : DAY_MS)
}

function within (count: number, unitMs: number): number {
  const ms = count * unitMs
  if (ms < 4 * HOUR_MS || ms > 1000 * DAY_MS) throw invalidParameter('A secret is rotated every four hours at most and every 1000 days at least.')
  return ms
}

export function createRotation ({ records, clock, log }: { records: SecretRecords, clock: Clock, log: Pick<Logger, 'warn'> }): Rotation {
  const rotators = new Map<string, Rotator>()

  const rotatorOf = ({ owner = '' }: SecretRecord): Rotator => {
    const rotator = rotators.get(owner)
    if (!rotator) throw invalidRequest('No Lambda rotation function ARN is associated with this secret.')
    return rotator
  }

  const schedule: Rotation['schedule'] = (secret, rules) => {
    rotatorOf(secret)
    if (rules) intervalMs(rules)
    const scheduled = { ...secret, rotationRules: rules ?? secret.rotationRules, isRotationCancelled: undefined }
    records.save(scheduled)
    return scheduled
  }

  const rotate: Rotation['rotate'] = async (secret, caller) => {
    await rotatorOf(secret)(secret.arn, caller).catch((error: unknown) => {
      throw error instanceof AwsError ? invalidRequest(error.message) : error
    })
    const rotated = { ...records.find(secret.arn, secret.region), rotatedAt: clock.now() }
    records.save(rotated)
    return rotated
  }

  const rotateDue = async (): Promise<void> => {
    for (const secret of records.all().filter(each => each.deletedAt === undefined && rotators.has(each.owner ?? '') && (nextRotation(each) ?? Infinity) <= clock.now())) {
      const caller = { region: secret.region, account: ACCOUNT, requestId: 'rotation' }
      await rotate(secret, caller).catch((error: unknown) => log.warn({ err: error, secret: secret.arn }, 'a secret could not be rotated'))
    }
  }

  return {
    rotators,
    schedule,
    rotate,
    keepRotating: async signal => {
      while (!signal.aborted) {
        await rotateDue()
        await clock.sleep(HOUR_MS, signal).catch(() => undefined)
      }
    }
  }
}
