import t from 'tap'

import type { Principal } from '../../src/access/keys.js'
import { AwsFailure } from '../../src/aws/errors.js'
import { principalOf } from '../helpers/facts.js'
import { secretArnOf } from '../helpers/memory-stacks.js'
import { createTestService, OUTPUTS, PASSWORD } from '../helpers/test-service.js'

const everybody = principalOf()
const ORDERS = { client: 'acme', region: 'eu-west-1', name: 'orders' }
const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`

async function createOrders (facts = {}) {
  const service = createTestService()
  const { database } = await service.databases.create(everybody, { ...ORDERS, ...facts }, null)
  return { ...service, id: database.id, changes: () => service.stacks.calls.filter(call => /^(remove|create|set)/.test(call)).length - 1 }
}

t.test('a database from its creation to its end', async t => {
  const { databases, stacks, id } = await createOrders({ tags: { team: 'payments' } })
  t.match(await databases.get(everybody, id), {
    id: ID,
    ...ORDERS,
    environment: 'dev',
    status: 'creating',
    statusReason: null,
    outputs: null,
    tags: { team: 'payments' },
    parameters: { DatabaseName: 'temporal', AutoPause: true, MinCapacity: 0 },
    operation: { type: 'create', status: 'running', progress: { completed: 0, total: 4 } }
  })
  t.strictSame(Object.keys((await databases.get(everybody, id)).tags), ['team'], 'tags of the service are not shown')
  stacks.advance(NAME, 'CREATE_COMPLETE', { outputs: OUTPUTS })
  t.match(await databases.get(everybody, id), { status: 'available', outputs: { dnsName: 'db.example.com', dbPort: 5432 }, operation: { status: 'succeeded', progress: { percent: 100 } } })
  t.match(await databases.remove(everybody, id), { status: 'deleting', operation: { type: 'delete', status: 'running', reason: null } })
  stacks.advance(NAME, 'DELETE_COMPLETE', { outputs: OUTPUTS })
  t.match(await databases.get(everybody, id), { status: 'deleted', outputs: null }, 'AWS remembers it, and so do we, without the outputs that AWS was recorded to keep')
  t.match(await databases.operationsOf(everybody, id), [{ type: 'delete', status: 'succeeded' }, { type: 'create', status: 'succeeded' }])
})

t.test('a create that failed says why, however it ended', async t => {
  for (const [last, status] of [['ROLLBACK_COMPLETE', 'failed'], ['DELETE_IN_PROGRESS', 'failed'], ['DELETE_COMPLETE', 'failed']] as const) {
    const { databases, stacks, id } = await createOrders()
    stacks.emit(NAME, 'AuroraCluster', 'CREATE_FAILED', 'out of luck')
    stacks.advance(NAME, last, { reason: 'The following resource(s) failed to create: [AuroraCluster]. Delete requested by user.' })
    t.match(await databases.get(everybody, id), { status, statusReason: 'AuroraCluster could not be created: out of luck' }, last)
  }
})

t.test('deleting', async t => {
  t.test('again, or when it is gone, changes nothing and answers the same', async t => {
    const { databases, stacks, id, changes } = await createOrders()
    for (let times = 0; times < 3; times++) t.equal((await databases.remove(everybody, id)).status, 'deleting')
    stacks.advance(NAME, 'DELETE_COMPLETE')
    t.equal((await databases.remove(everybody, id)).status, 'deleted')
    t.equal(changes(), 1)
  })

  t.test('is refused while the database is protected, also when somebody protects it at the last moment', async t => {
    const { databases, stacks, id, changes } = await createOrders({ deletionProtection: true })
    await t.rejects(databases.remove(everybody, id), { code: 'deletion-protected' })
    t.equal(changes(), 0)
    const late = await createOrders()
    late.stacks.beforeNext('remove', () => { late.stacks.advance(NAME, 'CREATE_COMPLETE', { terminationProtection: true }) })
    await t.rejects(late.databases.remove(everybody, late.id), { code: 'deletion-protected' })
    t.equal(stacks.find(NAME).status, 'CREATE_IN_PROGRESS')
  })

  t.test('of a production database is refused unless it was said otherwise', async t => {
    const { databases, id } = await createOrders({ parameters: { EnvironmentName: 'production' } })
    t.equal((await databases.get(everybody, id)).deletionProtection, true)
    await t.rejects(databases.remove(everybody, id), { code: 'deletion-protected' })
  })

  t.test('waits its turn while the database is changed', async t => {
    const { databases, stacks, id, changes } = await createOrders()
    stacks.advance(NAME, 'UPDATE_IN_PROGRESS')
    await t.rejects(databases.remove(everybody, id), { code: 'database-busy', retryAfterSeconds: 10 })
    t.equal(changes(), 0)
  })

  t.test('can be tried again when it failed', async t => {
    const { databases, stacks, id, changes } = await createOrders()
    stacks.advance(NAME, 'DELETE_FAILED')
    t.equal((await databases.remove(everybody, id)).status, 'deleting')
    t.equal(changes(), 1)
  })

  t.test('passes on what AWS refuses for other reasons', async t => {
    const { databases, stacks, id } = await createOrders()
    stacks.failNext('remove', new AwsFailure('denied', 'AccessDenied', 'no'))
    await t.rejects(databases.remove(everybody, id), { name: 'AwsFailure', code: 'AccessDenied' })
    t.equal((await databases.get(everybody, id)).status, 'creating')
  })
})

t.test("another client's database does not exist, for nothing that can be asked", async t => {
  const { databases, id, changes } = await createOrders()
  const strangers = [principalOf({ client: 'other' }), principalOf({ regions: ['us-east-1'] })]
  const { get, remove, outputsOf, eventsOf, operationsOf, targetOf } = databases
  const asks: Array<(principal: Principal, id: string) => Promise<unknown>> = [get, remove, outputsOf, eventsOf, operationsOf, targetOf]
  for (const stranger of strangers) {
    for (const ask of asks) await t.rejects(ask(stranger, id), { code: 'not-found', message: `There is no database ${id}.` })
    await t.rejects(databases.connectionOf(stranger, id, 'uri', true), { code: 'not-found' })
  }
  await t.rejects(databases.get(everybody, 'eu-west-1.nothing'), { code: 'not-found', message: 'There is no database eu-west-1.nothing.' }, 'which reads the same')
  t.equal(changes(), 0)
})

t.test('connecting', async t => {
  const ready = async () => {
    const service = await createOrders()
    service.stacks.advance(NAME, 'CREATE_COMPLETE', { outputs: OUTPUTS })
    service.secrets.known.set(OUTPUTS.SecretArn, {
      facts: { arn: OUTPUTS.SecretArn, name: 'MasterSecret', tags: {}, deletedAt: null }, credentials: { username: 'owner', password: PASSWORD }
    })
    return service
  }

  t.test('goes on while the database is changed, when AWS shows no outputs', async t => {
    const { databases, stacks, id } = await ready()
    stacks.advance(NAME, 'UPDATE_IN_PROGRESS', { outputs: {} })
    t.match(await databases.connectionOf(everybody, id, 'uri', false), {
      value: 'postgresql://postgres:<password>@cluster.example:5432/temporal?sslmode=require', secretArn: secretArnOf('eu-west-1')
    })
    t.match(await databases.targetOf(everybody, id), { clusterArn: NAME, databaseName: 'temporal', secretArn: secretArnOf('eu-west-1') })
  })

  t.test('does not read the secret unless the password is to be revealed', async t => {
    const { databases, secrets, id } = await ready()
    t.match(await databases.connectionOf(everybody, id, 'uri', false), { revealed: false, value: /postgres:<password>@db\.example\.com/, secretArn: OUTPUTS.SecretArn })
    t.strictSame(secrets.calls, [])
    t.match(await databases.connectionOf(everybody, id, 'uri', true), { revealed: true, value: new RegExp(`owner:${PASSWORD}@`) })
    t.strictSame(secrets.calls, [`readCredentials eu-west-1 ${OUTPUTS.SecretArn}`])
  })

  t.test('goes by the ARN of a secret that was named', async t => {
    const { databases, stacks, secrets, id } = await ready()
    const { SecretArn, ...outputs } = OUTPUTS
    stacks.advance(NAME, 'CREATE_COMPLETE', { outputs, parameters: { DBMaster: 'Mahira' } })
    await t.rejects(databases.targetOf(everybody, id), { code: 'database-not-ready' }, 'the secret is gone')
    secrets.known.set('Mahira', { facts: { arn: SecretArn, name: 'Mahira', tags: {}, deletedAt: null }, credentials: null })
    t.match(await databases.targetOf(everybody, id), { secretArn: SecretArn, clusterArn: OUTPUTS.ClusterArn, databaseName: 'temporal', client: 'acme', region: 'eu-west-1' })
  })

  t.test('has to wait until the database is ready', async t => {
    const { databases, stacks, id } = await createOrders()
    const moving = { code: 'database-not-ready', extensions: { databaseStatus: 'creating' }, retryAfterSeconds: 10 }
    await t.rejects(databases.targetOf(everybody, id), moving)
    await t.rejects(databases.outputsOf(everybody, id), moving)
    stacks.advance(NAME, 'ROLLBACK_COMPLETE')
    await t.rejects(databases.targetOf(everybody, id), { code: 'database-not-ready', extensions: { databaseStatus: 'failed' }, retryAfterSeconds: undefined })
  })
})

t.test('waiting', async t => {
  t.test('ends when the operation does', async t => {
    const { databases, stacks, clock, id } = await createOrders()
    const waiting = databases.untilSettled(everybody, id, 30, new AbortController().signal)
    while ((await clock.whenAsleep()).length < 2) await tick()
    stacks.advance(NAME, 'CREATE_COMPLETE', { outputs: OUTPUTS })
    clock.move(1_000)
    t.match(await waiting, { status: 'available' })
  })

  t.test('ends when the time is up, and leaves nothing behind', async t => {
    const { databases, clock, id } = await createOrders()
    const waiting = databases.untilSettled(everybody, id, 2, new AbortController().signal)
    while ((await clock.whenAsleep()).length < 2) await tick()
    clock.move(2_000)
    t.match(await waiting, { status: 'creating' })
    await tick()
    clock.move(1_000)
    await tick()
    t.equal(clock.sleepers(), 0, 'nobody polls any more')
  })

  t.test('ends when the caller hangs up', async t => {
    const { databases, clock, id } = await createOrders()
    const controller = new AbortController()
    const waiting = databases.untilSettled(everybody, id, 30, controller.signal)
    while ((await clock.whenAsleep()).length < 2) await tick()
    controller.abort()
    t.match(await waiting, { status: 'creating' })
  })

  t.test('for nothing fails, and does not keep on sleeping', async t => {
    const { databases, clock } = createTestService()
    await t.rejects(databases.untilSettled(everybody, ID, 30, new AbortController().signal), { code: 'not-found' })
    t.equal(clock.sleepers(), 0)
  })
})

/** Lets everything run that can. */
async function tick (): Promise<void> {
  await new Promise(resolve => { setImmediate(resolve) })
}

t.test('how long it takes is estimated from what was seen, and from nothing else', async t => {
  const { databases, stacks, clock, id } = await createOrders()
  t.equal((await databases.get(everybody, id)).operation?.progress.estimatedReadyAt, null)
  clock.move(90_000)
  stacks.advance(NAME, 'CREATE_COMPLETE')
  t.equal((await databases.get(everybody, id)).operation?.progress.estimatedReadyAt, null, 'it is ready')
  const { database } = await databases.create(everybody, { ...ORDERS, name: 'second' }, null)
  t.equal(database.operation?.progress.estimatedReadyAt?.getTime(), clock.now() + 90_000)
  const elsewhere = await databases.create(everybody, { ...ORDERS, region: 'us-east-1' }, null)
  t.equal(elsewhere.database.operation?.progress.estimatedReadyAt, null)
})

t.test('a region that is not enabled in the account is a finding, where the credentials are good elsewhere', async t => {
  const refusal = new AwsFailure('denied', 'InvalidClientTokenId', 'The security token included in the request is invalid')
  const { databases, stacks, identity } = createTestService()
  const requests: Array<() => Promise<unknown>> = [
    async () => await databases.create(everybody, ORDERS, null),
    async () => await databases.plan(everybody, ORDERS)
  ]
  for (const ask of requests) {
    stacks.failNext('describe', refusal)
    await t.rejects(ask(), { code: 'preflight-failed', message: /^region is not enabled in the AWS account/, errors: [{ path: '/region', message: /is not enabled/ }] })
  }
  for (const isKnown of [false, new AwsFailure('unavailable', 'TimeoutError', 'no answer')]) {
    identity.isKnown = isKnown
    stacks.failNext('describe', refusal)
    await t.rejects(databases.create(everybody, ORDERS, null), { name: 'AwsFailure', code: 'InvalidClientTokenId' }, 'it is no caller who can mend that')
  }
  t.strictSame(stacks.launches, [])
})
