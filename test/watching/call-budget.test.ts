import fc from 'fast-check'
import t from 'tap'

import { createCallBudget, type BudgetWait, type Urgency } from '../../src/watching/call-budget.js'
import { REGION } from '../helpers/facts.js'
import { createStandingClock } from '../helpers/standing-clock.js'
import { turns } from '../helpers/turns.js'

function createWatched (callsPerSecond: number) {
  const clock = createStandingClock(0)
  const waits: BudgetWait[] = []
  const budget = createCallBudget({ callsPerSecond, clock, noteWait: wait => { waits.push(wait) } })
  const begun: Array<{ lane: string, at: number }> = []
  const refused: string[] = []
  const want = (lane: string, urgency: Urgency = 'caller', region = REGION): void => {
    budget.take(region, lane, urgency).then(() => { begun.push({ lane, at: clock.now() }) }, (error: Error) => { refused.push(`${lane}: ${error.message}`) })
  }
  const pass = async (ms: number, stepMs = 100): Promise<void> => {
    await turns(2)
    for (let at = 0; at < ms; at += stepMs) {
      clock.move(stepMs)
      await turns(1)
    }
  }
  return { clock, budget, begun, refused, waits, want, pass, lanes: () => begun.map(({ lane }) => lane) }
}

t.test('in no second more calls are begun than the budget has, whoever wants them and whenever', async () => {
  const wish = fc.record({ afterMs: fc.integer({ min: 0, max: 700 }), lane: fc.constantFrom('a', 'b', 'c'), urgency: fc.constantFrom<Urgency>('caller', 'background'), isRefused: fc.boolean() })
  await fc.assert(fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(wish, { maxLength: 25 }), async (callsPerSecond, wishes) => {
    const { clock, budget, begun, refused, want, pass } = createWatched(callsPerSecond)
    for (const { afterMs, lane, urgency, isRefused } of wishes) {
      clock.move(afterMs)
      if (isRefused) budget.slowDown(REGION)
      want(lane, urgency)
      await turns(1)
    }
    await pass(200_000, 1_000)
    for (const [at, call] of begun.entries()) {
      const earlier = begun[at - callsPerSecond]
      if (earlier && call.at - earlier.at < 1_000) return false
    }
    return begun.length + refused.length === wishes.length && clock.sleepers() === 0
  }), { numRuns: 30 })
})

t.test('a call that there is room for waits for nothing', async t => {
  const { begun, want, clock } = createWatched(3)
  for (const lane of ['a', 'b', 'c']) want(lane)
  await turns(1)
  t.equal(begun.length, 3)
  t.equal(clock.sleepers(), 0)
})

t.test('regions have a budget each', async t => {
  const { begun, want } = createWatched(1)
  want('a')
  want('b', 'caller', 'us-east-1')
  await turns(1)
  t.equal(begun.length, 2)
})

t.test('stacks take turns, however much is wanted of one', async t => {
  const { want, pass, lanes } = createWatched(1)
  want('first')
  for (let times = 0; times < 5; times++) want('busy')
  want('a')
  want('b')
  await pass(4_000)
  t.strictSame(lanes(), ['first', 'busy', 'a', 'b', 'busy'])
})

t.test('callers go before the background, which gets one call in five all the same', async t => {
  const { want, pass, lanes } = createWatched(1)
  want('first')
  for (let at = 0; at < 2; at++) want('loop', 'background')
  for (let at = 0; at < 9; at++) want('caller')
  await pass(9_000)
  t.strictSame(lanes().map(lane => lane[0]).join(''), 'fccc' + 'cl' + 'cccc')
})

t.test('no caller waits without bound, and the background is patient', async t => {
  const { want, pass, begun, refused, clock } = createWatched(1)
  for (let at = 0; at < 15; at++) want('a')
  want('loop', 'background')
  await pass(10_000)
  t.equal(refused.length, 15 + 1 - begun.length)
  t.match(refused[0], /did not come within 10 s: the service makes at most 1 calls per second in a region/)
  t.ok(begun.some(({ lane }) => lane === 'loop'))
  await pass(1_000)
  t.equal(clock.sleepers(), 0, 'nothing goes on')
})

t.test('what AWS throttles goes more slowly for a while', async t => {
  const { budget, want, pass, begun, clock } = createWatched(2)
  clock.move(100_000)
  budget.slowDown(REGION)
  budget.slowDown(REGION)
  for (let at = 0; at < 60; at++) want('a', 'background')
  await pass(8_000)
  t.equal(begun.length, 10, 'two in two seconds; refusals that come together count once')
  await pass(22_000)
  t.equal(begun.length, 52, 'and two a second again ten seconds after the refusal')
})

t.test('a clock that is set back holds nothing up', async t => {
  const { want, pass, begun, clock } = createWatched(1)
  want('a')
  clock.move(-3_600_000)
  want('b')
  await pass(1_000)
  t.equal(begun.length, 2)
})

t.test('closed, it refuses everybody and sleeps no longer', async t => {
  const { budget, want, refused, clock } = createWatched(1)
  for (const urgency of ['caller', 'caller', 'background'] as const) want('a', urgency)
  await turns(1)
  budget.close()
  want('late')
  await turns(1)
  t.equal(refused.length, 3)
  t.equal(clock.sleepers(), 0)
})

t.test('what has to wait is told of when it waits no longer, and can be counted until then', async t => {
  const { budget, want, pass, waits } = createWatched(1)
  t.strictSame(budget.standing(), [])
  want('at once')
  want('a')
  want('loop', 'background')
  await turns(1)
  t.strictSame(budget.standing(), [{ region: REGION, waiting: { caller: 1, background: 1 }, slowness: 1 }])
  t.strictSame(waits, [])
  await pass(2_000)
  t.strictSame(waits, [{ region: REGION, urgency: 'caller', waitedMs: 1_000, isAdmitted: true }, { region: REGION, urgency: 'background', waitedMs: 2_000, isAdmitted: true }])
  t.strictSame(budget.standing(), [{ region: REGION, waiting: { caller: 0, background: 0 }, slowness: 1 }])
  for (let at = 0; at < 12; at++) want('b')
  await pass(10_000)
  t.match(waits.at(-1), { waitedMs: 10_000, isAdmitted: false })
  t.strictSame(budget.standing()[0]?.waiting, { caller: 0, background: 0 }, 'who is refused waits no longer')
})

t.test('how slow a region is can be seen, also when nobody calls there any more', async t => {
  const { budget, want, clock } = createWatched(1)
  clock.move(100_000)
  want('a')
  budget.slowDown(REGION)
  t.equal(budget.standing()[0]?.slowness, 2)
  clock.move(10_000)
  t.equal(budget.standing()[0]?.slowness, 1)
})
