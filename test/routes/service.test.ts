import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import { bearer, buildTestApp } from '../helpers/test-service.js'

const { app, stacks } = await buildTestApp()
t.teardown(async () => { await app.close() })

t.test('health, readiness and documentation are open', async t => {
  for (const url of ['/healthz', '/readyz']) t.strictSame((await app.inject(url)).json(), { status: 'ok' })
  t.match((await app.inject('/openapi.json')).json(), { openapi: '3.1.0', paths: { '/v1/databases': {} } })
  t.match((await app.inject('/openapi.yaml')), { headers: { 'content-type': /^application\/yaml/ }, body: /^openapi: 3\.1\.0/ })
  const docs = await app.inject('/docs')
  const page = docs.statusCode === 302 ? await app.inject(String(docs.headers.location)) : docs
  t.match(page, { statusCode: 200, headers: { 'content-type': /^text\/html/ } })
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
    t.match(await regions(app), [{ region: 'eu-west-1', databases: 3, status: 'stale', asOf: /./, problem: 'aws-unavailable' }, { region: 'us-east-1', status: 'ok', problem: null }])
    const other = await buildTestApp()
    t.teardown(async () => { await other.app.close() })
    other.stacks.failNext('list', new AwsFailure('throttled', 'Throttling', 'Rate exceeded'))
    t.match(await regions(other.app), [{ region: 'eu-west-1', databases: null, status: 'unavailable', asOf: null, problem: 'aws-throttled' }, { databases: 0, status: 'ok' }])
  })
})
