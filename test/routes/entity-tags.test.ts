import t from 'tap'

import { isMatchedBy, isNoneMatchedBy, tagOf } from '../../routes/entity-tags.js'
import { readOwnTags } from '../../src/databases/tags.js'
import { toDatabase } from '../../src/databases/database.js'
import type { Operation } from '../../src/databases/operations/operations.js'
import { stackOf } from '../helpers/facts.js'

const stack = stackOf()
const own = readOwnTags(stack)
if (!own) throw new Error('the stack is one of ours')
const database = toDatabase(stack, own, null, null)
const awake = { ...database, compute: { state: 'active', capacityAcu: 0.5 } as const }
const paused = { ...database, compute: { state: 'paused', capacityAcu: 0 } as const }

t.test('a database that has paused is another answer, and the same database', async t => {
  t.equal(new Set([database, awake, paused].map(tagOf)).size, 3)
  t.notOk(isNoneMatchedBy(tagOf(awake), tagOf(paused)), 'who reads it again is told')
  for (const known of [database, awake, paused]) t.ok(isMatchedBy(tagOf(known), paused), 'who changes it is not stopped')
})

t.test('a database that was changed is another one', async t => {
  const changed = { ...awake, tags: { team: 'payments' } }
  t.notOk(isMatchedBy(tagOf(awake), changed))
  t.notOk(isMatchedBy(`W/${tagOf(awake)}`, awake), 'a weak tag is not enough')
  t.ok(isMatchedBy(`"other", ${tagOf(changed)}`, changed))
  t.ok(isMatchedBy('*', changed))
})

t.test('an estimate is another answer, and the same database', async t => {
  const progress = { completed: 1, total: 4, percent: 25, estimatedReadyAt: null }
  const operation: Operation = { id: 'create-1', type: 'create', status: 'running', startedAt: new Date(0), endedAt: null, reason: null, progress, steps: [] }
  const unseen = { ...database, operation }
  const seen = { ...database, operation: { ...operation, progress: { ...progress, estimatedReadyAt: new Date(90_000) } } }
  t.not(tagOf(unseen), tagOf(seen))
  t.ok(isMatchedBy(tagOf(seen), unseen), 'at a replica that has seen no other')
  t.notOk(isMatchedBy(tagOf(seen), { ...unseen, operation: { ...operation, progress: { ...progress, completed: 2 } } }))
})
