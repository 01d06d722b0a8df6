import t from 'tap'

import { createGate } from '../../../src/queries/turns/gate.js'
import { createStandingClock } from '../../helpers/standing-clock.js'

const NEVER = new AbortController().signal

/** Work that is done when it is told to. */
function createWork () {
  let end = (): void => {}
  let hasBegun = false
  const ended = new Promise<string>(resolve => { end = () => { resolve('done') } })
  return { end: () => { end() }, hasBegun: () => hasBegun, work: async () => { hasBegun = true; return await ended } }
}

const setUp = () => {
  const clock = createStandingClock()
  const stop = new AbortController()
  return { clock, stop, gate: createGate({ perDatabase: 1, perKey: 5, waiting: 1, waitMs: 1_000 }, clock, stop.signal) }
}
const NEVER_RUN = async (): Promise<never> => { throw new Error('it ran') }
const place = { key: 'key', database: 'db' }

t.test('work waits for its turn, also after work that failed', async t => {
  const { clock, gate } = setUp()
  const first = createWork()
  const second = createWork()
  const one = gate.run(place, NEVER, async () => { await first.work(); throw new Error('it failed') })
  const two = gate.run(place, NEVER, second.work)
  t.notOk(second.hasBegun())
  first.end()
  await t.rejects(one, { message: 'it failed' })
  second.end()
  t.equal(await two, 'done')
  t.equal(clock.sleepers(), 0, 'and nobody watches the time any more')
})

t.test('what does not get its turn is told so, and has not begun', async t => {
  const { clock, gate } = setUp()
  const first = createWork()
  const never = createWork()
  const one = gate.run(place, NEVER, first.work)
  const late = gate.run(place, NEVER, never.work)
  await t.rejects(gate.run({ ...place, key: 'other' }, NEVER, never.work), { code: 'too-many-requests', status: 429, retryAfterSeconds: Number, extensions: { full: 'database' } })
  await t.rejects(gate.run(place, NEVER, never.work), { code: 'too-many-requests', extensions: { full: 'key' } })
  t.strictSame(await clock.whenAsleep(), [1_000])
  clock.move(1_000)
  await t.rejects(late, { code: 'overloaded', status: 503 })
  const hangUp = new AbortController()
  const left = gate.run(place, hangUp.signal, never.work)
  hangUp.abort()
  await t.rejects(left, { code: 'shutting-down' })
  await t.rejects(gate.run(place, hangUp.signal, never.work), { code: 'shutting-down' })
  first.end()
  await one
  t.notOk(never.hasBegun())
  t.equal(await gate.run(place, NEVER, async () => 'next'), 'next', 'nothing of it holds a place')
})

t.test('what runs and waits can be counted at any time', async t => {
  const { gate } = setUp()
  const works = [createWork(), createWork()]
  const hangUp = new AbortController()
  t.strictSame(gate.standing(), { running: 0, waiting: 0 })
  const first = gate.run(place, NEVER, works[0]?.work ?? NEVER_RUN)
  const second = gate.run(place, NEVER, works[1]?.work ?? NEVER_RUN)
  t.strictSame(gate.standing(), { running: 1, waiting: 1 })
  await t.rejects(gate.run(place, NEVER, NEVER_RUN), 'there is no room')
  t.strictSame(gate.standing(), { running: 1, waiting: 1 })
  works[0]?.end()
  await first
  t.strictSame(gate.standing(), { running: 1, waiting: 0 })
  const left = gate.run(place, hangUp.signal, NEVER_RUN)
  t.strictSame(gate.standing(), { running: 1, waiting: 1 })
  hangUp.abort()
  await t.rejects(left)
  works[1]?.end()
  await second
  t.strictSame(gate.standing(), { running: 0, waiting: 0 })
})

t.test('who waits when the service stops is sent away, and who runs goes on', async t => {
  const { clock, stop, gate } = setUp()
  const first = createWork()
  const one = gate.run(place, NEVER, first.work)
  const two = gate.run(place, NEVER, NEVER_RUN)
  stop.abort()
  await t.rejects(two, { code: 'shutting-down', status: 503 })
  await t.rejects(gate.run({ ...place, database: 'other' }, NEVER, NEVER_RUN), { code: 'shutting-down' })
  let isIdle = false
  const idle = gate.whenIdle().then(() => { isIdle = true })
  await new Promise(setImmediate)
  t.notOk(isIdle)
  first.end()
  t.equal(await one, 'done')
  await Promise.all([idle, gate.whenIdle()])
  t.equal(clock.sleepers(), 0)
})
