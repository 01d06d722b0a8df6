import { getEventListeners } from 'node:events'

import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import { bearer, buildTestApp, OUTPUTS, PASSWORD, type TestApp } from '../helpers/test-service.js'
import { turns } from '../helpers/turns.js'

const ORDERS = { client: 'acme', region: 'eu-west-1', name: 'orders' }
const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`
const URL = `/v1/databases/${ID}`

interface DatabaseBody { id: string, status: string, operation: { id: string, status: string } | null }

async function start (t: Tap, doubles = {}) {
  const service = await buildTestApp(doubles)
  t.teardown(async () => { await service.app.close() })
  const call = async (method: 'GET' | 'POST' | 'DELETE' | 'HEAD', url: string, { key = 'all', headers = {}, body }: { key?: string, headers?: Record<string, string>, body?: object } = {}) =>
    await service.app.inject({ method, url, headers: { ...bearer(key), ...headers }, ...(body ? { payload: body } : {}) })
  return { ...service, call, create: async (headers = {}, body: object = ORDERS) => await call('POST', '/v1/databases', { headers, body }) }
}
interface Tap { teardown: (end: () => Promise<void>) => void }

/** Moves the clock on until the answer is there; the waits of the service bound it. */
async function answerOf<Answer> ({ clock }: TestApp, answer: PromiseLike<Answer>): Promise<Answer> {
  let isThere = false
  const settled = Promise.resolve(answer).finally(() => { isThere = true })
  for (;;) {
    await new Promise(resolve => { setImmediate(resolve) })
    if (isThere) return await settled
    clock.move(500)
  }
}

t.test('a create is 202 once, and 200 when it is sent again', async t => {
  const { create, stacks } = await start(t)
  const first = await create({ 'idempotency-key': 'k1' })
  t.match(first, { statusCode: 202, headers: { location: URL, 'idempotency-replayed': undefined, 'content-type': 'application/json; charset=utf-8' } })
  t.match(first.json(), { id: ID, ...ORDERS, status: 'creating', outputs: null, operation: { type: 'create', status: 'running' }, deletionProtection: false, updatedAt: null })
  t.match(first.json(), { createdAt: '2026-11-23T09:00:00.000Z', operation: { startedAt: '2026-11-23T09:00:00.000Z' } })
  const second = await create({ 'idempotency-key': 'k1' })
  t.match(second, { statusCode: 200, headers: { location: URL, 'idempotency-replayed': 'true' } })
  t.equal(second.json<DatabaseBody>().id, ID)
  t.match((await create({ 'idempotency-key': 'k1' }, { ...ORDERS, onFailure: 'keep' })).json(), { status: 422, code: 'idempotency-key-reused', databaseId: ID })
  t.match((await create({ 'idempotency-key': 'k2' }, { ...ORDERS, onFailure: 'keep' })).json(), { status: 409, code: 'database-exists', databaseId: ID })
  t.equal(stacks.launches.length, 1)
})

t.test('a create whose secret is missing is 422, and launches nothing', async t => {
  const { create, stacks } = await start(t)
  t.match((await create({}, { ...ORDERS, parameters: { DBMaster: 'Mahira' } })).json(), { status: 422, code: 'preflight-failed', errors: [{ path: '/parameters/DBMaster', message: /no secret Mahira/ }] })
  t.strictSame(stacks.launches, [])
})

t.test('a create that failed is a 200 that says so, and the same create works once the cause is gone', async t => {
  const { create, call, stacks } = await start(t)
  await create()
  stacks.emit(NAME, 'AuroraCluster', 'CREATE_FAILED', 'out of luck')
  stacks.advance(NAME, 'DELETE_IN_PROGRESS', { reason: 'The following resource(s) failed to create: [AuroraCluster]. Delete requested by user.' })
  t.match((await create()), { statusCode: 409, headers: { 'retry-after': '10' } }, 'as soon as what it made is gone')
  stacks.advance(NAME, 'DELETE_COMPLETE')
  t.match(await call('GET', URL), { statusCode: 200 })
  t.match((await call('GET', URL)).json(), { status: 'failed', statusReason: 'AuroraCluster could not be created: out of luck' })
  t.equal((await create()).statusCode, 202)
  t.match((await call('GET', URL)).json(), { status: 'creating', statusReason: null })
})

t.test('what is answered has a tag, and is not sent to whoever has it', async t => {
  const { create, call, stacks } = await start(t)
  await create()
  const { headers: { etag }, body } = await call('GET', URL)
  t.match(etag, /^"[\w-]{20,}"$/)
  for (const have of [String(etag), `W/${String(etag)}`, `"x", ${String(etag)}`, '*']) {
    t.match(await call('GET', URL, { headers: { 'if-none-match': have } }), { statusCode: 304, body: '', headers: { etag } }, have)
  }
  t.match(await call('GET', URL, { headers: { 'if-none-match': '"x"' } }), { statusCode: 200, body, headers: { etag } })
  stacks.emit(NAME, 'AuroraCluster', 'CREATE_IN_PROGRESS')
  t.match(await call('GET', URL, { headers: { 'if-none-match': String(etag) } }), { statusCode: 200 }, 'until it has changed')
  t.match(await call('HEAD', URL), { statusCode: 200, body: '' })
})

t.test('Prefer: wait holds the answer back until the operation settles', async t => {
  const service = await start(t)
  const { create, call, stacks } = service
  stacks.beforeNext('eventsAfter', () => { stacks.advance(NAME, 'CREATE_COMPLETE', { outputs: OUTPUTS }) })
  const created = await answerOf(service, create({ prefer: 'respond-async, wait=30' }))
  t.match(created, { statusCode: 202, headers: { 'preference-applied': 'wait=30', location: URL } })
  t.match(created.json(), { status: 'available', outputs: { dnsName: 'db.example.com', dbPort: 5432, secretArn: OUTPUTS.SecretArn } })
  t.match(await call('GET', URL, { headers: { prefer: 'wait=5' } }), { statusCode: 200, headers: { 'preference-applied': 'wait=5' } }, 'at once when nothing moves')
})

t.test('or until the time is up, which is a minute at most', async t => {
  const service = await start(t)
  const { create, call, clock } = service
  await create()
  for (const [wait, applied] of [['wait=2', 2], ['wait=600', 60], ['wait=0', 0]] as const) {
    const before = clock.now()
    const answer = await answerOf(service, call('GET', URL, { headers: { prefer: wait } }))
    t.match(answer, { statusCode: 200, headers: { 'preference-applied': `wait=${applied}` } })
    t.equal(answer.json<DatabaseBody>().status, 'creating')
    t.ok(clock.now() - before >= applied * 1000 && clock.now() - before < applied * 1000 + 2_000)
  }
  for (const nonsense of ['wait', 'wait=-1', 'wait=soon', 'return=minimal', '']) {
    t.match(await call('GET', URL, { headers: { prefer: nonsense } }), { statusCode: 200, headers: { 'preference-applied': undefined } }, nonsense)
  }
})

t.test('a wait for what is watched already begins with what is known, unless AWS is to be asked', async t => {
  const service = await start(t)
  const { create, call, stacks, clock } = service
  await create()
  const watching = call('GET', URL, { headers: { prefer: 'wait=60' } }).then(answer => answer)
  await clock.whenAsleep()
  await turns()
  const asked = stacks.calls.length
  stacks.advance(NAME, 'CREATE_COMPLETE', { outputs: OUTPUTS })
  const look = async (headers: Record<string, string>): Promise<{ status: string, calls: string[] }> => {
    const from = stacks.calls.length
    const answer = await call('GET', URL, { headers })
    return { status: answer.json<DatabaseBody>().status, calls: stacks.calls.slice(from).map(each => each.split(' ')[0] ?? '') }
  }
  t.match(await answerOf(service, look({ prefer: 'wait=0' })), { status: 'creating', calls: [] }, 'it is as it was seen last')
  t.equal(stacks.calls.length, asked)
  t.match(await look({ prefer: 'wait=30', 'cache-control': 'max-age=0, No-Cache' }), { status: 'available', calls: ['describe', 'eventsAfter'] }, 'AWS knows better')
  t.match((await watching).json(), { status: 'available' }, 'and so does whoever waited')
  t.match(await look({ prefer: 'wait=30' }), { calls: ['describe'] }, 'at rest it is watched no more')
  t.match(await look({}), { calls: ['describe'] })
})

t.test('who hangs up in the middle of a wait leaves nothing behind', async t => {
  const { app, create, stacks, clock } = await start(t)
  await create()
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const listeners = (): number => getEventListeners(app.shutdown.stopping, 'abort').length
  const before = listeners()
  const hangUp = new AbortController()
  const isGone = new Promise(resolve => { app.server.once('connection', socket => { socket.once('close', resolve) }) })
  const waiting = fetch(url + URL, { headers: { ...bearer('all'), prefer: 'wait=60' }, signal: hangUp.signal })
  await clock.whenAsleep()
  t.equal(listeners(), before + 1)
  hangUp.abort()
  await t.rejects(waiting, { name: 'AbortError' })
  await isGone
  await turns()
  t.equal(listeners(), before, 'nothing listens for the end of the service any more')
  t.strictSame(await clock.whenAsleep(), [1_000], 'nobody waits for the time to be up, and the watch ends with its pause')
  clock.move(1_000)
  await turns()
  t.equal(clock.sleepers(), 0)
  const asked = stacks.calls.length
  clock.move(60_000)
  await turns()
  t.equal(stacks.calls.length, asked, 'and AWS is asked nothing any more')
})

t.test('a delete is 202, also again, and refused while the database is protected', async t => {
  const { create, call, stacks } = await start(t)
  await create()
  t.match((await call('DELETE', URL, { headers: { 'if-match': '"stale"' } })).json(), { status: 412, code: 'precondition-failed' })
  for (let times = 0; times < 2; times++) {
    const answer = await call('DELETE', URL)
    t.match(answer, { statusCode: 202, headers: { location: URL } })
    t.match(answer.json(), { status: 'deleting', operation: { type: 'delete' } })
  }
  stacks.advance(NAME, 'DELETE_COMPLETE')
  t.match((await call('DELETE', URL)).json(), { status: 'deleted' })
  t.equal(stacks.calls.filter(each => each.startsWith('remove')).length, 1)

  await create({}, { ...ORDERS, deletionProtection: true })
  t.match((await call('DELETE', URL)).json(), { status: 409, code: 'deletion-protected', retryable: false })
  t.equal(stacks.find(NAME).status, 'CREATE_IN_PROGRESS')
})

t.test('the list, with its filters, pages and regions', async t => {
  const { create, call, stacks } = await start(t)
  await create()
  await create({}, { ...ORDERS, name: 'stock', region: 'us-east-1' })
  await create({}, { ...ORDERS, client: 'other' })
  const idsOf = async (query: string, options = {}): Promise<string[]> =>
    (await call('GET', `/v1/databases${query}`, options)).json<{ items: Array<{ client: string, name: string }> }>().items.map(({ client, name }) => `${client}/${name}`)
  t.strictSame((await idsOf('')).sort(), ['acme/orders', 'acme/stock', 'other/orders'])
  t.strictSame(await idsOf('?region=us-east-1'), ['acme/stock'])
  t.strictSame((await idsOf('?region=us-east-1&region=eu-west-1')).length, 3)
  t.strictSame(await idsOf('?client=other&status=creating&environment=dev&name=orders&template=aurora-serverless-v2-postgres'), ['other/orders'])
  t.strictSame(await idsOf('', { key: 'elsewhere' }), ['acme/stock'])
  t.strictSame((await idsOf('', { key: 'acme' })).sort(), ['acme/orders', 'acme/stock'])
  const page = (await call('GET', '/v1/databases?limit=2&sort=name')).json<{ items: unknown[], nextCursor: string }>()
  t.equal(page.items.length, 2)
  t.strictSame(await idsOf(`?limit=2&sort=name&cursor=${page.nextCursor}`), ['acme/stock'])

  const listed = (): number => stacks.calls.filter(each => each === 'list eu-west-1').length
  const before = listed()
  await idsOf('')
  t.equal(listed(), before, 'is answered from what is known')
  stacks.failNext('list', new AwsFailure('unavailable', 'TimeoutError', 'no answer'))
  const answer = await call('GET', '/v1/databases', { headers: { 'cache-control': 'no-cache' } })
  t.match(answer.json(), {
    items: { length: 3 }, regions: [{ region: 'eu-west-1', status: 'stale', asOf: '2026-11-23T09:00:00.000Z', problem: 'aws-unavailable' }, { region: 'us-east-1', status: 'ok', problem: null }]
  }, 'with what was known of it')
})

t.test('outputs and connection have to wait until they are there', async t => {
  const { create, call, stacks } = await start(t)
  await create()
  for (const path of ['outputs', 'connection']) {
    const answer = await call('GET', `${URL}/${path}`)
    t.match(answer, { statusCode: 409, headers: { 'retry-after': '10' } })
    t.match(answer.json(), { code: 'database-not-ready', databaseStatus: 'creating' })
  }
  stacks.advance(NAME, 'CREATE_COMPLETE', { outputs: OUTPUTS })
  t.strictSame((await call('GET', `${URL}/outputs`)).json(), {
    stackName: OUTPUTS.StackName, clusterName: OUTPUTS.ClusterName, dnsName: OUTPUTS.DNSName, dbName: 'temporal', dbPort: 5432, clusterArn: OUTPUTS.ClusterArn, secretArn: OUTPUTS.SecretArn
  })
})

t.test('a connection in each form, and its password only for whoever may see it', async t => {
  const { create, call, stacks, secrets, log } = await start(t)
  await create()
  stacks.advance(NAME, 'CREATE_COMPLETE', { outputs: OUTPUTS })
  secrets.known.set(OUTPUTS.SecretArn, { facts: { arn: OUTPUTS.SecretArn, name: 'x', tags: {}, deletedAt: null }, credentials: { username: 'postgres', password: PASSWORD } })
  const audits = (): unknown[] => log.filter(({ audit }) => audit === 'credentials-revealed')
  for (const [format, value] of [['uri', /^postgresql:/], ['psql', /^PGSSLMODE=.* psql /], ['jdbc', /^jdbc:postgresql:/], ['env', /^PGHOST=/], ['prisma', /schema=public/], ['sqlalchemy', /^postgresql\+psycopg:/], ['data-api', /"resourceArn"/]] as const) {
    const answer = await call('GET', `${URL}/connection?format=${format}`)
    t.match(answer.json(), { format, value, secretArn: OUTPUTS.SecretArn, revealed: false })
    t.notMatch(answer.body, PASSWORD)
    t.equal(answer.headers['cache-control'], 'no-store')
  }
  t.match((await call('GET', `${URL}/connection?format=odbc`)).json(), { status: 400, errors: [{ path: '?format', message: /one of uri, psql/ }] })
  t.match((await call('GET', `${URL}/connection?reveal=true`, { key: 'reader' })).json(), { status: 403, detail: /credentials:read/ })
  t.strictSame(secrets.calls, [])
  t.strictSame(audits(), [], 'nothing was revealed')
  t.match((await call('GET', `${URL}/connection?reveal=true`)).json(), { revealed: true, format: 'uri', value: new RegExp(PASSWORD) })
  t.match(audits(), [{ keyId: 'key-all', databaseId: ID, level: 40 }])
  t.equal(audits().length, 1)
})

const forever = async (): Promise<never> => await new Promise(() => {})
const unanswered = {
  create: forever,
  get: forever,
  change: forever,
  remove: forever,
  restore: forever,
  list: forever,
  rotatePassword: forever
}

t.test('each request is answered in time, whatever AWS does', async t => {
  const { app, clock } = await start(t, unanswered)
  const requests = [
    { method: 'POST', url: '/v1/databases', payload: ORDERS, seconds: 55 },
    { method: 'POST', url: '/v1/databases', payload: ORDERS, prefer: 'wait=30', seconds: 85 },
    { method: 'GET', url: '/v1/databases', seconds: 55 },
    { method: 'GET', url: URL, seconds: 55 },
    { method: 'PATCH', url: URL, payload: { deletionProtection: true }, prefer: 'wait=600', seconds: 115 },
    { method: 'DELETE', url: URL, seconds: 55 },
    { method: 'POST', url: `${URL}/restore`, seconds: 55 },
    { method: 'POST', url: `${URL}/credentials/rotate`, seconds: 115 }
  ] as const
  for (const { seconds, ...request } of requests) {
    const { method, url } = request
    const title = `${method} ${url}`
    let isAnswered = false
    const answer = app.inject({
      method, url, headers: { ...bearer('all'), ...('prefer' in request ? { prefer: request.prefer } : {}) }, ...('payload' in request ? { payload: request.payload } : {})
    }).finally(() => { isAnswered = true })
    t.strictSame(await clock.whenAsleep(), [seconds * 1_000], title)
    clock.move(seconds * 1_000 - 1)
    await new Promise(setImmediate)
    t.equal(isAnswered, false, title)
    clock.move(1)
    t.match(await answer, { statusCode: 503, headers: { 'retry-after': '10' } }, title)
    t.match((await answer).json(), { code: 'aws-unavailable', retryable: true, detail: new RegExp(`within ${seconds} s. What was begun goes on: send the request again`) })
    t.equal(clock.sleepers(), 0, title)
  }
})
