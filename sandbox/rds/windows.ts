import type { ModifyDBClusterMessage } from '@aws-sdk/client-rds'
import { invalidValue } from './names.js'

const DAY = 24 * 60
const DAYS: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const BACKUP = { called: 'Backup', round: DAY, form: 'hh24:mi', example: '03:15', pattern: /^()([01]\d|2[0-3]):([0-5]\d)$/ }
const MAINTENANCE = { called: 'Maintenance', round: 7 * DAY, form: 'ddd:hh24:mi', example: 'Sun:03:15', pattern: /^(\w{3}):([01]\d|2[0-3]):([0-5]\d)$/ }

/** Minutes since its day or week began, and how many from there. */
interface Span { start: number, length: number }

/**
 * Throws AWS's refusal of the windows of a request (as live accounts word it). One alone is not held against what the cluster has: AWS
 * picks a window that was never asked for, and not the one that the sandbox does.
 */
export function requireWindows (asked: Pick<ModifyDBClusterMessage, 'PreferredBackupWindow' | 'PreferredMaintenanceWindow'>): void {
  const backup = readSpan(BACKUP, asked.PreferredBackupWindow)
  const maintenance = readSpan(MAINTENANCE, asked.PreferredMaintenanceWindow)
  if (backup && maintenance && (beginsIn(backup, maintenance) || beginsIn(maintenance, backup))) {
    throw invalidValue('The backup window and maintenance window must not overlap.')
  }
}

function readSpan (kind: typeof BACKUP, window: string | undefined): Span | undefined {
  if (window === undefined) return undefined
  const [from = '', to = ''] = window.split('-')
  const start = readMinutes(kind, from)
  const length = (readMinutes(kind, to) - start + kind.round) % kind.round
  if (length < 30) throw invalidValue(`${kind.called} window must be at least 30 minutes.`)
  return { start, length }
}

function readMinutes ({ called, form, example, pattern }: typeof BACKUP, time: string): number {
  const [, day, hours, minutes] = pattern.exec(time) ?? []
  const days = day ? DAYS.indexOf(day.toLowerCase()) : 0
  if (days < 0 || hours === undefined) {
    throw invalidValue(`Invalid ${called.toLowerCase()} window time '${time}' specified. Should be specified as a time ${form} (24H Clock UTC). Example: ${example}`)
  }
  return days * DAY + Number(hours) * 60 + Number(minutes)
}

function beginsIn (span: Span, other: Span): boolean {
  return ((span.start - other.start) % DAY + DAY) % DAY < other.length
}
