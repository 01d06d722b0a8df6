import fc from 'fast-check'
import t from 'tap'

import { AwsFailure } from '../../../src/aws/errors.js'
import { DataApiFailure } from '../../../src/aws/data-api.js'
import type { Result } from '../../../src/aws/data-api-values.js'
import { prepareStatement } from '../../../src/queries/sql/prepare.js'
import { createCursor, declare } from '../../../src/queries/streams/cursor.js'

const LIMIT_BYTES = 1024 * 1024
const ROW_BYTES = 64 * 1024

const refused = (message: string): DataApiFailure => new DataApiFailure('unsupported', new AwsFailure('refused', 'UnsupportedResultException', message))
const gone = new DataApiFailure('no-transaction', new AwsFailure('refused', 'TransactionNotFoundException', 'Transaction tx is not found.'))

/** PostgreSQL's cursor over texts of these lengths, behind the limits of the Data API: what is refused has moved it. */
function createDouble (lengths: readonly number[], { isKept = true } = {}) {
  const statements: string[] = []
  let position = 0
  let isOpen = true
  const refuse = (message: string): never => {
    isOpen = isKept
    throw refused(message)
  }
  const execute = async (sql: string): Promise<Result> => {
    statements.push(sql)
    if (!isOpen) throw gone
    const [, command, number] = /^(FETCH FORWARD|MOVE ABSOLUTE) (\d+) FROM \w+$/.exec(sql) ?? []
    if (command === undefined) throw new Error(`not a statement of a cursor: ${sql}`)
    if (command === 'MOVE ABSOLUTE') {
      position = Number(number)
      return { columns: null, rows: [], affected: 0 }
    }
    const taken = lengths.slice(position, position + Number(number))
    const from = position
    position += taken.length
    if (taken.some(length => length + 10 > ROW_BYTES)) refuse('Packet for query is too large. Each row must be 64 KB or less.')
    if (taken.reduce((sum, length) => sum + length + 10, 0) > LIMIT_BYTES) refuse('The result exceeds the size limit 1 MB.')
    return { columns: [], rows: taken.map((length, index) => [String(from + index), 'x'.repeat(length)]), affected: 0 }
  }
  return { statements, execute }
}

/** The numbers of all rows, and the problem in their end. */
async function readAll (execute: (sql: string) => Promise<Result>): Promise<{ rows: number[], error: unknown }> {
  const cursor = createCursor(execute)
  const rows: number[] = []
  try {
    for (;;) {
      const batch = await cursor.fetch()
      rows.push(...batch.rows.map(([number]) => Number(number)))
      if (batch.isLast) return { rows, error: null }
    }
  } catch (error) {
    return { rows, error }
  }
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

t.test('no row is lost, none comes twice, and all in order, whatever their sizes', async t => {
  const length = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: ROW_BYTES - 10 }))
  const run = fc.record({ count: fc.integer({ min: 0, max: 3_000 }), length })
  let refusals = 0
  await fc.assert(fc.asyncProperty(fc.array(run, { maxLength: 5 }), async runs => {
    const lengths = runs.flatMap(({ count, length }) => {
      const most = Math.ceil(8 * LIMIT_BYTES / (length + 10))
      return new Array<number>(Math.min(count, most)).fill(length)
    })
    const { statements, execute } = createDouble(lengths)
    const { rows, error } = await readAll(execute)
    refusals += statements.filter(sql => sql.startsWith('MOVE')).length
    return error === null && rows.length === lengths.length && rows.every((number, index) => number === index)
  }), { numRuns: 60 })
  t.ok(refusals > 0, 'some were refused for their size')
})

t.test('a row that no fetch can carry is named, after all rows before it', async t => {
  await fc.assert(fc.asyncProperty(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 0, max: 100 }), async (before, after) => {
    const { execute } = createDouble([...new Array<number>(before).fill(1), ROW_BYTES, ...new Array<number>(after).fill(1)])
    const { rows, error } = await readAll(execute)
    t.match(error, { code: 'statement-refused', message: /64 KB/, extensions: { row: before + 1 } })
    t.equal(rows.length, before)
  }), { numRuns: 20 })
})

t.test('fetches grow with what there is, and are few', async t => {
  const { statements, execute } = createDouble(new Array<number>(100_000).fill(100))
  const { rows } = await readAll(execute)
  t.strictSame(rows, upTo(100_000))
  t.equal(statements[0], 'FETCH FORWARD 15 FROM aurora_databases_stream', 'the first ones are never too large')
  t.ok(statements.length < 30, `${statements.length} statements`)
  t.notOk(statements.some(sql => sql.startsWith('MOVE')))
})

t.test('where a refusal has ended the transaction, the stream says so', async t => {
  const { execute } = createDouble([...new Array<number>(5_000).fill(1), ...new Array<number>(500).fill(20_000)], { isKept: false })
  const { rows, error } = await readAll(execute)
  t.match(error, { code: 'statement-refused', message: /^After \d+ rows .* ended the transaction/ })
  t.strictSame(rows, upTo(rows.length))
})

t.test('what else fails is passed on', async t => {
  const failure = refused('The result contains the unsupported data type INTERVAL.')
  await t.rejects(createCursor(async () => { throw failure }).fetch(), failure)
})

t.test('a query is declared as it is; one that chooses at random is kept, for going back would choose again', async t => {
  const prepare = (sql: string) => declare(prepareStatement({ sql, parameters: {}, types: {} }))
  t.equal(prepare('select 1; -- one').sql, 'DECLARE aurora_databases_stream SCROLL CURSOR FOR select 1; -- one')
  t.equal(prepare('select 1 where random() < 0.5; /* a */ -- b').sql, 'DECLARE aurora_databases_stream SCROLL CURSOR FOR WITH q AS MATERIALIZED (\nselect 1 where random() < 0.5\n) SELECT * FROM q')
  const { sql, toCallersPosition } = prepare('select nope')
  t.equal(toCallersPosition(sql.indexOf('nope') + 1), 8)
})
