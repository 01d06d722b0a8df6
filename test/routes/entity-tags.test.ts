import t from 'tap'

import { isMatchedBy, isNoneMatchedBy, tagOf } from '../../routes/entity-tags.js'
import { readOwnTags } from '../../src/databases/tags.js'
import { toDatabase } from '../../src/databases/database.js'
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
