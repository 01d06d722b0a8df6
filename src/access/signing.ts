import { createHash, createHmac } from 'node:crypto'

/** A request as it is signed: the target as it stands in the request line, headers as they came. */
export interface Signable {
  method: string
  /** Path and query. */
  url: string
  /** Names and values in turns, as Node.js has them in `rawHeaders`. */
  rawHeaders: readonly string[]
  body: Uint8Array
}

/** Where, when and for what a signature holds. */
export interface SigningScope {
  /** `20261124T163000Z`. */
  time: string
  region: string
  service: string
  /** Names of headers in lower case, in order. */
  signedHeaders: readonly string[]
}

/** The last part of every scope. */
export const TERMINATOR = 'aws4_request'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** The signature of a request in hex: AWS Signature Version 4, as every service but S3 has it (IAM User Guide, "Create a signed AWS API request"). */
export function signatureOf (request: Signable, { time, region, service, signedHeaders }: SigningScope, secret: string): string {
  const date = time.slice(0, 8)
  const scope = [date, region, service, TERMINATOR]
  const text = [ALGORITHM, time, scope.join('/'), sha256(canonicalRequest(request, signedHeaders))].join('\n')
  const key = scope.reduce<string | Buffer>((secretSoFar, part) => hmac(secretSoFar, part), `AWS4${secret}`)
  return hmac(key, text).toString('hex')
}

function canonicalRequest ({ method, url, rawHeaders, body }: Signable, signedHeaders: readonly string[]): string {
  const [path = '', query = ''] = split(url, '?')
  const values = valuesOf(rawHeaders)
  return [
    method,
    // What is encoded on the way is encoded once more.
    path.split('/').map(encode).join('/'),
    canonicalQuery(query),
    ...signedHeaders.map(name => `${name}:${values.get(name)?.join(',') ?? ''}`),
    '',
    signedHeaders.join(';'),
    sha256(body)
  ].join('\n')
}

function canonicalQuery (query: string): string {
  return query.split('&').filter(part => part !== '').map(part => split(part, '=').map(each => encode(decode(each))))
    .map(([name = '', value = '']) => `${name}=${value}`).sort().join('&')
}

/** The values of each header, by its name in lower case, with spaces as the canonical request has them. */
export function valuesOf (rawHeaders: readonly string[]): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    values.set(name, [...values.get(name) ?? [], (rawHeaders[at + 1] ?? '').trim().replace(/ +/g, ' ')])
  }
  return values
}

function split (text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

/** Percent-encodes all but letters, digits and `-_.~` (RFC 3986). */
function encode (text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** What is not encoded as it should be stays as it is: the signature does not match then. */
function decode (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

export function sha256 (data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac (key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
