import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import { planLaunch } from '../../src/databases/launch.js'
import { createPreflight } from '../../src/databases/preflight.js'
import { loadCatalog } from '../../src/templates/catalog.js'
import { principalOf } from '../helpers/facts.js'
import { createMemorySecrets, DEFAULT_TEMPLATE, PASSWORD, REGIONS } from '../helpers/test-service.js'

const options = { catalog: loadCatalog(), defaultTemplate: DEFAULT_TEMPLATE, regions: REGIONS }
const plan = (DBMaster: string) => planLaunch({ client: 'acme', region: 'eu-west-1', parameters: { DBMaster } }, null, options)
const facts = { arn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:Mahira-AbCdEf', name: 'Mahira', tags: {}, deletedAt: null }
const credentials = { username: 'master', password: PASSWORD }

function setUp (secret: Partial<typeof facts> & { credentials?: typeof credentials | null } | null) {
  const secrets = createMemorySecrets()
  if (secret) {
    const { credentials: given = credentials, ...rest } = secret
    secrets.known.set('Mahira', { facts: { ...facts, ...rest }, credentials: given })
  }
  return { secrets, preflight: createPreflight(secrets) }
}

t.test('a launch that names no secret needs none', async t => {
  const { secrets, preflight } = setUp(null)
  await preflight(principalOf(), plan(''))
  t.strictSame(secrets.calls, [])
})

t.test('a secret with both is fine', async t => {
  const { secrets, preflight } = setUp({})
  await preflight(principalOf(), plan('Mahira'))
  t.strictSame(secrets.calls, ['describe eu-west-1 Mahira', 'readCredentials eu-west-1 Mahira'])
})

const findings: Array<[what: string, secret: Parameters<typeof setUp>[0], message: RegExp]> = [
  ['there is none', null, /no secret Mahira in eu-west-1/],
  ['it is being deleted', { deletedAt: new Date(0) } as never, /scheduled for deletion/],
  ['it lacks one of them', { credentials: null }, /no "username" and "password"/],
  ['a username that PostgreSQL does not take', { credentials: { ...credentials, username: '1st' } }, /must start with a letter/],
  ['a username that AWS keeps for itself', { credentials: { ...credentials, username: 'rdsadmin' } }, /reserved/],
  ['a username that PostgreSQL keeps for itself', { credentials: { ...credentials, username: 'pg_me' } }, /reserved/],
  ['a password that is too short', { credentials: { ...credentials, password: 'seven77' } }, /8 to 99/],
  ['a password with a slash', { credentials: { ...credentials, password: 'with/slash' } }, /none of them a slash/]
]
for (const [what, secret, message] of findings) {
  t.test(what, async t => {
    const { preflight } = setUp(secret)
    const error = await preflight(principalOf(), plan('Mahira')).then(() => null, (reason: Error) => reason)
    t.match(error, { code: 'preflight-failed', errors: [{ path: '/parameters/DBMaster', message }] })
    const password = secret?.credentials?.password
    t.notOk(password !== undefined && error?.message.includes(password), 'and does not say what is in it')
  })
}

t.test('both mistakes are told at once', async t => {
  const { preflight } = setUp({ credentials: { username: '1st', password: 'short' } })
  await t.rejects(preflight(principalOf(), plan('Mahira')), { errors: [{ message: /"username"/ }, { message: /"password"/ }] })
})

t.test("a key that is bound to a client cannot tell another client's secret from none", async t => {
  const bound = principalOf({ client: 'acme' })
  const messageFor = async (secret: Parameters<typeof setUp>[0]): Promise<string> => {
    const { secrets, preflight } = setUp(secret)
    const message = await preflight(bound, plan('Mahira')).then(() => 'fine', (error: Error) => error.message)
    if (message !== 'fine') t.strictSame(secrets.calls, ['describe eu-west-1 Mahira'], 'what is in it is not even read')
    return message
  }
  const none = await messageFor(null)
  t.match(none, /no secret Mahira/)
  t.equal(await messageFor({}), none)
  t.equal(await messageFor({ tags: { 'aurora-databases:client': 'other' } }), none)
  t.equal(await messageFor({ tags: { 'aurora-databases:client': 'other' }, deletedAt: new Date(0) } as never), none)
  t.equal(await messageFor({ tags: { 'aurora-databases:client': 'acme' } }), 'fine')
})

t.test('a secret that may not be read is a finding; an AWS that does not answer is not', async t => {
  const { secrets } = setUp({})
  const failing = (failure: AwsFailure) => createPreflight({ ...secrets, readCredentials: async () => { throw failure } })
  await t.rejects(failing(new AwsFailure('refused', 'InvalidRequestException', 'marked for deletion'))(principalOf(), plan('Mahira')), { code: 'preflight-failed' })
  await t.rejects(failing(new AwsFailure('throttled', 'ThrottlingException', 'Rate exceeded'))(principalOf(), plan('Mahira')), { name: 'AwsFailure', code: 'ThrottlingException' })
})
