import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { brotliDecompressSync, createGunzip, gunzipSync } from 'node:zlib'

import t from 'tap'

import { LOCAL_KEY } from '../../scripts/local.js'
import { startService } from '../helpers/service.js'

interface Problem { code: string, sqlState?: string, row?: number, position?: number }

const PROBLEM = 'aurora-databases:problem'
const NDJSON = 'application/x-ndjson'

const { call, url } = await startService(t)
const { body: { id } } = await call<{ id: string }>('POST', '/v1/databases', { client: 'acme', region: 'us-east-1' }, { prefer: 'wait=60' })
const path = `/v1/databases/${id}/query`

/** An answer whose body nobody has read yet, as it came over the wire. */
async function open (sql: string, headers: Record<string, string>, more: object = {}): Promise<IncomingMessage> {
  const sent = httpRequest(url + path, { method: 'POST', agent: false, headers: { authorization: `Bearer ${LOCAL_KEY}`, 'content-type': 'application/json', ...headers } })
  sent.end(JSON.stringify({ sql, ...more }))
  return (await once(sent, 'response') as [IncomingMessage])[0]
}

async function bytesOf (answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function lines<Row> (sql: string, more: object = {}): Promise<Row[]> {
  const answer = await open(sql, { accept: NDJSON }, more)
  const body = await text(answer)
  t.equal(answer.statusCode, 200, answer.statusCode === 200 ? sql : body)
  return body.split('\n').filter(Boolean).map(line => JSON.parse(line) as Row)
}

const csv = async (sql: string, more: object = {}): Promise<string> => await text(await open(sql, { accept: 'text/csv' }, more))
const rows = async (sql: string): Promise<unknown[]> => (await call<{ rows: unknown[] }>('POST', path, { sql })).body.rows

/** Asks until it is so: what another program does has no moment of its own. Throws when it takes far too long. */
async function until (holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!await holds()) if (Date.now() > deadline) throw new Error('it did not come to be so')
}

const openCursors = async (): Promise<number> => {
  const [counted] = await rows("select count(*)::int as n from pg_stat_activity where state = 'idle in transaction' " +
    "or query like '%aurora_databases_stream%' and pid <> pg_backend_pid() and state = 'active'") as Array<{ n: number }>
  return Number(counted?.n)
}

await t.test('values are those of the JSON answer', async t => {
  const sql = `select 7::int2 as a, 9007199254740993::int8 as b, 1.50 as c, 1e300::float8 as d, 'NaN'::float8 as e, true as f, '{"a": [1, null]}'::jsonb as g,
    '2026-01-02 03:04:05.123+02'::timestamptz as h, '\\x00ff'::bytea as i, null as j, array['a', null, 'b"'] as k, :list::int[] as l, '' as m, 1 as a`
  const parameters = { list: [1, null] }
  const { body } = await call<{ rows: unknown[] }>('POST', path, { sql, parameters })
  t.strictSame(await lines(sql, { parameters }), body.rows)
  const arrays = await call<{ rows: unknown[] }>('POST', path, { sql, parameters, rowFormat: 'array' })
  t.strictSame(await lines(sql, { parameters, rowFormat: 'array' }), arrays.body.rows)
  t.strictSame(await lines('select 1 where false'), [])
  t.strictSame(await lines("select interval '1 day' as span", { castUnsupported: true }), [{ span: '1 day' }])
  const late = await lines("select n, case when n < 90 then timestamptz '2026-01-02 03:04:05Z' else 'infinity' end as t, case when n < 95 then array[n] else array[[n]] end as a from generate_series(1, 100) as n order by n", { castUnsupported: true })
  t.strictSame([late[0], late[89], late[99], late.length], [{ n: 1, t: '2026-01-02T03:04:05Z', a: [1] }, { n: 90, t: 'infinity', a: [90] }, { n: 100, t: 'infinity', a: '{{100}}' }, 100], 'also what is first met in the middle')
  t.strictSame(await lines('select current_database() as name', { database: 'postgres' }), [{ name: 'postgres' }])
})

await t.test('CSV tells NULL from an empty text, and keeps quotes and lines', async t => {
  t.equal(await csv('select 1 as id, null as a, \'\' as "b ""c""", E\'x,"y"\\r\\nz\' as d, \'{"a":1}\'::jsonb as e, array[1,2] as f, true as g'),
    'id,a,"b ""c""",d,e,f,g\r\n1,,"","x,""y""\r\nz","{""a"":1}","[1,2]",true\r\n')
  t.equal(await csv('select 1 as one where false'), 'one\r\n')
  const answer = await open('select 1', { accept: 'text/csv' })
  t.match(answer.headers, { 'content-type': 'text/csv; charset=utf-8; header=present', vary: /accept/, 'cache-control': 'no-store', 'transfer-encoding': 'chunked' })
  await bytesOf(answer)
})

await t.test('a result of any size comes whole and in order, also of rows that grow', async t => {
  const numbers = await lines<{ n: number }>('select n from generate_series(1, 30000) as n')
  t.ok(numbers.length === 30_000 && numbers.every(({ n }, index) => n === index + 1))
  const wide = await lines<{ n: number, t: string }>("select n, repeat('x', case when n <= 3000 then 10 else n * 7919 % 60000 end) as t from generate_series(1, 3200) as n")
  t.equal(wide.length, 3_200)
  t.ok(wide.every(({ n, t }, index) => n === index + 1 && t.length === (n <= 3000 ? 10 : n * 7919 % 60_000)))
  const sampled = await lines<{ n: number }>("select n, repeat('x', case when n > 4000 then 20000 else 1 end) as t from generate_series(1, 4400) as n where random() < 0.9")
  t.ok(sampled.every(({ n }, index) => index === 0 || n > (sampled[index - 1]?.n ?? 0)), 'none comes twice where rows are chosen at random')
})

await t.test('what goes wrong before the first row is an ordinary problem', async t => {
  const refusals: Array<[sql: string, headers: Record<string, string>, status: number, problem: Partial<Problem>]> = [
    ['select nope from pg_class', {}, 422, { code: 'sql-error', sqlState: '42703', position: 8 }],
    ['select 1/0', {}, 422, { sqlState: '22012' }],
    ["select nextval('x')", { accept: 'text/csv' }, 422, { code: 'sql-error' }],
    ['select 1; select 2', {}, 422, { code: 'statement-refused' }],
    ["select interval '1 day'", {}, 422, { code: 'statement-refused' }],
    ["select repeat('x', 70000)", {}, 422, { code: 'statement-refused', row: 1 }],
    ['create table t (id int)', {}, 400, { code: 'invalid-request' }],
    ['select 1', { accept: 'text/html, image/*' }, 406, { code: 'not-acceptable' }]
  ]
  for (const [sql, headers, status, problem] of refusals) {
    const answer = await open(sql, { accept: NDJSON, ...headers })
    t.match(answer, { statusCode: status, headers: { 'content-type': /^application\/problem\+json/ } }, sql)
    t.match(JSON.parse(await text(answer)), problem, sql)
  }
})

await t.test('the database itself refuses to write', async t => {
  await rows('create table marks (id int)')
  await rows('create function mark() returns int language plpgsql as $$ begin insert into marks values (1); return 1; end $$')
  for (const sql of ['select mark()', "select set_config('transaction_read_only', 'off', true), mark()"]) {
    const answer = await open(sql, { accept: NDJSON })
    t.match([answer.statusCode, JSON.parse(await text(answer))], [422, { sqlState: /^25/ }], sql)
  }
  t.strictSame(await rows('select * from marks'), [])
})

await t.test('a charset is taken for what it is, and weights decide', async t => {
  for (const [accept, type] of [
    ['application/json; charset=utf-8', /^application\/json/], ['text/csv;charset=utf-8;q=0.9, application/json;q=0.1', /^text\/csv/],
    ['application/x-ndjson ; charset=UTF-8', /^application\/x-ndjson/],
    ['application/*;q=0.1, text/csv;q=0', /^application\/json/], ['text/*', /^text\/csv/]
  ] as const) {
    const answer = await open('select 1 as one', { accept })
    t.match([answer.statusCode, answer.headers['content-type']], [200, type], accept)
    await bytesOf(answer)
  }
})

await t.test('a column that is not carried is named, also where only a later value is not', async t => {
  const refused = await open("select 1 as one, interval '1 day' as span", { accept: NDJSON })
  t.match([refused.statusCode, JSON.parse(await text(refused))], [422, { code: 'statement-refused', columns: ['span'] }])
  const later = await open("select n, case when n < 90 then now() else 'infinity' end as late from generate_series(1, 100) n", { accept: NDJSON })
  t.match(JSON.parse((await text(later)).trimEnd().split('\n').at(-1) ?? ''), { 'aurora-databases:problem': { code: 'statement-refused', columns: ['late'] } })
})

await t.test('what goes wrong in the middle is seen: in the last line of NDJSON, by a CSV that has no end', async t => {
  const sql = 'select n, 1 / (n - 50000) as quotient from generate_series(1, 100000) as n'
  const body = await lines<Record<string, unknown>>(sql)
  const sent = body.slice(0, -1)
  t.ok(sent.length > 0 && sent.length < 50_000 && sent.every(({ n }, index) => n === index + 1), 'after rows that are right')
  t.strictSame(Object.keys(body.at(-1) ?? {}), [PROBLEM])
  t.match(body.at(-1)?.[PROBLEM], { code: 'sql-error', status: 422, sqlState: '22012', type: '/problems/sql-error', requestId: String })
  for (const encoding of ['identity', 'gzip']) {
    const answer = await open(sql.replaceAll('0000', '000'), { accept: 'text/csv', 'accept-encoding': encoding })
    t.equal(answer.statusCode, 200)
    await t.rejects(bytesOf(answer), { code: 'ECONNRESET' }, encoding)
    t.notOk(answer.complete)
  }
  const named = await lines(`select 1 as "${PROBLEM}"`)
  t.strictSame(named, [{ [`${PROBLEM}_2`]: 1 }], 'no row is taken for a problem')
  const tooWide = await lines<{ [PROBLEM]?: Problem }>("select repeat('x', case when n = 4321 then 70000 else 1 end) as t from generate_series(1, 5000) as n")
  t.equal(tooWide.length, 4_321)
  t.match(tooWide.at(-1)?.[PROBLEM], { code: 'statement-refused', row: 4_321 })
})

await t.test('a reader who leaves ends the transaction, and one who does not read has nothing fetched for it', async t => {
  const answer = await open("select n, repeat('x', 1000) as t from generate_series(1, 200000) as n", { accept: NDJSON })
  answer.pause()
  await once(answer, 'readable')
  const fetched = async (): Promise<unknown> => (await rows("select query_start::text as at from pg_stat_activity where query like '%FETCH FORWARD%' and pid <> pg_backend_pid()"))[0]
  await until(async () => await fetched() !== undefined)
  // What the sockets between us take is taken soon; then nothing happens any more, however long one waits.
  let before = await fetched()
  for (let same = 0; same < 10;) {
    const now = await fetched()
    same = JSON.stringify(now) === JSON.stringify(before) ? same + 1 : 0
    before = now
  }
  t.equal(await openCursors(), 1)
  answer.destroy()
  await until(async () => await openCursors() === 0)
  t.pass('and its transaction is over')
})

await t.test('compressed for whoever takes it, and sent on while it is made', async t => {
  const sql = 'select n from generate_series(1, 30000) as n'
  const plain = await bytesOf(await open(sql, { accept: NDJSON }))
  const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
  for (const [accepted, encoding, decompress] of [['gzip', 'gzip', gunzipSync], ['br', 'br', brotliDecompressSync], ['gzip;q=0.1, br', 'br', brotliDecompressSync]] as const) {
    const answer = await open(sql, { accept: NDJSON, 'accept-encoding': accepted })
    t.match(answer.headers, { 'content-encoding': encoding, vary: /accept-encoding/ })
    const bytes = await bytesOf(answer)
    t.ok(bytes.length < plain.length / 3, `${encoding}: ${bytes.length} of ${plain.length} bytes`)
    t.equal(digest(decompress(bytes)), digest(plain))
  }
  const refusing = await open(sql, { accept: NDJSON, 'accept-encoding': 'gzip;q=0' })
  t.equal(refusing.headers['content-encoding'], undefined)
  t.ok(plain.equals(await bytesOf(refusing)))
  const answer = await open('select n, case when n > 15 then pg_sleep(1)::text end as slept from generate_series(1, 16) as n', { accept: NDJSON, 'accept-encoding': 'gzip' })
  const [first] = await once(answer.pipe(createGunzip()), 'data') as [Buffer]
  t.match(first.toString(), /^\{"n":1,[^]*\{"n":15,.*\n$/, 'the first rows come while the last one sleeps in the database')
  answer.destroy()
})
