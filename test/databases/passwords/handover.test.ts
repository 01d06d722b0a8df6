import t from 'tap'

import type { MasterPasswords, PasswordState } from '../../../src/aws/master-passwords.js'
import type { Stack } from '../../../src/aws/stacks.js'
import { systemClock } from '../../../src/clock.js'
import { toDatabase } from '../../../src/databases/database.js'
import { createHandover } from '../../../src/databases/passwords/handover.js'
import type { Holder } from '../../../src/databases/passwords/versions.js'
import { createRotate } from '../../../src/databases/passwords/rotate.js'
import { readOwnTags } from '../../../src/databases/tags.js'
import { principalOf, REGION, STACK_NAME, stackOf } from '../../helpers/facts.js'
import { OUTPUTS } from '../../helpers/test-service.js'

const holder: Holder = { id: `${REGION}.${STACK_NAME}`, region: REGION, clusterArn: 'cluster', secretArn: 'secret' }

/** A secret with a pending version and a cluster; what a test changes in them is what is answered. */
function createWorld () {
  const labels = new Map([['AWSCURRENT', 'old'], ['AWSPENDING', 'rotation-new']])
  const world = {
    labels,
    cluster: 'old',
    refusals: 0,
    rotations: 0,
    states: [] as PasswordState[],
    stack: stackOf() as Stack,
    looks: 0,
    now: 0,
    onSet: () => {}
  }
  const settled: PasswordState = { isSettled: true, status: 'available', managed: null }
  const passwords: MasterPasswords = {
    versionsOf: async () => ({
      stages: new Map(['old', 'rotation-new', 'newer'].map(id => [id, [...labels].filter(([, at]) => at === id).map(([label]) => label)])), rotatesItself: false
    }),
    read: async (_region, _arn, versionId) => ({ id: versionId ?? labels.get('AWSCURRENT') ?? '', value: { password: `password of ${versionId}` } }),
    add: async () => { throw new Error('nothing was to be added') },
    move: async (_region, _arn, label, from, to) => {
      if (labels.get(label) !== from) return false
      if (to === null) labels.delete(label)
      else labels.set(label, to)
      return true
    },
    stateOf: async () => {
      world.looks++
      return world.states.shift() ?? settled
    },
    set: async (_region, _arn, password) => {
      if (world.refusals-- > 0) return false
      world.cluster = password
      world.onSet()
      return true
    },
    rotateManaged: async () => {
      world.rotations++
      return true
    }
  }
  const clock = { now: () => world.now, sleep: async (ms: number) => { world.now += ms } }
  const handover = createHandover({ passwords, stacks: { describe: async () => world.stack }, clock })
  return { world, handover, passwords }
}

t.test('the cluster comes first, then the label, and nobody else is asked to wait for it twice', async t => {
  const { world, handover } = createWorld()
  world.refusals = 2
  world.states = [{ isSettled: true, status: 'available', managed: null }, { isSettled: false, status: 'resetting-master-credentials', managed: null }]
  world.onSet = () => { t.equal(world.labels.get('AWSCURRENT'), 'old') }
  t.strictSame(await Promise.all([handover.finish(holder), handover.finish(holder)]), ['rotation-new', 'rotation-new'])
  t.equal(world.cluster, 'password of rotation-new')
  t.strictSame([...world.labels], [['AWSCURRENT', 'rotation-new']])
  t.equal(world.looks, 5, 'one that was settled too soon did not count')
  t.equal(await handover.finish(holder), null, 'there is nothing more to do')
})

t.test('the label does not move when the stack was changed meanwhile', async t => {
  for (const facts of [{ status: 'UPDATE_IN_PROGRESS' as const }, { updatedAt: new Date() }]) {
    const { world, handover } = createWorld()
    world.onSet = () => { world.stack = stackOf(facts) }
    await t.rejects(handover.finish(holder), { code: 'database-busy', retryAfterSeconds: 10 })
    t.equal(world.labels.get('AWSCURRENT'), 'old')
    world.onSet = () => {}
    world.stack = stackOf({ updatedAt: new Date() })
    t.equal(await handover.finish(holder), 'rotation-new', 'repeated, it goes on')
  }
  const { world, handover } = createWorld()
  world.stack = stackOf({ status: 'UPDATE_IN_PROGRESS' })
  await t.rejects(handover.finish(holder), { code: 'database-busy' })
  t.equal(world.cluster, 'old', 'nor is the cluster touched while it is')
})

t.test('whoever comes late with an old password takes it back', async t => {
  const { world, handover } = createWorld()
  world.onSet = () => { world.labels.set('AWSCURRENT', 'newer') }
  await handover.finish(holder)
  t.equal(world.cluster, 'password of newer')
  t.equal(world.labels.get('AWSCURRENT'), 'newer')
})

t.test('a cluster that takes no password in time is told of', async t => {
  const { world, handover } = createWorld()
  world.refusals = Infinity
  await t.rejects(handover.finish(holder), { code: 'database-busy', message: /takes no new password/ })
  t.equal(world.labels.get('AWSCURRENT'), 'old')
})

t.test('where RDS manages the password, it rotates it, once at a time', async t => {
  const managed = (isRotating: boolean): PasswordState => ({ isSettled: true, status: 'available', managed: { secretArn: 'secret', isRotating } })
  const { world, handover } = createWorld()
  world.states = [managed(false), managed(true), managed(false), managed(false), managed(false)]
  t.equal(await handover.rotateManaged({ ...holder, isManaged: true }), 'old')
  world.states = [managed(true), managed(true), managed(false), managed(false), managed(false)]
  await handover.rotateManaged({ ...holder, isManaged: true })
  t.equal(world.rotations, 1, 'one that is under way is waited for')
})

t.test('no password is made for a cluster that somebody has stopped', async t => {
  const { world, passwords } = createWorld()
  world.states = [{ isSettled: false, status: 'stopped', managed: null }]
  const never = async (): Promise<never> => { throw new Error('an unexpected call') }
  const stack = stackOf({ outputs: OUTPUTS })
  const own = readOwnTags(stack)
  if (!own) throw new Error('the stack is one of ours')
  const { rotate } = createRotate({
    find: async () => ({ stack, events: [], own, database: toDatabase(stack, own, null, null) }),
    stacks: { describe: never, resourcesOf: never },
    passwords: { ...passwords, add: never },
    clock: systemClock,
    newPassword: () => { throw new Error('no password was to be made') },
    log: { error: () => {} }
  })
  await t.rejects(rotate(principalOf(), holder.id, null, 1, new AbortController().signal), { code: 'database-not-ready', message: /is stopped, and RDS changes nothing/ })
})
