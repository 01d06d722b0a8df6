import fc from 'fast-check'
import t from 'tap'

import { FairQueue, type FairQueueLimits, type Place } from '../../../src/queries/turns/fair-queue.js'

interface Ticket extends Place { n: number }

let count = 0
const ticket = (key: string, database = 'db'): Ticket => ({ key, database, n: ++count })
const queueOf = (limits: Partial<FairQueueLimits> = {}): FairQueue<Ticket> =>
  new FairQueue({ perDatabase: 1, perKey: 10, waiting: 10, ...limits })

/** Lets one after the other run to its end, and says whose turns they were. */
function drain (queue: FairQueue<Ticket>, running: Ticket): string[] {
  const turns: string[] = []
  const next = queue.leave(running)
  for (let each = next.shift(); each; each = next.shift()) {
    turns.push(`${each.key}@${each.database}`)
    next.push(...queue.leave(each))
  }
  return turns
}

t.test('what is free is taken at once, and what is not is waited for', async t => {
  const queue = queueOf({ perDatabase: 2, perKey: 1 })
  t.strictSame([ticket('a'), ticket('a'), ticket('b'), ticket('c')].map(each => queue.enter(each).isRunning), [true, false, true, false])
})

t.test('turns on a database go round the keys, in order within each', async t => {
  const queue = queueOf()
  const first = ticket('a')
  queue.enter(first)
  for (const key of ['a', 'a', 'a', 'b', 'b', 'c']) queue.enter(ticket(key))
  t.strictSame(drain(queue, first), ['a@db', 'b@db', 'c@db', 'a@db', 'b@db', 'a@db'])
  t.equal(queue.size, 0, 'nothing is remembered')
})

t.test('turns of a key go round the databases', async t => {
  const queue = queueOf({ perDatabase: 10, perKey: 1 })
  const first = ticket('a', 'x')
  queue.enter(first)
  for (const database of ['x', 'x', 'y', 'z']) queue.enter(ticket('a', database))
  t.strictSame(drain(queue, first), ['a@x', 'a@y', 'a@z', 'a@x'])
})

t.test('a key and a database whose places both are scarce keep their rounds', async t => {
  const queue = queueOf({ perKey: 1, waiting: 20 })
  const first = ticket('a', 'x')
  queue.enter(first)
  for (let n = 0; n < 3; n++) for (const [key = '', database = ''] of [['a', 'x'], ['b', 'x'], ['a', 'y']]) queue.enter(ticket(key, database))
  const turns = drain(queue, first)
  t.equal(new Set(turns.slice(0, 4)).size, 3)
  t.equal(turns.length, 9)
})

t.test('a slow database holds up no other', async t => {
  const queue = queueOf({ perDatabase: 2 })
  for (let n = 0; n < 9; n++) queue.enter(ticket('a', 'slow'))
  t.ok(queue.enter(ticket('a', 'quick')).isRunning)
})

t.test('in a full queue the latest of the longest lane gives way', async t => {
  const queue = queueOf({ waiting: 3 })
  for (const key of ['a', 'a', 'a']) queue.enter(ticket(key))
  const latest = ticket('a')
  t.strictSame(queue.enter(latest).refused, [])
  const late = ticket('a')
  t.strictSame(queue.enter(late).refused, [{ ticket: late, full: 'key' }], 'of its own lane it is itself')
  const other = ticket('b')
  t.strictSame(queue.enter(other).refused, [{ ticket: latest, full: 'database' }])
  t.ok(queue.withdraw(other), 'it waits')
  t.notOk(queue.withdraw(other), 'and does not any more')
})

t.test('whatever comes and goes, no bound is passed and no free place is left', async () => {
  const place = fc.record({ key: fc.constantFrom('a', 'b', 'c'), database: fc.constantFrom('x', 'y', 'z') })
  const limits = fc.record({
    perDatabase: fc.integer({ min: 1, max: 3 }),
    perKey: fc.integer({ min: 1, max: 4 }),
    waiting: fc.integer({ min: 0, max: 4 })
  })
  const step = fc.oneof(place.map(come => ({ come })), fc.nat().map(end => ({ end })), fc.nat().map(withdraw => ({ withdraw })))
  const steps = fc.array(step, { maxLength: 60 })
  fc.assert(fc.property(limits, steps, (limits, steps) => {
    const queue = new FairQueue<Ticket>(limits)
    let running: Ticket[] = []
    let waiting: Ticket[] = []
    const counted = (of: Ticket[], side: keyof Place, name: string): number => of.filter(each => each[side] === name).length
    const isFree = ({ key, database }: Place): boolean => counted(running, 'key', key) < limits.perKey && counted(running, 'database', database) < limits.perDatabase
    for (const step of steps) {
      if ('come' in step) {
        const come = ticket(step.come.key, step.come.database)
        const { isRunning, refused } = queue.enter(come)
        if (isRunning) running.push(come)
        else waiting.push(come)
        waiting = waiting.filter(each => !refused.some(({ ticket }) => ticket === each))
      } else if ('end' in step) {
        const [ended] = running.splice(step.end % Math.max(running.length, 1), 1)
        const next = ended ? queue.leave(ended) : []
        const isBefore = (one: Ticket, other: Ticket): boolean =>
          one.key === other.key && one.database === other.database && one.n < other.n
        if (next.some(each => waiting.some(one => isBefore(one, each)))) return false
        waiting = waiting.filter(each => !next.includes(each))
        running = [...running, ...next]
      } else {
        const [gone] = waiting.splice(step.withdraw % Math.max(waiting.length, 1), 1)
        if (gone && !queue.withdraw(gone)) return false
      }
      if (waiting.some(isFree)) return false
      if (['a', 'b', 'c'].some(key => counted(running, 'key', key) > limits.perKey || counted(waiting, 'key', key) > limits.waiting)) return false
      if (['x', 'y', 'z'].some(name => counted(running, 'database', name) > limits.perDatabase || counted(waiting, 'database', name) > limits.waiting)) return false
    }
    for (const each of waiting) queue.withdraw(each)
    while (running[0]) running = [...running.slice(1), ...queue.leave(running[0])]
    return queue.size === 0
  }), { numRuns: 500 })
})
