import { once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

import type { InjectOptions, RouteOptions } from 'fastify'
import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import { problemKinds } from '../../src/problems.js'
import { collectRoutes } from '../helpers/routes.js'
import { bearer, buildTestApp } from '../helpers/test-service.js'

const ORDERS = { client: 'acme', region: 'eu-west-1', name: 'orders' }
const ID = 'eu-west-1.acme-orders-dev-x7k2mq9a'
const json = { 'content-type': 'application/json' }

interface Refusal {
  what: string
  request: InjectOptions
  status: number
  code: keyof typeof problemKinds
  detail?: RegExp
  headers?: Record<string, unknown>
  errors?: Array<{ path: string, message: RegExp }>
}

const post = (payload: unknown, headers: Record<string, string> = json): InjectOptions =>
  ({ method: 'POST', url: '/v1/databases', headers: { ...bearer('all'), ...headers }, payload: typeof payload === 'string' ? payload : JSON.stringify(payload) })
const invalid = (path: string, message: RegExp): Pick<Refusal, 'status' | 'code' | 'errors'> =>
  ({ status: 400, code: 'invalid-request', errors: [{ path, message }] })

const refusals: Refusal[] = [
  { what: 'no key', request: { url: '/v1/databases' }, status: 401, code: 'unauthorized', headers: { 'www-authenticate': 'Bearer' } },
  { what: 'an unknown key', request: { url: '/v1/databases', headers: bearer('unknown') }, status: 401, code: 'unauthorized', headers: { 'www-authenticate': 'Bearer' } },
  { what: 'an expired key', request: { url: '/v1/databases', headers: bearer('expired') }, status: 401, code: 'unauthorized' },
  { what: 'another scheme', request: { url: '/v1/databases', headers: { authorization: 'Basic all' } }, status: 401, code: 'unauthorized', detail: /Bearer <key>/ },
  { what: 'a key without the scope', request: { ...post(ORDERS), headers: { ...bearer('reader'), ...json } }, status: 403, code: 'forbidden', detail: /databases:write/ },
  { what: "another client's database to create", request: { ...post({ ...ORDERS, client: 'other' }), headers: { ...bearer('acme'), ...json } }, status: 403, code: 'forbidden' },
  { what: 'a region that the key is not for', request: { ...post(ORDERS), headers: { ...bearer('elsewhere'), ...json } }, status: 403, code: 'forbidden' },
  { what: 'a path that there is not', request: { url: '/v2/databases', headers: bearer('all') }, status: 404, code: 'not-found' },
  { what: 'an id of nothing', request: { url: `/v1/databases/${ID}`, headers: bearer('all') }, status: 404, code: 'not-found' },
  { what: 'an id in a region that is not enabled', request: { url: '/v1/databases/ap-south-1.acme', headers: bearer('all') }, status: 404, code: 'not-found' },
  { what: 'a malformed id', request: { url: '/v1/databases/acme', headers: bearer('all') }, ...invalid('/id', /must match/) },
  { what: 'an id longer than any', request: { url: `/v1/databases/eu-west-1.${'a'.repeat(300)}`, headers: bearer('all') }, ...invalid('/id', /must match/) },
  { what: 'an endless id', request: { url: `/v1/databases/eu-west-1.${'a'.repeat(700)}`, headers: bearer('all') }, status: 404, code: 'not-found', detail: /as long as this/ },
  { what: 'a path that is no URL', request: { url: '/v1/databases/%zz', headers: bearer('all') }, status: 400, code: 'invalid-request' },
  { what: 'another method', request: { method: 'PUT', url: '/v1/databases', headers: bearer('all') }, status: 405, code: 'method-not-allowed', headers: { allow: 'POST, GET, HEAD' } },
  { what: 'another method on an item', request: { method: 'POST', url: `/v1/databases/${ID}/outputs`, headers: bearer('all') }, status: 405, code: 'method-not-allowed', headers: { allow: 'GET, HEAD' } },
  { what: 'malformed JSON', request: post('{"client": '), status: 400, code: 'malformed-json' },
  { what: 'no body', request: post(''), status: 400, code: 'malformed-json' },
  { what: 'a body that poisons prototypes', request: post('{"__proto__": {}}'), status: 400, code: 'malformed-json', detail: /__proto__/ },
  { what: 'a body that poisons prototypes deep inside', request: post('{"tags": {"constructor": {"prototype": 1}}}'), status: 400, code: 'malformed-json', detail: /constructor/ },
  { what: 'a name that comes twice', request: post('{"client": "acme", "tags": {"a": "}", "b": {"a": 1}, "\\u0061" : "y"}}'), status: 400, code: 'malformed-json', detail: /"\\u0061" twice/ },
  { what: 'a body in another encoding', request: { ...post(''), payload: Buffer.from('{"client": "fianc\xe9"}', 'latin1') }, status: 400, code: 'malformed-json', detail: /UTF-8/ },
  { what: 'a body of another type', request: post('client=acme', { 'content-type': 'application/x-www-form-urlencoded' }), status: 415, code: 'unsupported-media-type' },
  { what: 'a body that is compressed', request: post('{}', { ...json, 'content-encoding': 'gzip' }), status: 415, code: 'unsupported-media-type', detail: /Content-Encoding gzip/ },
  ...[['query', { sql: 'x' }], ['batch', { sql: 'x', parameterSets: [{}] }], ['transaction', { statements: [{ sql: 'x' }] }]].map(([route, body]): Refusal => ({
    what: `a name for sending a ${String(route)} again`, request: { ...post(body, { ...json, 'idempotency-key': 'a' }), url: `/v1/databases/${ID}/${String(route)}` }, ...invalid('/idempotency-key', /statements that may write/)
  })),
  { what: 'a body without a type', request: post('{}', { 'content-type': '' }), status: 415, code: 'unsupported-media-type' },
  { what: 'a body over the limit', request: post({ ...ORDERS, tags: { a: 'x'.repeat(1024 * 1024) } }), status: 413, code: 'body-too-large' },
  { what: 'a body that is a list', request: post([]), ...invalid('', /must be object/) },
  { what: 'something where there may be nothing', request: { ...post({ x: 1 }), url: `/v1/databases/${ID}/resume` }, ...invalid('/x', /not known/) },
  { what: 'a list where there may be nothing', request: { ...post([]), url: `/v1/databases/${ID}/snapshots` }, ...invalid('', /^must be object$/) },
  { what: 'a change of nothing', request: { ...post({}), method: 'PATCH', url: `/v1/databases/${ID}` }, ...invalid('', /^must have at least 1 entry$/) },
  { what: 'a missing field', request: post({ client: 'acme' }), ...invalid('/region', /is required/) },
  { what: 'an unknown field', request: post({ ...ORDERS, colour: 'red' }), ...invalid('/colour', /not known/) },
  { what: 'a number in place of a text', request: post({ ...ORDERS, name: 1 }), ...invalid('/name', /must be string/) },
  { what: 'a text in place of a boolean', request: post({ ...ORDERS, deletionProtection: 'true' }), ...invalid('/deletionProtection', /must be boolean/) },
  { what: 'a client that is no word', request: post({ ...ORDERS, client: 'Acme--x' }), ...invalid('/client', /must match/) },
  { what: 'a name that is too long', request: post({ ...ORDERS, name: 'a'.repeat(41) }), ...invalid('/name', /at most 40/) },
  { what: 'a tag with an endless key', request: post({ ...ORDERS, tags: { ['k'.repeat(129)]: 'x' } }), ...invalid(`/tags/${'k'.repeat(129)}`, /at most 128 characters/) },
  { what: 'a tag with no key', request: post({ ...ORDERS, tags: { '': 'x' } }), ...invalid('/tags/', /at least 1 character$/) },
  { what: 'a tag of AWS', request: post({ ...ORDERS, tags: { 'aws:x': 'x' } }), ...invalid('/tags/aws:x', /must not start with/) },
  { what: 'a tag of the service', request: post({ ...ORDERS, tags: { 'aurora-databases:client': 'x' } }), ...invalid('/tags/aurora-databases:client', /must not start with/) },
  { what: 'an unknown region', request: post({ ...ORDERS, region: 'mars-north-1' }), ...invalid('/region', /one of eu-west-1, us-east-1/) },
  { what: 'an unknown template', request: post({ ...ORDERS, template: 'mysql' }), ...invalid('/template', /one of aurora-serverless-postgres/) },
  { what: 'an unknown parameter', request: post({ ...ORDERS, parameters: { Size: 1 } }), ...invalid('/parameters/Size', /not a parameter of/) },
  { what: 'a parameter of the service', request: post({ ...ORDERS, parameters: { ClusterName: 'x' } }), ...invalid('/parameters/ClusterName', /not a parameter of/) },
  { what: 'a parameter that is null', request: post({ ...ORDERS, parameters: { MinCapacity: null } }), ...invalid('/parameters/MinCapacity', /must be a number/) },
  { what: 'a parameter outside its limits', request: post({ ...ORDERS, parameters: { MaxCapacity: 257 } }), ...invalid('/parameters/MaxCapacity', /at most 256/) },
  { what: 'a minimum above the maximum', request: post({ ...ORDERS, parameters: { MinCapacity: 8, MaxCapacity: 4 } }), ...invalid('/parameters/MinCapacity', /at most MaxCapacity/) },
  { what: 'an unknown query parameter of the list', request: { url: '/v1/databases?colour=red', headers: bearer('all') }, ...invalid('?colour', /not known/) },
  { what: 'an unknown query parameter of a create', request: { ...post(ORDERS), url: '/v1/databases?dry=true' }, ...invalid('?dry', /not known/) },
  { what: 'an unknown query parameter of an item', request: { url: `/v1/databases/${ID}?verbose=1`, headers: bearer('all') }, ...invalid('?verbose', /not known/) },
  { what: 'a limit that is none', request: { url: '/v1/databases?limit=0', headers: bearer('all') }, ...invalid('?limit', /at least 1/) },
  { what: 'two where one is asked for', request: { url: '/v1/databases?client=a&client=b', headers: bearer('all') }, ...invalid('?client', /must be string/) },
  { what: 'a region to list that is not enabled', request: { url: '/v1/databases?region=ap-south-1', headers: bearer('all') }, ...invalid('?region', /one of/) },
  { what: 'a cursor that is none', request: { url: '/v1/databases?cursor=abc', headers: bearer('all') }, ...invalid('?cursor', /nextCursor/) },
  { what: 'an empty Idempotency-Key', request: post(ORDERS, { ...json, 'idempotency-key': '' }), status: 400, code: 'invalid-request' },
  { what: 'a template that there is not', request: { url: '/v1/templates/mysql', headers: bearer('all') }, status: 404, code: 'not-found' },
  { what: 'a problem that there is not', request: { url: '/problems/__proto__' }, status: 404, code: 'not-found' }
]

const { app, stacks, log } = await buildTestApp()
t.teardown(async () => { await app.close() })

for (const { what, request, status, code, detail, headers = {}, errors } of refusals) {
  t.test(`${what} is ${status} ${code}`, async t => {
    const response = await app.inject(request)
    const { title, retryable } = problemKinds[code]
    t.match(response, { statusCode: status, headers: { 'content-type': 'application/problem+json', ...headers } })
    t.match(response.json(), {
      type: `/problems/${code}`, title, status, code, retryable, instance: String(request.url).split('?')[0], requestId: response.headers['x-request-id'], detail: detail ?? /\S/
    })
    if (errors) t.match(response.json<{ errors: unknown[] }>().errors, errors)
    t.strictSame(stacks.launches, [], 'nothing was launched')
  })
}

t.test('a body that may be left out may be announced all the same', async t => {
  const { routes, app } = await collectRoutes(async () => (await buildTestApp()).app)
  t.teardown(async () => { await app.close() })
  const takesNone = ({ schema }: RouteOptions): boolean => schema?.body === undefined || JSON.stringify(schema.body).includes('"type":"null"')
  const posts = routes.filter(({ method, url }) => method === 'POST' && !url.includes('/data-api/'))
  t.ok(posts.filter(takesNone).length >= 4)
  for (const route of posts) {
    const answer = await app.inject({ method: 'POST', url: route.url.replace(':id', ID).replace(':transactionId', 'tx'), headers: { ...bearer('all'), 'content-type': 'application/json' } })
    if (takesNone(route)) t.not(answer.statusCode, 400, route.url)
    else t.match(answer.json(), { status: 400, code: 'malformed-json', detail: /empty/ }, route.url)
  }
})

t.test('a body with a thousand mistakes is described by the first few', async t => {
  const unknown = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`p${at}`, at]))
  for (const body of [{ ...ORDERS, parameters: unknown }, { ...ORDERS, ...unknown }]) {
    const response = await app.inject(post(body))
    t.match(response.json(), { status: 400, code: 'invalid-request' })
    t.equal(response.json<{ errors: unknown[] }>().errors.length, 50)
  }
})

t.test('every problem is explained under its type', async t => {
  for (const [code, { title, explanation }] of Object.entries(problemKinds)) {
    const { statusCode, headers, body } = await app.inject(`/problems/${code}`)
    t.equal(statusCode, 200, code)
    t.match(headers['content-type'], 'text/markdown')
    t.ok(body.includes(title) && body.includes(explanation))
  }
})

t.test('each request has an id: the one it came with, if that is sane', async t => {
  const idFor = async (given?: string): Promise<unknown> =>
    (await app.inject({ url: '/v1/regions', headers: { ...bearer('all'), ...(given === undefined ? {} : { 'x-request-id': given }) } })).headers['x-request-id']
  t.equal(await idFor('order-42:a.b_c'), 'order-42:a.b_c')
  t.equal(log.at(-1)?.reqId, 'order-42:a.b_c', 'which is in the log')
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
  for (const given of [undefined, '', 'a b', 'a\tb', '{"level":60}', 'x'.repeat(129)]) t.match(await idFor(given), uuid)
  t.match((await app.inject('/nothing')).headers['x-request-id'], uuid)
})

t.test('an answer is logged in one line, with who asked for what', async t => {
  log.length = 0
  await app.inject({ url: `/v1/databases/${ID}`, headers: bearer('reader') })
  const answered = log.filter(({ msg }) => msg === 'answered')
  t.match(answered, [{ level: 30, method: 'GET', route: '/v1/databases/:id', status: 404, keyId: 'key-reader', databaseId: ID }])
  t.equal(answered.length, 1)
  t.notOk(log.some(({ level }) => Number(level) >= 50), 'a refusal is no error of ours')
})

t.test('what AWS and we ourselves do wrong', async t => {
  const failures: Array<[error: Error, status: number, code: string, retryAfter: string | undefined]> = [
    [new AwsFailure('throttled', 'Throttling', 'Rate exceeded'), 503, 'aws-throttled', '5'],
    [new AwsFailure('unavailable', 'TimeoutError', 'no answer'), 503, 'aws-unavailable', '5'],
    [new AwsFailure('denied', 'AccessDenied', 'no'), 502, 'aws-refused', undefined],
    [new AwsFailure('quota', 'LimitExceededException', 'no'), 502, 'aws-refused', undefined],
    [new Error('a mistake'), 500, 'internal-error', undefined]
  ]
  for (const [error, status, code, retryAfter] of failures) {
    log.length = 0
    stacks.failNext('describe', error)
    const response = await app.inject({ url: `/v1/databases/${ID}`, headers: bearer('all') })
    t.match(response, { statusCode: status, headers: { 'retry-after': retryAfter } })
    t.match(response.json(), { code })
    t.notMatch(response.body, error.message === 'no' ? /"no"/ : error.message)
    t.match(log.find(({ level }) => level === 50), { code, err: { message: /./ } }, 'is in the log as an error')
  }
})

t.test('what is not HTTP', async t => {
  const { app } = await buildTestApp()
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => { await app.close() })
  const { port } = app.server.address() as AddressInfo
  const ask = async (request: string): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    socket.write(request)
    return await text(socket)
  }
  t.match(await ask('hello\r\n\r\n'), /^HTTP\/1\.1 400 Bad Request\r\n/)
  t.match(await ask(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
  t.equal(app.server.requestTimeout, 60_000, 'nobody may take for ever to send a request')
})

t.test('while it stops, what still comes is told to come again', async t => {
  const { app } = await buildTestApp()
  await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
  const answers = text(socket)
  // The second request has begun, but cannot be answered yet, when the first one is.
  socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /readyz HTTP/1.1\r\n')
  await once(app.server, 'request')
  const closed = app.close()
  await once(app.shutdown.stopping, 'abort')
  socket.write('host: x\r\n\r\n')
  const [, first, second] = (await answers).split('HTTP/1.1 ')
  await closed
  t.match(first, /^200 /)
  t.match(second, /^503 .*retry-after: \d+.*"code":"shutting-down"/is)
})
