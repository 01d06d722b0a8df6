import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import type { HttpAnswer } from '../../src/aws/http-posts.js'
import { createAudit, type AuditLine } from '../../src/queries/audit.js'
import { createMirror, MIRRORED, type Mirrored } from '../../src/queries/mirror.js'
import { principalOf } from '../helpers/facts.js'

const ID = 'eu-west-1.acme'
const target = { id: ID, client: 'acme', region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }

const answerOf = (status: number, type?: string): HttpAnswer => ({ status, headers: type === undefined ? {} : { 'x-amzn-errortype': type }, body: Buffer.from('{}') })

/** A mirror before an AWS that does what it is told; `seen` has all that happened, in order. */
function mirrorOf (answer: () => HttpAnswer) {
  const seen: string[] = []
  const audited: AuditLine[] = []
  const mirror = createMirror({
    targets: { targetOf: async () => target, forget: () => { seen.push('forget') } },
    wire: {
      forward: async (region, operation, body) => {
        seen.push(`${region} ${operation} ${Buffer.from(body).toString()}`)
        return answer()
      }
    },
    gate: {
      run: async ({ key, database }, _signal, work) => {
        seen.push(`gate ${key} ${database}`)
        return await work()
      }
    },
    audit: createAudit(line => { audited.push(line) }, { now: () => 0 }),
    notes: { noteAwake: arn => { seen.push(`awake ${arn}`) }, noteResuming: arn => { seen.push(`resuming ${arn}`) } }
  })
  const send = async (operation: Mirrored, body: object = {}): Promise<HttpAnswer> =>
    await mirror(principalOf(), ID, operation, Buffer.from(JSON.stringify({ resourceArn: target.clusterArn, secretArn: target.secretArn, ...body })), new AbortController().signal)
  return { seen, audited, send }
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
