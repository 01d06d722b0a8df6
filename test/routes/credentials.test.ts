import t from 'tap'

import { bearer, buildTestApp, KEYS } from '../helpers/test-service.js'

const ID = 'eu-west-1.acme-orders-dev-x7k2mq9a'
const url = `/v1/databases/${ID}/credentials/rotate`
const rotation = { databaseId: ID, secretArn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:MasterSecret-a1b2c3-AbCdEf', versionId: 'rotation-a' }

t.test('a rotation that is done, one that goes on, and one that was done before', async t => {
  const asked: unknown[][] = []
  const answers = [
    { rotation: { ...rotation, status: 'rotated' as const }, isReplay: false },
    { rotation: { ...rotation, status: 'rotating' as const }, isReplay: false },
    { rotation: { ...rotation, status: 'rotated' as const }, isReplay: true }
  ]
  const { app, log } = await buildTestApp({
    rotatePassword: async ({ keyId }, ...rest) => {
      asked.push([keyId, ...rest.slice(0, 3)])
      return answers[asked.length - 1] ?? { rotation: { ...rotation, status: 'rotated' }, isReplay: false }
    }
  })
  const rotate = async (headers: Record<string, string> = {}) => await app.inject({ method: 'POST', url, headers: { ...bearer('all'), ...headers } })
  const done = await rotate()
  t.match(done, { statusCode: 200, headers: { 'cache-control': 'no-store', 'preference-applied': undefined, 'idempotency-replayed': undefined } })
  t.strictSame(done.json(), { ...rotation, status: 'rotated' })
  const goesOn = await rotate({ prefer: 'wait=0', 'idempotency-key': 'once' })
  t.match(goesOn, { statusCode: 202, headers: { 'preference-applied': 'wait=0' } })
  t.match(await rotate({ 'idempotency-key': 'once' }), { statusCode: 200, headers: { 'idempotency-replayed': 'true' } })
  t.strictSame(asked, [['key-all', ID, null, 60], ['key-all', ID, 'once', 0], ['key-all', ID, 'once', 60]])
  t.match(log.filter(({ audit }) => audit === 'credentials-rotated'), [
    { keyId: 'key-all', databaseId: ID, status: 'rotated', versionId: 'rotation-a' }, { status: 'rotating' }
  ], 'each that did something is in the log')
  await app.close()
})

t.test('it needs a scope of its own, and no other gives it', async t => {
  t.ok(KEYS.some(({ id, scopes }) => id === 'key-reader' && !scopes.includes('credentials:rotate')))
  const { app } = await buildTestApp({ rotatePassword: async () => { throw new Error('it must not come so far') } })
  t.match((await app.inject({ method: 'POST', url, headers: bearer('reader') })).json(), { status: 403, code: 'forbidden', detail: /credentials:rotate/ })
  t.match((await app.inject({ method: 'POST', url, headers: { ...bearer('all'), 'content-type': 'application/json' }, payload: '{"password":"mine"}' })).json(), { status: 400, errors: [{ path: '/password' }] })
  await app.close()
})
