import t from 'tap'

import type { DeletedStack } from '../../src/aws/stacks.js'
import { createDeletedStacks } from '../../src/watching/deleted-stacks.js'
import { REGION } from '../helpers/facts.js'
import { createStandingClock } from '../helpers/standing-clock.js'

const deleted = (id: string, name: string, day: number): DeletedStack => ({ id, name, deletedAt: new Date(Date.UTC(2026, 10, day)) })

t.test('of each name the last one counts, and one reading answers whoever asks in the meantime', async t => {
  const clock = createStandingClock()
  let asked = 0
  const stacks = createDeletedStacks({
    clock,
    stacks: {
      listDeleted: async () => {
        asked++
        return [deleted('new', 'a', 3), deleted('old', 'a', 1), deleted('other', 'b', 2)]
      }
    }
  })
  const [first, second] = await Promise.all([stacks.read(REGION, 5_000), stacks.read(REGION, 5_000)])
  t.equal(first, second)
  t.strictSame([...first.byName].map(([name, { id }]) => `${name}=${id}`), ['a=new', 'b=other'])
  t.strictSame([...first.ids], ['new', 'old', 'other'])
  stacks.note(REGION, deleted('newest', 'a', 4))
  stacks.note('us-east-1', deleted('elsewhere', 'a', 4))
  t.equal((await stacks.read(REGION, 5_000)).byName.get('a')?.id, 'newest', 'what was seen to be deleted is known at once')
  clock.move(4_999)
  await stacks.read(REGION, 5_000)
  t.equal(asked, 1)
  await stacks.read(REGION, 0)
  t.equal(asked, 2, 'whoever wants it fresh has it fresh')
  clock.move(5_000)
  await stacks.read(REGION, 5_000)
  t.equal(asked, 3)
})

t.test('a reading that failed is forgotten', async t => {
  let isDown = true
  const stacks = createDeletedStacks({
    clock: createStandingClock(),
    stacks: {
      listDeleted: async () => {
        if (isDown) throw new Error('down')
        return []
      }
    }
  })
  await t.rejects(stacks.read(REGION, 5_000), { message: 'down' })
  isDown = false
  t.equal((await stacks.read(REGION, 5_000)).byName.size, 0)
})
