import t from 'tap'

import { createMemo } from '../src/memo.js'

function setUp () {
  const clock = { at: 0, now: () => clock.at }
  const asked: string[] = []
  const memo = createMemo<number>({ clock, forMs: 100, keeps: value => value > 0 })
  const ask = async (key: string, answer: number | Error) => await memo(key, async () => {
    asked.push(key)
    if (answer instanceof Error) throw answer
    return answer
  })
  return { clock, asked, ask }
}

t.test('an answer is remembered for a while, by its key', async t => {
  const { clock, asked, ask } = setUp()
  t.strictSame([await ask('a', 1), await ask('a', 2), await ask('b', 3)], [1, 1, 3])
  clock.at = 100
  t.equal(await ask('a', 4), 4)
  t.strictSame(asked, ['a', 'b', 'a'])
})

t.test('who asks at the same time shares one question', async t => {
  const { asked, ask } = setUp()
  t.strictSame(await Promise.all([ask('a', 1), ask('a', 2), ask('a', 3)]), [1, 1, 1])
  t.strictSame(asked, ['a'])
})

t.test('a failure, and an answer that is not kept, are asked for again', async t => {
  const { asked, ask } = setUp()
  await t.rejects(ask('a', new Error('no')), { message: 'no' })
  t.equal(await ask('a', 0), 0)
  t.equal(await ask('a', 5), 5)
  t.strictSame(asked, ['a', 'a', 'a'])
})
