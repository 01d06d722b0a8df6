import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'

import t, { type Test } from 'tap'

import { createHttpPosts, type HttpAnswer, type HttpPostsOptions } from '../../src/aws/http-posts.js'

type Send = (signal?: AbortSignal) => Promise<HttpAnswer>

const patient: HttpPostsOptions = { connectMs: 3_000, answerMs: 60_000, idleMs: 15_000 }

async function listen (t: Test, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => { server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function sendTo (t: Test, origin: string, options: Partial<HttpPostsOptions> = {}): Send {
  const posts = createHttpPosts({ ...patient, ...options })
  t.teardown(posts.destroy)
  return async signal => await posts.send({ origin, path: '/Execute', headers: { 'content-type': 'application/json', 'content-length': '4' }, body: Buffer.from('"ä"') }, signal)
}

/** Posts to a server that answers so, how many connections it has seen, and how many requests. */
async function postsTo (t: Test, answer: RequestListener, options: Partial<HttpPostsOptions> = {}) {
  const seen = { connections: 0, requests: 0 }
  const server = createServer((request, response) => {
    seen.requests++
    answer(request, response)
  })
  server.on('connection', () => { seen.connections++ })
  t.teardown(() => { server.closeAllConnections() })
  return { seen, server, send: sendTo(t, await listen(t, server), options) }
}

async function echo (request: IncomingMessage, response: ServerResponse): Promise<void> {
  const parts = await request.toArray() as Buffer[]
  response.writeHead(400, { 'x-amzn-ErrorType': 'Some', 'set-cookie': ['a', 'b'] })
  for (const part of ['got ', request.method, request.url, Buffer.concat(parts)]) response.write(part)
  response.end()
}

t.test('what is sent arrives, and any answer comes back whole', async t => {
  const { send, seen } = await postsTo(t, (request, response) => { void echo(request, response) })
  for (let time = 0; time < 5; time++) {
    const { status, headers, body } = await send()
    t.match({ status, headers, text: Buffer.from(body).toString() }, { status: 400, headers: { 'x-amzn-errortype': 'Some', 'set-cookie': 'a,b' }, text: 'got POST/Execute"ä"' })
  }
  t.ok(seen.connections <= 2 && seen.requests === 5, 'over connections that are kept')
})

t.test('each that is under way has a connection of its own', async t => {
  const waiting: ServerResponse[] = []
  const { send, seen } = await postsTo(t, (_, response) => { if (waiting.push(response) === 60) for (const each of waiting) each.end('{}') })
  await Promise.all(Array.from({ length: 60 }, async () => await send()))
  t.strictSame(seen, { connections: 60, requests: 60 })
})

t.test('where nobody listens, or no connection comes about, nothing was sent', async t => {
  const server = createTcpServer()
  const origin = await listen(t, server)
  server.close()
  await once(server, 'close')
  await t.rejects(sendTo(t, origin)(), { name: 'NeverSent', cause: { code: 'ECONNREFUSED' } })
  await t.rejects(sendTo(t, 'http://nowhere.invalid')(), { name: 'NeverSent' })
  const plain = await postsTo(t, (_, response) => { response.end() })
  await t.rejects(sendTo(t, (await listen(t, createTcpServer(socket => { socket.destroy() }))).replace('http:', 'https:'))(), { name: 'NeverSent' }, 'nor where TLS fails')
  await t.rejects(plain.send(AbortSignal.abort()), { name: 'NeverSent' }, 'nor for somebody who has left')
  t.equal(plain.seen.requests, 0)
})

t.test('a connection that ends before the answer may have carried the request, which is not sent again', async t => {
  const { send, seen } = await postsTo(t, request => { request.socket.destroy() })
  await t.rejects(send(), { name: 'SocketError' })
  t.equal(seen.requests, 1)
  const half = await postsTo(t, (request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('{"rec', () => { request.socket.destroy() })
  })
  await t.rejects(half.send(), { name: /^(?!NeverSent)/ })
  t.equal(half.seen.requests, 1)
})

t.test('an answer that does not come, or stops to come, is waited for only so long', async t => {
  const silent = await postsTo(t, () => {}, { answerMs: 20 })
  await t.rejects(silent.send(), { name: 'HeadersTimeoutError' })
  const stopping = await postsTo(t, (_, response) => { response.write('{') }, { answerMs: 20 })
  await t.rejects(stopping.send(), { name: 'BodyTimeoutError' })
})

t.test('a signal ends the connection, and leaves the others', async t => {
  const closed: Array<Promise<unknown>> = []
  const { send, server } = await postsTo(t, request => { closed.push(once(request.socket, 'close')) })
  const [left, stays] = [new AbortController(), new AbortController()]
  const gone = send(left.signal)
  await once(server, 'request')
  const waiting = send(stays.signal)
  await once(server, 'request')
  left.abort()
  await t.rejects(gone, { message: 'It was given up.' })
  await closed[0]
  stays.abort()
  await t.rejects(waiting, { message: 'It was given up.' })
})

t.test('a connection that the server is about to close is not used any more', async t => {
  const { send, seen, server } = await postsTo(t, (_, response) => { response.end('{}') })
  // It tells its patience in seconds; undici leaves one of them out, for what is on its way.
  server.keepAliveTimeout = 1_000
  await send()
  await send()
  t.strictSame(seen, { connections: 2, requests: 2 })
})
