import { Writable } from 'node:stream'

import { pino } from 'pino'
import t from 'tap'

import { logOptions } from '../../src/log.js'
import type { AuditLine } from '../../src/queries/audit.js'
import { startService } from '../helpers/service.js'

/** What must be in no line of the log. */
const SECRET = 'se-cret-value'

const lines: string[] = []
const log = pino(logOptions('trace'), new Writable({
  write: (line: Buffer, _encoding, done) => {
    lines.push(line.toString())
    done()
  }
}))
const { call } = await startService(t, {}, log)
const { body: { id } } = await call<{ id: string }>('POST', '/v1/databases', { client: 'acme', region: 'us-east-1' }, { prefer: 'wait=60' })
const path = `/v1/databases/${id}`
await call('POST', `${path}/query`, { sql: 'create table notes (id serial primary key, note text unique, n int check (n > 0))' })

/** Sends a request and answers its status and what the audit trail says of it. */
async function send (route: string, body: unknown): Promise<[status: number, lines: AuditLine[], answer: Record<string, unknown>]> {
  const requestId = `request-${lines.length}`
  const { status, body: answer } = await call('POST', `${path}/${route}`, body, { 'x-request-id': requestId, 'content-type': 'application/json' })
  const read = lines.map(line => JSON.parse(line) as AuditLine)
  return [status, read.filter(line => line.audit === 'statement' && line.requestId === requestId), answer]
}

t.test('every statement leaves one line, and none of it says what is in the database', async t => {
  const insert = { sql: `insert into notes (note) values ('${SECRET}'), (:note) -- ${SECRET}`, parameters: { note: `${SECRET}2` } }
  const statement = 'insert into notes(note) values(?), …'
  const expected: Array<[what: string, route: string, body: unknown, status: number, lines: object[]]> = [
    ['a write', 'query', insert, 200, [{ operation: 'query', statement, rows: 2, outcome: 'ok', keyId: 'local-dev', databaseId: id }]],
    ['what the database quotes when it refuses', 'query', insert, 409, [{ outcome: 'unique-violation', sqlState: '23505', rows: null }]],
    ['a text that is no number', 'query', { sql: `select '${SECRET}'::int` }, 422, [{ outcome: 'sql-error', sqlState: '22P02' }]],
    ['a parameter that is no number', 'query', { sql: 'select :a', parameters: { a: SECRET }, types: { a: 'int' } }, 422, [{ statement: 'select ?', sqlState: '22P02' }]],
    ['what a function raises', 'query', { sql: `do $$ begin raise exception '${SECRET}' using errcode = 'XX000', hint = '${SECRET}'; end $$` }, 502, [{ statement: 'do ?', outcome: 'database-failed' }]],
    ['a syntax error', 'query', { sql: `select 1 from '${SECRET}'` }, 422, [{ sqlState: '42601' }]],
    ['a text that ends too early', 'query', { sql: `select '${SECRET}` }, 422, [{ statement: 'select ?' }]],
    ['what the Data API refuses', 'query', { sql: `select '${SECRET}', '1 day'::interval` }, 422, [{ outcome: 'statement-refused' }]],
    ['what is refused here', 'query', { sql: `select '${SECRET}', :a`, parameters: { b: SECRET } }, 400, [{ outcome: 'invalid-request' }]],
    ['a trial', 'query', { sql: 'delete from notes', dryRun: true }, 200, [{ rows: 2, dryRun: true }]],
    ['what takes longer than it may', 'query', { sql: `select pg_sleep(30), '${SECRET}'`, timeoutMs: 50 }, 504, [{ outcome: 'statement-timeout' }]],
    ['a plan', 'query', { sql: `select * from notes where note = '${SECRET}'`, explain: true }, 200, [{ operation: 'explain', statement: 'select * from notes where note = ?' }]],
    ['a batch', 'batch', { sql: 'insert into notes (note) values ($1)', parameterSets: [[`${SECRET}3`], [`${SECRET}4`]] }, 200, [{ operation: 'batch', sets: 2, rows: null }]],
    ['a batch that fails', 'batch', { sql: 'insert into notes (n) values ($1)', parameterSets: [[1], [SECRET]], types: { 1: 'int' } }, 422, [{ outcome: 'sql-error' }]],
    ['a batch of which some fail', 'batch', { sql: 'insert into notes (n) values ($1)', parameterSets: [[1], [SECRET]], types: { 1: 'int' }, allOrNothing: false }, 200, [{ outcome: 'partly-failed', sets: 2 }]],
    ['a transaction', 'transaction', { statements: [insert, { sql: 'select 1' }].reverse() }, 409, [{ index: 0, outcome: 'rolled-back', rows: 1 }, { index: 1, outcome: 'unique-violation' }]],
    ['a wake-up', 'resume', {}, 200, [{ operation: 'resume', statement: null }]],
    ['the mirror', 'data-api/Execute', { sql: `select '${SECRET}', :a`, parameters: [{ name: 'a', value: { stringValue: SECRET } }] }, 200, [{ operation: 'data-api/Execute', rows: 1, statement: 'select ?, …' }]],
    ['the mirror of an error', 'data-api/Execute', { sql: `select '${SECRET}'::int` }, 400, [{ outcome: 'DatabaseErrorException', sqlState: '22P02' }]],
    ['what is no JSON', 'query', `{"sql": ${SECRET}}`, 400, []],
    ['what is no JSON for the mirror', 'data-api/Execute', `{"sql": ${SECRET}}`, 400, [{ outcome: 'malformed-json' }]]
  ]
  for (const [what, route, body, status, audited] of expected) {
    const [answered, lines, answer] = await send(route, body)
    t.equal(answered, status, `${what}: ${JSON.stringify(answer)}`)
    t.equal(lines.length, audited.length, what)
    t.match(lines, audited, what)
  }

  const [, [begun], { transactionId }] = await send('transactions', {})
  const [, [within]] = await send('query', { ...insert, sql: `select '${SECRET}' || :note`, transactionId })
  const [, [ended]] = await send(`transactions/${String(transactionId)}/commit`, {})
  t.match([begun, within, ended], [{ operation: 'begin' }, { operation: 'query', transaction: begun?.transaction }, { operation: 'commit', transaction: begun?.transaction }])

  t.ok(lines.length > 40)
  const alarming = lines.map(line => JSON.parse(line) as { level: number, code: string }).filter(({ level }) => level > 40)
  t.strictSame(alarming.map(({ code }) => code), ['database-failed'], 'only what the database did wrong is an error: a caller may ask for little time')
  for (const line of lines) {
    t.notOk(line.includes(SECRET), line)
    t.notOk(line.includes(String(transactionId)), 'nor can anybody go on with a transaction of the log')
  }
})
