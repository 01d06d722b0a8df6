import pg from 'pg'
import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { readEventStream } from '../helpers/event-stream.js'
import { startService } from '../helpers/service.js'

interface Database {
  id: string
  client: string
  region: string
  status: string
  statusReason: string | null
  outputs: Record<string, unknown> | null
  parameters: Record<string, unknown>
  operation: { id: string, status: string, progress: { percent: number } }
}
interface List { items: Database[], regions: Array<{ region: string, status: string }> }

const service = await startService(t)
const { call } = service
const wait = { prefer: 'wait=60' }

await t.test('two clients have a database of the same name, each in its region', async t => {
  const places = [['acme', 'eu-west-1'], ['globex', 'us-east-1']] as const
  const created = await Promise.all(places.map(async ([client, region]) =>
    await call<Database>('POST', '/v1/databases', { client, region, name: 'orders', parameters: { DatabaseName: 'shop' } }, wait)))
  for (const [at, { status, headers, body }] of created.entries()) {
    t.equal(status, 202)
    t.equal(headers.get('location'), `/v1/databases/${body.id}`)
    t.equal(headers.get('preference-applied'), 'wait=60')
    t.match(body, { client: places[at]?.[0], region: places[at]?.[1], status: 'available', operation: { status: 'succeeded', progress: { percent: 100 } } })
    t.match(body.outputs, { dbName: 'shop', dbPort: Number, dnsName: String, clusterArn: /^arn:aws:rds:/, secretArn: /^arn:aws:secretsmanager:/ })
    const { body: list } = await call<List>('GET', `/v1/databases?region=${places[at]?.[1]}`)
    t.same(list.items.map(({ id }) => id), [body.id])
    t.match(list.regions, [{ region: places[at]?.[1], status: 'ok' }])
  }
})

await t.test('a database is followed live, connected to, queried and deleted', async t => {
  const request = { client: 'initech', region: 'eu-central-1' }
  const { status, body: { id } } = await call<Database>('POST', '/v1/databases', request)
  t.equal(status, 202)

  const messages = await readEventStream(`${service.url}/v1/databases/${id}/events`, { authorization: `Bearer ${LOCAL_KEY}` })
  const events = messages.filter(({ event }) => event === 'stack-event')
  t.equal(messages.at(-1)?.event, 'end')
  t.match(events[0]?.data, { status: 'CREATE_IN_PROGRESS', type: 'AWS::CloudFormation::Stack' })
  t.match(events.at(-1)?.data, { status: 'CREATE_COMPLETE', type: 'AWS::CloudFormation::Stack' })
  t.match(messages.findLast(({ event }) => event === 'database')?.data, { status: 'available' })
  const half = events[Math.floor(events.length / 2)]
  const rest = await readEventStream(`${service.url}/v1/databases/${id}/events`, { authorization: `Bearer ${LOCAL_KEY}`, 'last-event-id': half?.id ?? '' })
  t.same(rest.filter(({ event }) => event === 'stack-event').map(each => each.id), events.slice(events.indexOf(half ?? events[0]!) + 1).map(each => each.id))

  const { body: connection } = await call<{ value: string, revealed: boolean }>('GET', `/v1/databases/${id}/connection?reveal=true`)
  t.equal(connection.revealed, true)
  const client = new pg.Client({ connectionString: connection.value.replace('sslmode=require', 'sslmode=no-verify') })
  await client.connect()
  t.match((await client.query('select version()')).rows, [{ version: /^PostgreSQL / }])
  await client.end()

  const replay = await call<Database>('POST', '/v1/databases', request)
  t.equal(replay.status, 200)
  t.equal(replay.headers.get('idempotency-replayed'), 'true')

  const deleted = await call<Database>('DELETE', `/v1/databases/${id}`, undefined, wait)
  t.equal(deleted.status, 202)
  t.equal(deleted.body.status, 'deleted')
  t.equal((await call<Database>('GET', `/v1/databases/${id}`)).body.status, 'deleted')
  t.same((await call<List>('GET', '/v1/databases?region=eu-central-1')).body.items, [])
})

await t.test('a create that fails inside AWS says why, and works once the cause is gone', async t => {
  const request = { client: 'hooli', region: 'us-west-2' }
  const fault = { kind: 'fail-resource', resource: 'AuroraCluster', reason: 'There is no capacity left.', count: 1 }
  await fetch(`${service.sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) })
  const failed = await call<Database>('POST', '/v1/databases', request, wait)
  t.equal(failed.body.status, 'failed')
  t.match(failed.body.statusReason, /There is no capacity left/)
  t.match((await call<Database>('GET', `/v1/databases/${failed.body.id}`)).body, { status: 'failed', statusReason: failed.body.statusReason ?? '' })

  const created = await call<Database>('POST', '/v1/databases', request, wait)
  t.equal(created.status, 202)
  t.match(created.body, { id: failed.body.id, status: 'available' })
})
