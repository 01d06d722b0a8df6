import { createHash } from 'node:crypto'

/** A strong entity tag of what is answered: the same for the same value, on every replica. */
export function tagOf (value: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 27)}"`
}

/** Whether an `If-Match` names the tag, compared strongly: a weak one is not enough to change something on (RFC 9110, 13.1.1). */
export function isMatchedBy (ifMatch: string, tag: string): boolean {
  return listOf(ifMatch).some(each => each === '*' || each === tag)
}

/** Whether an `If-None-Match` names the tag, compared weakly: a proxy that compresses makes it a weak one (RFC 9110, 13.1.2). */
export function isNoneMatchedBy (ifNoneMatch: string, tag: string): boolean {
  return listOf(ifNoneMatch).some(each => each === '*' || each.replace(/^W\//, '') === tag)
}

function listOf (header: string): string[] {
  return header.split(',').map(each => each.trim())
}
