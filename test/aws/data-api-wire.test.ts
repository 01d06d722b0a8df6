import { Readable } from 'node:stream'

import { RDSDataClient } from '@aws-sdk/client-rds-data'
import t from 'tap'

import { createDataApiWire, errorTypeOf } from '../../src/aws/data-api-wire.js'

interface Sent { path: string, headers: Record<string, string>, body: Uint8Array }

/** A wire to an AWS that answers as told, and what it was sent. */
function wireTo (answer: () => { statusCode: number, headers: Record<string, string>, body: string }) {
  const sent: Sent[] = []
  const client = new RDSDataClient({
    region: 'eu-west-1',
    endpoint: 'http://aws.example/prefix',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: Sent) => {
        sent.push(request)
        const { body, ...rest } = answer()
        return { response: { ...rest, body: Readable.from([Buffer.from(body)]) } as never }
      }
    }
  })
  const noted: unknown[] = []
  const { forward } = createDataApiWire(() => client, ({ service, region, operation }, failure, durationMs) => { noted.push([service, region, operation, failure, durationMs >= 0]) })
  return { sent, noted, forward: async (operation: string, body: string, signal = new AbortController().signal) => await forward('eu-west-1', operation, Buffer.from(body), signal) }
}

const json = { 'content-type': 'application/json', 'x-amzn-requestid': 'r-1' }

t.test('bytes go out signed, and come back as they are', async t => {
  const answer = '{"records":[[{"longValue":9007199254740993}]]}'
  const { sent, forward } = wireTo(() => ({ statusCode: 200, headers: json, body: answer }))
  const body = '{"n":9007199254740993.10,"ä":1}'
  const { status, headers, body: bytes } = await forward('BatchExecute', body)
  t.strictSame([status, headers, Buffer.from(bytes).toString()], [200, json, answer])
  t.match(sent, [{ path: '/prefix/BatchExecute', headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), authorization: /^AWS4-HMAC-SHA256 / } }])
  t.equal(Buffer.from(sent[0]?.body ?? []).toString(), body)
})

t.test('a refusal of the request is an answer, whatever its status', async t => {
  for (const statusCode of [400, 404, 500, 503, 504]) {
    const { sent, forward } = wireTo(() => ({ statusCode, headers: { ...json, 'x-amzn-errortype': 'SomeException:http://x' }, body: 'no JSON' }))
    const answer = await forward('Execute', '{}')
    t.strictSame([answer.status, errorTypeOf(answer), Buffer.from(answer.body).toString()], [statusCode, 'SomeException', 'no JSON'])
    t.equal(sent.length, 1, 'and nothing is sent twice')
  }
})

t.test('a refusal of this service is none', async t => {
  const { forward } = wireTo(() => ({ statusCode: 403, headers: { ...json, 'x-amzn-errortype': 'AccessDeniedException' }, body: '{"Message":"User: arn:aws:sts::1:role/service is not authorized"}' }))
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
  const { sent, forward } = wireTo(() => ({ statusCode: 200, headers: { ...json, date: ahead.toUTCString() }, body: '{}' }))
  await forward('Execute', '{}')
  await forward('Execute', '{}')
  const [before, after] = sent.map(({ headers }) => headers['x-amz-date'] ?? '')
  t.ok((after ?? '') > (before ?? '') && after?.startsWith(ahead.toISOString().slice(0, 13).replaceAll('-', '')), `${before} and then ${after}`)
})

t.test('each call is told of, with how it failed', async t => {
  const leaving = new AbortController()
  const endings: Array<[answer: () => { statusCode: number, headers: Record<string, string>, body: string }, told: string | null, signal?: AbortSignal]> = [
    [() => ({ statusCode: 200, headers: json, body: '{}' }), null],
    [() => ({ statusCode: 400, headers: { ...json, 'x-amzn-errortype': 'DatabaseErrorException' }, body: '{}' }), 'refused'],
    [() => ({ statusCode: 400, headers: { ...json, 'x-amzn-errortype': 'ThrottlingException' }, body: '{}' }), 'throttled'],
    [() => ({ statusCode: 403, headers: json, body: '{}' }), 'denied'],
    [() => ({ statusCode: 503, headers: json, body: '' }), 'unavailable'],
    [() => { throw new Error('no luck') }, 'unavailable'],
    [() => { leaving.abort(); throw new Error('aborted') }, 'abandoned', leaving.signal]
  ]
  for (const [answer, told, signal] of endings) {
    const { noted, forward } = wireTo(answer)
    await forward('Execute', '{}', signal).catch(() => {})
    t.strictSame(noted, [['rds-data', 'eu-west-1', 'Execute', told, true]])
  }
})
