import { DescribeDBClustersCommand, RDSClient } from '@aws-sdk/client-rds'
import t from 'tap'

import { startService } from '../helpers/service.js'

interface Database {
  id: string
  status: string
  parameters: Record<string, unknown>
  tags: Record<string, string>
  deletionProtection: boolean
  operation: { type: string, status: string }
}

const { call, sandboxUrl } = await startService(t)
const wait = { prefer: 'wait=60' }
const { body: { id } } = await call<Database>('POST', '/v1/databases', {
  client: 'acme', region: 'eu-west-1', parameters: { EnvironmentName: 'production' }, tags: { team: 'payments', cost: 'low' }
}, wait)
const path = `/v1/databases/${id}`
const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`tag-${at}`, 'x']))

await t.test('a production database is protected until the protection is taken off', async t => {
  t.match(await call('DELETE', path), { status: 409, body: { code: 'deletion-protected' } })
  t.match(await call('PATCH', path, { deletionProtection: false }), { status: 200, body: { deletionProtection: false, status: 'available' } })
  t.match(await call('PATCH', path, { deletionProtection: true }), { status: 200, body: { deletionProtection: true } })
})

await t.test('a change is shown before it happens', async t => {
  const plan = await call('PATCH', `${path}?dryRun=true`, { parameters: { MaxCapacity: 8 } })
  t.match(plan, { status: 200, body: { changes: [{ logicalId: 'AuroraCluster', action: 'modify', replacement: 'never' }] } })
  t.match((await call<Database>('GET', path)).body, { parameters: { MaxCapacity: 4 }, operation: { type: 'create' } })
})

await t.test('capacity and tags change, and the rest stays', async t => {
  const before = (await call<Database>('GET', path)).body
  const changed = await call<Database>('PATCH', path, { parameters: { MaxCapacity: 8 }, tags: { cost: null, team: 'billing' } }, wait)
  t.equal(changed.status, 202)
  t.match(changed.body, { status: 'available', operation: { type: 'update', status: 'succeeded' } })
  t.same(changed.body.parameters, { ...before.parameters, MaxCapacity: 8 })
  t.same(changed.body.tags, { team: 'billing' })
  t.equal(changed.body.deletionProtection, true)
  const again = await call<Database>('PATCH', path, { parameters: { MaxCapacity: 8 }, tags: { cost: null } })
  t.match(again, { status: 200, body: { parameters: { MaxCapacity: 8 } } }, 'there was nothing to change')
})

await t.test('what must not change does not', async t => {
  const etag = (await call('GET', path)).headers.get('etag') ?? ''
  const refusals = [
    { body: { parameters: { DatabaseName: 'other' } }, status: 400, code: 'invalid-request' },
    { body: { parameters: { MinCapacity: 16 } }, status: 400, code: 'invalid-request' },
    { body: { parameters: { Colour: 'red' } }, status: 400, code: 'invalid-request' },
    { body: { tags: { 'aurora-databases:client': 'globex' } }, status: 400, code: 'invalid-request' },
    { body: { tags: tags(36) }, status: 400, code: 'invalid-request' },
    { body: { expiresAt: '2030-06-30T23:59:60Z' }, status: 400, code: 'invalid-request' },
    { body: { client: 'globex' }, status: 400, code: 'invalid-request' },
    { body: {}, status: 400, code: 'invalid-request' },
    { body: { parameters: { MaxCapacity: 16 } }, headers: { 'if-match': '"stale"' }, status: 412, code: 'precondition-failed' }
  ]
  for (const { body, headers, status, code } of refusals) t.match(await call('PATCH', path, body, headers), { status, body: { code } })
  t.equal((await call('GET', path)).headers.get('etag'), etag)
  t.match(await call('PATCH', path, { parameters: { MaxCapacity: 16 } }, { ...wait, 'if-match': etag }), { status: 202, body: { parameters: { MaxCapacity: 16 } } })
})

await t.test('a database may have as many tags as is said, and so may all that is made of it', async t => {
  const many = await call<Database>('PATCH', path, { tags: { ...tags(35), team: 'billing' }, expiresAt: '2100-01-01T00:00:00Z' }, wait)
  t.match(many, { status: 202, body: { status: 'available', operation: { status: 'succeeded' } } })
  t.match(await call('POST', `${path}/snapshots`, { name: 'full' }, { 'idempotency-key': 'full' }), { status: 202 })
})

await t.test('a change that failed is taken back, tags and all', async t => {
  const { body: before } = await call<Database>('GET', path)
  await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify({ kind: 'fail-resource', resource: 'AuroraWriter', count: 1 }) })
  const { body } = await call<Database>('PATCH', path, { tags: { team: 'none' } }, wait)
  t.match(body, { status: 'available', operation: { type: 'update', status: 'failed' } })
  t.strictSame(body.tags, before.tags)
  const cluster = new RDSClient({ region: 'eu-west-1', endpoint: sandboxUrl, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } })
  const { DBClusters } = await cluster.send(new DescribeDBClustersCommand({ DBClusterIdentifier: id.slice(id.indexOf('.') + 1) }))
  cluster.destroy()
  t.ok(DBClusters?.[0]?.TagList?.some(({ Key, Value }) => Key === 'team' && Value === 'billing'))
})
