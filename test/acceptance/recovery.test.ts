import t from 'tap'

import { startService } from '../helpers/service.js'

interface Database {
  id: string
  status: string
  statusReason: string | null
  parameters: Record<string, unknown>
  operation: { id: string, type: string, status: string, reason: string | null }
}

const { call, sandboxUrl } = await startService(t)
const wait = { prefer: 'wait=60' }
const { body: { id } } = await call<Database>('POST', '/v1/databases', { client: 'acme', region: 'eu-west-1' }, wait)
const path = `/v1/databases/${id}`
const addFault = async (fault: object): Promise<void> => {
  await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) })
}
const fail = async (resource: string, count: number): Promise<void> => { await addFault({ kind: 'fail-resource', resource, reason: 'Out of luck.', count }) }
const cause = /^AuroraCluster could not be updated: Out of luck\./

await t.test('a change that fails is taken back, and says so', async t => {
  await fail('AuroraCluster', 1)
  t.match((await call<Database>('PATCH', path, { parameters: { MaxCapacity: 8 } }, wait)).body, {
    status: 'available', statusReason: null, parameters: { MaxCapacity: 4 }, operation: { type: 'update', status: 'failed', reason: cause }
  })
})

await t.test('a rollback that gets stuck is taken up again, past what it is stuck at', async t => {
  await fail('AuroraCluster', 2)
  const stuck = (await call<Database>('PATCH', path, { parameters: { MaxCapacity: 8 } }, wait)).body
  t.match(stuck, { status: 'failed', operation: { type: 'update', status: 'failed', reason: cause } })
  t.equal(stuck.statusReason, `AuroraCluster could not be updated: Out of luck. POST ${path}/recover tries again to take the change back; with {"skip":["AuroraCluster"]} it leaves that as it is.`)
  t.match(await call('PATCH', path, { parameters: { MaxCapacity: 16 } }), { status: 409, body: { code: 'database-not-ready', detail: /recover/ } })
  t.match(await call('POST', `${path}/recover`, { skip: ['AuroraWriter'] }), { status: 400, body: { errors: [{ path: '/skip/0' }] } })

  await fail('AuroraCluster', 1)
  t.match((await call<Database>('POST', `${path}/recover`, {}, wait)).body, { status: 'failed', operation: { type: 'recover', status: 'failed', reason: cause } }, 'it gets stuck again')
  await addFault({ kind: 'drop-after', service: 'cloudformation', operation: 'ContinueUpdateRollback', count: 1 })
  const recovered = await call<Database>('POST', `${path}/recover`, { skip: ['AuroraCluster'] }, wait)
  t.match(recovered.body, { status: 'available', statusReason: null, parameters: { MaxCapacity: 4 }, operation: { type: 'recover', status: 'succeeded', reason: null } })
  const again = await call<Database>('POST', `${path}/recover`, { skip: ['AuroraCluster'] })
  t.match([again.status, again.headers.get('idempotency-replayed'), again.body.operation.id], [200, 'true', recovered.body.operation.id])
  t.match((await call<{ items: unknown[] }>('GET', `${path}/operations`)).body.items.slice(0, 3), [{ type: 'recover', status: 'succeeded' }, { type: 'recover', status: 'failed' }, { type: 'update', status: 'failed' }])
})

await t.test('afterwards it can be changed, and needs no recovery', async t => {
  t.match((await call<Database>('PATCH', path, { parameters: { MaxCapacity: 8 } }, wait)).body, { status: 'available', parameters: { MaxCapacity: 8 } })
  t.match(await call('POST', `${path}/recover`), { status: 409, body: { code: 'recovery-refused' } })
})

await t.test('a deletion that fails can be tried again, or goes on without what it fails at', async t => {
  await fail('MasterSecret', 2)
  const failed = (await call<Database>('DELETE', path, undefined, wait)).body
  t.match(failed, { status: 'delete_failed', operation: { type: 'delete', status: 'failed' } })
  t.equal(failed.statusReason, `MasterSecret could not be deleted: Out of luck. DELETE ${path} tries again; POST ${path}/recover with {"retain":["MasterSecret"]} deletes the rest and leaves that behind.`)
  t.match((await call<Database>('DELETE', path, undefined, wait)).body, { status: 'delete_failed' })
  t.match(await call('POST', `${path}/recover`, {}), { status: 400, body: { errors: [{ path: '/retain' }] } })
  t.match(await call('POST', `${path}/recover`, { retain: ['AuroraCluster'] }), { status: 400, body: { errors: [{ path: '/retain/0', message: /MasterSecret/ }] } })
  const deleted = await call<Database>('POST', `${path}/recover`, { retain: ['MasterSecret'] }, wait)
  t.match([deleted.status, deleted.body], [202, { status: 'deleted' }])
  t.match(await call('POST', `${path}/recover`, { retain: ['MasterSecret'] }), { status: 200, body: { status: 'deleted' } })
})
