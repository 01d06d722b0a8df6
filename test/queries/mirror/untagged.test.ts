import t from 'tap'

import type { HttpAnswer } from '../../../src/aws/http-posts.js'
import { createRunUntagged } from '../../../src/queries/mirror/untagged.js'

const target = { id: 'eu-west-1.a', client: 'acme', region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }
const place = '"resourceArn":"arn:cluster","secretArn":"arn:secret"'
const statement = `{${place},"database":"b","sql":"select current_query()","n":1.0}`
const answerOf = (status: number, body: object = {}): HttpAnswer => ({ status, headers: {}, body: Buffer.from(JSON.stringify(body)) })

const begun = answerOf(200, { transactionId: 'tx' })
const marked = answerOf(200, { records: [[{ stringValue: '7' }, { stringValue: '1.5' }]] })
const done = answerOf(200, { records: [] })
const failed = answerOf(400, { message: 'no effect' })

/** Runs a statement at an AWS that answers in this order; `calls` has all that it was sent, and what statements were found by. */
async function run (answers: Array<HttpAnswer | Error>, { operation = 'Execute', transactionId = null as string | null, body = statement } = {}) {
  const calls: string[] = []
  const runUntagged = createRunUntagged({
    wire: {
      forward: async (_region, name, bytes) => {
        calls.push(`${name} ${Buffer.from(bytes).toString()}`)
        const answer = answers.shift() ?? done
        if (answer instanceof Error) throw answer
        return answer
      }
    },
    runUnlessLeft: async (_target, { args }, _left, work) => {
      calls.push(`findable by ${args.map(({ value }) => String(value)).join()}`)
      return await work(new AbortController().signal)
    },
    hadNoEffect: answer => answer === failed
  })
  const { signal } = new AbortController()
  const answer = await runUntagged(target, operation, Buffer.from(body), transactionId, signal).catch((error: unknown) => error)
  return { calls, answer }
}

const ask = (more: string): RegExp => new RegExp(`^Execute {${place}${more},"transactionId":"tx","sql":"SELECT pg_backend_pid`)
const inIt = `Execute {${place},"database":"b","sql":"select current_query()","n":1.0,"transactionId":"tx"}`
const ended = (how: string): string => `${how}Transaction {${place},"transactionId":"tx"}`

t.test('a statement that is alone has a transaction for as long as it runs, which is kept unless it had no effect', async t => {
  const refused = answerOf(400, { message: 'The result exceeds the size limit 1 MB.' })
  const cases: Array<[answer: HttpAnswer | Error, end: string]> = [[done, 'Commit'], [refused, 'Commit'], [failed, 'Rollback'], [new Error('lost'), 'Rollback']]
  for (const [given, end] of cases) {
    const { calls, answer } = await run([begun, marked, given])
    t.equal(answer, given, 'its answer goes on')
    t.match(calls, [`BeginTransaction {${place},"database":"b"}`, ask(',"database":"b"'), 'findable by 7,1.5', inIt, ended(end)])
    t.equal(calls.length, 5)
  }
  t.equal((await run([begun, marked, done, failed])).answer, failed, 'what PostgreSQL refuses at the end is the answer')
})

t.test('what cannot be found goes on, as it came', async t => {
  const plain = `Execute ${statement}`
  for (const none of [failed, new Error('lost'), answerOf(200)]) t.strictSame((await run([none])).calls.slice(1), [plain], 'without a transaction')
  const unmarked = await run([begun, failed])
  t.strictSame(unmarked.calls.slice(2), [inIt, ended('Commit')])
  const open = { transactionId: 'tx', body: `{${place},"sql":"select 1","transactionId":"tx"}` }
  t.strictSame((await run([failed], open)).calls.slice(1), [`Execute ${open.body}`])
  t.strictSame((await run([], { operation: 'BatchExecute' })).calls, [`BatchExecute ${statement}`])
})

t.test('an open transaction is asked what it is found by, and stays open', async t => {
  const body = `{${place},"sql":"select current_query()","transactionId":"tx"}`
  const { calls } = await run([marked], { transactionId: 'tx', operation: 'BatchExecute', body })
  t.match(calls, [ask(''), 'findable by 7,1.5', `BatchExecute ${body}`])
  t.equal(calls.length, 3)
})
