import t from 'tap'

import type { Principal } from '../../../src/access/keys.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import type { Stack } from '../../../src/aws/stacks.js'
import { createCreate, type CreateOptions } from '../../../src/databases/creation/create.js'
import type { CreateRequest } from '../../../src/databases/creation/launch.js'
import { Problem, type Finding } from '../../../src/problems.js'
import { loadCatalog } from '../../../src/templates/catalog.js'
import { createEventLog } from '../../../src/watching/event-log.js'
import { principalOf } from '../../helpers/facts.js'
import { createMemoryStacks } from '../../helpers/memory-stacks.js'
import { DEFAULT_TEMPLATE, REGIONS } from '../../helpers/test-service.js'

const catalog = loadCatalog()
const ORDERS: CreateRequest = { client: 'acme', region: 'eu-west-1', name: 'orders' }
const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`

/** `lost` is what becomes of the answer to the creation of a stack, which is created all the same. */
function setUp (options: Partial<CreateOptions> = {}, lost: AwsFailure | null = null) {
  const stacks = createMemoryStacks(() => 0)
  const waited: string[] = []
  const create = createCreate({
    catalog,
    defaultTemplate: DEFAULT_TEMPLATE,
    regions: REGIONS,
    index: {
      read: async region => ({ stacks: await stacks.list(region), asOf: new Date(0), status: 'ok', failure: null })
    },
    events: createEventLog(stacks),
    clock: { now: () => 0 },
    prepare: async (_principal, _request, plan) => ({ plan, found: [] }),
    preflight: { pass: async () => {} },
    untilGone: async (_region, id) => {
      waited.push(id)
      stacks.advance(NAME, 'DELETE_COMPLETE')
      return true
    },
    newToken: () => 'token',
    ...options,
    stacks: {
      ...stacks,
      create: async (region, launch) => {
        const stackId = await stacks.create(region, launch)
        if (lost) throw lost
        return stackId
      }
    }
  })
  return {
    stacks,
    waited,
    create: async (request: CreateRequest = ORDERS, key: string | null = null, principal: Principal = principalOf()) =>
      await create(principal, request, key),
    changes: () => stacks.calls.filter(call => !/^(describe|list|eventsAfter)/.test(call)).map(call => call.split(' ')[0])
  }
}

t.test('a create launches one stack, with everything that it is known by', async t => {
  const { stacks, create } = setUp()
  const { region, stackId, isReplay } = await create({ ...ORDERS, tags: { team: 'payments' } }, 'key-1')
  t.strictSame({ region, stackId, isReplay }, { region: 'eu-west-1', stackId: stacks.find(NAME).id, isReplay: false })
  t.match(stacks.launches, [{
    stackName: NAME,
    token: 'create-token',
    onFailure: 'delete',
    terminationProtection: false,
    templateBody: catalog.get(DEFAULT_TEMPLATE)?.body,
    parameters: { ClientName: 'acme', ClusterName: NAME, DBMaster: '', DatabaseName: 'temporal', AutoPause: 'true', MinCapacity: '0' },
    tags: { team: 'payments', 'aurora-databases:client': 'acme', 'aurora-databases:name': 'orders', 'aurora-databases:environment': 'dev' }
  }])
  t.equal(stacks.launches.length, 1)
  t.notOk(Object.values(stacks.launches[0]?.tags ?? {}).includes('key-1'), 'the Idempotency-Key is hashed')
})

const K1 = 'key-1'
const K2 = 'key-2'
const other = { ...ORDERS, parameters: { MaxCapacity: 8 } }
const again: Array<{ what: string, first: [CreateRequest, string | null], second: [CreateRequest, string | null], answer: string }> = [
  { what: 'the same without a key', first: [ORDERS, null], second: [ORDERS, null], answer: 'replay' },
  { what: 'the same with its key', first: [ORDERS, K1], second: [ORDERS, K1], answer: 'replay' },
  { what: 'the same, now with a key', first: [ORDERS, null], second: [ORDERS, K1], answer: 'replay' },
  { what: 'the same, now without a key', first: [ORDERS, K1], second: [ORDERS, null], answer: 'replay' },
  { what: 'the same with the defaults written out', first: [ORDERS, null], second: [{ ...ORDERS, template: DEFAULT_TEMPLATE, parameters: { MaxCapacity: 4, EnvironmentName: 'dev' }, deletionProtection: false, onFailure: 'delete', tags: {} }, null], answer: 'replay' },
  { what: 'the same under another key', first: [ORDERS, K1], second: [ORDERS, K2], answer: 'database-exists' },
  { what: 'another body', first: [ORDERS, null], second: [other, null], answer: 'database-exists' },
  { what: 'another body under another key', first: [ORDERS, K1], second: [other, K2], answer: 'database-exists' },
  { what: 'another body under the same key', first: [ORDERS, K1], second: [other, K1], answer: 'idempotency-key-reused' },
  { what: 'another tag', first: [ORDERS, null], second: [{ ...ORDERS, tags: { a: 'b' } }, null], answer: 'database-exists' }
]
for (const { what, first, second, answer } of again) {
  t.test(`sent again: ${what} is ${answer}`, async t => {
    const { stacks, create, changes } = setUp()
    const { stackId } = await create(...first)
    if (answer === 'replay') t.strictSame(await create(...second), { region: 'eu-west-1', stackId, isReplay: true })
    else await t.rejects(create(...second), { code: answer, extensions: { databaseId: ID } })
    t.strictSame(changes(), ['create'], 'nothing else was launched or removed')
    t.equal(stacks.launches.length, 1)
  })
}

t.test('an Idempotency-Key that made another database is refused, with its id', async t => {
  const { create, changes } = setUp()
  await create(ORDERS, K1)
  for (const request of [{ ...ORDERS, name: 'other' }, { ...ORDERS, client: 'other' }, { ...ORDERS, parameters: { EnvironmentName: 'uat' } }]) {
    await t.rejects(create(request, K1), { code: 'idempotency-key-reused', extensions: { databaseId: ID } })
  }
  t.strictSame(changes(), ['create'])
  t.strictSame(await create(ORDERS, K1).then(({ isReplay }) => isReplay), true, 'and still stands for the request that it made')
  await create({ ...ORDERS, name: 'other' }, K2)
})

t.test('an Idempotency-Key is its sender\'s own: nobody meets the database of another client by it', async t => {
  const acme = principalOf({ client: 'acme' })
  const other = principalOf({ client: 'other' })
  const { create } = setUp()
  await create(ORDERS, K1, acme)
  t.equal((await create({ ...ORDERS, client: 'other' }, K1, other)).isReplay, false)
  t.equal((await create({ ...ORDERS, name: 'third' }, K1)).isReplay, false, 'nor does a key for all clients')
  await t.rejects(create({ ...ORDERS, name: 'second' }, K1, acme), { code: 'idempotency-key-reused', extensions: { databaseId: ID } })
  t.equal((await create(ORDERS, K1, principalOf({ client: 'acme', regions: ['eu-west-1'] }))).isReplay, true, 'another key of the client is as good')
})

for (const status of ['ROLLBACK_COMPLETE', 'DELETE_IN_PROGRESS', 'DELETE_FAILED', 'DELETE_COMPLETE'] as const) {
  t.test(`an Idempotency-Key is free again once what it made is ${status}`, async t => {
    const { stacks, create } = setUp()
    await create(ORDERS, K1)
    stacks.advance(NAME, status)
    t.equal((await create({ ...ORDERS, name: 'other' }, K1)).isReplay, false)
  })
}

t.test('what a failed deletion left is neither replaced nor an answer', async t => {
  const { stacks, create, changes } = setUp()
  await create(ORDERS, K1)
  for (const status of ['CREATE_COMPLETE', 'DELETE_IN_PROGRESS', 'DELETE_FAILED'] as const) stacks.advance(NAME, status)
  for (const key of [K1, null]) await t.rejects(create(ORDERS, key), { code: 'database-exists', message: /DELETE \/v1.* tries again; POST .*recover/, extensions: { databaseId: ID } })
  t.strictSame(changes(), ['create'])
})

const failedTwice = ['CREATE_FAILED', 'DELETE_IN_PROGRESS', 'DELETE_FAILED'] as const

t.test('but what is left of a create whose removal has failed is, once it is gone', async t => {
  const { stacks, create, changes, waited } = setUp()
  await create({ ...ORDERS, deletionProtection: true })
  for (const status of failedTwice) stacks.advance(NAME, status)
  const { id } = stacks.find(NAME)
  t.equal((await create()).isReplay, false)
  t.strictSame(waited, [id])
  t.strictSame(changes(), ['create', 'setTerminationProtection', 'remove', 'create'])
})

t.test('and it is in the way when it does not go, or when its events do not tell that it never held data', async t => {
  const { stacks, create, changes } = setUp({ untilGone: async () => { stacks.advance(NAME, 'DELETE_FAILED'); return false } })
  await create()
  for (const status of failedTwice) stacks.advance(NAME, status)
  await t.rejects(create(), { code: 'database-exists', message: /recover can leave behind/ })
  const old = setUp()
  old.stacks.add({ ...stacks.find(NAME), id: 'arn:old' })
  await t.rejects(old.create(), { code: 'database-exists', message: /recover can leave behind/ })
  t.strictSame([changes(), old.changes()], [['create', 'remove'], []])
})

t.test('a database that was to be gone by now is still the answer to the request that made it, and no other is made', async t => {
  let now = 0
  const { create, changes } = setUp({ clock: { now: () => now } })
  const request = { ...ORDERS, expiresAt: '1970-01-02T00:00:00Z' }
  await create(request)
  now = Date.parse(request.expiresAt)
  t.equal((await create(request)).isReplay, true)
  await t.rejects(create({ ...request, name: 'other' }), { code: 'invalid-request', errors: [{ path: '/expiresAt' }] })
  t.strictSame(changes(), ['create'])
})

t.test('no Idempotency-Key, no look at the index; an index without an answer launches nothing', async t => {
  const { stacks, create, changes } = setUp()
  await create()
  t.notOk(stacks.calls.some(call => call.startsWith('list')))
  stacks.failNext('list', new AwsFailure('throttled', 'Throttling', 'Rate exceeded'))
  await t.rejects(create({ ...ORDERS, name: 'other' }, K1), { name: 'AwsFailure', kind: 'throttled' })
  t.strictSame(changes(), ['create'])
})

t.test('another environment, name, client or region is another database', async t => {
  const { stacks, create } = setUp()
  for (const request of [ORDERS, { ...ORDERS, parameters: { EnvironmentName: 'uat' } }, { ...ORDERS, name: 'main' }, { ...ORDERS, client: 'other' }, { ...ORDERS, region: 'us-east-1' }]) {
    t.equal((await create(request)).isReplay, false)
  }
  t.equal(new Set(stacks.launches.map(({ stackName }) => stackName)).size, 5)
})

for (const status of ['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'] as const) {
  t.test(`what is left of a create that failed (${status}) makes room`, async t => {
    const { stacks, create, changes, waited } = setUp()
    const { stackId } = await create({ ...ORDERS, deletionProtection: true }, K1)
    stacks.advance(NAME, status)
    const { isReplay, stackId: fresh } = await create(other, K2)
    t.equal(isReplay, false)
    t.not(fresh, stackId)
    t.strictSame(changes(), ['create', 'setTerminationProtection', 'remove', 'create'], 'the protection of what never was does not stand in the way')
    t.strictSame(waited, [stackId])
  })
}

t.test('what is left stays when the new request could not be launched either, or it does not go', async t => {
  const refused = new Problem('preflight-failed', 'no secret')
  let isChecked = false
  const { stacks, create, changes } = setUp({ preflight: { pass: async () => { if (isChecked) throw refused } } })
  await create()
  stacks.advance(NAME, 'ROLLBACK_COMPLETE')
  isChecked = true
  await t.rejects(create(), { code: 'preflight-failed' })
  t.strictSame(changes(), ['create'])

  const stuck = setUp({ untilGone: async () => false })
  await stuck.create()
  stuck.stacks.advance(NAME, 'ROLLBACK_COMPLETE')
  await t.rejects(stuck.create(), { code: 'database-busy', retryAfterSeconds: 10 })
  t.equal(stuck.stacks.launches.length, 1)
})

for (const status of ['ROLLBACK_IN_PROGRESS', 'DELETE_IN_PROGRESS'] as const) {
  t.test(`while the old one goes (${status}), the same and another request are told to wait`, async t => {
    const { stacks, create, changes } = setUp()
    await create()
    stacks.advance(NAME, status)
    for (const request of [ORDERS, other]) await t.rejects(create(request), { code: 'database-busy', retryAfterSeconds: 10 })
    t.strictSame(changes(), ['create'])
  })
}

for (const [what, lost] of [
  ['and the SDK has asked again', new AwsFailure('already-exists', 'AlreadyExistsException', `Stack [${NAME}] already exists`)],
  ['for good', new AwsFailure('unavailable', 'TimeoutError', 'no answer')]
] as const) {
  t.test(`a create whose answer was lost, ${what}, is found by whoever asks next`, async t => {
    const { stacks, create, changes } = setUp({}, lost)
    if (lost.kind === 'unavailable') await t.rejects(create(), { name: 'AwsFailure', code: 'TimeoutError' })
    t.strictSame(await create(), { region: 'eu-west-1', stackId: stacks.find(NAME).id, isReplay: true })
    t.strictSame(changes(), ['create'])
  })
}

t.test('who loses the race finds the winner', async t => {
  const { stacks, create } = setUp()
  const results = await Promise.all([create(), create(), create()])
  t.equal(new Set(results.map(({ stackId }) => stackId)).size, 1)
  t.strictSame(results.map(({ isReplay }) => isReplay).sort(), [false, true, true])
  t.ok(stacks.find(NAME))
})

t.test('a name that comes and goes is given up on, after a few attempts', async t => {
  const { stacks, create } = setUp()
  for (let attempt = 0; attempt < 5; attempt++) stacks.failNext('create', new AwsFailure('already-exists', 'AlreadyExistsException', 'already exists'))
  await t.rejects(create(), { code: 'database-busy', retryAfterSeconds: 5 })
  t.equal(stacks.calls.filter(call => call.startsWith('create')).length, 3)
})

const failures: Array<{ failure: AwsFailure, answer: { name?: string, code: string, errors?: Finding[] } }> = [
  { failure: new AwsFailure('quota', 'LimitExceededException', 'Limit for stack has been exceeded'), answer: { code: 'preflight-failed', errors: [{ path: '/region', message: 'Limit for stack has been exceeded' }] } },
  { failure: new AwsFailure('refused', 'ValidationError', 'Template format error'), answer: { code: 'preflight-failed', errors: [{ path: '/parameters', message: 'Template format error' }] } },
  { failure: new AwsFailure('denied', 'AccessDenied', 'not authorized'), answer: { name: 'AwsFailure', code: 'AccessDenied' } },
  { failure: new AwsFailure('throttled', 'Throttling', 'Rate exceeded'), answer: { name: 'AwsFailure', code: 'Throttling' } },
  { failure: new AwsFailure('unavailable', 'TimeoutError', 'no answer'), answer: { name: 'AwsFailure', code: 'TimeoutError' } }
]
for (const { failure, answer } of failures) {
  t.test(`CloudFormation fails: ${failure.code}`, async t => {
    const { stacks, create } = setUp()
    stacks.failNext('create', failure)
    await t.rejects(create(), answer)
    t.strictSame(stacks.calls.filter(call => call.startsWith('create')).length, 1, 'it is not tried again here')
  })
}

t.test("somebody else's stack of that name is neither adopted nor removed", async t => {
  const strangers: Array<Partial<Stack>> = [{ tags: {} }, { tags: {}, status: 'ROLLBACK_COMPLETE' }, { status: 'ROLLBACK_COMPLETE', tags: { 'aurora-databases:client': 'other', 'aurora-databases:name': 'orders', 'aurora-databases:environment': 'dev' } }]
  for (const stranger of strangers) {
    const { stacks, create, changes } = setUp()
    const { stackId } = await create()
    stacks.advance(NAME, stranger.status ?? 'CREATE_COMPLETE', stranger)
    await t.rejects(create(), { code: 'database-exists', extensions: { databaseId: undefined } })
    t.strictSame(changes(), ['create'])
    t.equal(stacks.find(NAME).id, stackId)
  }
})

t.test('a key creates what it is for, and AWS is not even asked about the rest', async t => {
  for (const principal of [principalOf({ client: 'other' }), principalOf({ regions: ['us-east-1'] })]) {
    const { stacks, create } = setUp()
    await t.rejects(create(ORDERS, null, principal), { code: 'forbidden' })
    t.strictSame(stacks.calls, [])
  }
})
