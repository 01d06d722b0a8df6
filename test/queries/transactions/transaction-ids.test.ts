import { randomBytes } from 'node:crypto'

import t from 'tap'

import { createTransactionIds, deriveSecret } from '../../../src/queries/transactions/transaction-ids.js'

const keys = [{ sha256: 'aa'.repeat(32) }, { sha256: 'bb'.repeat(32) }]
const ids = createTransactionIds(deriveSecret(keys), randomBytes)
const scope = { keyId: 'acme-app', databaseId: 'eu-west-1.acme-main-dev-12345678' }
const transaction = { awsId: `${'A+/'.repeat(63)}==`, databaseName: 'temporal', readOnly: true }

t.test('an id is for one key and one database, on every replica', async t => {
  const id = ids.seal(transaction, scope)
  t.match(id, /^[A-Za-z0-9_-]{50,640}$/)
  t.notMatch(id, /QSsv/, 'it tells nothing of what it holds')
  const replica = createTransactionIds(deriveSecret([...keys].reverse()), randomBytes)
  t.strictSame(replica.open(id, scope), transaction)
  t.equal(ids.open(id, { ...scope, keyId: 'other' }), null)
  t.equal(ids.open(id, { ...scope, databaseId: 'eu-west-1.other-main-dev-12345678' }), null)
  t.equal(createTransactionIds(deriveSecret(keys.slice(1)), randomBytes).open(id, scope), null, 'nor with other keys')
})

t.test('an id that was changed is none', async t => {
  const bytes = Buffer.from(ids.seal(transaction, scope), 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    t.equal(ids.open(changed.toString('base64url'), scope), null)
  }
  for (const id of ['', 'x', 'A'.repeat(200), bytes.subarray(0, 28).toString('base64url')]) t.equal(ids.open(id, scope), null)
})
