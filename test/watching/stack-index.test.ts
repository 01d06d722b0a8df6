import { pino } from 'pino'
import t, { type Test } from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import type { Stack } from '../../src/aws/stacks.js'
import { createStackIndex } from '../../src/watching/stack-index.js'
import { REGION, stackOf } from '../helpers/facts.js'
import { createStandingClock } from '../helpers/standing-clock.js'
import { turns } from '../helpers/turns.js'

const SWEEP_MS = 10_000
const one = stackOf({ id: 'id-one', name: 'one' })
const two = stackOf({ id: 'id-two', name: 'two' })
const throttled = new AwsFailure('throttled', 'Throttling', 'Rate exceeded')

interface Question { region: string, by: 'reader' | 'loop', answer: (stacks: Stack[]) => void, fail: (error: Error) => void }

function createSlowIndex (t: Test) {
  const clock = createStandingClock()
  const asked: Question[] = []
  const described: Array<{ answer: (stack: Stack | null) => void, fail: (error: Error) => void }> = []
  const list = (by: Question['by']) => async (region: string): Promise<Stack[]> =>
    await new Promise((resolve, reject) => { asked.push({ region, by, answer: resolve, fail: reject }) })
  const describe = async (): Promise<Stack | null> => await new Promise((resolve, reject) => {
    described.push({ answer: resolve, fail: reject })
  })
  const index = createStackIndex({
    stacks: { list: list('reader'), describe }, background: { list: list('loop'), describe }, clock, sweepMs: SWEEP_MS, random: () => 0.5, log: pino({ level: 'silent' })
  })
  t.teardown(() => { index.stop() })
  const namesIn = async (region = REGION, fresh = false) => (await index.read(region, fresh)).stacks.map(({ name }) => name)
  return { clock, asked, described, index, namesIn }
}

t.test('without a loop, one reading answers everybody, and is said to be stale when it is old', async t => {
  const { clock, asked, index } = createSlowIndex(t)
  const both = Promise.all([index.read(REGION, false), index.read(REGION, false)])
  asked[0]?.answer([one])
  await turns()
  asked[1]?.answer([one])
  const asOf = new Date(clock.now())
  t.strictSame((await both)[0], { stacks: [one], asOf, status: 'ok', failure: null })
  clock.move(3 * SWEEP_MS)
  t.match(await index.read(REGION, false), { asOf, status: 'ok' })
  clock.move(1)
  t.match(await index.read(REGION, false), { stacks: [one], asOf, status: 'stale', failure: null })
  t.equal(asked.length, 2)
})

t.test('the loop reads each region again and again, and lists ask nothing', async t => {
  const { clock, asked, index, namesIn } = createSlowIndex(t)
  index.start([REGION, 'us-east-1'])
  const early = namesIn()
  t.strictSame(asked.map(({ region, by }) => [region, by]), [[REGION, 'loop'], ['us-east-1', 'loop']], 'who comes early waits for the loop')
  asked[0]?.answer([one])
  t.strictSame(await early, ['one'])
  t.strictSame(await clock.whenAsleep(), [SWEEP_MS], 'the other region has not answered yet')
  clock.move(SWEEP_MS)
  await turns()
  t.equal(asked.length, 3)
  for (let times = 0; times < 100; times++) t.strictSame(await namesIn(), ['one'])
  t.equal(asked.length, 3)
  asked[2]?.answer([two])
  await turns()
  t.strictSame(await namesIn(), ['two'])
})

t.test('a region that is down is stale, or unavailable when nothing is known, and nobody waits for it', async t => {
  const { clock, asked, index, namesIn } = createSlowIndex(t)
  index.start([REGION, 'us-east-1'])
  asked[0]?.answer([one])
  asked[1]?.fail(throttled)
  await turns()
  await t.rejects(index.read('us-east-1', false), throttled)
  clock.move(SWEEP_MS)
  await turns()
  asked[2]?.fail(throttled)
  await turns()
  t.match(await index.read(REGION, false), { stacks: [one], status: 'stale', failure: throttled })
  t.strictSame(await namesIn(), ['one'])
  t.equal(asked.length, 3)
})

t.test('a region that was never read is asked again as soon as who was refused may come again', async t => {
  const { clock, asked, index, namesIn } = createSlowIndex(t)
  index.start([REGION])
  for (let failures = 0; failures < 3; failures++) {
    asked.at(-1)?.fail(throttled)
    const [pause = 0] = await clock.whenAsleep()
    if (failures < 2) clock.move(pause)
    await turns()
  }
  await t.rejects(namesIn(), throttled)
  t.equal(asked.length, 3)
  clock.move(5_000)
  const read = namesIn()
  t.equal(asked[3]?.by, 'reader')
  clock.move(9_000)
  asked[3]?.fail(throttled)
  await t.rejects(read, throttled)
  clock.move(8_999)
  await t.rejects(namesIn(), throttled)
  t.equal(asked.length, 4, 'one that takes long to fail is left alone for as long')
  clock.move(1)
  const again = namesIn()
  asked[4]?.answer([one])
  t.strictSame(await again, ['one'])
})

t.test('after failures a loop waits longer and longer, at most a minute, and then as long as before', async t => {
  const { clock, asked, index } = createSlowIndex(t)
  index.start([REGION])
  const pauses: number[] = []
  for (let failures = 0; failures < 5; failures++) {
    asked.at(-1)?.fail(throttled)
    const [pause = 0] = await clock.whenAsleep()
    pauses.push(pause)
    clock.move(pause)
    await turns()
  }
  t.strictSame(pauses, [20_000, 40_000, 60_000, 60_000, 60_000])
  asked.at(-1)?.answer([one])
  t.strictSame(await clock.whenAsleep(), [SWEEP_MS])
  t.match(index.peek(REGION), { status: 'ok', failure: null })
})

t.test('a reading that takes long is not followed by the next at once', async t => {
  const { clock, asked, index } = createSlowIndex(t)
  index.start([REGION])
  clock.move(45_000)
  asked[0]?.answer([one])
  t.strictSame(await clock.whenAsleep(), [45_000])
})

t.test('who asks for a fresh one waits for AWS, and shares the answer with all who came before it was begun', async t => {
  const { clock, asked, namesIn } = createSlowIndex(t)
  const first = namesIn(REGION, true)
  const others = Array.from({ length: 50 }, () => namesIn(REGION, true))
  asked[0]?.answer([one])
  t.strictSame(await first, ['one'])
  await turns()
  asked[1]?.answer([one, two])
  t.strictSame(new Set((await Promise.all(others)).map(String)), new Set(['one,two']))
  t.equal(asked.length, 2)
  t.equal(clock.sleepers(), 0)

  t.test('but not longer than it may', async t => {
    const late = namesIn(REGION, true)
    clock.move(10_000)
    t.strictSame(await late, ['one', 'two'], 'and gets what is known')
  })
})

t.test('answers that overtake each other do not turn time back', async t => {
  const { asked, index, namesIn } = createSlowIndex(t)
  index.start([REGION])
  const fresh = namesIn(REGION, true)
  asked[1]?.answer([two])
  t.strictSame(await fresh, ['two'])
  asked[0]?.answer([one])
  await turns()
  t.strictSame(await namesIn(), ['two'])
})

t.test('what was seen of one stack is not undone by a sweep that was under way', async t => {
  const { clock, asked, described, index, namesIn } = createSlowIndex(t)
  index.start([REGION])
  asked[0]?.answer([one, two])
  await clock.whenAsleep()
  clock.move(SWEEP_MS)
  await turns()
  const looks = [index.describe(REGION, 'new'), index.describe(REGION, one.id), index.describe(REGION, 'two')]
  described[0]?.answer(stackOf({ id: 'id-new', name: 'new' }))
  described[1]?.answer({ ...one, status: 'DELETE_COMPLETE' })
  described[2]?.answer(null)
  await Promise.all(looks)
  t.strictSame(await namesIn(), ['new'], 'it is seen at once')
  asked[1]?.answer([one])
  await clock.whenAsleep()
  t.strictSame(await namesIn(), ['new'])
  clock.move(SWEEP_MS)
  await turns()
  asked[2]?.answer([one])
  await turns()
  t.strictSame(await namesIn(), ['one'], 'the sweep after it knows better')
})

t.test('a mistake of ours is not taken for a region that is down', async t => {
  const { asked, namesIn } = createSlowIndex(t)
  const reading = namesIn()
  asked[0]?.fail(new TypeError('a mistake of ours'))
  await t.rejects(reading, { message: 'a mistake of ours' })
})

t.test('listeners hear of every sweep, with all stacks of the region', async t => {
  const { clock, asked, index } = createSlowIndex(t)
  const heard: Array<[string, string[]]> = []
  index.onSweep(() => { throw new Error('the mistake of one') })
  index.onSweep(async () => await Promise.reject(new Error('the mistake of another')))
  const leave = index.onSweep((region, stacks) => { heard.push([region, stacks.map(({ name }) => name)]) })
  index.start([REGION])
  asked[0]?.answer([one, two])
  await clock.whenAsleep()
  t.strictSame(heard, [[REGION, ['one', 'two']]])
  clock.move(SWEEP_MS)
  await turns()
  asked[1]?.fail(throttled)
  await clock.whenAsleep()
  t.equal(heard.length, 1, 'not of one that failed')
  leave()
  clock.move(2 * SWEEP_MS)
  await turns()
  asked[2]?.answer([])
  await clock.whenAsleep()
  t.equal(heard.length, 1)
})

t.test('stopped, it asks nothing any more and sleeps no longer', async t => {
  const { clock, asked, index } = createSlowIndex(t)
  const heard: string[] = []
  index.onSweep(region => { heard.push(region) })
  index.start([REGION, 'us-east-1'])
  asked[0]?.answer([])
  await clock.whenAsleep()
  index.stop()
  asked[1]?.answer([])
  await turns()
  t.equal(clock.sleepers(), 0)
  t.equal(asked.length, 2)
  t.strictSame(heard, [REGION])
})
