import { createHash } from 'node:crypto'

import t from 'tap'

import { parseKeys } from '../../src/access/keys-file.js'
import { createAuthenticate, SCOPES } from '../../src/access/keys.js'
import { keyOf } from '../helpers/facts.js'

t.test('a token finds its own key among many, and nothing else finds any', async t => {
  const keys = Array.from({ length: 50 }, (_, at) => keyOf(`token-${at}`))
  const authenticate = createAuthenticate(keys, () => 0)
  for (const at of [0, 25, 49]) t.equal(authenticate(`token-${at}`)?.keyId, `key-token-${at}`)
  for (const wrong of ['', 'token', 'token-50', 'token-0 ', 'TOKEN-0', keys[0]?.sha256 ?? '']) t.equal(authenticate(wrong), null, wrong)
  t.equal(createAuthenticate([], () => 0)('token'), null)
})

t.test('a key may do what it says', async t => {
  const authenticate = createAuthenticate([
    keyOf('all', { scopes: ['*'], regions: ['*'] }), keyOf('one', { client: 'acme', scopes: ['query:read'], regions: ['eu-west-1'] })
  ], () => 0)
  const [all, one] = [authenticate('all'), authenticate('one')]
  t.ok(SCOPES.every(scope => all?.mayUse(scope)) && all?.mayEnter('anywhere'))
  t.equal(all?.client, null)
  t.strictSame(SCOPES.filter(scope => one?.mayUse(scope)), ['query:read'])
  t.strictSame([one?.mayEnter('eu-west-1'), one?.mayEnter('us-east-1'), one?.client], [true, false, 'acme'])
})

t.test('a key ends when it says', async t => {
  const expiresAt = '2027-01-01T00:00:00Z'
  const at = (ms: number) => createAuthenticate([keyOf('token', { expiresAt })], () => Date.parse(expiresAt) + ms)('token')
  t.equal(at(-1)?.keyId, 'key-token')
  t.equal(at(0), null)
})

const sha256 = createHash('sha256').update('token').digest('hex')
const entry = { id: 'ci', sha256, client: 'acme', scopes: ['databases:read'], regions: ['eu-west-1'], expiresAt: null }

t.test('a keys file as it is documented', async t => {
  const { expiresAt, ...shorter } = entry
  t.strictSame(parseKeys(JSON.stringify([shorter])), [{ ...entry, expiresAt, signingSecret: null }])
  t.match(parseKeys(JSON.stringify([{ ...entry, signingSecret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }])), [{ signingSecret: /^wJalr/ }])
  const [key] = parseKeys(JSON.stringify([{ ...entry, client: '*', scopes: ['*'], regions: ['*'], signingSecret: null }]))
  t.equal(createAuthenticate(key ? [key] : [], () => 0)('token')?.keyId, 'ci')
})

const wrong: Array<[what: string, text: string, message: RegExp]> = [
  ['not JSON', '[', /^is not JSON$/],
  ['no list', '{}', /must be a list with at least one key/],
  ['no keys', '[]', /must be a list with at least one key/],
  ['no entry', '[null]', /entry 1: id must be a text; entry 1: sha256 must/],
  ['the key in place of its hash', JSON.stringify([{ ...entry, sha256: 'local-dev-key' }]), /^entry 1: sha256 must be 64 hex digits$/],
  ['several mistakes', JSON.stringify([entry, { ...entry, id: 'b', client: 'A B', scopes: [], regions: 'all', expiresAt: 'tomorrow' }]),
    /^entry 2: client must .*; entry 2: scopes must .*; entry 2: regions must .*; entry 2: expiresAt must .*; two entries have the same sha256$/],
  ['a signing secret that can be guessed', JSON.stringify([{ ...entry, signingSecret: 'local-dev-key' }]), /^entry 1: signingSecret must be null or a text of 32 to 128/],
  ['an id that cannot be signed', JSON.stringify([{ ...entry, id: 'a/b', signingSecret: 'x'.repeat(40) }]), /^entry 1: id must be letters/],
  ['an unknown scope', JSON.stringify([{ ...entry, scopes: ['databases:read', 'root'] }]), /scopes must be a list of databases:read/],
  ['the same id twice', JSON.stringify([entry, { ...entry, sha256: '0'.repeat(64) }]), /^two entries have the same id$/],
  ['the same key twice', JSON.stringify([entry, { ...entry, id: 'b', sha256: sha256.toUpperCase() }]), /^two entries have the same sha256$/]
]
for (const [what, text, message] of wrong) {
  t.test(`a keys file with ${what}`, async t => {
    t.throws(() => parseKeys(text), { message })
    try {
      parseKeys(text)
    } catch (error) {
      t.notMatch((error as Error).message, /local-dev-key|[0-9a-f]{64}/i, 'shows none of it')
    }
  })
}
