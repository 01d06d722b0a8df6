import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { Operations } from '../../../sandbox/aws.js'
import { openWire } from './open-wire.js'

const room: Operations = { PutSecretValue: async () => t.fail('it was done'), ExecuteStatement: async () => t.fail('it was done'), CreateStack: async () => t.fail('it was done'), GetMetricStatistics: async () => t.fail('it was done'), ListMetrics: async () => t.fail('it was done') }
const rooms = { secretsmanager: room, 'rds-data': room, cloudformation: room, monitoring: room }
const json = { 'x-amz-target': 'secretsmanager.PutSecretValue', 'content-type': 'application/x-amz-json-1.1' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const cbor = { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' }
const action = 'Action=CreateStack&Version=2010-05-15&StackName=a'

interface Attempt {
  path?: string
  method?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  status: number
  says: string
}

const attempts: Readonly<Record<string, Attempt>> = {
  'JSON that ends too early': { headers: json, body: '{"SecretId":"a', status: 400, says: 'SerializationException' },
  'JSON of another type': { headers: json, body: '[]', status: 400, says: 'Start of list found where not expected' },
  'a member of another type': { headers: json, body: '{"SecretId":7}', status: 400, says: 'NUMBER_VALUE can not be converted to String' },
  'a new value without the token that SDKs send': { headers: json, body: '{"SecretId":"a","SecretString":"x"}', status: 400, says: 'You must provide a ClientRequestToken value. We recommend a UUID-type value.' },
  'a form where JSON belongs': { headers: { ...json, ...form }, body: action, status: 400, says: 'SerializationException' },
  'bytes that are no text': { headers: json, body: Uint8Array.from([0xff, 0xfe, 0x00]), status: 400, says: 'SerializationException' },
  'arrays in arrays, a million deep': { headers: json, body: '['.repeat(1e6) + ']'.repeat(1e6), status: 400, says: 'SerializationException' },
  'objects in objects, with a long number at the end': {
    headers: json, body: '{"a":'.repeat(2e5) + '1234567890123456789012' + '}'.repeat(2e5), status: 400, says: 'SerializationException'
  },
  'an array value in array values': {
    path: '/Execute',
    headers: { 'content-type': 'application/json' },
    body: `{"resourceArn":"a","secretArn":"a","sql":"a","parameters":[{"value":{"arrayValue":${'{"arrayValues":['.repeat(1e5)}${']}'.repeat(1e5)}}}]}`,
    status: 400,
    says: 'nested too deeply'
  },
  'a form of a million fields': { headers: form, body: `${action}${'&x.y=1'.repeat(5e5)}`, status: 400, says: 'MalformedQueryString' },
  'a name of a million dots': { headers: form, body: `${action}${'.'.repeat(1e6)}=1&DisableRollback=perhaps`, status: 400, says: 'MalformedInput' },
  'more than 4 MiB': { headers: form, body: `${action}&TemplateBody=${'x'.repeat(5e6)}`, status: 413, says: 'RequestEntityTooLargeException' },
  'gzip that is none': { headers: { ...form, 'content-encoding': 'gzip' }, body: action, status: 400, says: 'not valid gzip' },
  '100 MB in 100 kB of gzip': { headers: { ...form, 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(1e8)), status: 400, says: 'not valid gzip' },
  'CBOR that ends too early': { path: '/service/GraniteServiceVersion20100801/operation/ListMetrics', headers: cbor, body: Uint8Array.from([0xa1, 0x69]), status: 400, says: 'SerializationException' },
  'CBOR that claims to be endless': { path: '/service/GraniteServiceVersion20100801/operation/ListMetrics', headers: cbor, body: Uint8Array.from([0x9b, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), status: 400, says: 'SerializationException' },
  'CBOR in CBOR, a million deep': { path: '/service/GraniteServiceVersion20100801/operation/ListMetrics', headers: cbor, body: new Uint8Array(1e6).fill(0x81), status: 400, says: 'SerializationException' },
  'bytes that are not in base64': { headers: json, body: '{"SecretId":"a","ClientRequestToken":"a","SecretBinary":"a b"}', status: 400, says: 'STRING_VALUE can not be converted to Blob' },
  'a time as a person writes it': {
    headers: { 'x-amz-target': 'GraniteServiceVersion20100801.GetMetricStatistics' },
    body: '{"StartTime":"Wed, 01 Jan 2020 00:00:00 GMT"}',
    status: 400,
    says: 'STRING_VALUE can not be converted to Timestamp'
  },
  'another method where JSON is spoken': { method: 'PUT', headers: json, body: '{}', status: 400, says: 'does not implement' },
  'another method': { method: 'PUT', headers: form, body: action, status: 400, says: 'does not implement' },
  'the operation of another service': {
    headers: { 'x-amz-target': 'DynamoDB_20120810.PutSecretValue', authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/secretsmanager/aws4_request' },
    body: '{}',
    status: 400,
    says: 'UnknownOperationException'
  },
  'a form without a version': {
    headers: { ...form, authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/cloudformation/aws4_request' },
    body: 'Action=CreateStack',
    status: 400,
    says: 'Could not find operation CreateStack for version NO_VERSION_SPECIFIED'
  },
  'a service in whose errors the error lies one level deeper': {
    headers: { ...form, authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/ec2/aws4_request' },
    body: 'Action=CreateVpc&Version=2016-11-15',
    status: 400,
    says: '<Errors><Error><Type>Sender</Type><Code>InvalidAction</Code><Message>The sandbox does not implement ec2.'
  },
  'no operation at all': { headers: form, body: 'hello', status: 400, says: 'InvalidAction' },
  'an operation with the name of something in JavaScript': { headers: form, body: 'Action=constructor&Version=2010-05-15', status: 400, says: 'InvalidAction' },
  'a path that nobody knows': { path: '/etc/passwd', method: 'GET', status: 400, says: 'does not implement' },
  'a region that cannot be': { headers: { ...form, authorization: 'AWS4-HMAC-SHA256 Credential=a/20260101/__proto__/rds/aws4_request' }, body: action, status: 403, says: 'Credential should be scoped to a valid region' },
  'half a credential': { headers: { ...form, authorization: 'AWS4-HMAC-SHA256 Credential=a/us-east-1' }, body: action, status: 400, says: 'IncompleteSignature' },
  'a page of another site': { headers: { ...form, origin: 'https://evil.example' }, body: action, status: 403, says: 'this machine only' }
}

for (const [what, { path = '/', method = 'POST', headers = {}, body, status, says }] of Object.entries(attempts)) {
  t.test(`refuses ${what}`, async t => {
    const wire = await openWire(t, rooms)
    const answer = await fetch(`${wire.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
    t.equal(answer.status, status)
    t.match(await answer.text(), says)
    t.notMatch(wire.logged.join(), /"level":50/)
  })
}

/** Sends bytes as they are and collects what comes back until the other side hangs up. */
async function exchange (url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  socket.end(bytes)
  let received = ''
  for await (const chunk of socket) received += String(chunk)
  return received
}

t.test('a body that stops in the middle costs nothing but the connection', async t => {
  const wire = await openWire(t, rooms)
  await exchange(wire.url, `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${form['content-type']}\r\nContent-Length: 1000\r\n\r\n${action}`)
  const after = await fetch(wire.url, { method: 'POST', headers: json, body: '[]' })
  t.equal(after.status, 400)
})

t.test('a name that was made to point here is refused, before anything is read', async t => {
  const wire = await openWire(t, rooms)
  for (const host of ['evil.example', '127.0.0.1.evil.example:4566', 'localhost.evil.example', '']) {
    const received = await exchange(wire.url, `POST / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    t.match(received, 'HTTP/1.1 403')
  }
  for (const host of ['localhost:4566', '127.8.9.10', '[::1]:80', 'rds.localhost']) {
    const received = await exchange(wire.url, `GET /x HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
    t.match(received, 'HTTP/1.1 400')
  }
})
