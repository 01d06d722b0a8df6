import t from 'tap'

import { createDurations } from '../../../src/databases/operations/durations.js'
import type { Operation } from '../../../src/databases/operations/operations.js'

const V2 = 'aurora-serverless-v2-postgres'

function operation (facts: Partial<Operation> & { ms?: number }): Operation {
  const { ms, ...rest } = facts
  return {
    id: 'create-1',
    type: 'create',
    status: ms === undefined ? 'running' : 'succeeded',
    startedAt: new Date(0),
    endedAt: ms === undefined ? null : new Date(ms),
    reason: null,
    progress: { completed: 0, total: 0, percent: 0, estimatedReadyAt: null },
    steps: [],
    ...rest
  }
}

t.test('the median of what was seen, of the same kind and place', async t => {
  const durations = createDurations()
  const estimate = (region = 'eu-west-1', running = operation({ startedAt: new Date(1_000) })): Date | null => durations.estimateEnd(region, V2, running)
  t.equal(estimate(), null)
  for (const [at, ms] of [300, 100, 90_000].entries()) durations.note('eu-west-1', V2, operation({ id: `c${at}`, ms }))
  t.strictSame(estimate(), new Date(1_300))
  t.equal(estimate('us-east-1'), null)
  t.equal(estimate('eu-west-1', operation({ type: 'delete' })), null)
  t.equal(estimate('eu-west-1', operation({ ms: 5 })), null, 'what has ended needs none')
})

t.test('one operation counts once, a failed one never, and the oldest are forgotten', async t => {
  const durations = createDurations()
  const estimate = (): number | undefined => durations.estimateEnd('eu-west-1', V2, operation({}))?.getTime()
  durations.note('eu-west-1', V2, operation({ ms: 5, status: 'failed' }))
  t.equal(estimate(), undefined)
  durations.note('eu-west-1', V2, operation({ id: 'slow', ms: 1_000 }))
  for (let times = 0; times < 10; times++) durations.note('eu-west-1', V2, operation({ id: 'fast', ms: 10 }))
  t.equal(estimate(), 1_000)
  for (let at = 0; at < 20; at++) durations.note('eu-west-1', V2, operation({ id: `c${at}`, ms: 50 }))
  t.equal(estimate(), 50)
})
