import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

import t, { type Test } from 'tap'

import { bearer, buildTestApp, type TestApp } from '../helpers/test-service.js'

const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`
const EVENTS = `/v1/databases/${ID}/events`
const POLL_MS = 1_000

async function start (t: Test): Promise<TestApp & { open: (headers?: Record<string, string>) => Promise<Stream> }> {
  const service = await buildTestApp()
  const { app } = service
  await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(async () => { await app.close() })
  await app.inject({ method: 'POST', url: '/v1/databases', headers: bearer('all'), payload: { client: 'acme', region: 'eu-west-1', name: 'orders' } })
  return { ...service, open: async headers => await openStream((app.server.address() as AddressInfo).port, headers) }
}

interface Message { event?: string, retry?: string, id?: string, data?: unknown, comment?: string }
interface Stream { headers: IncomingMessage['headers'], next: () => Promise<Message | null>, hangUp: () => void, rest: () => Promise<Array<string | undefined>> }

async function openStream (port: number, headers: Record<string, string> = {}): Promise<Stream> {
  const request = get({ host: '127.0.0.1', port, path: EVENTS, headers: { ...bearer('all'), accept: 'text/event-stream', ...headers } })
  const [response] = await once(request, 'response') as [IncomingMessage]
  response.setEncoding('utf8')
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<string>
  let text = ''
  const next = async (): Promise<Message | null> => {
    while (!text.includes('\n\n')) {
      const { done, value } = await chunks.next()
      if (done) return null
      text += value
    }
    const end = text.indexOf('\n\n')
    const lines = text.slice(0, end).split('\n')
    text = text.slice(end + 2)
    return Object.fromEntries(lines.map(line => {
      const [field = '', ...value] = line.split(': ')
      return field === '' || line.startsWith(':') ? ['comment', line] : [field, field === 'data' ? JSON.parse(value.join(': ')) : value.join(': ')]
    })) as Message
  }
  const rest = async (): Promise<Array<string | undefined>> => {
    const events = []
    for (let message = await next(); message; message = await next()) events.push(message.event)
    return events
  }
  return { headers: response.headers, next, rest, hangUp: () => { request.on('error', () => {}).destroy() } }
}

/** What a message is, in a word or two. */
const outline = (message: Message | null): string => {
  const { event = message?.comment, data } = message ?? {}
  const { logicalId, status = '' } = (data ?? {}) as { logicalId?: string, status?: string }
  return [event, logicalId === NAME ? '*' : logicalId, status].filter(Boolean).join(' ')
}

t.test('the events as a list', async t => {
  const { app, stacks } = await start(t)
  stacks.emit(NAME, 'AuroraCluster', 'CREATE_IN_PROGRESS')
  const list = async (query: string): Promise<Array<{ id: string }>> => (await app.inject({ url: `${EVENTS}${query}`, headers: bearer('reader') })).json<{ items: Array<{ id: string }> }>().items
  const [first, second] = await list('')
  t.match([first, second], [
    { logicalId: NAME, type: 'AWS::CloudFormation::Stack', status: 'CREATE_IN_PROGRESS', reason: 'User Initiated', operationId: /^create-/, at: '2026-11-23T09:00:00.000Z' },
    { logicalId: 'AuroraCluster', physicalId: null, reason: null }
  ])
  t.strictSame(await list(`?after=${first?.id}`), [second])
  t.strictSame(await list(`?after=${second?.id}`), [])
  t.strictSame(await list('?after=forgotten'), [first, second], 'rather twice than never')
})

t.test('the operations, newest first', async t => {
  const { app, stacks } = await start(t)
  stacks.advance(NAME, 'CREATE_COMPLETE')
  await app.inject({ method: 'DELETE', url: `/v1/databases/${ID}`, headers: bearer('all') })
  const { items } = (await app.inject({ url: `/v1/databases/${ID}/operations`, headers: bearer('reader') })).json<{ items: unknown[] }>()
  t.match(items, [{ type: 'delete', status: 'running', endedAt: null }, { type: 'create', status: 'succeeded', progress: { percent: 100 } }])
})

t.test('live: what there is, then what happens, then the end', async t => {
  const { clock, stacks, open } = await start(t)
  const stream = await open()
  t.match(stream.headers, { 'content-type': /^text\/event-stream/, 'cache-control': 'no-store', 'x-accel-buffering': 'no', 'x-request-id': /./ })
  t.strictSame([outline(await stream.next()), outline(await stream.next())], ['stack-event * CREATE_IN_PROGRESS', 'database creating'])
  await clock.whenAsleep()
  stacks.emit(NAME, 'AuroraCluster', 'CREATE_IN_PROGRESS')
  stacks.emit(NAME, 'AuroraCluster', 'CREATE_COMPLETE')
  clock.move(POLL_MS)
  const messages = [await stream.next(), await stream.next(), await stream.next()]
  t.strictSame(messages.map(outline), ['stack-event AuroraCluster CREATE_IN_PROGRESS', 'stack-event AuroraCluster CREATE_COMPLETE', 'database creating'])
  t.match(messages[0], { id: /./, data: { id: messages[0]?.id, operationId: /^create-/ } })
  t.match(messages[2], { data: { id: ID, operation: { progress: { completed: 1, total: 4 } } } })
  await until(() => clock.sleepers() === 2)
  stacks.advance(NAME, 'CREATE_COMPLETE')
  clock.move(POLL_MS)
  t.strictSame([outline(await stream.next()), outline(await stream.next()), outline(await stream.next())], ['stack-event * CREATE_COMPLETE', 'database available', 'end available'])
  t.equal(await stream.next(), null)
})

t.test('live: of a database at rest everything is told, and that is the end', async t => {
  const { stacks, open } = await start(t)
  stacks.advance(NAME, 'CREATE_COMPLETE')
  t.strictSame(await (await open()).rest(), ['stack-event', 'stack-event', 'database', 'end'])
})

t.test('live: who comes back goes on where it was', async t => {
  const { clock, stacks, open } = await start(t)
  const stream = await open()
  const last = await stream.next()
  stream.hangUp()
  stacks.emit(NAME, 'AuroraCluster', 'CREATE_COMPLETE')
  stacks.advance(NAME, 'CREATE_COMPLETE')
  const again = await open({ 'last-event-id': last?.id ?? '' })
  t.equal(outline(await again.next()), 'database creating', 'as it is known, without a question')
  await until(() => clock.sleepers() >= 2)
  clock.move(POLL_MS)
  t.strictSame([outline(await again.next()), outline(await again.next()), outline(await again.next())],
    ['stack-event AuroraCluster CREATE_COMPLETE', 'stack-event * CREATE_COMPLETE', 'database available'])
  t.strictSame(await again.rest(), ['end'])
})

t.test('live: who comes later is told nothing twice', async t => {
  const { clock, stacks, open } = await start(t)
  const early = await open()
  await early.next()
  await clock.whenAsleep()
  stacks.emit(NAME, 'AuroraCluster', 'CREATE_IN_PROGRESS')
  const late = await open()
  t.strictSame([outline(await late.next()), outline(await late.next())], ['stack-event * CREATE_IN_PROGRESS', 'database creating'])
  await until(() => clock.sleepers() === 3)
  clock.move(POLL_MS)
  t.equal(outline(await late.next()), 'stack-event AuroraCluster CREATE_IN_PROGRESS')
  await until(() => clock.sleepers() === 3)
  stacks.advance(NAME, 'CREATE_COMPLETE')
  clock.move(POLL_MS)
  t.strictSame([outline(await late.next()), outline(await late.next())], ['stack-event * CREATE_COMPLETE', 'database available'])
})

t.test('live: a line at least every 15 seconds', async t => {
  const { clock, open } = await start(t)
  const stream = await open()
  await stream.next()
  await stream.next()
  for (let times = 0; times < 2; times++) {
    await until(() => clock.sleepers() === 2)
    clock.move(15_000)
    t.match(outline(await stream.next()), /^: /)
  }
})

t.test('live: who hangs up is followed for no longer', async t => {
  const { clock, stacks, open } = await start(t)
  const stream = await open()
  await stream.next()
  await stream.next()
  // The poll, and the heartbeat of the stream.
  await until(() => clock.sleepers() === 2)
  stream.hangUp()
  await until(() => clock.sleepers() === 1)
  const asked = stacks.calls.length
  clock.move(60_000)
  await new Promise(resolve => { setImmediate(resolve) })
  t.equal(stacks.calls.length, asked, 'AWS is not asked any more')
  t.equal(clock.sleepers(), 0)
})

t.test('live: who reads nothing is cut off, and nothing is kept for it', async t => {
  const { app, clock, stacks, log } = await start(t)
  // More than the sockets between us take.
  for (let event = 0; event < 40_000; event++) stacks.emit(NAME, 'AuroraCluster', 'CREATE_IN_PROGRESS', 'x'.repeat(300))
  const { port } = app.server.address() as AddressInfo
  const idle = connect(port, '127.0.0.1')
  idle.on('error', () => {})
  t.teardown(() => { idle.destroy() })
  const [socket] = await Promise.all([once(app.server, 'connection'), once(idle, 'connect')]) as unknown as [[Socket]]
  idle.pause()
  idle.write(`GET ${EVENTS} HTTP/1.1\r\nHost: x\r\nAuthorization: ${bearer('all').authorization}\r\nAccept: text/event-stream\r\n\r\n`)
  await until(() => socket[0].writableNeedDrain && clock.sleepers() > 0)
  const kept = socket[0].writableLength
  clock.move(29_000)
  await new Promise(resolve => { setImmediate(resolve) })
  t.notOk(socket[0].destroyed)
  t.ok(kept < 200_000 && socket[0].writableLength <= kept, `${kept} bytes are kept`)
  clock.move(1_000)
  await until(() => socket[0].destroyed)
  t.match(log.filter(({ msg }) => msg === 'a live stream is cut off, for nobody reads it'), [{ databaseId: ID }])
  await until(() => clock.sleepers() <= 1)
})

/** Lets everything run until something holds; the test's own timeout bounds it. */
async function until (holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => { setImmediate(resolve) })
}

t.test('who likes JSON better, or anything as well, gets no stream', async t => {
  const { app } = await start(t)
  for (const accept of ['text/event-stream;q=0.5, application/json', '*/*', 'image/png', '']) {
    t.match(await app.inject({ url: EVENTS, headers: { ...bearer('all'), accept } }), { statusCode: 200, headers: { 'content-type': /^application\/json/, vary: 'accept' } }, accept)
  }
})

t.test('live: HEAD has no stream', async t => {
  const { app, clock } = await start(t)
  const response = await app.inject({ method: 'HEAD', url: EVENTS, headers: { ...bearer('all'), accept: 'text/event-stream' } })
  t.match(response, { statusCode: 200, body: '' })
  await until(() => clock.sleepers() <= 1)
})

t.test('live: a stopping service ends every stream, and so stops', async t => {
  const { app, open } = await start(t)
  const stream = await open()
  await stream.next()
  await stream.next()
  const closed = app.close()
  t.strictSame([await stream.next(), await stream.next()], [{ retry: '1000' }, null], 'with when to come back, and without saying that the operation has ended')
  await closed
})

t.test('live: who does not take the end is cut off as well', async t => {
  const { app, clock, stacks, open } = await start(t)
  stacks.advance(NAME, 'CREATE_COMPLETE')
  const stuck = stickConnections(app)
  const stream = open()
  stream.catch(() => {})
  // All is handed over, and the socket passes nothing on.
  await until(() => stuck[0]?.writableLength !== undefined && stuck[0].writableLength > 0 && clock.sleepers() > 0)
  await new Promise(resolve => { setImmediate(resolve) })
  t.match(await clock.whenAsleep(), [30_000])
  clock.move(29_999)
  t.notOk(stuck[0]?.destroyed)
  clock.move(1)
  await until(() => stuck[0]?.destroyed === true)
  await t.rejects(stream)
  await until(() => clock.sleepers() === 0)
})

t.test('live: a reader that is stuck holds a stopping service up for some seconds only', async t => {
  const { app, clock, stacks, open, log } = await start(t)
  // More than is handed to a socket at once.
  for (let event = 0; event < 100; event++) stacks.emit(NAME, 'AuroraCluster', 'CREATE_IN_PROGRESS', 'x'.repeat(1_000))
  const stuck = stickConnections(app)
  const stream = open()
  stream.catch(() => {})
  await until(() => stuck[0]?.writableNeedDrain === true)
  let isClosed = false
  const closed = app.close().then(() => { isClosed = true })
  await once(app.shutdown.stopping, 'abort')
  await until(() => clock.sleepers() > 0)
  clock.move(8_999)
  await new Promise(resolve => { setImmediate(resolve) })
  t.notOk(isClosed)
  clock.move(1)
  await closed
  t.ok(stuck[0]?.destroyed)
  t.match(log.filter(({ msg }) => /cut off, for the service stops/.test(String(msg))), [{ level: 40 }])
})

/** Has every connection that comes pass nothing on, as if nobody read at its other end. */
function stickConnections ({ server }: TestApp['app']): Socket[] {
  const stuck: Socket[] = []
  server.on('connection', (socket: Socket) => {
    stuck.push(socket)
    socket._write = () => {}
    socket._writev = () => {}
  })
  return stuck
}

t.test('live: a refusal is a problem, and no stream', async t => {
  const { app } = await start(t)
  for (const [key, url, status] of [['elsewhere', EVENTS, 404], ['unknown', EVENTS, 401], ['all', '/v1/databases/eu-west-1.none/events', 404]] as const) {
    t.match(await app.inject({ url, headers: { ...bearer(key), accept: 'text/event-stream' } }), { statusCode: status, headers: { 'content-type': 'application/problem+json' } })
  }
})
