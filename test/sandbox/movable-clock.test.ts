import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { type Clock, createMovableClock, type MovableClock } from '../../sandbox/clock.js'
import { openStore } from '../../sandbox/store.js'

/** A clock that never comes to the end of a sleep by itself. */
const stopped: Clock = {
  now: () => 1000,
  sleep: async (_ms, signal) => await new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => { reject(new Error('aborted', { cause: signal.reason })) }, { once: true })
  })
}

function openClock (test: { teardown: (callback: () => void) => void }, clock = stopped): MovableClock {
  const directory = mkdtempSync(join(tmpdir(), 'clock-'))
  const store = openStore(directory)
  test.teardown(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  return createMovableClock(clock, store)
}

t.test('moving wakes those who have slept long enough, and only those', async t => {
  const clock = openClock(t)
  const woken: string[] = []
  const short = clock.sleep(5000).then(() => { woken.push('short') })
  const long = clock.sleep(9000).then(() => { woken.push('long') })
  clock.advance(4999)
  await clock.sleep(0)
  t.same(woken, [])
  clock.advance(1)
  await short
  t.same(woken, ['short'])
  t.equal(clock.now(), 6000)
  clock.advance(4000)
  await long
  t.same(woken, ['short', 'long'])
})

t.test('a sleep that is aborted rejects, whether the clock was moved or not', async t => {
  const clock = openClock(t)
  const controller = new AbortController()
  const sleeping = clock.sleep(5000, controller.signal)
  clock.advance(1000)
  controller.abort()
  await t.rejects(sleeping, { name: 'AbortError' })
  await t.rejects(clock.sleep(1, controller.signal), { name: 'AbortError' })
})
