import { DescribeStackEventsCommand } from '@aws-sdk/client-cloudformation'
import { pino } from 'pino'
import t from 'tap'

import { localKeys } from '../../scripts/local.js'
import { createAwsClients } from '../../src/aws/clients.js'
import { createStacks } from '../../src/aws/stacks.js'
import { systemClock } from '../../src/clock.js'
import { readConfig } from '../../src/config.js'
import { createDependencies } from '../../src/service.js'
import { startService } from '../helpers/service.js'

interface Database {
  id: string
  status: string
  expiresAt: string | null
  expiryHeld: boolean
  stack: { id: string }
  snapshots: Array<{ status: string }> | null
}

const HOUR_MS = 3_600_000
const region = 'eu-west-1'
const wait = { prefer: 'wait=60' }
const { call } = await startService(t)
const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()

const clients = createAwsClients()
t.teardown(() => { clients.destroy() })
const config = readConfig({ env: { ...process.env, REGIONS: region, API_KEYS_FILE: 'any' }, readKeys: () => localKeys, templates: ['aurora-serverless-v2-postgres'] })
const replicas = [1, 2].map(() =>
  createDependencies({ config, log: pino({ level: 'silent' }), clients, clock: { now: () => Date.now() + HOUR_MS, sleep: systemClock.sleep } }).databases)
/** What each of two replicas makes of a sweep an hour from now, both at once. */
const sweepInAnHour = async (): Promise<void> => {
  const stacks = await createStacks(clients.cloudFormation).list(region)
  await Promise.all(replicas.map(async ({ expire }) => { await expire(stacks) }))
}

const { body: { id, stack, expiresAt } } = await call<Database>('POST', '/v1/databases', { client: 'acme', region, expiresAt: inMinutes(30), deletionProtection: true }, wait)
const path = `/v1/databases/${id}`
const get = async (): Promise<Database> => (await call<Database>('GET', path, undefined, wait)).body

await t.test('the time is shown, changed and taken away', async t => {
  t.match(await get(), { status: 'available', expiresAt, expiryHeld: false, tags: {} })
  const later = inMinutes(120)
  t.match(await call('PATCH', path, { expiresAt: later }, wait), { status: 202, body: { status: 'available', expiresAt: later } })
  t.match(await call('PATCH', path, { expiresAt: later.replace('Z', '+00:00') }), { status: 200, body: { expiresAt: later } }, 'the same moment is no change')
  await sweepInAnHour()
  t.match(await get(), { status: 'available' }, 'it is not due yet')
  t.match(await call('PATCH', path, { expiresAt: null }, wait), { status: 202, body: { expiresAt: null } })
  for (const method of ['POST', 'PATCH'] as const) {
    const body = { expiresAt: inMinutes(-1), ...(method === 'POST' ? { client: 'acme', region, name: 'late' } : {}) }
    t.match(await call(method, method === 'POST' ? '/v1/databases' : path, body), { status: 400, body: { errors: [{ path: '/expiresAt', message: 'must be in the future' }] } })
  }
})

await t.test('a database that is protected is kept past its time', async t => {
  await call('PATCH', path, { expiresAt: inMinutes(30) }, wait)
  await sweepInAnHour()
  t.match(await get(), { status: 'available', expiryHeld: false })
})

await t.test('one that is not is deleted once, by however many, and leaves a snapshot', async t => {
  await call('PATCH', path, { deletionProtection: false })
  await sweepInAnHour()
  await sweepInAnHour()
  t.match(await get(), { status: 'deleted', snapshots: [{ status: 'available' }] })
  const { StackEvents = [] } = await clients.cloudFormation(region).send(new DescribeStackEventsCommand({ StackName: stack.id }))
  const begun = StackEvents.filter(({ ResourceStatus, PhysicalResourceId }) => ResourceStatus === 'DELETE_IN_PROGRESS' && PhysicalResourceId === stack.id)
  t.match(begun, [{ ClientRequestToken: /^expire-/ }])
  t.equal(begun.length, 1)
})

await t.test('brought back, it has no such time any more', async t => {
  t.match(await call('POST', `${path}/restore`, {}, wait), { status: 202, body: { status: 'available', expiresAt: null } })
})
