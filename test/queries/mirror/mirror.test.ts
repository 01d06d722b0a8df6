import t from 'tap'

import { AwsFailure } from '../../../src/aws/errors.js'
import type { HttpAnswer } from '../../../src/aws/http-posts.js'
import { createAudit, type AuditLine } from '../../../src/queries/audit.js'
import { createMirror, MIRRORED, type Mirrored } from '../../../src/queries/mirror/mirror.js'
import { principalOf } from '../../helpers/facts.js'

const ID = 'eu-west-1.acme'
const target = { id: ID, client: 'acme', region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }

const answerOf = (status: number, type?: string): HttpAnswer => ({ status, headers: type === undefined ? {} : { 'x-amzn-errortype': type }, body: Buffer.from('{}') })

const TAG = '/* tag */'

/** A mirror before an AWS that does what it is told; `seen` has all that happened, in order. */
function mirrorOf (answer: () => HttpAnswer | Promise<HttpAnswer>) {
  const seen: string[] = []
  const audited: AuditLine[] = []
  const mirror = createMirror({
    targets: { targetOf: async () => target, forget: () => { seen.push('forget') } },
    wire: {
      forward: async (region, operation, body) => {
        seen.push(`${region} ${operation} ${Buffer.from(body).toString()}`)
        return await answer()
      }
    },
    rollback: async (_target, transactionId) => { seen.push(`rollback ${transactionId}`) },
    runUnlessLeft: async (_target, { args }, _left, run) => {
      seen.push(`findable by ${String(args[0]?.value)}`)
      return await run(new AbortController().signal)
    },
    newTag: () => TAG,
    gate: {
      run: async ({ key, database }, _signal, work) => {
        seen.push(`gate ${key} ${database}`)
        return await work()
      }
    },
    audit: createAudit(line => { audited.push(line) }, { now: () => 0 }),
    notes: { noteAwake: arn => { seen.push(`awake ${arn}`) }, noteResuming: arn => { seen.push(`resuming ${arn}`) } }
  })
  const caller = new AbortController()
  const send = async (operation: Mirrored, body: object = {}): Promise<HttpAnswer> => {
    const named = { resourceArn: target.clusterArn, secretArn: target.secretArn, ...body }
    return await mirror({ caller: principalOf(), id: ID, signal: caller.signal }, operation, Buffer.from(JSON.stringify(named)))
  }
  return { seen, audited, send, hangUp: () => { caller.abort() } }
}

t.test('statements take their turn at the gate, those of transactions among their like, and ends none', async t => {
  for (const operation of MIRRORED) {
    for (const body of [{}, { transactionId: 'tx' }]) {
      const { seen, send } = mirrorOf(() => answerOf(200))
      t.equal((await send(operation, body)).status, 200)
      const isEnd = operation.startsWith('Commit') || operation.startsWith('Rollback')
      t.strictSame(seen.filter(each => each.startsWith('gate')), isEnd ? [] : [`gate key-token ${ID}${'transactionId' in body ? ' transactions' : ''}`], operation)
      t.equal(seen.at(-1), 'awake arn:cluster')
    }
  }
})

t.test('what AWS refuses is answered, and remembered where it says something', async t => {
  const refusals: Array<[type: string, status: number, remembered: string[]]> = [
    ['DatabaseErrorException', 400, []], ['DatabaseResumingException', 400, ['resuming arn:cluster']],
    ['HttpEndpointNotEnabledException', 400, ['forget']], ['DatabaseNotFoundException', 404, ['forget']], ['InternalServerErrorException', 500, []]
  ]
  for (const [type, status, remembered] of refusals) {
    const { seen, send } = mirrorOf(() => answerOf(status, type))
    t.equal((await send('Execute')).status, status)
    t.strictSame(seen.slice(2), remembered, type)
    t.equal(seen.filter(each => each.startsWith('eu-west-1')).length, 1, 'nothing is sent twice')
  }
})

t.test('no answer is a problem that says what may have happened', async t => {
  const failures: Array<[error: Error, expected: object]> = [
    [new AwsFailure('unavailable', 'TimeoutError', 'no answer'), { code: 'statement-outcome-unknown' }],
    [new AwsFailure('unavailable', 'NeverSent', 'no way'), { name: 'AwsFailure', kind: 'unavailable' }],
    [new AwsFailure('denied', 'AccessDeniedException', 'no'), { name: 'AwsFailure', kind: 'denied' }]
  ]
  for (const [error, expected] of failures) await t.rejects(mirrorOf(() => { throw error }).send('Execute'), expected as Error)
})

t.test('an error is where it would be without the comment, and every other byte as it came', async t => {
  const bodyOf = (position: string): string => `{"message":"ERROR: no \\u0022Position: 19\\u0022;  ${position}SQLState: 42703","extra":1.0}`
  const positions: Array<[seen: string, own: string]> = [[`Hint: h; Position: ${TAG.length + 1 + 8}; `, 'Hint: h; Position: 8; '], ['', ''], [`\\n  Position: ${TAG.length + 1 + 9}; `, '\\n  Position: 9; '], ['Position: 1; ', 'Position: 1; '], ['Position: 3; ', 'Position: 3; ']]
  for (const [seenAt, own] of positions) {
    for (const sql of ['select nope', '/*+ hinted */ select nope']) {
      const { seen, send } = mirrorOf(() => ({ ...answerOf(400, 'DatabaseErrorException'), body: Buffer.from(bodyOf(seenAt)) }))
      const { body } = await send('Execute', { sql })
      if (!sql.startsWith('/*+')) t.equal(Buffer.from(body).toString(), bodyOf(own))
      t.match(seen, [/^gate/, `findable by ${TAG}`, new RegExp(`"sql":"[^"]*${TAG.replaceAll('*', '\\*')}`)])
    }
  }
})

t.test('who leaves has what is running cancelled, and a transaction that it will not hear of ended', async t => {
  let answer = (_answer: HttpAnswer): void => {}
  for (const [operation, body, ended] of [['BeginTransaction', { transactionId: 'tx' }, 'rollback tx'], ['Execute', { message: 'ERROR: canceled; SQLState: 57014' }, undefined]] as const) {
    const { seen, audited, send, hangUp } = mirrorOf(async () => await new Promise(resolve => { answer = resolve }))
    const sent = send(operation, { sql: 'select 1' })
    while (seen.length < 2) await new Promise(setImmediate)
    await new Promise(setImmediate)
    hangUp()
    answer({ ...answerOf(operation === 'Execute' ? 400 : 200, 'DatabaseErrorException'), body: Buffer.from(JSON.stringify(body)) })
    if (operation === 'Execute') await t.rejects(sent, { code: 'shutting-down' })
    else await sent
    t.match(audited, [operation === 'Execute' ? { outcome: 'shutting-down', abandoned: true } : { outcome: 'ok' }])
    if (ended) t.ok(seen.includes(ended))
    const before = seen.length
    await t.rejects(send('Execute', { sql: 'select 1' }), { code: 'shutting-down' }, 'and nothing is sent for who has left before')
    t.equal(seen.slice(before).filter(each => each.startsWith('eu-west-1')).length, 0)
  }
})

t.test('what names another cluster or secret is not sent at all', async t => {
  const { seen, send } = mirrorOf(() => answerOf(200))
  for (const operation of MIRRORED) {
    for (const other of [{ resourceArn: 'arn:other' }, { secretArn: 'arn:other' }]) await t.rejects(send(operation, other), { code: 'forbidden' })
  }
  t.strictSame(seen, [])
})

t.test('statements leave the lines that they leave elsewhere, and no byte is changed for it', async t => {
  const answers = [
    { status: 200, body: { records: [[{ longValue: 1 }], [{ longValue: 2 }]], numberOfRecordsUpdated: 0 } },
    { status: 200, body: { formattedRecords: '[{"a":1}]', numberOfRecordsUpdated: 0 } },
    { status: 200, body: { generatedFields: [], numberOfRecordsUpdated: 3 } },
    { status: 400, type: 'DatabaseErrorException', body: { message: 'ERROR: duplicate key value "se-cret"; SQLState: 23505' } }
  ]
  const next = (): HttpAnswer => {
    const { status, type, body } = answers.shift() ?? { status: 200, body: {} }
    return { ...answerOf(status, type), body: Buffer.from(JSON.stringify(body)) }
  }
  const { audited, send } = mirrorOf(next)
  const asked = { sql: "update t set a = 'se-cret' where b = :b", parameters: [{ name: 'b', value: { stringValue: 'se-cret' } }] }
  for (let count = 0; count < 4; count++) await send('Execute', asked)
  await send('BatchExecute', { ...asked, parameterSets: [[], []], transactionId: 'tx' })
  await t.rejects(send('Execute', { ...asked, secretArn: 'arn:other' }))
  const line = { operation: 'data-api/Execute', keyId: 'key-token', databaseId: ID, statement: 'update t set a = ? where b = ?', outcome: 'ok' }
  t.match(audited, [
    { ...line, rows: 2 }, { ...line, rows: 1 }, { ...line, rows: 3 }, { ...line, rows: null, outcome: 'DatabaseErrorException', sqlState: '23505' },
    { ...line, operation: 'data-api/BatchExecute', sets: 2, transaction: /^[0-9a-f]{16}$/ }, { ...line, outcome: 'forbidden' }
  ])
  t.notMatch(JSON.stringify(audited), /se-cret|"tx"/)
})
