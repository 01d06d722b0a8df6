import { pino } from 'pino'
import t from 'tap'

import { AwsFailure } from '../../../src/aws/errors.js'
import type { Stack } from '../../../src/aws/stacks.js'
import { toDatabase } from '../../../src/databases/database.js'
import type { Remove } from '../../../src/databases/deletion/delete.js'
import { createExpire } from '../../../src/databases/deletion/expire.js'
import type { Found } from '../../../src/databases/find.js'
import { readOwnTags } from '../../../src/databases/tags.js'
import { Problem } from '../../../src/problems.js'
import { OWN_TAGS, stackOf } from '../../helpers/facts.js'

const NOW = Date.UTC(2026, 10, 23, 12)
const expired = (facts: Partial<Stack> = {}, expiresAt = '2026-11-23T11:00:00.000Z'): Stack =>
  stackOf({ ...facts, tags: { ...OWN_TAGS, 'aurora-databases:expires-at': expiresAt } })

function foundOf (stack: Stack): Found {
  const own = readOwnTags(stack)
  if (!own) throw new Error('not a database')
  return { stack, events: [], own, database: toDatabase(stack, own, null, null, undefined, NOW) }
}

/** Sweeps a stack that is `now` when it is looked at again; answers the tokens of the deletions. */
async function sweep (stack: Stack, now: Stack = stack, fails?: Error) {
  const tokens: string[] = []
  const lines: Array<Record<string, unknown>> = []
  const remove: Remove = async (_principal, _id, request, unasked) => {
    t.strictSame(request, { finalSnapshot: true })
    if (!unasked?.isStill(foundOf(now))) return foundOf(now)
    tokens.push(unasked.token)
    if (fails) throw fails
    return foundOf({ ...now, status: 'DELETE_IN_PROGRESS' })
  }
  const log = pino({}, { write: (line: string) => { lines.push(JSON.parse(line) as Record<string, unknown>) } })
  const expire = createExpire({ remove, clock: { now: () => NOW }, log })
  await expire([stack])
  await expire([stack])
  return { tokens, lines: lines.map(({ level, msg }) => `${String(level)} ${String(msg)}`) }
}

t.test('a database past its time is deleted, with the same token by whoever does it', async t => {
  const { tokens, lines } = await sweep(expired())
  t.equal(tokens.length, 2)
  t.match(tokens[0], /^expire-[a-z2-7]{26}$/)
  t.equal(tokens[0], tokens[1])
  t.strictSame(lines.slice(0, 1), ['30 a database has expired, and is being deleted'])
  t.not((await sweep(expired({ id: 'another' }))).tokens[0], tokens[0])
  t.not((await sweep(expired({}, '2026-11-23T11:30:00.000Z'))).tokens[0], tokens[0])
})

const others: Array<[what: string, stack: Stack]> = [
  ['one that has time', expired({}, '2026-11-23T12:00:00.001Z')],
  ['one that has no such time', stackOf()],
  ['one whose tag somebody has broken', expired({}, 'tomorrow')],
  ['one that is being created', expired({ status: 'CREATE_IN_PROGRESS' })],
  ['one that is being changed', expired({ status: 'UPDATE_IN_PROGRESS' })],
  ['one that is being deleted', expired({ status: 'DELETE_IN_PROGRESS' })],
  ['one whose deletion failed, which is for a person', expired({ status: 'DELETE_FAILED' })],
  ['a stack that is no database', stackOf({ tags: { 'aurora-databases:expires-at': '2026-11-23T11:00:00.000Z' } })]
]
for (const [what, stack] of others) t.test(`${what} is left alone`, async t => { t.strictSame(await sweep(stack), { tokens: [], lines: [] }) })

t.test('what has changed since the sweep is seen', async t => {
  for (const now of [stackOf(), expired({}, '2026-12-01T00:00:00.000Z'), expired({ terminationProtection: true }), expired({ status: 'UPDATE_IN_PROGRESS' }), expired({ id: 'its successor' })]) {
    t.strictSame(await sweep(expired(), now), { tokens: [], lines: [] })
  }
})

t.test('four of a region are deleted at a time, however many sweeps there are', async t => {
  const begun: string[] = []
  const ends: Array<() => void> = []
  const remove: Remove = async (_principal, id) => {
    begun.push(id)
    await new Promise<void>(resolve => ends.push(resolve))
    return foundOf(expired({ status: 'DELETE_IN_PROGRESS' }))
  }
  const expire = createExpire({ remove, clock: { now: () => NOW }, log: pino({ level: 'silent' }) })
  const due = (region: string): Stack[] => Array.from({ length: 6 }, (_, at) => expired({ region, id: `${region}-${at}`, name: `${region}-${at}` }))
  const sweeps = ['eu-west-1', 'eu-west-1', 'us-east-1'].map(async region => { await expire(due(region)) })
  t.equal(begun.length, 8)
  while (begun.length < 12 || ends.length > 0) {
    ends.shift()?.()
    await new Promise(setImmediate)
  }
  await Promise.all(sweeps)
  t.equal(new Set(begun).size, 12)
})

t.test('one that is protected is kept, and that is said once, and in the database', async t => {
  const stack = expired({ terminationProtection: true })
  t.strictSame(await sweep(stack), { tokens: [], lines: ['40 a database has expired, and is kept because it is protected'] })
  t.match(foundOf(stack).database, { expiresAt: new Date('2026-11-23T11:00:00.000Z'), expiryHeld: true })
  t.match(foundOf(expired()).database, { expiryHeld: false })
})

t.test('what stands in the way is said once, and tried again', async t => {
  const { tokens, lines } = await sweep(expired(), expired(), new Problem('exports-in-use', 'someone imports'))
  t.equal(tokens.length, 2)
  t.strictSame(lines, ['40 a database has expired, and cannot be deleted yet'])
  t.strictSame((await sweep(expired(), expired(), new AwsFailure('token-reused', 'TokenAlreadyExistsException', 'used'))).lines, [], 'another replica was first')
  await t.rejects(sweep(expired(), expired(), new Error('a mistake')), { message: 'a mistake' })
})
