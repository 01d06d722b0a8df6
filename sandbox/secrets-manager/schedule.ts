import type { RotationRulesType } from '@aws-sdk/client-secrets-manager'
import { invalidParameter } from './validation.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SHORTEST_MS = 4 * HOUR_MS
const MOST_DAYS = 1000

/** The first time after another at which a secret is to be rotated, in epoch milliseconds, UTC; NaN where there is none. */
export function nextTime ({ AutomaticallyAfterDays: days = 7, ScheduleExpression: expression }: RotationRulesType, after: number): number {
  if (expression === undefined) return after + days * DAY_MS
  const [, count, unit] = /^rate\((\d+) (day|hour)s?\)$/.exec(expression) ?? []
  return count === undefined ? nextOfCron(expression, after) : after + Number(count) * (unit === 'hour' ? HOUR_MS : DAY_MS)
}

/** Throws InvalidParameterException for rules that AWS does not take: every four hours is the most, every 1000 days the least (user guide, "Schedule expressions"). */
export function checkRules (rules: RotationRulesType, now: number): void {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression, Duration: duration } = rules
  if (days !== undefined && expression !== undefined) throw invalidParameter('You can set AutomaticallyAfterDays or ScheduleExpression, but not both.')
  if (duration !== undefined && !/^\d{1,2}h$/.test(duration)) throw invalidParameter(`The rotation window ${duration.slice(0, 10)} is not one of hours, such as 3h.`)
  const intervalMs = intervalOf(rules, now)
  if (intervalMs >= SHORTEST_MS && intervalMs <= MOST_DAYS * DAY_MS) return
  throw invalidParameter(`A secret is rotated every four hours at most and every 1000 days at least, which ${expression?.slice(0, 256) ?? `${days} days`} is not.`)
}

/** The rules with the days between rotations, which AWS calculates from the schedule. */
export function describeRules (rules: RotationRulesType, rotatedAt: number): RotationRulesType {
  return { ...rules, AutomaticallyAfterDays: Math.ceil(intervalOf(rules, rotatedAt) / DAY_MS) }
}

function intervalOf (rules: RotationRulesType, after: number): number {
  const first = nextTime(rules, after)
  return nextTime(rules, first) - first
}

/** The hours of days that the fields of a cron expression name; its minutes are 0, and its year any. */
function nextOfCron (expression: string, after: number): number {
  const [hours = 'none', ...days] = /^cron\(0 (\S+) (\S+) (\S+) (\S+) \*\)$/.exec(expression.replace(/[A-Z]{3}/g, numberOf))?.slice(1) ?? []
  const today = Math.floor(after / DAY_MS)
  for (let day = today; day <= today + MOST_DAYS; day++) {
    if (!isDay(new Date(day * DAY_MS), days)) continue
    for (let hour = 0; hour < 24; hour++) {
      const at = day * DAY_MS + hour * HOUR_MS
      if (at > after && isAmong(hours, hour, 0, 23)) return at
    }
  }
  return Number.NaN
}

function numberOf (name: string): string {
  return String(1 + Math.max(...['JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC', 'SUNMONTUEWEDTHUFRISAT'].map(names => names.indexOf(name))) / 3)
}

/** `L` is the last day of a month, `6L` its last Friday, `6#2` its second. */
function isDay (at: Date, [daysOfMonth = '', months = '', daysOfWeek = '']: readonly string[]): boolean {
  const [day, month, weekday] = [at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCDay() + 1]
  const lastDay = new Date(Date.UTC(at.getUTCFullYear(), month, 0)).getUTCDate()
  const [, asked, which] = /^(\d)(L|#\d)$/.exec(daysOfWeek) ?? []
  const isThatOne = which === 'L' ? day + 7 > lastDay : which === `#${Math.ceil(day / 7)}`
  return isAmong(months, month, 1, 12) && isAmong(daysOfMonth.replace('L', String(lastDay)), day, 1, 31) &&
    (which === undefined ? isAmong(daysOfWeek, weekday, 1, 7) : Number(asked) === weekday && isThatOne)
}

/** Whether a field names a number: by itself, in a range (`2-4`), in steps (`2/4`), or as any (`*`, `?`). */
function isAmong (field: string, value: number, least: number, most: number): boolean {
  return field.split(',').some(part => {
    const [range = '', step] = part.split('/')
    const [from = least, to = step === undefined ? from : most] = /^[*?]?$/.test(range) ? [least, most] : range.split('-').map(end => Number(end || 'none'))
    return value >= from && value <= to && (value - from) % Number(step ?? 1) === 0
  })
}
