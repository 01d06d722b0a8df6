import { Problem } from '../problems.js'
import type { OwnTags } from './tags.js'

/** When a database is to be deleted, null for never. A tag that somebody has made no time of is never. */
export function expiryOf ({ expiresAt }: Pick<OwnTags, 'expiresAt'>): Date | null {
  const time = new Date(expiresAt)
  return expiresAt === '' || Number.isNaN(time.getTime()) ? null : time
}

export function hasExpired (own: Pick<OwnTags, 'expiresAt'>, nowMs: number): boolean {
  const time = expiryOf(own)
  return time !== null && time.getTime() <= nowMs
}

/** A time of a request as it stands in a tag: the same moment always in the same words. */
export function toTime (rfc3339: string): string {
  return new Date(rfc3339).toISOString()
}

/** Refuses a time that is past. Throws a {@link Problem} `invalid-request`. */
export function assertToCome (expiresAt: string | null | undefined, nowMs: number): void {
  if (typeof expiresAt !== 'string' || Date.parse(expiresAt) > nowMs) return
  throw new Problem('invalid-request', 'expiresAt must be in the future.', { errors: [{ path: '/expiresAt', message: 'must be in the future' }] })
}
