import t from 'tap'

import type { Stack } from '../../src/aws/stacks.js'
import { createStackIndex } from '../../src/watching/stack-index.js'
import { REGION, stackOf } from '../helpers/facts.js'
import { createStandingClock } from '../helpers/standing-clock.js'

const old = [stackOf({ name: 'old' })]
const changed = [stackOf({ name: 'old' }), stackOf({ name: 'new' })]

function createSlowIndex () {
  const clock = createStandingClock()
  const asked: Array<{ answer: (stacks: Stack[]) => void, fail: (error: Error) => void }> = []
  const list = async (): Promise<Stack[]> => await new Promise((resolve, reject) => { asked.push({ answer: resolve, fail: reject }) })
  return { clock, asked, index: createStackIndex({ stacks: { list }, clock, freshForMs: 3_000 }) }
}

t.test('one reading answers every list for a while', async t => {
  const { clock, asked, index } = createSlowIndex()
  const both = Promise.all([index.read(REGION, false), index.read(REGION, false)])
  asked[0]?.answer(old)
  const asOf = new Date(clock.now())
  t.strictSame(await both, [{ stacks: old, asOf }, { stacks: old, asOf }])
  clock.move(2_999)
  t.strictSame(await index.read(REGION, false), { stacks: old, asOf })
  t.equal(asked.length, 1)
  clock.move(1)
  const later = index.read(REGION, false)
  asked[1]?.answer(changed)
  t.strictSame(await later, { stacks: changed, asOf: new Date(clock.now()) })
})

t.test('who asks for a fresh one waits for AWS, also when a reading is under way', async t => {
  const { asked, index } = createSlowIndex()
  const early = index.read(REGION, false)
  const fresh = index.read(REGION, true)
  asked[1]?.answer(changed)
  asked[0]?.answer(old)
  t.strictSame((await fresh).stacks, changed)
  t.strictSame((await early).stacks, old)
  t.strictSame(index.peek(REGION)?.stacks, changed, 'what was overtaken is not kept')
})

t.test('an invalidation while a reading is under way is not undone by its answer', async t => {
  const { asked, index } = createSlowIndex()
  const early = index.read(REGION, false)
  index.invalidate(REGION)
  asked[0]?.answer(old)
  await early
  t.equal(index.peek(REGION), null)
  const later = index.read(REGION, false)
  asked[1]?.answer(changed)
  t.strictSame((await later).stacks, changed)
})

t.test('a failure reaches whoever waits, and is not kept', async t => {
  const { asked, index } = createSlowIndex()
  const waiting = Promise.allSettled([index.read(REGION, false), index.read(REGION, false)])
  asked[0]?.fail(new Error('no answer'))
  t.strictSame((await waiting).map(({ status }) => status), ['rejected', 'rejected'])
  const later = index.read(REGION, false)
  asked[1]?.answer(old)
  t.strictSame((await later).stacks, old)
})
