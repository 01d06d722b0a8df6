import fc from 'fast-check'
import t from 'tap'

import { DataApiFailure, type DataApi, type DataApiFailureKind } from '../../../src/aws/data-api.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import { parseSqlError } from '../../../src/aws/sql-error.js'
import { findFailed } from '../../../src/queries/batches/batch-failed.js'
import { castColumns } from '../../../src/queries/casting/cast.js'
import { prepareStatement } from '../../../src/queries/sql/prepare.js'

const target = { region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }

const failure = (sqlState = '23505', kind: DataApiFailureKind = 'sql'): DataApiFailure => {
  const message = `ERROR: refused; SQLState: ${sqlState}`
  return new DataApiFailure(kind, new AwsFailure('unavailable', 'Code', message), kind === 'sql' ? parseSqlError(message) : null)
}

/** A database that takes no value twice; `failing` says for which it fails besides. */
function createDouble (failing: (value: number) => Error | null = () => null, passesMs = 0) {
  const calls: string[] = []
  let [rows, saved]: [number[], number[]] = [[], []]
  let nowMs = 0
  const dataApi: DataApi = {
    begin: async () => { calls.push('begin'); return 'tx' },
    execute: async (_target, sql) => {
      if (sql.startsWith('SAVEPOINT')) saved = [...rows]
      if (sql.startsWith('ROLLBACK TO')) rows = saved
      return { columns: null, rows: [], affected: 0 }
    },
    executeBatch: async (_target, _sql, argSets) => {
      calls.push(`run ${argSets.length}`)
      nowMs += passesMs
      for (const [arg] of argSets) {
        const value = Number(arg?.value)
        const error = rows.includes(value) ? failure() : failing(value)
        if (error) throw error
        rows.push(value)
      }
    },
    commit: async () => { calls.push('commit') },
    rollback: async () => { calls.push('rollback') }
  }
  const find = async (values: readonly number[], error = failure(), signal = new AbortController().signal): Promise<number | null> => {
    const sets = values.map(a => castColumns(prepareStatement({ sql: 'insert into t values (:a)', parameters: { a }, types: {} }), []))
    const place = { dataApi, target, clock: { now: () => nowMs }, signal, nameRefused: async (each: unknown) => each }
    return await findFailed(place, { first: 100, sets }, error)
  }
  return { calls, find }
}

t.test('the first set that cannot come after those before it is found, in few calls, and nothing is kept', async t => {
  const someValues = fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 60 })
  await fc.assert(fc.asyncProperty(someValues, fc.nat(), fc.nat(), async (values, at, other) => {
    const place = 1 + at % values.length
    const { calls, find } = createDouble()
    const found = await find([...values.slice(0, place), values[other % place] ?? 0, ...values.slice(place)])
    return found === 100 + place && calls.at(-1) === 'rollback' && calls.length <= 9 && !calls.includes('commit')
  }))
  t.pass()
})

t.test('a set that is not found again is not named', async t => {
  t.equal(await createDouble().find([1, 2, 3]), null, 'when nothing fails any more')
  await t.rejects(createDouble(value => value === 2 ? failure('22003') : null).find([1, 2, 2]), { name: 'DataApiFailure', sql: { sqlState: '22003' } }, 'when something else does')
  t.equal(await createDouble(undefined, 2_000).find([1, 2, 3, 4, 5, 6, 7, 7]), null, 'when it takes too long')
})

t.test('what is no matter of one set is not looked for', async t => {
  const left = new AbortController()
  left.abort()
  const { calls, find } = createDouble()
  for (const error of [failure('42601'), failure('40001'), failure('57014', 'timeout'), failure('', 'lost')]) t.equal(await find([1, 1], error), null)
  t.equal(await find([1]), null)
  t.equal(await find([1, 1], failure(), left.signal), null)
  t.strictSame(calls, [])
})
