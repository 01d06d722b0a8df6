import { CloudFormationClient, CreateStackCommand, DeleteStackCommand, waitUntilStackCreateComplete, waitUntilStackDeleteComplete } from '@aws-sdk/client-cloudformation'
import { RDSClient, StopDBClusterCommand, waitUntilDBClusterAvailable } from '@aws-sdk/client-rds'
import t from 'tap'

import { startService } from '../helpers/service.js'

interface Database {
  id: string
  status: string
  stack: { name: string }
  operation: { type: string, status: string, reason: string | null }
}

const region = 'eu-west-1'
const { call, sandboxUrl } = await startService(t, { FINAL_SNAPSHOTS: 'optional' })
const aws = { region, endpoint: sandboxUrl, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } }
const cloudFormation = new CloudFormationClient(aws)
const rds = new RDSClient(aws)
t.teardown(() => {
  cloudFormation.destroy()
  rds.destroy()
})
const wait = { prefer: 'wait=60' }
const quick = { client: cloudFormation, maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.3 }
const addFault = async (fault: object): Promise<void> => {
  await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) })
}
const create = async (name: string): Promise<Database> => (await call<Database>('POST', '/v1/databases', { client: 'acme', region, name }, wait)).body
const snapshotsOf = async (id: string): Promise<unknown[]> => (await call<{ items: unknown[] }>('GET', `/v1/databases/${id}/snapshots`)).body.items

const [orders, scratch] = await Promise.all([create('orders'), create('scratch')])
const path = `/v1/databases/${orders.id}`

await t.test('nothing is deleted that other stacks use, and those are named', async t => {
  const TemplateBody = JSON.stringify({ Resources: { Host: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: { 'Fn::ImportValue': `${orders.stack.name}-DNSName` } } } } })
  await cloudFormation.send(new CreateStackCommand({ StackName: 'reports', TemplateBody }))
  await waitUntilStackCreateComplete(quick, { StackName: 'reports' })
  t.match(await call('DELETE', path), { status: 409, body: { code: 'exports-in-use', importers: ['reports'], detail: /reports imports/ } })
  t.match((await call<Database>('GET', path)).body, { status: 'available', operation: { type: 'create' } })

  // As when the importer comes between the look and the deletion.
  await addFault({ kind: 'throttle', service: 'cloudformation', operation: 'ListImports', count: 30 })
  t.match((await call<Database>('DELETE', path, undefined, wait)).body, { status: 'available', operation: { type: 'delete', status: 'failed', reason: /in use by reports/ } })
  await fetch(`${sandboxUrl}/_sandbox/faults`, { method: 'DELETE' })
  await cloudFormation.send(new DeleteStackCommand({ StackName: 'reports' }))
  await waitUntilStackDeleteComplete(quick, { StackName: 'reports' })
})

await t.test('a deletion that was to leave nothing and did not happen is not one that leaves nothing', async t => {
  // The service dies between the switch and the deletion.
  await addFault({ kind: 'error-500', service: 'cloudformation', operation: 'DeleteStack', count: 3 })
  t.match(await call('DELETE', `${path}?finalSnapshot=false`), { status: 503, body: { code: 'aws-unavailable', retryable: true } })
  t.match((await call<Database>('GET', path)).body, { status: 'available', operation: { type: 'update', status: 'succeeded' } })

  await rds.send(new StopDBClusterCommand({ DBClusterIdentifier: orders.stack.name }))
  await t.rejects(waitUntilDBClusterAvailable({ client: rds, maxWaitTime: 1, minDelay: 0.1, maxDelay: 0.2 }, { DBClusterIdentifier: orders.stack.name }), 'it is stopped')
  const deleted = await call<Database>('DELETE', path, undefined, wait)
  t.match([deleted.status, deleted.body], [202, { status: 'deleted', operation: { type: 'delete', status: 'succeeded' } }], 'also a stopped one')
  t.match(await snapshotsOf(orders.id), [{ status: 'available' }])
})

await t.test('without a final snapshot nothing is left, whatever answers get lost', async t => {
  for (const operation of ['CreateChangeSet', 'ExecuteChangeSet', 'DeleteStack']) await addFault({ kind: 'drop-after', service: 'cloudformation', operation, count: 1 })
  t.match((await call<Database>('DELETE', `/v1/databases/${scratch.id}?finalSnapshot=false`, undefined, wait)).body, { status: 'deleted' })
  t.same(await snapshotsOf(scratch.id), [])
  t.match(await call('DELETE', `/v1/databases/${scratch.id}?finalSnapshot=false`), { status: 202, body: { status: 'deleted' } })
  t.match(await call('POST', `/v1/databases/${scratch.id}/restore`), { status: 409, body: { code: 'no-snapshot' } })
})

await t.test('what was deleted is listed while AWS remembers it, with its ids to restore', async t => {
  const { body } = await call<{ items: Database[], regions: unknown[] }>('GET', `/v1/databases?status=deleted&region=${region}`)
  t.same(body.items.map(({ id, status }) => `${id} ${status}`).sort(), [`${orders.id} deleted`, `${scratch.id} deleted`].sort())
  t.match(body.regions, [{ region, status: 'ok', unread: 0 }])
  t.same((await call<{ items: Database[] }>('GET', `/v1/databases?region=${region}`)).body.items, [])
})
