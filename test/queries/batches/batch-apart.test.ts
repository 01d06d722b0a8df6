import fc from 'fast-check'
import t from 'tap'

import { DataApiFailure, type DataApi, type DataApiFailureKind } from '../../../src/aws/data-api.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import { parseSqlError } from '../../../src/aws/sql-error.js'
import { runApart, type Apart } from '../../../src/queries/batches/batch-apart.js'
import { castColumns } from '../../../src/queries/casting/cast.js'
import { prepareStatement } from '../../../src/queries/sql/prepare.js'

const NEVER = new AbortController().signal
const target = { region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }

const failure = (kind: DataApiFailureKind, sqlState = '23505'): DataApiFailure => {
  const message = `ERROR: refused; SQLState: ${sqlState}`
  return new DataApiFailure(kind, new AwsFailure('unavailable', 'Code', message), kind === 'sql' ? parseSqlError(message) : null)
}

/** A database that keeps the values of committed transactions, and fails for values as `failing` says. */
function createDouble (failing: (value: number) => Error | null) {
  const kept: number[] = []
  let open: number[] | null = null
  const calls: string[] = []
  const add = (value: number): void => {
    const error = failing(value)
    if (error) throw error
    open?.push(value)
  }
  const dataApi: DataApi = {
    begin: async () => { calls.push('begin'); open = []; return 'tx' },
    execute: async (_target, _sql, args) => {
      add(Number(args[0]?.value))
      return { columns: [{ name: 'a', type: 'int8', isNullable: null }], rows: [[String(args[0]?.value)]], affected: 0 }
    },
    executeBatch: async (_target, _sql, argSets) => { for (const [arg] of argSets) add(Number(arg?.value)) },
    commit: async () => { kept.push(...open ?? []); open = null },
    rollback: async () => { open = null }
  }
  const run = async (sql: string, values: readonly number[]): Promise<Apart> => {
    const sets = values.map(a => castColumns(prepareStatement({ sql, parameters: { a }, types: {} }), []))
    return await runApart({ dataApi, target, clock: { now: () => 0 }, signal: NEVER, nameRefused: async error => error }, await dataApi.begin(target), sets, { rowFormat: 'array' })
  }
  return { kept, calls, run }
}

const INSERT = 'insert into t values (:a)'

t.test('whatever the sets that fail, all others are kept, in their order, with and without answers', async t => {
  const someSets = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { minLength: 1, maxLength: 40 })
  await fc.assert(fc.asyncProperty(someSets, fc.boolean(), async (sets, returning) => {
    const values = sets.map(([, fails], index) => fails ? -1 - index : index)
    const { kept, run } = createDouble(value => value < 0 ? failure('sql') : null)
    const { results, failures } = await run(returning ? `${INSERT} returning a` : INSERT, values)
    t.strictSame(kept, values.filter(value => value >= 0))
    t.strictSame(failures.map(({ set }) => set), values.flatMap((value, index) => value < 0 ? [index] : []))
    t.strictSame(results, returning ? values.map(value => value < 0 ? null : results?.[value]) : null)
    t.ok(failures.every(({ error }) => (error as { code: string }).code === 'unique-violation'))
  }), { numRuns: 60 })
})

t.test('one that fails among a thousand costs a few calls', async t => {
  const { calls, kept, run } = createDouble(value => value === 700 ? failure('sql') : null)
  await run(INSERT, Array.from({ length: 1_000 }, (_, index) => index))
  t.equal(kept.length, 999)
  t.ok(calls.length <= 21, `${calls.length} transactions`)
})

for (const [what, error, code] of [
  ['an answer that is lost', failure('lost'), 'statement-outcome-unknown'],
  ['AWS that is away', failure('aws'), 'Code'],
  ['a caller that has left', new Error('gone'), undefined]
] as const) {
  t.test(`${what} ends the batch: what was done is kept, and the rest reads as failed`, async t => {
    const { kept, run } = createDouble(value => value === 2 ? error : null)
    const { failures } = await run(`${INSERT} returning a`, [0, 1, 2, 3, 4])
    t.strictSame(kept, [0, 1])
    t.match(failures.map(({ set, error }) => [set, (error as { code?: string }).code]), [[2, code], [3, 'aws-unavailable'], [4, 'aws-unavailable']])
    await t.rejects(run(`${INSERT} returning a`, [2, 3]), 'and is thrown when nothing is kept yet')
    t.strictSame(kept, [0, 1])
  })
}

t.test('a statement that PostgreSQL does not understand is refused with its first set', async t => {
  const { calls, run } = createDouble(() => failure('sql', '42601'))
  await t.rejects(run(INSERT, [1, 2]), { name: 'DataApiFailure' })
  t.ok(calls.length <= 2, 'and is tried with no other')
})
