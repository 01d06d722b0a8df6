import { createHash } from 'node:crypto'

/** A strong entity tag of what is answered: the same for the same value, on every replica. */
export function tagOf (value: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 27)}"`
}

/** Whether `If-Match` or `If-None-Match` names the tag; a proxy that compresses makes it a weak one, which is as good here (RFC 9110). */
export function isNamedBy (header: string, tag: string): boolean {
  return header.split(',').some(each => ['*', tag, `W/${tag}`].includes(each.trim()))
}
