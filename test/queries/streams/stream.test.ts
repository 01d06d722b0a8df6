import t from 'tap'

import type { Caller, Scope } from '../../../src/access/keys.js'
import { AwsFailure } from '../../../src/aws/errors.js'
import { DataApiFailure, type DataApi, type DataApiFailureKind } from '../../../src/aws/data-api.js'
import type { Result } from '../../../src/aws/data-api-values.js'
import type { Value } from '../../../src/queries/answers/json-text.js'
import { createGate } from '../../../src/queries/turns/gate.js'
import type { QueryRequest } from '../../../src/queries/query.js'
import { createStream, type RowStream } from '../../../src/queries/streams/stream.js'
import { createWhenAwake } from '../../../src/queries/calls/waking.js'
import { REQUEST as PLAIN } from '../../helpers/query-request.js'
import { createStandingClock } from '../../helpers/standing-clock.js'

const READER: Caller = { requestId: 'request', keyId: 'key', client: null, mayUse: (scope: Scope) => scope === 'query:read', mayEnter: () => true }
const REQUEST = { ...PLAIN, sql: 'select n from t' }
const NEVER = new AbortController().signal
const target = { id: 'id', client: 'acme', region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }
const STALL_MS = 150_000
const COLUMNS = [{ name: 'n', type: 'int4', isNullable: null }]

const failure = (kind: DataApiFailureKind, message = 'message'): DataApiFailure => new DataApiFailure(kind, new AwsFailure('unavailable', 'Code', message))
const rowsOf = (...numbers: number[]): Result => ({ columns: COLUMNS, rows: numbers.map(number => [String(number)]), affected: 0 })
const full = (size: number): Result => rowsOf(...Array.from({ length: size }, (_, index) => index))

/** The Data API as a list of what it was asked; each fetch is answered by `fetches`, then by full ones without an end. */
function setUp (...fetches: Array<Result | Error | Promise<Result>>) {
  const calls: string[] = []
  const failing: { begin: Error[], rollback: Error[] } = { begin: [], rollback: [] }
  const probed = { columns: COLUMNS }
  let count = 0
  const dataApi: DataApi = {
    execute: async (_target, sql, _args, { transactionId, signal } = {}) => {
      calls.push(`${transactionId}: ${sql}`)
      const size = Number(/^FETCH FORWARD (\d+)/.exec(sql)?.[1] ?? 0)
      if (size === 0) return { ...rowsOf(), ...probed }
      const answer = await Promise.race([fetches.shift() ?? full(size), new Promise<never>((_resolve, reject) => { signal?.addEventListener('abort', () => { reject(failure('lost')) }) })])
      if (answer instanceof Error) throw answer
      return answer
    },
    executeBatch: async () => {},
    begin: async () => {
      const error = failing.begin.shift()
      if (error) throw error
      calls.push('begin')
      return `tx${++count}`
    },
    commit: async () => {},
    rollback: async (_target, id) => {
      calls.push(`rollback ${id}`)
      const error = failing.rollback.shift()
      if (error) throw error
    }
  }
  const clock = createStandingClock()
  const forgotten: string[] = []
  const stream = createStream({
    targets: { targetOf: async () => target, forget: id => { forgotten.push(id) } },
    dataApi,
    whenAwake: createWhenAwake(clock, NEVER),
    gate: createGate({ perDatabase: 1, perKey: 1, waiting: 0, waitMs: 1_000 }, clock, NEVER),
    clock
  })
  const hangUp = new AbortController()
  return {
    calls,
    clock,
    failing,
    forgotten,
    hangUp,
    probed,
    fetched: () => calls.filter(call => call.includes('FETCH')).length,
    stream: async (more: Partial<QueryRequest> = {}, waitSeconds = 30) => await stream({ caller: READER, id: 'id', waitSeconds, signal: hangUp.signal }, { ...REQUEST, ...more })
  }
}

async function readAll ({ batches }: RowStream): Promise<Value[][]> {
  const rows: Value[][] = []
  for await (const batch of batches) rows.push(...batch)
  return rows
}

/** Lets everything happen that waits for nothing but its turn. */
const settle = async (): Promise<void> => { await new Promise(resolve => setImmediate(resolve)) }

t.test('rows are read through a cursor in a read-only transaction, which ends with the last of them', async t => {
  const { calls, clock, stream } = setUp(rowsOf(1, 2))
  const opened = await stream({ timeoutMs: 70 })
  t.match(opened, { columns: [{ name: 'n', type: 'int4', nullable: true }], resumedAfterMs: null })
  t.strictSame(await readAll(opened), [[1], [2]])
  await settle()
  t.strictSame(calls, [
    'begin',
    "tx1: SELECT set_config('cursor_tuple_fraction', '1', true), set_config('transaction_read_only', 'on', true), set_config('statement_timeout', '70', true)",
    'tx1: DECLARE aurora_databases_stream SCROLL CURSOR FOR select n from t',
    'tx1: FETCH FORWARD 15 FROM aurora_databases_stream',
    'rollback tx1'
  ])
  t.equal(clock.sleepers(), 0, 'and nobody watches the reader any more')
})

t.test('no more than one batch is fetched ahead of the reader', async t => {
  const { fetched, stream, hangUp } = setUp()
  const { batches } = await stream()
  await settle()
  t.equal(fetched(), 1)
  for (let taken = 1; taken < 5; taken++) {
    await batches.next()
    await settle()
    t.equal(fetched(), taken + 1)
  }
  hangUp.abort()
})

t.test('a reader who leaves ends the transaction at once, whenever it is', async t => {
  const moments: Record<string, (set: ReturnType<typeof setUp>) => Promise<void>> = {
    'before it has read': async ({ stream, hangUp }) => {
      await stream()
      hangUp.abort()
    },
    'between two batches': async ({ stream, hangUp }) => {
      const { batches } = await stream()
      await batches.next()
      hangUp.abort()
    },
    'by reading no further': async ({ stream }) => {
      const { batches } = await stream()
      await batches.next()
      await batches.return(undefined)
    }
  }
  for (const [when, leave] of Object.entries(moments)) {
    const set = setUp()
    await leave(set)
    await settle()
    t.equal(set.calls.at(-1), 'rollback tx1', when)
    t.equal(set.clock.sleepers(), 0)
  }
})

t.test('a fetch that nobody waits for any more is left, and the transaction ended once it is over', async t => {
  const { calls, clock, failing, stream, hangUp } = setUp(full(15), new Promise<Result>(() => {}))
  const { batches } = await stream()
  await batches.next()
  const next = batches.next()
  failing.rollback.push(failure('busy'), failure('busy'))
  hangUp.abort()
  await t.rejects(next, { code: 'shutting-down' })
  for (const ms of [25, 50]) {
    t.strictSame(await clock.whenAsleep(), [ms])
    clock.move(ms)
    await settle()
  }
  t.strictSame(calls.slice(-3), ['rollback tx1', 'rollback tx1', 'rollback tx1'])
  t.equal(clock.sleepers(), 0)
})

t.test('a transaction that begins after its reader has left is ended', async t => {
  const { calls, stream, hangUp } = setUp()
  const opening = stream()
  hangUp.abort()
  await t.rejects(opening, { code: 'shutting-down' })
  await settle()
  t.notOk(calls.some(call => call.includes('FETCH')))
  t.equal(calls.filter(call => call === 'begin').length, calls.filter(call => call.startsWith('rollback')).length)
})

t.test('what is wrong before the first row is an ordinary problem', async t => {
  const cases: Array<[failure: DataApiFailureKind, code: string]> = [['timeout', 'statement-timeout'], ['unsupported', 'statement-refused'], ['lost', 'aws-unavailable'], ['no-transaction', 'statement-refused']]
  for (const [kind, code] of cases) {
    const { calls, stream } = setUp(failure(kind))
    await t.rejects(stream(), { code })
    await settle()
    t.equal(calls.at(-1), 'rollback tx1')
  }
})

t.test('what goes wrong later comes after the rows before it', async t => {
  const { forgotten, calls, stream } = setUp(full(15), failure('lost'))
  const { batches } = await stream()
  t.equal((await batches.next()).value?.length, 15)
  await t.rejects(batches.next(), { code: 'aws-unavailable' })
  await settle()
  t.equal(calls.at(-1), 'rollback tx1')
  t.strictSame(forgotten, ['id'])
  const expired = setUp(full(15), failure('no-transaction'))
  const second = await expired.stream()
  await second.batches.next()
  await t.rejects(second.batches.next(), { code: 'statement-refused', message: /after 15 of them/ })
})

t.test('a reader who takes nothing for too long is told, and given up when it does not come back', async t => {
  const { calls, clock, stream } = setUp()
  const { batches, abandoned } = await stream()
  await batches.next()
  clock.move(STALL_MS - 1)
  await settle()
  await batches.next()
  clock.move(STALL_MS - 1)
  await settle()
  t.notOk(calls.some(call => call.startsWith('rollback')), 'slow is not too slow')
  await clock.whenAsleep()
  clock.move(STALL_MS)
  await settle()
  t.equal(calls.at(-1), 'rollback tx1')
  t.notOk(abandoned.aborted)
  await t.rejects(batches.next(), { code: 'reader-too-slow' })
  clock.move(STALL_MS)
  await settle()
  t.ok(abandoned.aborted)
  t.match(abandoned.reason, { code: 'reader-too-slow' })
  t.equal(clock.sleepers(), 0)
})

t.test('a reader who never begins is given up too', async t => {
  const { calls, clock, stream } = setUp()
  await stream()
  await clock.whenAsleep()
  clock.move(STALL_MS)
  await settle()
  t.equal(calls.at(-1), 'rollback tx1')
})

t.test('streams wait for each other for as long as they are open, and no longer', async t => {
  const { clock, stream, hangUp } = setUp(rowsOf(1))
  const first = await stream()
  await t.rejects(stream(), { code: 'too-many-requests' })
  await readAll(first)
  await settle()
  const second = await stream()
  await clock.whenAsleep()
  clock.move(STALL_MS)
  await settle()
  t.ok(await stream(), 'a reader that sleeps keeps its place no longer than its transaction')
  await t.rejects(second.batches.next(), { code: 'reader-too-slow' })
  hangUp.abort()
})

t.test('columns that are not carried come as text when that is asked for', async t => {
  const refusal = failure('unsupported', 'The result contains the unsupported data type INTERVAL.')
  const { calls, probed, stream } = setUp({ ...rowsOf(1), columns: [{ name: 'n', type: 'text', isNullable: null }] })
  probed.columns = [{ name: 'n', type: 'interval', isNullable: null }]
  t.strictSame(await readAll(await stream({ castUnsupported: true })), [['1']])
  await settle()
  t.match(calls.filter(call => !call.includes('set_config')), [
    'begin', /tx1: SELECT \* FROM \([^]*LIMIT 0/, /tx1: DECLARE .* FOR SELECT c0::text/, /tx1: FETCH/, 'rollback tx1'
  ])
  await t.rejects(setUp(refusal).stream(), { code: 'statement-refused', message: /INTERVAL\. Cast/ })
})

t.test('a paused database is waited for', async t => {
  const { clock, failing, stream } = setUp(rowsOf(1))
  failing.begin.push(failure('resuming'))
  const opening = stream()
  t.strictSame(await clock.whenAsleep(), [250])
  clock.move(250)
  t.match(await opening, { resumedAfterMs: 250 })
  const impatient = setUp()
  impatient.failing.begin.push(failure('resuming'))
  await t.rejects(impatient.stream({}, 0), { code: 'database-resuming' })
})

t.test('what a stream cannot do is refused before anything is sent', async t => {
  const { calls, stream } = setUp()
  const cases: Array<[more: Partial<QueryRequest>, path: string]> = [
    [{ mode: 'write' }, '/mode'], [{ dryRun: true }, '/dryRun'], [{ maxAffected: 1 }, '/maxAffected'], [{ maxRows: 1 }, '/maxRows'], [{ explain: true }, '/explain'], [{ transactionId: 'x' }, '/transactionId'],
    [{ sql: 'delete from t' }, '/sql'], [{ sql: 'insert into t values (1) returning n' }, '/sql'], [{ sql: 'with gone as (delete from t returning 1) select * from gone' }, '/sql'],
    [{ sql: 'commit' }, '/sql'], [{ sql: 'explain select 1' }, '/sql'], [{ sql: 'select :a' }, '/parameters/a']
  ]
  for (const [more, path] of cases) await t.rejects(stream(more), { code: 'invalid-request', errors: [{ path }] }, JSON.stringify(more))
  t.strictSame(calls, [])
})
