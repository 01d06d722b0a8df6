import t from 'tap'

import { startService } from '../helpers/service.js'

interface Database {
  id: string
  status: string
  parameters: Record<string, unknown>
  tags: Record<string, string>
  operation: { type: string, status: string }
}
interface Snapshots { items: Array<{ id: string, status: string }> }

const { call, sandboxUrl } = await startService(t)
const wait = { prefer: 'wait=60' }
const request = { client: 'acme', region: 'eu-west-1', name: 'orders', parameters: { DatabaseName: 'shop', MaxCapacity: 8, EngineVersion: '17.6' }, tags: { team: 'payments' } }
const { body: { id } } = await call<Database>('POST', '/v1/databases', request, wait)
const path = `/v1/databases/${id}`
const query = async (sql: string) => (await call<{ rows: unknown[] }>('POST', `${path}/query`, { sql })).body.rows

await query('create table orders as select generate_series(1, 1000) as id')

/** RDS takes one snapshot of a cluster at a time, and removes those that are complete. */
const untilTaken = async (snapshotId: string): Promise<void> => {
  while ((await call<{ status: string }>('GET', `${path}/snapshots/${snapshotId}`)).body.status !== 'available') await new Promise(setImmediate)
}

await t.test('a snapshot is taken once, whatever answers get lost, and can be removed', async t => {
  await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ kind: 'drop-after', service: 'rds', operation: 'CreateDBClusterSnapshot', count: 1 }) })
  const taken = await call<{ id: string }>('POST', `${path}/snapshots`, { name: 'before' })
  t.match([taken.status, taken.body], [200, { origin: 'requested' }], 'the second attempt finds what the first one did')
  const again = await call<{ id: string }>('POST', `${path}/snapshots`, { name: 'before' })
  t.match([again.status, again.headers.get('idempotency-replayed'), again.body.id], [200, 'true', taken.body.id])
  await untilTaken(taken.body.id)
  const first = await call<{ id: string }>('POST', `${path}/snapshots`, undefined, { 'idempotency-key': 'monday' })
  t.equal(first.headers.get('location'), `${path}/snapshots/${first.body.id}`)
  t.match(await call('POST', `${path}/snapshots`, undefined, { 'idempotency-key': 'monday' }), { status: 200, body: { id: first.body.id } })
  await untilTaken(first.body.id)
  t.equal((await call<Snapshots>('GET', `${path}/snapshots`)).body.items.length, 2)
  for (const id of [first.body.id, taken.body.id, taken.body.id]) t.equal((await call('DELETE', `${path}/snapshots/${id}`)).status, 204)
  t.match(await call('DELETE', `${path}/snapshots/no-such-snapshot`), { status: 404 })
})

await t.test('a living database is not restored over', async t => {
  t.match(await call('POST', `${path}/restore`), { status: 409, body: { code: 'database-exists', databaseId: id } })
})

await t.test('a deleted database comes back under its id, with its data', async t => {
  t.match(await call('DELETE', path, undefined, wait), { status: 202, body: { status: 'deleted' } })
  const { body: { items } } = await call<Snapshots>('GET', `${path}/snapshots`)
  t.match(items, [{ id: String, status: 'available', origin: 'final', sizeGib: Number }])
  t.match((await call('GET', path)).body, { status: 'deleted', snapshots: [{ id: items[0]?.id }] })
  t.match(await call('DELETE', `${path}/snapshots/${items[0]?.id}`), { status: 409, body: { code: 'last-snapshot' } })
  t.match(await call('POST', `${path}/restore`, { snapshotId: 'no-such-snapshot' }), { status: 409, body: { code: 'no-snapshot' } })

  t.match(await call('POST', `${path}/restore`, { parameters: { EngineVersion: '17.5' } }), { status: 422, body: { errors: [{ path: '/parameters/EngineVersion', message: /17\.6 cannot be restored to 17\.5 in eu-west-1: set EngineVersion to one of 17\.6, 17\.7/ }] } })
  const restored = await call<Database>('POST', `${path}/restore`, { parameters: { EngineVersion: '17.7' } }, wait)
  t.equal(restored.status, 202)
  t.match(restored.body, { id, status: 'available', parameters: { DatabaseName: 'shop', MaxCapacity: 8, EngineVersion: '17.7' }, tags: { team: 'payments' } })
  t.same(await query('select count(*)::int as rows from orders'), [{ rows: 1000 }])
})

await t.test('sent again, each request finds the database that came back', async t => {
  for (const parameters of [{ EngineVersion: '17.7' }, undefined]) t.match(await call('POST', `${path}/restore`, { parameters }), { status: 200, body: { id } })
  t.match(await call('POST', `${path}/restore`, { parameters: { EngineVersion: '17.9' } }), { status: 409, body: { code: 'database-exists' } })
  t.match(await call('POST', '/v1/databases', request), { status: 200, body: { id } })
  t.match(await call('PATCH', path, { parameters: { MaxCapacity: 16 } }, wait), { status: 202, body: { status: 'available', parameters: { MaxCapacity: 16 } } })
  t.same(await query('select count(*)::int as rows from orders'), [{ rows: 1000 }], 'a change does not start from the snapshot again')
})

await t.test('what Serverless v1 left behind comes back on v2, under its id and with its data', async t => {
  const old = { client: 'acme', region: 'eu-west-1', name: 'ledger' }
  const { body: { id } } = await call<Database>('POST', '/v1/databases', { ...old, template: 'aurora-serverless-postgres' }, wait)
  await call('POST', `/v1/databases/${id}/query`, { sql: 'create table entries as select generate_series(1, 3) as id' })
  const { body: { snapshots } } = await call<{ snapshots: Array<{ id: string }> }>('DELETE', `/v1/databases/${id}`, undefined, wait)
  const source = { snapshotId: snapshots[0]?.id }
  t.match(await call('POST', '/v1/databases', { ...old, source }), { status: 400, body: { errors: [{ path: '/parameters/EngineVersion', message: /13\.9 has no Data API: .* take one of 13\.11/ }, {}] } })
  t.match(await call('POST', '/v1/databases', { ...old, source, parameters: { EngineVersion: '13.23' } }, wait), { status: 202, body: { id, status: 'available', template: 'aurora-serverless-v2-postgres' } })
  t.match(await call('POST', `/v1/databases/${id}/query`, { sql: 'select count(*)::int as rows from entries' }), { body: { rows: [{ rows: 3 }] } })
})
