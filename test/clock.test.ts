import t from 'tap'

import { systemClock } from '../src/clock.js'

t.test('a sleep ends at once when it is told to, also before it has begun', async t => {
  const controller = new AbortController()
  const asleep = systemClock.sleep(3_600_000, controller.signal)
  controller.abort()
  await asleep
  await systemClock.sleep(3_600_000, controller.signal)
  t.ok(Math.abs(systemClock.now() - Date.now()) < 60_000)
})
