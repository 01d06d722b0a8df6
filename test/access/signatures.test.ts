import { BatchExecuteStatementCommand, RDSDataClient, type RDSDataClientConfig } from '@aws-sdk/client-rds-data'
import * as fc from 'fast-check'
import t from 'tap'

import type { Principal } from '../../src/access/keys.js'
import { createCheckSignature, isSigned } from '../../src/access/signatures.js'
import { signatureOf } from '../../src/access/signing.js'
import { Problem } from '../../src/problems.js'
import { keyOf } from '../helpers/facts.js'

const SECRET = 'a-secret-of-thirty-two-characters'
const NOW = Date.UTC(2026, 10, 24, 16, 30)
const ID = 'eu-west-1.acme-orders-dev-x7k2mq9a'

const keys = [
  keyOf('signs', { id: 'signs', client: 'acme', scopes: ['query:write'], signingSecret: SECRET }),
  keyOf('mute', { id: 'mute' }),
  keyOf('over', { id: 'over', signingSecret: SECRET, expiresAt: new Date(NOW).toISOString() })
]

interface Request { method: string, url: string, headers: Record<string, string>, body: string, databaseId: string }

interface SignedRequest { method: string, path: string, headers: Record<string, string>, body: Uint8Array }

interface Signing { keyId?: string, secret?: string, region?: string, nowMs?: number, sql?: string }

/** A request as the SDK signs it, caught before it is sent. */
async function sign ({ keyId = 'signs', secret = SECRET, region = 'eu-west-1', nowMs = NOW, sql = 'select 1' }: Signing = {}): Promise<Request> {
  const client = new RDSDataClient({
    endpoint: `https://db.example.com/v1/databases/${ID}/data-api`,
    region,
    credentials: { accessKeyId: keyId, secretAccessKey: secret },
    systemClockOffset: nowMs - Date.now(),
    maxAttempts: 1
  } as RDSDataClientConfig)
  let caught: Request | null = null
  client.middlewareStack.add(() => async args => {
    const { method, path, headers, body } = args.request as SignedRequest
    caught = { method, url: path, headers, body: new TextDecoder().decode(body), databaseId: ID }
    return { response: { statusCode: 200, headers: {}, body: new TextEncoder().encode('{}') } } as never
  }, { step: 'deserialize', priority: 'low' })
  await client.send(new BatchExecuteStatementCommand({ resourceArn: 'arn:cluster', secretArn: 'arn:secret', sql }))
  client.destroy()
  if (!caught) throw new Error('nothing was sent')
  return caught
}

function check ({ method, url, headers, body, databaseId }: Request, nowMs = NOW): Principal {
  const rawHeaders = Object.entries(headers).flat()
  return createCheckSignature(keys, () => nowMs)({ method, url, rawHeaders, databaseId })(Buffer.from(body))
}

function refusalOf (request: Request, nowMs = NOW): string {
  try {
    check(request, nowMs)
  } catch (error) {
    return error instanceof Problem ? `${error.code}: ${error.message}` : String(error)
  }
  return 'taken'
}

t.test('AWS\'s own examples have AWS\'s own signatures', async t => {
  const scope = { time: '20150830T123600Z', region: 'us-east-1', service: 'service', signedHeaders: ['host', 'x-amz-date'] }
  const rawHeaders = ['Host', 'example.amazonaws.com', 'X-Amz-Date', '20150830T123600Z']
  const examples: Array<[method: string, url: string, signature: string]> = [
    ['GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
    ['GET', '/?Param2=value2&Param1=value1', 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500']
  ]
  for (const [method, url, signature] of examples) {
    t.equal(signatureOf({ method, url, rawHeaders, body: Buffer.alloc(0) }, scope, 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'), signature, `${method} ${url}`)
  }
})

t.test('what the SDK signs is taken, whatever it says', async t => {
  const principal = check(await sign())
  t.match(principal, { keyId: 'signs', client: 'acme' })
  t.strictSame([principal.mayUse('query:write'), principal.mayUse('databases:write')], [true, false])
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 40 }), async sql => check(await sign({ sql })).keyId === 'signs'), { numRuns: 30 })
})

t.test('nothing of a signed request can be altered', async t => {
  const request = await sign()
  const { authorization = '', 'x-amz-date': date = '' } = request.headers
  const altered: Array<[what: string, change: Partial<Request>, refusal: RegExp]> = [
    ['the body', { body: request.body.replace('select 1', 'select 2') }, /x-amz-content-sha256/],
    ['the method', { method: 'PUT' }, /does not match/],
    ['the path', { url: request.url.replace('Batch', '') }, /does not match/],
    ['the query', { url: `${request.url}?a=b` }, /does not match/],
    ['the host', { headers: { ...request.headers, host: 'other.example.com' } }, /does not match/],
    ['the time', { headers: { ...request.headers, 'x-amz-date': date.replace(/\d\dZ$/, '59Z') } }, /does not match/],
    ['the day', { headers: { ...request.headers, 'x-amz-date': date.replace('20261124', '20261125') } }, /date in Credential/],
    ['a header that AWS would read', { headers: { ...request.headers, 'x-amz-security-token': 'x' } }, /must be signed: x-amz-security-token/],
    ['a header less', { headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'x-amz-user-agent')) }, /were not sent: x-amz-user-agent/],
    ['host, unsigned', { headers: { ...request.headers, authorization: authorization.replace(';host', '') } }, /must be signed: host/],
    ['the region, and the database with it', { databaseId: 'us-east-1.other', headers: { ...request.headers, authorization: authorization.replace('eu-west-1', 'us-east-1') } }, /does not match/],
    ['the region', { headers: { ...request.headers, authorization: authorization.replace('eu-west-1', 'us-east-1') } }, /which is eu-west-1/],
    ['the service', { headers: { ...request.headers, authorization: authorization.replace('rds-data', 'rds') } }, /service rds-data/],
    ['the form', { headers: { ...request.headers, authorization: authorization.replace('aws4_request', 'aws5') } }, /Authorization must be/],
    ['the length of the signature', { headers: { ...request.headers, authorization: authorization.slice(0, -1) } }, /Authorization must be/]
  ]
  for (const [what, change, refusal] of altered) t.match(refusalOf({ ...request, ...change }), new RegExp(`^invalid-signature: .*${refusal.source}`), what)
  // Without its hash in a header, the body is in the signature all the same.
  const others = Object.entries(request.headers).filter(([name]) => name !== 'x-amz-content-sha256')
  const headers = Object.fromEntries(others.map(([name, value]) => [name, value.replace('x-amz-content-sha256;', '')]))
  t.match(refusalOf({ ...request, headers }), /does not match/)
  fc.assert(fc.property(fc.nat({ max: 63 }), fc.nat({ max: 15 }), (at, digit) => {
    const start = authorization.length - 64 + at
    const forged = authorization.slice(0, start) + digit.toString(16) + authorization.slice(start + 1)
    return (refusalOf({ ...request, headers: { ...request.headers, authorization: forged } }) === 'taken') === (forged === authorization)
  }))
})

t.test('only a key that can sign, with its own secret, and in time', async t => {
  t.match(refusalOf(await sign({ secret: `${SECRET}r` })), /^invalid-signature: .*does not match/)
  for (const keyId of ['mute', 'over', 'none', '__proto__']) t.match(refusalOf(await sign({ keyId })), /^unauthorized: .*no key here that can sign/, keyId)
  const request = await sign()
  t.match(refusalOf(await sign({ region: 'us-east-1' })), /region of the database, which is eu-west-1/)
  const signedAt = Date.parse((request.headers['x-amz-date'] ?? '').replace(/(....)(..)(..)T(..)(..)/, '$1-$2-$3T$4:$5:'))
  for (const minutes of [-5, 0, 5]) t.equal(refusalOf(request, signedAt + minutes * 60_000), 'taken', `${minutes} minutes`)
  t.match(refusalOf(request, signedAt + 300_001), /^invalid-signature: Signature expired/)
  t.match(refusalOf(request, signedAt - 300_001), /^invalid-signature: Signature not yet current/)
})

t.test('whatever is sent in place of a signature is refused with a problem', async t => {
  const request = await sign()
  const { authorization = '' } = request.headers
  const edit = fc.tuple(fc.nat({ max: authorization.length }), fc.string({ maxLength: 5 }))
  fc.assert(fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), edits => {
    const forged = edits.reduce((text, [at, more]) => text.slice(0, at) + more + text.slice(at + 1), authorization)
    return forged === authorization || /^(invalid-signature|unauthorized): /.test(refusalOf({ ...request, headers: { ...request.headers, authorization: forged } }))
  }))
  t.ok(isSigned(authorization))
  for (const other of [undefined, '', 'Bearer AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256']) t.notOk(isSigned(other))
})
