import * as fc from 'fast-check'
import t from 'tap'

import { addressTo } from '../../../src/queries/mirror/addressed.js'
import { splitMembers } from '../../../src/json-members.js'

const target = { id: 'eu-west-1.a', client: 'acme', region: 'eu-west-1', clusterArn: 'arn:cluster', secretArn: 'arn:secret', databaseName: 'temporal' }
const address = (body: string, operation = 'Execute'): string => Buffer.from(addressTo(target, operation, Buffer.from(body), '/* tag */').body).toString()

t.test('a request that has its address goes on untouched', async t => {
  for (const body of ['{"resourceArn":"arn:cluster","secretArn":"arn:secret"}', ' {\n "secretArn" : "arn:\\u0073ecret", "a": [1e999, {"b": "}\\"\\\\"}], "resourceArn":"arn:cluster" } ']) {
    t.equal(address(body), body)
  }
})

t.test('one that has none gets it, and keeps every digit of the rest', async t => {
  const cases: Array<[body: string, addressed: string, operation?: string]> = [
    ['', '{"resourceArn":"arn:cluster","secretArn":"arn:secret","database":"temporal"}'],
    ['{}', '{"resourceArn":"arn:cluster","secretArn":"arn:secret"}', 'CommitTransaction'],
    ['{"v":9007199254740993.10}', '{"resourceArn":"arn:cluster","secretArn":"arn:secret","database":"temporal","v":9007199254740993.10}'],
    ['{"secretArn":null,"resourceArn":"arn:cluster","x":1}', '{"secretArn":"arn:secret","resourceArn":"arn:cluster","x":1}'],
    ['{"database":"b","x":1}', '{"resourceArn":"arn:cluster","secretArn":"arn:secret","database":"b","x":1}'],
    ['{"transactionId":"t"}', '{"resourceArn":"arn:cluster","secretArn":"arn:secret","transactionId":"t"}']
  ]
  for (const [body, addressed, operation] of cases) t.equal(address(body, operation), addressed)
})

t.test('a statement that may be cancelled gets its comment, and is otherwise as it was', async t => {
  const head = '"resourceArn":"arn:cluster","secretArn":"arn:secret"'
  const cases: Array<[members: string, sent: string]> = [
    ['"x":1.0, "sql" : "select \\u0031 -- \\ud800\\n"', '"x":1.0,"sql":"select /* tag */ 1 -- \\ud800\\n"'],
    ['"sql":"/*+ SeqScan(t) */ select 1","continueAfterTimeout":false', '"sql":"/*+ SeqScan(t) */ /* tag */ select 1","continueAfterTimeout":false'],
    ['"sql":"select 1","continueAfterTimeout":null', '"sql":"select /* tag */ 1","continueAfterTimeout":null']
  ]
  for (const [members, sent] of cases) t.equal(address(`{${head},${members}}`), `{${head},${sent}}`)
  const untouched = ['"sql":"select 1","continueAfterTimeout":true', '"sql":"select current_query()"', `"sql":"${'x'.repeat(65_500)}"`, '"sql":""', '"sql":null', '"sql":1', '"SQL":"select 1"']
  for (const members of untouched) t.equal(address(`{${head},${members}}`), `{${head},${members}}`)
})

t.test('bytes that are not UTF-8 go nowhere', async t => {
  t.throws(() => addressTo(target, 'Execute', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), '/* tag */'), { code: 'malformed-json' })
})

t.test('any object falls into its members, and those are the object', async t => {
  const spaced = fc.tuple(fc.object({ maxDepth: 3 }), fc.constantFrom(undefined, 1, '\t'))
  fc.assert(fc.property(spaced, ([value, space]) => {
    const text = JSON.stringify(value, null, space)
    const members = splitMembers(text)
    t.strictSame(new Set(members.map(({ name }) => name)), new Set(Object.keys(JSON.parse(text) as object)))
    t.strictSame(JSON.parse(`{${members.map(({ source }) => source).join(',')}}`), JSON.parse(text))
  }), { numRuns: 50 })
})

t.test('whatever is sent, the address is the database\'s', async () => {
  const name = fc.constantFrom('resourceArn', 'secretArn', 'sql', 'ResourceArn', 'database')
  const value = fc.constantFrom('"arn:cluster"', '"arn:secret"', '"arn:other"', 'null', '1', '["arn:other"]', '{"resourceArn":"arn:other"}')
  const body = fc.array(fc.tuple(name, value), { maxLength: 5 }).map(members => `{${members.map(([each, text]) => `"${each}":${text}`).join(',')}}`)
  fc.assert(fc.property(body, text => {
    let sent: Record<string, unknown>
    try {
      sent = JSON.parse(address(text)) as Record<string, unknown>
    } catch (error) {
      return ['forbidden', 'malformed-json', 'invalid-request'].includes((error as { code: string }).code)
    }
    return sent.resourceArn === 'arn:cluster' && sent.secretArn === 'arn:secret' && !('ResourceArn' in sent)
  }))
})
