import t from 'tap'

import type { Principal } from '../../../src/access/keys.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import type { StackStatus } from '../../../src/aws/stacks.js'
import type { ListRequest } from '../../../src/databases/lists/list.js'
import { principalOf } from '../../helpers/facts.js'
import { createTestService } from '../../helpers/test-service.js'

const everybody = principalOf()
const everything: ListRequest = { regions: [], filters: {}, sort: 'createdAt', limit: 50, cursor: null, fresh: true }

/** Databases made a second apart, as `client/name@region`. */
async function createMany (...which: string[]) {
  const service = createTestService()
  for (const each of which) await add(service, each)
  const list = async (request: Partial<ListRequest> = {}, principal: Principal = everybody) => {
    const page = await service.databases.list(principal, { ...everything, ...request })
    return { ...page, names: page.items.map(({ client, name, region }) => `${client}/${name}@${region}`) }
  }
  return { ...service, list }
}

async function add ({ databases, clock }: ReturnType<typeof createTestService>, which: string): Promise<void> {
  const [client = '', name = '', region = '', environment = 'dev'] = which.split(/[/@:]/)
  await databases.create(everybody, { client, name, region, parameters: { EnvironmentName: environment } }, null)
  clock.move(1_000)
}

const EU = 'eu-west-1'
const US = 'us-east-1'
const some = [`acme/orders@${EU}`, `acme/stock@${US}`, `other/orders@${EU}`, `acme/bills@${EU}`]

t.test('everything of every region, the oldest first', async t => {
  const { list, stacks } = await createMany(...some)
  stacks.add({ ...stacks.find(stacks.launches[0]?.stackName ?? ''), id: 'arn:stranger', name: 'stranger', tags: { 'aurora-databases:client': 'acme' } })
  const { names, regions, nextCursor } = await list()
  t.strictSame(names, some, 'and no stack that is not a database')
  t.match(regions, [{ region: EU, status: 'ok', problem: null }, { region: US, status: 'ok', problem: null }])
  t.equal(nextCursor, null)
})

const filters: Array<[request: Partial<ListRequest>, found: Array<string | undefined>]> = [
  [{ regions: [US] }, [some[1]]],
  [{ regions: [US, EU, US] }, some],
  [{ filters: { client: 'other' } }, [some[2]]],
  [{ filters: { client: 'acme', name: 'orders' } }, [some[0]]],
  [{ filters: { environment: 'production' } }, []],
  [{ filters: { template: 'aurora-serverless-v2-postgres' } }, some],
  [{ filters: { status: 'creating' } }, some],
  [{ filters: { status: 'available' } }, []],
  [{ sort: '-createdAt' }, some.toReversed()],
  [{ sort: 'name' }, [some[3], some[0], some[2], some[1]]]
]
for (const [request, found] of filters) {
  t.test(JSON.stringify(request), async t => {
    const { list } = await createMany(...some)
    const { names } = await list(request)
    t.strictSame(new Set(names), new Set(found))
    if (request.sort) t.strictSame(names.map(each => each.split('@')[0]?.split('/')[1]), found.map(each => each?.split('@')[0]?.split('/')[1]))
  })
}

t.test('a key sees its client and its regions only', async t => {
  const { list } = await createMany(...some)
  t.strictSame((await list({}, principalOf({ client: 'other' }))).names, [some[2]])
  t.strictSame((await list({ filters: { client: 'acme' } }, principalOf({ client: 'other' }))).names, [])
  const { names, regions } = await list({}, principalOf({ regions: [US] }))
  t.strictSame(names, [some[1]])
  t.strictSame(regions.map(({ region }) => region), [US], 'nor hears of the others')
})

t.test('pages', async t => {
  t.test('no database is shown twice or left out while others come and go', async t => {
    const service = await createMany(...some)
    const { list, stacks } = service
    const first = await list({ limit: 2 })
    t.strictSame(first.names, some.slice(0, 2))
    stacks.advance(stacks.launches[0]?.stackName ?? '', 'DELETE_COMPLETE')
    await add(service, `acme/new@${EU}`)
    const second = await list({ limit: 2, cursor: first.nextCursor })
    t.strictSame(second.names, some.slice(2))
    const third = await list({ limit: 2, cursor: second.nextCursor })
    t.strictSame(third.names, [`acme/new@${EU}`])
    t.equal(third.nextCursor, null)
  })

  t.test('each order has its own cursors, and nothing else is one', async t => {
    const { list } = await createMany(...some)
    const { nextCursor } = await list({ limit: 1, sort: 'name' })
    t.strictSame((await list({ sort: 'name', cursor: nextCursor })).names.length, 3)
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const cursor of [nextCursor, 'abc', '', encode(null), encode({}), encode(['createdAt', 'x', 'id']), encode(['createdAt', 1])]) {
      await t.rejects(list({ sort: 'createdAt', cursor }), { code: 'invalid-request', errors: [{ path: '?cursor' }] }, String(cursor))
    }
  })
})

t.test('a region that is not enabled is a mistake', async t => {
  const { list, stacks } = await createMany()
  await t.rejects(list({ regions: ['mars-north-1'] }), { code: 'invalid-request', errors: [{ path: '?region', message: `must be one of ${EU}, ${US}` }] })
  t.strictSame(stacks.calls, [])
})

t.test('a region that fails is named, and the others are answered', async t => {
  for (const [kind, problem] of [['throttled', 'aws-throttled'], ['unavailable', 'aws-unavailable'], ['denied', 'aws-refused']] as const) {
    const { list, stacks } = await createMany(...some)
    stacks.failNext('list', new AwsFailure(kind, 'X', 'not for the caller'))
    const { names, regions } = await list()
    t.strictSame(names, [some[1]])
    t.strictSame(regions.map(({ region, status, problem }) => ({ region, status, problem })), [{ region: EU, status: 'unavailable', problem }, { region: US, status: 'ok', problem: null }])
  }
  const { list, stacks } = await createMany(...some)
  stacks.failNext('list', new TypeError('a mistake of ours'))
  await t.rejects(list(), { message: 'a mistake of ours' }, 'which is not the region\'s fault')
})

t.test('an operation that cannot be read takes nothing else away', async t => {
  const { list, stacks } = await createMany(...some)
  stacks.failNext('eventsAfter', new AwsFailure('throttled', 'Throttling', 'Rate exceeded'))
  const { items } = await list({ filters: { client: 'other' } })
  t.match(items, [{ client: 'other', status: 'creating' }])
})

t.test('what a database is doing is shown while it does it, or failed', async t => {
  const { list, stacks } = await createMany(some[0] ?? '')
  const name = stacks.launches[0]?.stackName ?? ''
  const shown: Array<[stack: StackStatus, status: string, operation: string | null]> = [
    ['CREATE_IN_PROGRESS', 'creating', 'running'], ['CREATE_COMPLETE', 'available', null], ['ROLLBACK_COMPLETE', 'failed', 'failed']
  ]
  for (const [stack, status, operation] of shown) {
    stacks.advance(name, stack)
    const { items: [database] } = await list()
    t.equal(database?.status, status)
    t.equal(database?.operation?.status ?? null, operation, stack)
  }
})

t.test('a create that failed and is being removed is failed, also to a filter', async t => {
  const { list, stacks } = await createMany(some[0] ?? '', some[3] ?? '')
  const [failed = '', deleted = ''] = stacks.launches.map(({ stackName }) => stackName)
  stacks.advance(failed, 'DELETE_IN_PROGRESS', { reason: 'The following resource(s) failed to create: [X]. Delete requested by user.' })
  stacks.advance(deleted, 'CREATE_COMPLETE')
  await stacks.remove(EU, stacks.find(deleted).id, 'delete-1')
  t.strictSame((await list({ filters: { status: 'failed' } })).names, [some[0]])
  t.strictSame((await list({ filters: { status: 'deleting' } })).names, [some[3]])
})

t.test('lists in quick succession are one question to AWS, unless a fresh one is asked for or something was changed', async t => {
  const service = await createMany(...some)
  const { list, stacks } = service
  const lists = (): number => stacks.calls.filter(call => call === `list ${EU}`).length
  const before = lists()
  await list({ fresh: true, regions: [EU] })
  for (let times = 0; times < 5; times++) await list({ fresh: false, regions: [EU] })
  t.equal(lists() - before, 1)
  await add(service, `acme/new@${EU}`)
  t.ok((await list({ fresh: false, regions: [EU] })).names.includes(`acme/new@${EU}`))
})
