import t from 'tap'

import { createEventLog } from '../../src/watching/event-log.js'
import type { StackEvent } from '../../src/aws/stacks.js'
import { eventOf, STACK_NAME, stackOf } from '../helpers/facts.js'

const started = eventOf(STACK_NAME, 'CREATE_IN_PROGRESS')
const working = eventOf('AuroraCluster', 'CREATE_IN_PROGRESS')
const finished = eventOf(STACK_NAME, 'CREATE_COMPLETE', { operationId: 'create' })
const moving = stackOf({ status: 'CREATE_IN_PROGRESS' })
const settled = stackOf({ status: 'CREATE_COMPLETE' })

/** A CloudFormation whose answers come when the test lets them. */
function createSlowEvents () {
  const asked: Array<{ after: string | null, answer: (events: StackEvent[]) => void, fail: (error: Error) => void }> = []
  const log = createEventLog({
    eventsAfter: async (_region, _id, after) => await new Promise((resolve, reject) => {
      asked.push({ after, answer: resolve, fail: reject })
    })
  })
  return { asked, log }
}

t.test('only what is new is asked for, and an answer that was given stays as it is', async t => {
  const { asked, log } = createSlowEvents()
  const first = log.of(moving)
  asked[0]?.answer([started])
  const before = await first
  const second = log.of(moving)
  asked[1]?.answer([working])
  t.strictSame(await second, [started, working])
  t.strictSame(before, [started])
  t.strictSame(asked.map(({ after }) => after), [null, started.id])
})

t.test('those who ask at the same time share one answer', async t => {
  const { asked, log } = createSlowEvents()
  const answers = Promise.all([log.of(moving), log.of(moving), log.of(moving)])
  asked[0]?.answer([started])
  t.strictSame(await answers, [[started], [started], [started]])
  t.equal(asked.length, 1)
})

t.test('a stack at rest is not asked about once its last event is known', async t => {
  const { asked, log } = createSlowEvents()
  const first = log.of(settled)
  asked[0]?.answer([started, finished])
  await first
  t.strictSame(await log.of(settled), [started, finished])
  t.equal(asked.length, 1)

  t.test('but again when another operation has left it in the same status', async t => {
    const canceled = log.of(stackOf({ operationId: 'deletion' }))
    asked.pop()?.answer([eventOf(STACK_NAME, 'CREATE_COMPLETE', { operationId: 'deletion' })])
    t.equal((await canceled).length, 3)
    await log.of(stackOf({ operationId: 'deletion' }))
    t.equal(asked.length, 1)
  })

  t.test('but again when it has been changed since', async t => {
    const changed = log.of(stackOf({ updatedAt: new Date(finished.at.getTime() + 60_000) }))
    asked[1]?.answer([])
    await changed
    t.equal(asked.length, 2)
  })
})

t.test('a reading from before the stack came to rest is not the last word', async t => {
  const { asked, log } = createSlowEvents()
  const early = log.of(moving)
  const late = log.of(settled)
  asked[0]?.answer([started])
  await early
  asked[1]?.answer([finished])
  t.strictSame(await late, [started, finished])
})

t.test('a reading that failed is forgotten', async t => {
  const { asked, log } = createSlowEvents()
  const first = log.of(moving)
  asked[0]?.fail(new Error('throttled'))
  await t.rejects(first, { message: 'throttled' })
  const second = log.of(moving)
  asked[1]?.answer([started])
  t.strictSame(await second, [started])
})
