import type { InjectOptions } from 'fastify'
import t, { type Test } from 'tap'

import { AwsFailure, toFailure } from '../../src/aws/errors.js'
import { bearer, buildTestApp, OUTPUTS, PASSWORD, type TestApp } from '../helpers/test-service.js'

const ORDERS = { client: 'acme', region: 'eu-west-1', name: 'orders' }
const SECRETS = [PASSWORD, 'all', 'wrong-key', 'unseen'].map(text => text === 'all' ? 'Bearer all' : text)

/** A database that is ready, whose secret holds {@link PASSWORD}. */
async function createReady ({ app, stacks, secrets }: TestApp): Promise<string> {
  const { id, stack: { name } } = (await app.inject({ method: 'POST', url: '/v1/databases', headers: bearer('all'), payload: ORDERS }))
    .json<{ id: string, stack: { name: string } }>()
  stacks.advance(name, 'CREATE_COMPLETE', { outputs: OUTPUTS })
  secrets.known.set(OUTPUTS.SecretArn, {
    facts: { arn: OUTPUTS.SecretArn, name: 'MasterSecret', tags: {}, deletedAt: null }, credentials: { username: 'postgres', password: PASSWORD }
  })
  return id
}

/** An error as the SDK throws it, with all that hangs on it. */
function sdkError (): AwsFailure {
  return toFailure(Object.assign(new Error('the region does not answer'), {
    name: 'TimeoutError',
    SecretString: JSON.stringify({ password: PASSWORD }),
    $response: { headers: { authorization: 'Bearer unseen' }, body: PASSWORD },
    config: { credentials: { secretAccessKey: 'unseen' } },
    request: { headers: { authorization: 'Bearer unseen' } }
  }))
}

function assertNothingLeaks (test: Test, what: string, texts: unknown): void {
  for (const secret of SECRETS) test.notOk(JSON.stringify(texts).includes(secret), `${what} has no ${secret}`)
}

t.test('what is logged of successes, refusals and failures has no secret in it', async t => {
  const service = await buildTestApp()
  const { app, stacks, log } = service
  t.teardown(async () => { await app.close() })
  const id = await createReady(service)
  const refusals: Array<[what: string, request: InjectOptions, status: number]> = [
    ['an unknown key', { url: '/v1/databases', headers: bearer('wrong-key') }, 401],
    ['another scheme', { url: '/v1/databases', headers: { authorization: `Basic ${PASSWORD}` } }, 401],
    ['a key without the scope', { method: 'DELETE', url: `/v1/databases/${id}`, headers: bearer('reader') }, 403],
    ['broken JSON', { method: 'POST', url: '/v1/databases', headers: { ...bearer('all'), 'content-type': 'application/json' }, payload: `{"client": "${PASSWORD}", ` }, 400],
    ['a value in the wrong place', { method: 'POST', url: '/v1/databases', headers: bearer('all'), payload: { ...ORDERS, tags: { password: { is: PASSWORD } } } }, 400],
    ['a key in the query', { url: `/v1/databases?key=${PASSWORD}`, headers: bearer('all') }, 400],
    ['the unrevealed connection', { url: `/v1/databases/${id}/connection?format=env`, headers: bearer('all') }, 200]
  ]
  for (const [what, request, status] of refusals) {
    const response = await app.inject(request)
    t.equal(response.statusCode, status, what)
    assertNothingLeaks(t, what, { body: response.body, headers: response.headers })
  }

  const failures: Array<[what: string, error: Error, status: number]> = [
    ['a failure of the SDK', sdkError(), 503],
    ['a refusal of AWS', new AwsFailure('denied', 'AccessDenied', 'User: arn:aws:iam::000000000000:role/service is not authorized', sdkError()), 502],
    ['an error of ours', Object.assign(new TypeError('broken'), { password: PASSWORD, authorization: 'Bearer unseen' }), 500]
  ]
  for (const [what, error, status] of failures) {
    stacks.failNext('describe', error)
    const response = await app.inject({ url: `/v1/databases/${id}`, headers: bearer('all') })
    t.equal(response.statusCode, status, what)
    assertNothingLeaks(t, what, response.body)
    t.notMatch(response.body, /arn:aws:iam|TypeError|broken|\.[jt]s:\d/, 'nor how we are made')
  }

  const revealed = await app.inject({ url: `/v1/databases/${id}/connection?reveal=true`, headers: bearer('all') })
  t.match(revealed.json(), { revealed: true, value: new RegExp(PASSWORD) }, 'whoever asks for it and may, gets it')
  t.ok(log.length > 10)
  assertNothingLeaks(t, 'the log', log)
  t.ok(log.every(line => !('headers' in line) && !('body' in line) && !('url' in line)))
})
