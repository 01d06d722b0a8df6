import { createHash, timingSafeEqual } from 'node:crypto'

/** What a key may do. `*` in the keys file stands for all of them. */
export const SCOPES = ['databases:read', 'databases:write', 'databases:delete', 'query:read', 'query:write', 'credentials:read', 'credentials:rotate', 'metrics:read'] as const

export type Scope = typeof SCOPES[number]

/** One entry of the keys file. The key itself is nowhere: only its SHA-256 is. */
export interface Key {
  id: string
  /** Hex. */
  sha256: string
  /** The one client that the key is bound to, `*` for every client. */
  client: string
  scopes: readonly (Scope | '*')[]
  regions: readonly string[]
  expiresAt: string | null
  /** What the key signs requests with (AWS Signature Version 4), as it is: a hash could verify none. Null when it cannot sign. */
  signingSecret: string | null
}

/** Who sent a request: a key that was found and has not expired. */
export interface Principal {
  keyId: string
  /** Null when the key may touch every client's databases. */
  client: string | null
  mayUse: (scope: Scope) => boolean
  mayEnter: (region: string) => boolean
}

/** Who sent a request, and which: what its answer has as `x-request-id`. */
export interface Caller extends Principal { requestId: string }

/** Finds the key of a bearer token, null when there is none or it has expired. */
export type Authenticate = (token: string) => Principal | null

/**
 * Every key is compared, in constant time, whichever matches: how long it takes says nothing about the keys.
 * `now` is in milliseconds since the epoch.
 */
export function createAuthenticate (keys: readonly Key[], now: () => number): Authenticate {
  const known = keys.map(key => ({ key, digest: Buffer.from(key.sha256, 'hex') }))
  return token => {
    const digest = createHash('sha256').update(token).digest()
    const matching = known.filter(each => timingSafeEqual(each.digest, digest))
    const key = matching[0]?.key
    if (!key || isExpired(key, now())) return null
    return toPrincipal(key)
  }
}

export function isExpired ({ expiresAt }: Key, nowMs: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs
}

/** What a key may do. */
export function toPrincipal (key: Key): Principal {
  const has = (list: readonly string[], item: string): boolean => list.includes('*') || list.includes(item)
  return {
    keyId: key.id,
    client: key.client === '*' ? null : key.client,
    mayUse: scope => has(key.scopes, scope),
    mayEnter: region => has(key.regions, region)
  }
}
