import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import { bearer, buildTestApp } from '../helpers/test-service.js'

const { app, stacks } = await buildTestApp()
t.teardown(async () => { await app.close() })

t.test('health and documentation are open', async t => {
  t.strictSame((await app.inject('/healthz')).json(), { status: 'ok' })
  t.match((await app.inject('/openapi.json')).json(), { openapi: '3.1.0', paths: { '/v1/databases': {} } })
  t.match((await app.inject('/openapi.yaml')), { headers: { 'content-type': /^application\/yaml/ }, body: /^openapi: 3\.1\.0/ })
  const docs = await app.inject('/docs')
  const page = docs.statusCode === 302 ? await app.inject(String(docs.headers.location)) : docs
  t.match(page, { statusCode: 200, headers: { 'content-type': /^text\/html/ } })
})

t.test('a replica is ready, for whoever asks, once each region has answered or failed for the first time', async t => {
  const starting = await buildTestApp()
  t.teardown(async () => { await starting.app.close() })
  const list = async (region: string) => await starting.app.inject({ url: `/v1/databases?region=${region}`, headers: bearer('all') })
  const ready = async () => {
    const { statusCode, headers, ...answer } = await starting.app.inject('/readyz')
    return { statusCode, headers, body: answer.json<object>() }
  }
  const pending = { status: 'pending', asOf: null, problem: null }
  t.match(await ready(), {
    statusCode: 503,
    headers: { 'retry-after': '1', 'content-type': /^application\/problem\+json/ },
    body: { code: 'not-ready', retryable: true, detail: 'Nothing was heard yet of eu-west-1 and us-east-1.', regions: [{ region: 'eu-west-1', ...pending }, { region: 'us-east-1', ...pending }] }
  })
  await list('eu-west-1')
  t.match(await ready(), { statusCode: 503, body: { detail: 'Nothing was heard yet of us-east-1.', regions: [{ status: 'ok', asOf: /./ }, pending] } })
  starting.stacks.failNext('list', new AwsFailure('denied', 'AccessDenied', 'User: arn:aws:iam::000000000000:role/service is not authorized'))
  await list('us-east-1')
  const answer = await ready()
  t.match(answer, { statusCode: 200, body: { status: 'ready', regions: [{ status: 'ok' }, { region: 'us-east-1', status: 'unavailable', asOf: null, problem: 'aws-refused' }] } }, 'a region that is down is no reason')
  t.notMatch(JSON.stringify(answer.body), /arn:/)
  t.strictSame(starting.log.filter(({ level }) => Number(level) >= 50), [], 'and nobody is alarmed')
  starting.clock.move(3_600_000)
  t.match(await ready(), { statusCode: 200, body: { regions: [{ status: 'stale' }, {}] } }, 'nor is one that has gone since')
})

t.test('regions that say nothing at all are waited for, but not for ever', async t => {
  const silent = await buildTestApp()
  t.teardown(async () => { await silent.app.close() })
  silent.clock.move(29_999)
  t.equal((await silent.app.inject('/readyz')).statusCode, 503)
  silent.clock.move(1)
  t.match((await silent.app.inject('/readyz')).json(), { status: 'ready', regions: [{ status: 'pending' }, { status: 'pending' }] })
})

t.test('the templates, as JSON and as they are launched', async t => {
  const { items } = (await app.inject({ url: '/v1/templates', headers: bearer('reader') })).json<{ items: Array<{ name: string, isDefault: boolean }> }>()
  t.strictSame(items.map(({ name, isDefault }) => ({ name, isDefault })), [
    { name: 'aurora-serverless-postgres', isDefault: false }, { name: 'aurora-serverless-v2-postgres', isDefault: true }
  ])
  const one = { url: '/v1/templates/aurora-serverless-v2-postgres', headers: bearer('reader') }
  t.match((await app.inject(one)).json(), {
    parameters: [
      { name: 'EnvironmentName', type: 'string', default: 'dev', enum: ['dev', 'staging', 'uat', 'production'], changeable: false },
      { name: 'NetworkStackName', default: '30' },
      { name: 'DBMaster', default: undefined },
      { name: 'DatabaseName', default: 'temporal', pattern: '^[a-zA-Z][a-zA-Z0-9_]{0,62}$' },
      { name: 'DBBackupRetentionPeriod', type: 'number', default: 30, minimum: 1, maximum: 35, changeable: true },
      { name: 'EnableDataApi', type: 'boolean', default: true }
    ]
  })
  const yaml = await app.inject({ ...one, headers: { ...one.headers, accept: 'application/yaml' } })
  for (const [accept, type] of [['text/html, application/x-yaml;q=0.9', /yaml/], ['application/yaml;q=0.5, application/json', /json/], ['image/png', /json/]] as const) {
    t.match(await app.inject({ ...one, headers: { ...one.headers, accept } }), { headers: { 'content-type': type, vary: 'accept' } }, accept)
  }
  t.match(yaml, { headers: { 'content-type': /^application\/yaml/ }, body: /^AWSTemplateFormatVersion/ })
})

t.test('the regions of a key, with what it sees in each', async t => {
  await app.inject({ method: 'POST', url: '/v1/databases', headers: bearer('all'), payload: { client: 'acme', region: 'eu-west-1' } })
  await app.inject({ method: 'POST', url: '/v1/databases', headers: bearer('all'), payload: { client: 'other', region: 'eu-west-1' } })
  const countsFor = async (key: string): Promise<unknown> =>
    (await app.inject({ url: '/v1/regions', headers: bearer(key) })).json<{ items: Array<{ region: string, databases: number | null }> }>().items
      .map(({ region, databases }) => [region, databases])
  t.strictSame(await countsFor('all'), [['eu-west-1', 2], ['us-east-1', 0]])
  t.strictSame(await countsFor('acme'), [['eu-west-1', 1], ['us-east-1', 0]])
  t.strictSame(await countsFor('elsewhere'), [['us-east-1', 0]])

  t.test('and of one that does not answer what is known, if anything is', async t => {
    const regions = async (from: typeof app) => (await from.inject({ url: '/v1/regions', headers: bearer('all') })).json<{ items: unknown[] }>().items
    await app.inject({ method: 'POST', url: '/v1/databases', headers: bearer('all'), payload: { client: 'third', region: 'eu-west-1' } })
    stacks.failNext('list', new AwsFailure('unavailable', 'TimeoutError', 'no answer'))
    await app.inject({ url: '/v1/databases?region=eu-west-1', headers: { ...bearer('all'), 'cache-control': 'no-cache' } })
    t.match(await regions(app), [{ region: 'eu-west-1', databases: 3, status: 'stale', asOf: /./, problem: 'aws-unavailable' }, { region: 'us-east-1', status: 'ok', problem: null }])
    const other = await buildTestApp()
    t.teardown(async () => { await other.app.close() })
    other.stacks.failNext('list', new AwsFailure('throttled', 'Throttling', 'Rate exceeded'))
    t.match(await regions(other.app), [{ region: 'eu-west-1', databases: null, status: 'unavailable', asOf: null, problem: 'aws-throttled' }, { databases: 0, status: 'ok' }])
  })
})
