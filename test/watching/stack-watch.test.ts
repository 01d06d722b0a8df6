import { pino } from 'pino'
import t, { type Test } from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import { createStop } from '../../src/clock.js'
import { createEventLog } from '../../src/watching/event-log.js'
import { createStackWatch, type Sighting } from '../../src/watching/stack-watch.js'
import { REGION, STACK_ID, STACK_NAME, stackOf } from '../helpers/facts.js'
import { createMemoryStacks } from '../helpers/memory-stacks.js'
import { createStandingClock } from '../helpers/standing-clock.js'
import { turns } from '../helpers/turns.js'

const POLL_MS = 1_000

function createWatched () {
  const clock = createStandingClock()
  const stacks = createMemoryStacks(clock.now)
  stacks.add(stackOf({ status: 'CREATE_IN_PROGRESS' }))
  stacks.advance(STACK_NAME, 'CREATE_IN_PROGRESS')
  const watch = createStackWatch({ stacks, background: stacks, events: createEventLog(stacks), clock, pollMs: POLL_MS, log: pino({ level: 'silent' }) })
  const calls = (): number => stacks.calls.filter(call => call.startsWith('describe ')).length
  const pollOnce = async (): Promise<number[]> => {
    clock.move((await clock.whenAsleep())[0] ?? 0)
    return await clock.whenAsleep()
  }
  return { clock, stacks, watch, calls, pollOnce }
}

interface Following {
  next: () => Promise<IteratorResult<Sighting>>
  leave: () => void
}

function followFor (t: Test, { watch }: ReturnType<typeof createWatched>): Following {
  const controller = new AbortController()
  const changes = watch.follow(REGION, STACK_ID, controller.signal)[Symbol.asyncIterator]()
  t.teardown(() => { controller.abort() })
  return { next: async () => await changes.next(), leave: () => { controller.abort() } }
}

const statusesOf = (results: Array<IteratorResult<Sighting>>): string[] => results.map(({ done, value }) => done ? 'done' : (value as Sighting).stack.status)

t.test('however many follow, each poll is one question', async t => {
  const watched = createWatched()
  const readers = Array.from({ length: 50 }, () => followFor(t, watched))
  await Promise.all(readers.map(async reader => await reader.next()))
  t.equal(watched.calls(), 1)
  const next = Promise.all(readers.map(async reader => await reader.next()))
  watched.stacks.advance(STACK_NAME, 'CREATE_COMPLETE')
  watched.clock.move(POLL_MS)
  t.strictSame(new Set(statusesOf(await next)), new Set(['CREATE_COMPLETE']))
  t.strictSame(new Set(statusesOf(await Promise.all(readers.map(async reader => await reader.next())))), new Set(['done']))
  t.equal(watched.calls(), 2)
  t.equal(watched.clock.sleepers(), 0, 'nothing goes on')
})

t.test('a slow reader misses no event, and not the end', async t => {
  const watched = createWatched()
  const reader = followFor(t, watched)
  await reader.next()
  for (const id of ['A', 'B', 'C']) {
    watched.stacks.emit(STACK_NAME, id, 'CREATE_COMPLETE')
    await watched.pollOnce()
  }
  const { value } = await reader.next() as IteratorYieldResult<Sighting>
  t.strictSame(value.events.map(({ logicalId }) => logicalId), [STACK_NAME, 'A', 'B', 'C'])
  t.test('also when it settles while it is not looking', async t => {
    watched.stacks.advance(STACK_NAME, 'CREATE_COMPLETE')
    await watched.clock.whenAsleep()
    watched.clock.move(POLL_MS)
    await watched.watch.look(REGION, STACK_ID)
    t.strictSame(statusesOf([await reader.next(), await reader.next()]), ['CREATE_COMPLETE', 'done'])
  })
})

t.test('a reader hears of what anybody else has seen', async t => {
  const watched = createWatched()
  const reader = followFor(t, watched)
  await reader.next()
  watched.stacks.emit(STACK_NAME, 'A', 'CREATE_COMPLETE')
  const next = reader.next()
  await watched.watch.look(REGION, STACK_NAME)
  t.equal(((await next).value as Sighting).events.length, 2)
})

t.test('an answer that was overtaken does not turn time back', async t => {
  const { clock, stacks } = createWatched()
  let release = (): void => {}
  let isHeld = false
  const describe: typeof stacks.describe = async (region, id) => {
    const stack = await stacks.describe(region, id)
    if (!isHeld) {
      isHeld = true
      await new Promise<void>(resolve => { release = resolve })
    }
    return stack
  }
  const watch = createStackWatch({ stacks, background: { ...stacks, describe }, events: createEventLog(stacks), clock, pollMs: POLL_MS, log: pino({ level: 'silent' }) })
  const changes = watch.follow(REGION, STACK_ID, new AbortController().signal)[Symbol.asyncIterator]()
  const first = changes.next()
  stacks.advance(STACK_NAME, 'ROLLBACK_IN_PROGRESS')
  await watch.look(REGION, STACK_ID)
  t.strictSame(statusesOf([await first]), ['ROLLBACK_IN_PROGRESS'])
  release()
  await clock.whenAsleep()
  const second = changes.next()
  stacks.advance(STACK_NAME, 'ROLLBACK_COMPLETE')
  await watch.look(REGION, STACK_ID)
  t.strictSame(statusesOf([await second]), ['ROLLBACK_COMPLETE'])
})

t.test('a reading that fails is tried again, later each time, and at most a minute later', async t => {
  const watched = createWatched()
  const reader = followFor(t, watched)
  for (let failures = 1; failures <= 8; failures++) watched.stacks.failNext('describe', new AwsFailure('throttled', 'Throttling', 'Rate exceeded'))
  const waits: number[] = []
  const first = reader.next()
  for (let failures = 1; failures <= 8; failures++) {
    const [wait = 0] = await watched.clock.whenAsleep()
    waits.push(wait)
    watched.clock.move(wait)
  }
  t.strictSame(waits, [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  t.strictSame(statusesOf([await first]), ['CREATE_IN_PROGRESS'])
  t.strictSame(await watched.clock.whenAsleep(), [POLL_MS], 'and then as often as before')
})

t.test('when nobody is left, nothing is asked any more', async t => {
  const watched = createWatched()
  const [one, other] = [followFor(t, watched), followFor(t, watched)]
  await Promise.all([one.next(), other.next()])
  one.leave()
  t.strictSame(statusesOf([await one.next()]), ['done'])
  await watched.pollOnce()
  t.equal(watched.calls(), 2, 'one is left')
  other.leave()
  t.strictSame(statusesOf([await other.next()]), ['done'])
  watched.clock.move(POLL_MS)
  await followFor(t, watched).next()
  t.equal(watched.calls(), 3, 'whoever comes later starts anew')
})

t.test('what is not there is null', async t => {
  t.equal(await createWatched().watch.look(REGION, 'nothing'), null)
})

t.test('a thousand watchers of fifty moving stacks cost no more calls than one, or none', async t => {
  const warnings: Error[] = []
  const note = (warning: Error): void => { warnings.push(warning) }
  process.on('warning', note)
  t.teardown(() => { process.off('warning', note) })
  const callsWith = async (watchers: number): Promise<string[]> => {
    const { clock, stacks, watch } = createWatched()
    const names = Array.from({ length: 50 }, (_, at) => `stack-${at}`)
    for (const name of names) {
      stacks.add(stackOf({ id: `id-${name}`, name, status: 'CREATE_IN_PROGRESS' }))
      stacks.advance(name, 'CREATE_IN_PROGRESS')
    }
    watch.followMoving(names.map(name => stacks.find(name)))
    const leave = createStop()
    const ends = Array.from({ length: watchers }, async (_, at) => {
      const seen: string[] = []
      for await (const { stack } of watch.follow(REGION, `id-stack-${at % 50}`, leave.signal)) seen.push(stack.status)
      return seen.at(-1)
    })
    for (let polls = 0; polls < 5; polls++) {
      await turns()
      if (polls === 3) for (const name of names) stacks.advance(name, 'CREATE_COMPLETE')
      clock.move(POLL_MS)
    }
    t.strictSame(new Set(await Promise.all(ends)), new Set(watchers > 0 ? ['CREATE_COMPLETE'] : []))
    await turns()
    t.equal(clock.sleepers(), 0, 'nothing goes on')
    return stacks.calls
  }
  const [none, one, many] = [await callsWith(0), await callsWith(1), await callsWith(1_000)]
  t.equal(one.length, none.length)
  t.equal(many.length, none.length)
  t.equal(none.filter(call => call.startsWith('describe ')).length, 50 * 5)
  t.strictSame(warnings, [], 'and Node.js takes none of it for a leak')
})

t.test('what moves is known without a question, and what is at rest is not', async t => {
  const { clock, stacks, watch } = createWatched()
  t.equal(watch.peek(REGION, STACK_NAME), null)
  watch.followMoving([stacks.find(STACK_NAME)])
  await turns()
  t.match(watch.peek(REGION, STACK_NAME), { stack: { status: 'CREATE_IN_PROGRESS' }, events: { length: 1 } })
  t.equal(watch.peek('us-east-1', STACK_NAME), null)
  stacks.advance(STACK_NAME, 'CREATE_COMPLETE')
  clock.move(POLL_MS)
  await turns()
  t.equal(watch.peek(REGION, STACK_NAME), null)
})

t.test('stopped, it looks no more', async t => {
  const { clock, stacks, watch } = createWatched()
  watch.followMoving([stacks.find(STACK_NAME)])
  await clock.whenAsleep()
  watch.stop()
  await turns()
  t.equal(clock.sleepers(), 0)
})
