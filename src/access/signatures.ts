import { timingSafeEqual } from 'node:crypto'

import { parseId } from '../databases/naming.js'
import { Problem } from '../problems.js'
import { isExpired, toPrincipal, type Key, type Principal } from './keys.js'
import { ALGORITHM, sha256, signatureOf, TERMINATOR, valuesOf, type Signable, type SigningScope } from './signing.js'

/** What of a signed request is there before its body is. */
export interface SignedHead extends Omit<Signable, 'body'> {
  /** The database that it is for: a signature holds in its region only. */
  databaseId: string
}

/** Checks what can be checked before the body is read, then the signature itself. Both throw a problem. */
export type CheckSignature = (head: SignedHead) => (body: Uint8Array) => Principal

/** The signing name of the RDS Data API. */
const SERVICE = 'rds-data'

/** How far the clocks of a client and this service may be apart, as on AWS. */
const MOST_SKEW_MS = 5 * 60_000

const authorizationForm = new RegExp(`^${ALGORITHM} +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})$`)

/** Whether a request is signed, in the header. Signatures in the query, for links, are not taken. */
export function isSigned (authorization: string | undefined): boolean {
  return authorization?.startsWith(`${ALGORITHM} `) ?? false
}

/** Verifies AWS Signature Version 4 with the keys that have a signing secret. `now` is in milliseconds since the epoch. */
export function createCheckSignature (keys: readonly Key[], now: () => number): CheckSignature {
  const signing = new Map(keys.flatMap(key => key.signingSecret === null ? [] : [[key.id, { key, secret: key.signingSecret }] as const]))

  return head => {
    const headers = valuesOf(head.rawHeaders)
    const { keyId, date, signature, scope } = readAuthorization(headers)
    const known = signing.get(keyId)
    if (!known || isExpired(known.key, now())) throw new Problem('unauthorized', 'The access key id that was sent is no key here that can sign, or has expired.')
    assertInTime(scope.time, date, now())
    assertInScope(scope, head.databaseId)
    assertAllSigned(scope.signedHeaders, headers)
    return body => {
      const claimed = headers.get('x-amz-content-sha256')?.[0]
      if (claimed !== undefined && claimed !== sha256(body)) throw new Problem('invalid-signature', 'The body is not the one that x-amz-content-sha256 is of.')
      const expected = signatureOf({ ...head, body }, scope, known.secret)
      if (timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) return toPrincipal(known.key)
      throw new Problem('invalid-signature', 'The signature that was calculated here does not match the one that was sent. ' +
        'Check the signing secret, and whether a proxy has changed the path or the Host header.')
    }
  }
}

interface Authorization {
  keyId: string
  date: string
  signature: string
  scope: SigningScope
}

function readAuthorization (headers: ReadonlyMap<string, readonly string[]>): Authorization {
  const [, credential = '', names = '', signature = ''] = authorizationForm.exec(headers.get('authorization')?.[0] ?? '') ?? []
  const [keyId, date, region, service, terminator, ...rest] = credential.split('/')
  if (!keyId || !date || !region || !service || terminator !== TERMINATOR || rest.length > 0) {
    throw new Problem('invalid-signature', `Authorization must be ${ALGORITHM} Credential=<key id>/<date>/<region>/${SERVICE}/${TERMINATOR}, SignedHeaders=…, Signature=….`)
  }
  return { keyId, date, signature, scope: { time: headers.get('x-amz-date')?.[0] ?? '', region, service, signedHeaders: names.split(';') } }
}

function assertInTime (time: string, date: string, nowMs: number): void {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []
  const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  if (Number.isNaN(signedAt)) throw new Problem('invalid-signature', 'x-amz-date must be a time such as 20261124T163000Z.')
  if (!time.startsWith(date)) throw new Problem('invalid-signature', 'The date in Credential is not that of x-amz-date.')
  if (Math.abs(signedAt - nowMs) <= MOST_SKEW_MS) return
  const what = signedAt < nowMs ? 'Signature expired' : 'Signature not yet current'
  throw new Problem('invalid-signature', `${what}: it was made at ${time}, and here it is ${timeOf(nowMs)}. They may be five minutes apart.`)
}

const timeOf = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')

function assertInScope ({ region, service }: SigningScope, databaseId: string): void {
  const { region: home } = parseId(databaseId) ?? {}
  if (service === SERVICE && region === home) return
  throw new Problem('invalid-signature', `Credential should be scoped to the service ${SERVICE} and the region of the database, which is ${home ?? 'unknown'}.`)
}

/** Whatever is not signed could have been changed on the way. */
function assertAllSigned (signedHeaders: readonly string[], headers: ReadonlyMap<string, readonly string[]>): void {
  const missing = ['host', ...[...headers.keys()].filter(name => name.startsWith('x-amz-'))].filter(name => !signedHeaders.includes(name))
  if (missing.length > 0) throw new Problem('invalid-signature', `These headers must be signed: ${missing.join(', ')}.`)
  const absent = signedHeaders.filter(name => !headers.has(name))
  if (absent.length > 0) throw new Problem('invalid-signature', `These headers are signed and were not sent: ${absent.slice(0, 10).join(', ')}.`)
}
