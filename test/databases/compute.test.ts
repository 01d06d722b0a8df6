import t, { type Test } from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import { createCompute, type ComputeStates } from '../../src/databases/compute.js'
import { createStandingClock, type StandingClock } from '../helpers/standing-clock.js'

const ARN = 'arn:aws:rds:eu-west-1:000000000000:cluster:orders'
const OTHER = 'arn:aws:rds:eu-west-1:000000000000:cluster:other'

interface World { compute: ComputeStates, clock: StandingClock, calls: string[], answer: (capacity: () => Promise<number | null>) => void }

function createWorld (): World {
  const clock = createStandingClock()
  const calls: string[] = []
  let next: () => Promise<number | null> = async () => null
  const capacityOf = async (region: string, identifier: string): Promise<number | null> => {
    calls.push(`${region} ${identifier}`)
    return await next()
  }
  return { compute: createCompute({ cloudWatch: { capacityOf }, clock }), clock, calls, answer: capacity => { next = capacity } }
}

const shown = async ({ compute }: World, arn = ARN): Promise<unknown> => await compute.of('eu-west-1', arn)

t.test('what CloudWatch measures is what is shown, and asked for once in a while', async t => {
  const world = createWorld()
  const measured: Array<[capacity: number | null, state: unknown]> = [
    [0, { state: 'paused', capacityAcu: 0 }], [0.5, { state: 'active', capacityAcu: 0.5 }], [128, { state: 'active', capacityAcu: 128 }], [null, null]
  ]
  for (const [capacity, state] of measured) {
    world.answer(async () => capacity)
    t.strictSame(await shown(world), state)
    world.answer(async () => 99)
    t.strictSame(await Promise.all([shown(world), shown(world)]), [state, state], 'from memory')
    world.clock.move(15_000)
  }
  t.equal(world.calls.length, measured.length)
  await shown(world, OTHER)
  t.equal(world.calls.at(-1), 'eu-west-1 other', 'each cluster has its own')
})

t.test('a CloudWatch that refuses is not known, no failure, and is left alone for a while', async t => {
  const world = createWorld()
  world.answer(async () => { throw new AwsFailure('throttled', 'ThrottlingException', 'Rate exceeded') })
  t.strictSame([await shown(world), await shown(world)], [null, null])
  t.equal(world.calls.length, 1)
  world.clock.move(15_000)
  world.answer(async () => 0)
  t.match(await shown(world), { state: 'paused' })
})

t.test('nobody waits for a CloudWatch that does not answer', async t => {
  const world = createWorld()
  let arrive: (capacity: number) => void = () => {}
  world.answer(async () => await new Promise(resolve => { arrive = resolve }))
  const asked = shown(world)
  t.strictSame(await world.clock.whenAsleep(), [1_000])
  world.clock.move(1_000)
  t.equal(await asked, null)
  arrive(2)
  t.match(await shown(world), { capacityAcu: 2 }, 'what comes late is shown to the next')
  t.equal(world.clock.sleepers(), 0)
})

t.test('what a statement met counts, until a cluster may have paused again', async t => {
  const world = createWorld()
  const later = async (test: Test, ms: number, state: unknown): Promise<void> => {
    world.clock.move(ms)
    test.strictSame(await shown(world), state)
  }
  world.answer(async () => 0)
  world.compute.noteResuming(ARN)
  await later(t, 0, { state: 'resuming', capacityAcu: 0 })
  world.compute.noteAwake(ARN)
  await later(t, 0, { state: 'active', capacityAcu: null })
  t.match(await shown(world, OTHER), { state: 'paused' }, 'of that cluster alone')
  await later(t, 299_999, { state: 'active', capacityAcu: null })
  await later(t, 1, { state: 'paused', capacityAcu: 0 })
  world.compute.noteResuming(ARN)
  await later(t, 59_999, { state: 'resuming', capacityAcu: 0 })
  await later(t, 1, { state: 'paused', capacityAcu: 0 })
})
