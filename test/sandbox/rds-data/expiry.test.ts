import t from 'tap'
import { createExpiry } from '../../../sandbox/rds-data/expiry.js'
import { createMovableClock } from './movable-clock.js'

t.test('each expires at its own time, unless it was called off', async t => {
  const clock = createMovableClock()
  const over: string[] = []
  const expiry = createExpiry(clock, 100)
  expiry.add(() => { over.push('first') })
  const forget = expiry.add(() => { over.push('called off') })
  await clock.move(60)
  expiry.add(() => { over.push('later') })
  forget()

  await clock.move(40)
  t.same(over, ['first'])
  await clock.move(59)
  t.same(over, ['first'])
  await clock.move(1)
  t.same(over, ['first', 'later'])
})

t.test('what is added when nothing is watched any more is watched', async t => {
  const clock = createMovableClock()
  const over: string[] = []
  const expiry = createExpiry(clock, 100)
  expiry.add(() => { over.push('one'); expiry.add(() => { over.push('two') }) })
  await clock.move(100)
  await clock.move(100)
  await clock.move(500)
  expiry.add(() => { over.push('three') })
  await clock.move(99)
  t.same(over, ['one', 'two'])
  await clock.move(1)
  t.same(over, ['one', 'two', 'three'])
})
