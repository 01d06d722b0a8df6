import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'

import t from 'tap'

import { bearer, buildTestApp } from '../helpers/test-service.js'

const { app, databases: domain } = await buildTestApp()
t.teardown(async () => { await app.close() })

const scrape = async (from = app) => await from.inject({ url: '/metrics', headers: bearer('scraper') })

t.test('a key with the scope reads the metrics, and no other key does', async t => {
  const answer = await scrape()
  t.match(answer, { statusCode: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }, body: /^# HELP aurora_api_aws_calls_total / })
  t.equal((await app.inject({ url: '/metrics', headers: bearer('all') })).statusCode, 200)
  for (const [headers, status] of [[{}, 401], [bearer('unknown'), 401], [bearer('reader'), 403]] as const) {
    const refusal = await app.inject({ url: '/metrics', headers })
    t.equal(refusal.statusCode, status)
    t.notMatch(refusal.body, /aurora_api_/)
  }
  t.match((await app.inject({ url: '/metrics', headers: bearer('reader') })).json(), { detail: 'This needs a key with the scope metrics:read.' })
  t.equal((await app.inject({ url: '/v1/databases', headers: bearer('scraper') })).statusCode, 403, 'and the scope opens nothing else')
})

t.test('requests are counted by method, pattern and status, whatever their callers choose', async t => {
  const id = 'eu-west-1.marked-main-dev-abcdefgh'
  await app.inject({ url: `/v1/databases/${id}`, headers: bearer('all') })
  await app.inject({ url: `/v1/databases/${id}?secret=marked` })
  for (const method of ['GET', 'PUT', 'PROPFIND'] as const) await app.inject({ method: method as 'GET', url: `/marked/${method}` })
  const { body } = await scrape()
  const counts = body.split('\n').filter(line => line.startsWith('aurora_api_http_request_duration_seconds_count'))
  t.ok(counts.includes('aurora_api_http_request_duration_seconds_count{method="GET",route="/v1/databases/:id",status="4xx"} 2'))
  t.ok(counts.some(line => line.includes('{method="none",route="none",status="4xx"}')))
  t.notMatch(body, /marked|PROPFIND/)
})

const hangUps = [
  { method: 'GET', path: '/v1/databases/eu-west-1.x-main-dev-abcdefgh', body: '', route: '/v1/databases/:id' },
  { method: 'POST', path: '/v1/databases', body: '{"client":"acme","region":"eu-west-1"}', route: '/v1/databases' }
]
for (const { method, path, body, route } of hangUps) {
  t.test(`whoever hangs up is counted and logged, once and as that: ${method}`, async t => {
    const waiting = await buildTestApp({
      untilSettled: async (_principal, _id, _seconds, signal) => {
        reached()
        await once(signal, 'abort')
        gone()
        return await domain.get({ keyId: 'all', client: null, mayUse: () => true, mayEnter: () => true }, 'eu-west-1.x-main-dev-abcdefgh')
      }
    })
    t.teardown(async () => { await waiting.app.close() })
    let reached = (): void => {}
    let gone = (): void => {}
    const isReached = new Promise<void>(resolve => { reached = resolve })
    const isGone = new Promise<void>(resolve => { gone = resolve })
    await waiting.app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((waiting.app.server.address() as AddressInfo).port, '127.0.0.1')
    const headers = ['host: x', 'authorization: Bearer all', 'prefer: wait=60', 'content-type: application/json', `content-length: ${body.length}`]
    socket.write(`${method} ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`)
    await isReached
    socket.destroy()
    await isGone
    await new Promise(resolve => { setImmediate(resolve) })
    const { body: metrics } = await scrape(waiting.app)
    t.match(metrics, `aurora_api_http_hang_ups_total{method="${method}",route="${route}"} 1`)
    t.notMatch(metrics, /duration_seconds_count\{[^}]*v1\/databases/)
    t.match(waiting.log.filter(({ route: logged }) => logged === route), [{ method, status: null, msg: /hung up/ }])
  })
}

t.test('a live stream is counted for as long as it is open', async t => {
  const streaming = await buildTestApp()
  t.teardown(async () => { await streaming.app.close() })
  const { id } = (await streaming.app.inject({ method: 'POST', url: '/v1/databases', headers: bearer('all'), payload: { client: 'acme', region: 'eu-west-1' } })).json<{ id: string }>()
  const isClosed = new Promise(resolve => { streaming.app.server.once('connection', socket => { socket.once('close', resolve) }) })
  const openStreams = async () => /^aurora_api_live_streams (\d+)$/m.exec((await scrape(streaming.app)).body)?.[1]
  t.equal(await openStreams(), '0')
  const url = await streaming.app.listen({ port: 0, host: '127.0.0.1' })
  const hangUp = new AbortController()
  const stream = await fetch(`${url}/v1/databases/${id}/events`, { headers: { ...bearer('all'), accept: 'text/event-stream' }, signal: hangUp.signal })
  await stream.body?.getReader().read()
  t.equal(await openStreams(), '1')
  hangUp.abort()
  await isClosed
  t.equal(await openStreams(), '0')
})
