import { RDSDataClient, type RDSDataClientConfig } from '@aws-sdk/client-rds-data'
import t from 'tap'

import { createDataApiWire, errorTypeOf } from '../../src/aws/data-api-wire.js'
import type { HttpAnswer, HttpPost } from '../../src/aws/http-posts.js'

type Credentials = NonNullable<RDSDataClientConfig['credentials']>

/** A wire to an AWS that answers as told, and what it was sent. */
function wireTo (answer: () => Omit<HttpAnswer, 'body'> & { body: string }, credentials: Credentials = { accessKeyId: 'a', secretAccessKey: 'b' }) {
  const sent: HttpPost[] = []
  const client = new RDSDataClient({ region: 'eu-west-1', endpoint: 'http://aws.example/prefix', credentials })
  const noted: unknown[] = []
  const send = async (post: HttpPost): Promise<HttpAnswer> => {
    sent.push(post)
    const { body, ...rest } = answer()
    return { ...rest, body: Buffer.from(body) }
  }
  const { forward } = createDataApiWire(() => client, { send }, ({ service, region, operation }, failure, durationMs) => {
    noted.push([service, region, operation, failure, durationMs >= 0])
  })
  return { sent, noted, forward: async (operation: string, body: string, signal = new AbortController().signal) => await forward('eu-west-1', operation, Buffer.from(body), signal) }
}

const json = { 'content-type': 'application/json', 'x-amzn-requestid': 'r-1' }

t.test('bytes go out signed, and come back as they are', async t => {
  const answer = '{"records":[[{"longValue":9007199254740993}]]}'
  const { sent, forward } = wireTo(() => ({ status: 200, headers: json, body: answer }))
  const body = '{"n":9007199254740993.10,"ä":1}'
  const { status, headers, body: bytes } = await forward('BatchExecute', body)
  t.strictSame([status, headers, Buffer.from(bytes).toString()], [200, json, answer])
  t.match(sent, [{ origin: 'http://aws.example', path: '/prefix/BatchExecute', headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), authorization: /^AWS4-HMAC-SHA256 / } }])
  t.equal(Buffer.from(sent[0]?.body ?? []).toString(), body)
})

t.test('a refusal of the request is an answer, whatever its status', async t => {
  for (const status of [400, 404, 500, 503, 504]) {
    const { sent, forward } = wireTo(() => ({ status, headers: { ...json, 'x-amzn-errortype': 'SomeException:http://x' }, body: 'no JSON' }))
    const answer = await forward('Execute', '{}')
    t.strictSame([answer.status, errorTypeOf(answer), Buffer.from(answer.body).toString()], [status, 'SomeException', 'no JSON'])
    t.equal(sent.length, 1, 'and nothing is sent twice')
  }
})

t.test('a refusal of this service is none', async t => {
  const { forward } = wireTo(() => ({ status: 403, headers: { ...json, 'x-amzn-errortype': 'AccessDeniedException' }, body: '{"Message":"User: arn:aws:sts::1:role/service is not authorized"}' }))
  await t.rejects(forward('Execute', '{}'), { name: 'AwsFailure', kind: 'denied', code: 'AccessDeniedException' })
})

t.test('no answer is a failure that says how the connection failed', async t => {
  for (const code of ['ECONNRESET', 'ECONNREFUSED']) {
    const { sent, forward } = wireTo(() => { throw Object.assign(new Error('no luck'), { code }) })
    await t.rejects(forward('Execute', '{}'), { name: 'AwsFailure', kind: 'unavailable', cause: { code } })
    t.equal(sent.length, 1)
  }
})

t.test('a clock that is wrong is put right by what AWS answers', async t => {
  const ahead = new Date(Date.now() + 3_600_000)
  const { sent, forward } = wireTo(() => ({ status: 200, headers: { ...json, date: ahead.toUTCString() }, body: '{}' }))
  await forward('Execute', '{}')
  await forward('Execute', '{}')
  const [before, after] = sent.map(({ headers }) => headers['x-amz-date'] ?? '')
  t.ok((after ?? '') > (before ?? '') && after?.startsWith(ahead.toISOString().slice(0, 13).replaceAll('-', '')), `${before} and then ${after}`)
})

t.test('each call is told of, with how it failed', async t => {
  const leaving = new AbortController()
  const endings: Array<[answer: Parameters<typeof wireTo>[0], told: string | null, signal?: AbortSignal]> = [
    [() => ({ status: 200, headers: json, body: '{}' }), null],
    [() => ({ status: 400, headers: { ...json, 'x-amzn-errortype': 'DatabaseErrorException' }, body: '{}' }), 'refused'],
    [() => ({ status: 400, headers: { ...json, 'x-amzn-errortype': 'ThrottlingException' }, body: '{}' }), 'throttled'],
    [() => ({ status: 403, headers: json, body: '{}' }), 'denied'],
    [() => ({ status: 503, headers: json, body: '' }), 'unavailable'],
    [() => { throw new Error('no luck') }, 'unavailable'],
    [() => { leaving.abort(); throw new Error('aborted') }, 'abandoned', leaving.signal]
  ]
  for (const [answer, told, signal] of endings) {
    const { noted, forward } = wireTo(answer)
    await forward('Execute', '{}', signal).catch(() => {})
    t.strictSame(noted, [['rds-data', 'eu-west-1', 'Execute', told, true]])
  }
})

t.test('without credentials nothing is sent, and it is certain', async t => {
  const { sent, forward } = wireTo(() => { throw new Error('nothing was to be sent') }, async () => { throw new Error('the way to the credentials is closed') })
  await t.rejects(forward('Execute', '{}'), { name: 'AwsFailure', kind: 'unavailable', code: 'NeverSent', message: 'the way to the credentials is closed' })
  t.equal(sent.length, 0)
})
