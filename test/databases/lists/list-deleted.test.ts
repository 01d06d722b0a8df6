import t from 'tap'

import type { Principal } from '../../../src/access/keys.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import type { ListRequest } from '../../../src/databases/lists/list.js'
import { OWN_TAGS, principalOf, stackOf } from '../../helpers/facts.js'
import { createTestService } from '../../helpers/test-service.js'

const everybody = principalOf()
const EU = 'eu-west-1'

/** Databases made and deleted a second apart. */
async function createDeleted (...names: string[]) {
  const service = createTestService()
  const { databases, stacks, clock } = service
  const create = async (name: string, client = 'acme') => (await databases.create(everybody, { client, region: EU, name }, null)).database
  const remove = async (name: string, client = 'acme'): Promise<void> => {
    const { stack } = await create(name, client)
    clock.move(1_000)
    stacks.advance(stack.name, 'DELETE_IN_PROGRESS', { token: 'delete-1', reason: 'User Initiated' })
    stacks.advance(stack.name, 'DELETE_COMPLETE', { deletedAt: new Date(clock.now()) })
  }
  for (const name of names) await remove(name)
  const list = async (request: Partial<ListRequest> = {}, principal: Principal = everybody) => {
    const plain = { regions: [EU], sort: 'createdAt', limit: 50, cursor: null, fresh: false } as const
    const page = await databases.list(principal, { ...plain, ...request, filters: { status: 'deleted', ...request.filters } })
    return { ...page, names: page.items.map(({ name }) => name) }
  }
  stacks.calls.length = 0
  return { ...service, create, remove, list, count: (operation: string) => stacks.calls.filter(call => call.startsWith(`${operation} `)).length }
}

t.test('what was deleted is listed, and what lives is not', async t => {
  const { list, create, databases } = await createDeleted('orders', 'stock', 'bills')
  await create('alive')
  const { names, items, regions } = await list()
  t.strictSame(names, ['orders', 'stock', 'bills'])
  t.match(items, [{ status: 'deleted', operation: { type: 'delete', status: 'succeeded' }, snapshots: null }])
  t.match(regions, [{ region: EU, status: 'ok', unread: 0 }])
  t.strictSame((await list({ filters: { name: 'stock' } })).names, ['stock'])
  t.strictSame((await list({}, principalOf({ client: 'globex' }))).names, [])
  const first = await list({ limit: 2, sort: '-createdAt' })
  t.strictSame([first.names, (await list({ limit: 2, sort: '-createdAt', cursor: first.nextCursor })).names], [['bills', 'stock'], ['orders']])
  const { items: all } = await databases.list(everybody, { regions: [EU], filters: {}, sort: 'createdAt', limit: 50, cursor: null, fresh: true })
  t.strictSame(all.map(({ name }) => name), ['alive'], 'by default nobody sees them')
})

t.test('an id is there once: as the one that was deleted last, and not at all when it lives again', async t => {
  const { list, remove, create } = await createDeleted('orders', 'orders')
  t.strictSame((await list()).names, ['orders'])
  await remove('orders')
  await create('orders')
  t.strictSame((await list({ fresh: true })).names, [])
})

t.test('neither failed creates nor other people\'s stacks are deleted databases', async t => {
  const { list, create, stacks } = await createDeleted('orders')
  const { stack } = await create('failed')
  stacks.advance(stack.name, 'DELETE_COMPLETE')
  stacks.add(stackOf({ id: 'arn:stranger', name: 'stranger', status: 'DELETE_COMPLETE', tags: {} }))
  stacks.add(stackOf({ id: 'arn:untagged', name: 'acme-main-dev-abcdefgh', status: 'DELETE_COMPLETE', tags: {} }))
  t.strictSame((await list()).names, ['orders'])
  t.notOk(stacks.calls.includes('describe eu-west-1 arn:stranger'), 'a name that is none of ours is not looked up')
})

t.test('each is looked at once', async t => {
  const { list, count, clock } = await createDeleted('orders', 'stock')
  await list()
  t.strictSame([count('listDeleted'), count('describe'), count('eventsAfter')], [1, 2, 2])
  await list()
  clock.move(31_000)
  await list()
  t.strictSame([count('listDeleted'), count('describe'), count('eventsAfter')], [2, 2, 2])
})

t.test('many are filled in bit by bit, the latest first', async t => {
  const { list, stacks } = await createDeleted()
  for (let at = 0; at < 120; at++) {
    const name = `acme-n${at}-dev-abcdefgh`
    stacks.add(stackOf({ id: `arn:${at}`, name, status: 'DELETE_COMPLETE', deletedAt: new Date(at * 1_000), tags: { ...OWN_TAGS, 'aurora-databases:name': `n${at}` } }))
  }
  const first = await list({ limit: 200 })
  t.match([first.items.length, first.regions], [50, [{ unread: 70 }]])
  t.ok(first.names.includes('n119') && !first.names.includes('n69'))
  t.match((await list({ limit: 200 })).regions, [{ unread: 20 }])
  t.match([(await list({ limit: 200 })).items.length, (await list({ limit: 200 })).regions], [120, [{ unread: 0 }]])
})

t.test('what AWS does not answer', async t => {
  const { list, stacks } = await createDeleted('orders')
  stacks.failNext('describe', new AwsFailure('throttled', 'Throttling', 'no'))
  t.match(await list(), { items: [], regions: [{ status: 'ok', unread: 1 }] })
  t.match(await list(), { names: ['orders'], regions: [{ status: 'ok', unread: 0 }] })
  stacks.failNext('listDeleted', new AwsFailure('throttled', 'Throttling', 'no'))
  t.match(await list({ fresh: true }), { items: [], regions: [{ status: 'unavailable', problem: 'aws-throttled' }] })
})

t.test('an id that never was costs AWS no reading of all that was, however often it is asked for', async t => {
  const { databases, count, clock, remove } = await createDeleted('orders')
  const never = 'eu-west-1.acme-never-dev-abcdefgh'
  for (let times = 0; times < 5; times++) await t.rejects(databases.get(everybody, never), { code: 'not-found' })
  t.equal(count('listDeleted'), 1)
  await remove('orders')
  t.match(await databases.get(everybody, 'eu-west-1.acme-orders-dev-kv2yaiou'), { status: 'deleted', createdAt: new Date(clock.now() - 1_000) }, 'but what was seen alive is found at once, and not the one before it')
  t.equal(count('listDeleted'), 1)
  clock.move(5_000)
  await t.rejects(databases.get(everybody, never), { code: 'not-found' })
  t.equal(count('listDeleted'), 2)
})
