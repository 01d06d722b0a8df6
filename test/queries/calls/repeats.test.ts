import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import t from 'tap'

import { createDataApi, type DataApi } from '../../../src/aws/data-api.js'
import { AwsFailure, toFailure } from '../../../src/aws/errors.js'
import { createHttpPosts, NeverSent } from '../../../src/aws/http-posts.js'
import { repeatHarmless } from '../../../src/queries/calls/repeats.js'
import { createStandingClock } from '../../helpers/standing-clock.js'

const target = { region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }

/** The Data API over a wire that fails so, and then answers; and what was sent. */
function failing (...failures: Error[]) {
  const sent: string[] = []
  const clock = createStandingClock()
  const dataApi = createDataApi({
    forward: async (_region, operation) => {
      sent.push(operation)
      const failure = failures.shift()
      if (failure) throw toFailure(failure)
      return { status: 200, headers: {}, body: Buffer.from('{"transactionId":"tx"}') }
    }
  })
  return { sent, clock, dataApi: repeatHarmless(dataApi, { clock, random: () => 1 }) }
}

const throttled = (): Error => new AwsFailure('throttled', 'ThrottlingException', 'Rate exceeded')
const broken = (): Error => Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })
const calls: ReadonlyArray<(dataApi: DataApi, signal?: AbortSignal) => Promise<unknown>> = [
  async (dataApi, signal) => await dataApi.execute(target, 'insert', [], signal ? { signal } : {}),
  async dataApi => { await dataApi.executeBatch(target, 'insert', [[]], { transactionId: 'tx' }) },
  async (dataApi, signal) => await dataApi.begin(target, signal),
  async dataApi => { await dataApi.commit(target, 'tx') },
  async dataApi => { await dataApi.rollback(target, 'tx') }
]

t.test('what has certainly not begun is sent again, each time a little later', async t => {
  for (const call of calls) {
    const { sent, clock, dataApi } = failing(throttled(), new NeverSent('refused'), new AwsFailure('unavailable', 'ServiceUnavailableError', ''))
    const answer = call(dataApi)
    for (const ms of [100, 300, 900]) {
      t.strictSame(await clock.whenAsleep(), [ms])
      clock.move(ms)
    }
    await answer
    t.equal(sent.length, 4)
  }
})

t.test('it has an end, and the caller can end it', async t => {
  const { sent, clock, dataApi } = failing(...Array.from({ length: 9 }, throttled))
  const answer = dataApi.execute(target, 'insert', [])
  for (const ms of [100, 300, 900]) {
    await clock.whenAsleep()
    clock.move(ms)
  }
  await t.rejects(answer, { name: 'DataApiFailure', kind: 'aws', aws: { kind: 'throttled' } })
  t.equal(sent.length, 4)
  for (const call of [calls[0], calls[2]]) {
    const left = failing(throttled(), throttled())
    const hangUp = new AbortController()
    const given = call?.(left.dataApi, hangUp.signal)
    await left.clock.whenAsleep()
    hangUp.abort()
    await t.rejects(given ?? Promise.resolve(), { name: 'DataApiFailure' })
    t.strictSame([left.sent.length, left.clock.sleepers()], [1, 0])
  }
})

t.test('of what may have begun, only the beginning of a transaction is sent again', async t => {
  const lost = [broken(), new AwsFailure('unavailable', 'InternalServerErrorException', ''), new Error('it took too long')]
  for (const [index, call] of calls.entries()) {
    for (const failure of lost) {
      const { sent, dataApi } = failing(failure)
      if (index === 2 && failure === lost[0]) t.equal(await call(dataApi), 'tx')
      else await t.rejects(call(dataApi), { name: 'DataApiFailure', kind: 'lost' })
      t.equal(sent.length, index === 2 && failure === lost[0] ? 2 : 1)
    }
  }
  const twice = failing(broken(), broken())
  await t.rejects(twice.dataApi.begin(target), { name: 'DataApiFailure', kind: 'lost' }, 'and once')
})

t.test('a server that closes connections which were idle is met by a beginning, and by no statement that follows', async t => {
  const requests: string[] = []
  const used = new Set<Socket>()
  let closesUsed = true
  const server = createServer((request, response) => {
    const { socket, url = '' } = request
    requests.push(url)
    // Nothing tells that it has been closed until something is sent on it.
    if (closesUsed && used.has(socket)) {
      socket.destroy()
    } else {
      used.add(socket)
      response.end('{"transactionId":"tx","numberOfRecordsUpdated":1}')
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const posts = createHttpPosts({ connectMs: 3_000, answerMs: 60_000, idleMs: 15_000 })
  t.teardown(() => { posts.destroy(); server.close() })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const dataApi = repeatHarmless(createDataApi({
    forward: async (_region, operation, body, signal) =>
      await posts.send({ origin, path: `/${operation}`, headers: { 'content-length': String(body.byteLength) }, body }, signal).catch((error: unknown) => { throw toFailure(error) })
  }), { clock: createStandingClock(), random: () => 1 })
  await dataApi.execute(target, 'select 1', [])
  // The connection is idle a moment later.
  await new Promise(setImmediate)
  requests.length = 0
  t.equal(await dataApi.begin(target), 'tx')
  t.strictSame(requests, ['/BeginTransaction', '/BeginTransaction'])
  await new Promise(setImmediate)
  await t.rejects(dataApi.execute(target, 'insert', []), { name: 'DataApiFailure', kind: 'lost' })
  t.strictSame(requests.slice(2), ['/Execute'], 'a statement is sent once')
  closesUsed = false
  t.match(await dataApi.execute(target, 'insert', []), { affected: 1 })
})
