import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import { Problem, type ProblemCode } from '../../src/problems.js'
import { MIRRORED, type Mirror } from '../../src/queries/mirror/mirror.js'
import { bearer, buildTestApp } from '../helpers/test-service.js'

const ID = 'eu-west-1.acme-orders-dev-x7k2mq9a'

let mirror: Mirror = async () => { throw new Error('nothing was expected') }
const seen: Array<{ operation: string, body: string }> = []
const { app, log } = await buildTestApp({}, async (call, operation, body) => {
  seen.push({ operation, body: Buffer.from(body).toString() })
  return await mirror(call, operation, body)
})
t.teardown(async () => { await app.close() })

const send = async (operation: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
  await app.inject({ method: 'POST', url: `/v1/databases/${ID}/data-api/${operation}`, headers: { ...bearer('all'), 'content-type': 'application/json', ...headers }, payload })

t.test('bodies are bytes, whatever they are called', async t => {
  mirror = async () => ({ status: 200, headers: { 'content-type': 'application/json', 'x-amzn-requestid': 'r-1', server: 'x' }, body: Buffer.from('{ "a" : 1.0 }') })
  for (const operation of MIRRORED) {
    for (const type of ['application/json', 'application/x-amz-json-1.1', 'text/plain']) {
      const answer = await send(operation, ' {"sql" : 1.0} ', { 'content-type': type })
      t.strictSame([answer.statusCode, answer.headers['content-type'], answer.headers['x-amzn-requestid'], answer.headers.server, answer.body], [200, 'application/json', 'r-1', undefined, '{ "a" : 1.0 }'])
      t.strictSame(seen.pop(), { operation, body: ' {"sql" : 1.0} ' })
    }
    t.equal((await app.inject({ method: 'POST', url: `/v1/databases/${ID}/data-api/${operation}`, headers: bearer('all') })).statusCode, 200)
    t.strictSame(seen.pop(), { operation, body: '' })
  }
})

t.test('a problem is an error of AWS too', async t => {
  const failures: Array<[error: Error, status: number, type: string, code: ProblemCode]> = [
    [new Problem('not-found', 'There is no database.'), 404, 'DatabaseNotFoundException', 'not-found'],
    [new Problem('database-not-ready', 'It is creating.'), 409, 'InvalidResourceStateException', 'database-not-ready'],
    [new Problem('too-many-requests', 'Too many wait.'), 429, 'ThrottlingException', 'too-many-requests'],
    // Whatever has a 5xx, SDKs send again by themselves.
    [new Problem('statement-outcome-unknown', 'No answer came.'), 400, 'StatementTimeoutException', 'statement-outcome-unknown'],
    [new AwsFailure('throttled', 'ThrottlingException', 'Rate exceeded'), 503, 'ThrottlingException', 'aws-throttled'],
    [new AwsFailure('denied', 'AccessDeniedException', 'User: arn:aws:sts::1:role/service'), 502, 'InternalServerErrorException', 'aws-refused'],
    [new TypeError('broken'), 500, 'InternalServerErrorException', 'internal-error']
  ]
  for (const [error, status, type, code] of failures) {
    mirror = async () => { throw error }
    const { statusCode, headers, body } = await send('Execute', '{}')
    t.match({ statusCode, headers }, { statusCode: status, headers: { 'x-amzn-errortype': type, 'x-amzn-requestid': /\S/, 'content-type': 'application/problem+json' } }, code)
    const { message, detail, ...rest } = JSON.parse(body) as { message: string, detail: string }
    t.match(rest, { code, status })
    t.equal(message, detail)
    t.notMatch(body, /arn:aws:sts|broken/)
  }
})

t.test('who may not is told so, before anything is read or sent', async t => {
  const refusals: Array<[headers: Record<string, string>, status: number, type: string]> = [
    [{ authorization: '' }, 401, 'UnrecognizedClientException'],
    [bearer('unknown'), 401, 'UnrecognizedClientException'],
    [bearer('reader'), 403, 'AccessDeniedException'],
    [{ authorization: 'AWS4-HMAC-SHA256 Credential=key-all/20261123/eu-west-1/rds-data/aws4_request, SignedHeaders=host;x-amz-date, Signature=' + '0'.repeat(64), 'x-amz-date': '20261123T090000Z' }, 401, 'UnrecognizedClientException'],
    [{ authorization: 'AWS4-HMAC-SHA256 nonsense' }, 401, 'InvalidSignatureException']
  ]
  seen.length = 0
  for (const [headers, status, type] of refusals) t.match(await send('Execute', '{', headers), { statusCode: status, headers: { 'x-amzn-errortype': type } })
  const large = await send('Execute', Buffer.alloc(4 * 1024 * 1024 + 1))
  t.match(large, { statusCode: 413, headers: { 'x-amzn-errortype': 'RequestEntityTooLargeException' } })
  t.strictSame(seen, [])
})

t.test('a signature counts where clients of AWS come, and nowhere else', async t => {
  const authorization = 'AWS4-HMAC-SHA256 Credential=key-all/20261123/eu-west-1/rds-data/aws4_request, SignedHeaders=host, Signature=' + '0'.repeat(64)
  for (const url of [`/v1/databases/${ID}/query`, `/v1/databases/${ID}`, '/v1/databases']) {
    const { statusCode, headers } = await app.inject({ method: url.endsWith('query') ? 'POST' : 'GET', url, headers: { authorization } })
    t.strictSame([statusCode, headers['x-amzn-errortype']], [401, undefined])
  }
  t.notOk(JSON.stringify(log).includes('0'.repeat(64)), 'and none is logged')
})
