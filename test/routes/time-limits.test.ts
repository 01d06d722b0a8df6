import t from 'tap'

import { bearer, buildTestApp } from '../helpers/test-service.js'

const ID = 'eu-west-1.acme-orders-dev-kv2yaiou'
const forever = async (): Promise<never> => await new Promise(() => {})
const { app, clock } = await buildTestApp({ create: forever, get: forever, change: forever, remove: forever, restore: forever, list: forever, rotatePassword: forever })
t.teardown(async () => { await app.close() })

const requests = [
  { method: 'POST', url: '/v1/databases', payload: { client: 'acme', region: 'eu-west-1' }, seconds: 55 },
  { method: 'POST', url: '/v1/databases', payload: { client: 'acme', region: 'eu-west-1' }, prefer: 'wait=30', seconds: 85 },
  { method: 'GET', url: '/v1/databases', seconds: 55 },
  { method: 'GET', url: `/v1/databases/${ID}`, seconds: 55 },
  { method: 'PATCH', url: `/v1/databases/${ID}`, payload: { deletionProtection: true }, prefer: 'wait=600', seconds: 115 },
  { method: 'DELETE', url: `/v1/databases/${ID}`, seconds: 55 },
  { method: 'POST', url: `/v1/databases/${ID}/restore`, seconds: 55 },
  { method: 'POST', url: `/v1/databases/${ID}/credentials/rotate`, seconds: 115 }
] as const

for (const { seconds, ...request } of requests) {
  t.test(`${request.method} ${request.url} is answered within ${seconds} s, whatever AWS does`, async t => {
    const { method, url } = request
    let isAnswered = false
    const answer = app.inject({
      method, url, headers: { ...bearer('all'), ...('prefer' in request ? { prefer: request.prefer } : {}) }, ...('payload' in request ? { payload: request.payload } : {})
    }).then(answer => {
      isAnswered = true
      return answer
    })
    t.strictSame(await clock.whenAsleep(), [seconds * 1_000])
    clock.move(seconds * 1_000 - 1)
    await new Promise(setImmediate)
    t.equal(isAnswered, false)
    clock.move(1)
    t.match(await answer, { statusCode: 503, headers: { 'retry-after': '10' } })
    t.match((await answer).json(), { code: 'aws-unavailable', retryable: true, detail: new RegExp(`within ${seconds} s. What was begun goes on: send the request again`) })
    t.equal(clock.sleepers(), 0)
  })
}
