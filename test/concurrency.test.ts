import fc from 'fast-check'
import t from 'tap'

import { mapLimited } from '../src/concurrency.js'

t.test('the order is kept, and no more run at a time than may', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.nat(3)), fc.integer({ min: 1, max: 5 }), async (turns, limit) => {
    let running = 0
    const results = await mapLimited(turns, limit, async turn => {
      running++
      if (running > limit) throw new Error('too many')
      for (let at = 0; at < turn; at++) await Promise.resolve()
      running--
      return turn * 2
    })
    return JSON.stringify(results) === JSON.stringify(turns.map(turn => turn * 2))
  }))
})

t.test('a failure is thrown', async t => {
  await t.rejects(mapLimited([1, 2, 3], 2, async each => { if (each === 2) throw new Error('two') }), { message: 'two' })
})
