import { pino } from 'pino'
import t from 'tap'

import { AwsFailure, type FailureKind } from '../../../src/aws/errors.js'
import { createChecks, type ChecksOptions } from '../../../src/databases/checks/checks.js'
import { planLaunch, type CreateRequest } from '../../../src/databases/creation/launch.js'
import { createPreflight } from '../../../src/databases/creation/preflight.js'
import { loadCatalog } from '../../../src/templates/catalog.js'
import { principalOf, stackOf } from '../../helpers/facts.js'
import { createMemoryAccount, type MemoryAccount } from '../../helpers/memory-account.js'
import { createMemoryClusters } from '../../helpers/memory-clusters.js'
import { createStandingClock } from '../../helpers/standing-clock.js'
import { createMemorySecrets, DEFAULT_TEMPLATE, PASSWORD, type MemorySecrets } from '../../helpers/test-service.js'

const options = { catalog: loadCatalog(), defaultTemplate: DEFAULT_TEMPLATE, regions: ['eu-west-1', 'eu-central-2'] }
const launching = (request: Partial<CreateRequest> = {}) => planLaunch({ client: 'acme', region: 'eu-west-1', ...request }, null, options)
const plan = (DBMaster: string) => launching({ parameters: { DBMaster } })
const facts = { arn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:Mahira-AbCdEf', name: 'Mahira', tags: {}, deletedAt: null }
const credentials = { username: 'master', password: PASSWORD }

const noClusters: ChecksOptions['clusters'] = { describe: async () => { throw new AwsFailure('not-found', 'DBClusterNotFoundFault', 'none') } }

function preflightOf (
  secrets: MemorySecrets = createMemorySecrets(),
  account: MemoryAccount = createMemoryAccount(),
  clock = createStandingClock(),
  { clusters = noClusters, hasStack = false } = {}
) {
  const stacks = { describe: async () => hasStack ? stackOf() : null }
  return createPreflight({ checks: createChecks({ secrets, clusters, stacks, account, clock }), clock, log: pino({ level: 'silent' }) })
}

function setUp (secret: Partial<typeof facts> & { credentials?: typeof credentials | null } | null) {
  const secrets = createMemorySecrets()
  if (secret) {
    const { credentials: given = credentials, ...rest } = secret
    secrets.known.set('Mahira', { facts: { ...facts, ...rest }, credentials: given })
  }
  return { secrets, preflight: preflightOf(secrets).pass }
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
  ['a username that RDS has a role of', { credentials: { ...credentials, username: 'rds_superuser' } }, /reserved/],
  ['a username that PostgreSQL would cut', { credentials: { ...credentials, username: 'm'.repeat(64) } }, /at most 63/],
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

t.test('a username may be as long as PostgreSQL has them, with underscores', async t => {
  const { preflight } = setUp({ credentials: { ...credentials, username: 'application_db_admin_user'.padEnd(63, '_') } })
  await t.resolves(preflight(principalOf(), plan('Mahira')))
})

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

t.test('the master user comes with the data of a source, and the secret has to be for that user', async t => {
  const { secrets } = setUp({})
  const origin = (masterUsername: string) => ({ masterUsername, snapshotVersion: null })
  const { look } = preflightOf(secrets)
  for (const [secret, username] of [['', 'postgres'], ['Mahira', 'master']] as const) {
    t.strictSame((await look(principalOf(), { ...plan(secret), origin: origin(username) })).findings, [])
    t.match((await look(principalOf(), { ...plan(secret), origin: origin('someone') })).findings, [{ path: '/parameters/DBMaster', message: new RegExp(`is for ${username}, but the master user of the source is someone`) }])
  }
})

t.test('a secret that may not be read is a finding; an AWS that does not answer is not, and nothing is launched without', async t => {
  const { secrets } = setUp({})
  const failing = (failure: AwsFailure) => preflightOf({ ...secrets, readCredentials: async () => { throw failure } }).pass
  await t.rejects(failing(new AwsFailure('refused', 'InvalidRequestException', 'marked for deletion'))(principalOf(), plan('Mahira')), { code: 'preflight-failed' })
  await t.rejects(failing(new AwsFailure('throttled', 'ThrottlingException', 'Rate exceeded'))(principalOf(), plan('Mahira')), { name: 'AwsFailure', code: 'ThrottlingException' })
})

const V1 = 'aurora-serverless-postgres'

interface Trouble {
  what: string
  change?: (account: MemoryAccount) => void
  request?: Partial<CreateRequest>
  path: string
  message: RegExp
}

const inAccount: Trouble[] = [
  { what: 'a version that was retired', request: { parameters: { EngineVersion: '16.4' } }, path: '/parameters/EngineVersion', message: /16\.4 is not offered in eu-west-1: take one of 16\.8\.$/ },
  { what: 'a major that is not there yet', request: { parameters: { EngineVersion: '18' } }, path: '/parameters/EngineVersion', message: /take one of 13\.9, 13\.12, 16\.8, 17\.7\.$/ },
  { what: 'a version without a pause in this region', change: ({ versions }) => { versions.push({ version: '17.9', modes: [], serverlessV2: { minAcu: 0.5, maxAcu: 256 } }) }, request: { parameters: { EngineVersion: '17.9' } }, path: '/parameters/EngineVersion', message: /cannot pause/ },
  { what: 'more capacity than the region has', change: ({ versions }) => { versions.push({ version: '17.9', modes: [], serverlessV2: { minAcu: 0, maxAcu: 128 } }) }, request: { parameters: { EngineVersion: '17.9', MaxCapacity: 256 } }, path: '/parameters/EngineVersion', message: /up to 128 ACUs/ },
  { what: 'Serverless v1, which is retired', change: account => { account.versions = [{ version: '13.9', modes: ['provisioned'], serverlessV2: null }] }, request: { template: V1 }, path: '/template', message: /^Serverless v1 is no longer offered in eu-west-1: take a template of Serverless v2/ },
  { what: 'a version without Serverless v1, which others have', request: { template: V1, parameters: { EngineVersion: '13.12' } }, path: '/parameters/EngineVersion', message: /not offered with Serverless v1/ },
  { what: 'a region without the Data API', request: { region: 'eu-central-2' }, path: '/parameters/EnableDataApi', message: /not offered in eu-central-2/ },
  { what: 'a network that is not there', request: { parameters: { NetworkStackName: 'net' } }, change: ({ exports }) => { exports.add('net-DBSubnetGroupName') }, path: '/parameters/NetworkStackName', message: /exports net-DBSecurityGroupId/ },
  { what: 'no room for a cluster', change: ({ limits }) => { limits.set('DBClusters', { used: 40, max: 40 }) }, path: '/region', message: /may have 40 database clusters in eu-west-1 and has 40/ },
  { what: 'no room for an instance', change: ({ limits }) => { limits.set('DBInstances', { used: 7, max: 7 }) }, path: '/region', message: /7 database instances/ },
  { what: 'a template that the region does not take', change: account => { account.refusal = 'Unrecognized resource types: [X]' }, path: '/template', message: /does not take the template .+ Unrecognized/ }
]
for (const { what, change, request, path, message } of inAccount) {
  t.test(`is found: ${what}`, async t => {
    const account = createMemoryAccount()
    change?.(account)
    const { findings, warnings } = await preflightOf(createMemorySecrets(), account).look(principalOf(), launching(request))
    t.match(findings, [{ path, message }])
    t.equal(findings.length, 1)
    t.strictSame(warnings, [])
  })
}

t.test('is fine: a network that is there, a major, a version of which AWS says little, quotas it says nothing of, v1 without instances', async t => {
  const account = createMemoryAccount()
  for (const name of ['net-DBSubnetGroupName', 'net-DBSecurityGroupId']) account.exports.add(name)
  account.versions.push({ version: '17.9', modes: [], serverlessV2: null })
  account.limits.delete('DBClusters')
  account.limits.set('DBInstances', { used: 40, max: 40 })
  const request = { template: V1, parameters: { NetworkStackName: 'net' } }
  t.strictSame(await preflightOf(createMemorySecrets(), account).look(principalOf(), launching(request)), { findings: [], warnings: [] })
  account.limits.clear()
  for (const EngineVersion of ['17', '17.9']) t.strictSame(await preflightOf(createMemorySecrets(), account).look(principalOf(), launching({ parameters: { EngineVersion } })), { findings: [], warnings: [] })
  account.versions = []
  t.strictSame(await preflightOf(createMemorySecrets(), account).look(principalOf(), launching()), { findings: [], warnings: [] }, 'an empty answer is none')
})

t.test('a snapshot is offered the versions that RDS upgrades it to, of those that the template can run', async t => {
  const account = createMemoryAccount()
  account.upgrades.set('13.9', ['13.12'])
  for (const [template, EngineVersion, offered] of [[V1, '11.16', '13\\.9'], [DEFAULT_TEMPLATE, '16.8', '13\\.9, 13\\.12']] as const) {
    const { findings } = await preflightOf(createMemorySecrets(), account).look(principalOf(), { ...launching({ template, parameters: { EngineVersion } }), origin: { masterUsername: 'postgres', snapshotVersion: '13.9' } })
    t.match(findings, [{ path: '/parameters/EngineVersion', message: new RegExp(`13\\.9 cannot be restored to ${EngineVersion} in eu-west-1: set EngineVersion to one of ${offered}\\.$`) }])
  }
  account.upgrades.set('13.9', [])
  account.versions = account.versions.filter(({ version }) => version !== '13.9')
  const { findings } = await preflightOf(createMemorySecrets(), account).look(principalOf(), { ...launching(), origin: { masterUsername: 'postgres', snapshotVersion: '13.9' } })
  t.match(findings, [{ message: /it has none left there/ }])
})

t.test('what Serverless v1 left behind is not brought back on it once it is retired, but has another way', async t => {
  const account = createMemoryAccount()
  account.versions = account.versions.filter(({ modes }) => !modes.includes('serverless'))
  const { findings } = await preflightOf(createMemorySecrets(), account).look(principalOf(), { ...launching({ template: V1 }), origin: { masterUsername: 'postgres', snapshotVersion: '13.9' } })
  t.match(findings, [{ path: '/template', message: /a template of Serverless v2 from a snapshot \(POST \/v1\/databases with source\.snapshotId\)/ }])
})

t.test('a copy of a living database has its version, whatever is offered to new ones', async t => {
  const { look } = preflightOf()
  const retired = launching({ parameters: { EngineVersion: '16.4' } })
  t.strictSame((await look(principalOf(), { ...retired, origin: { masterUsername: 'postgres', snapshotVersion: null } })).findings, [])
})

t.test('a cluster that a deletion left behind is in the way, and one whose stack is there by now is not', async t => {
  const clusters = createMemoryClusters()
  const look = async (hasStack: boolean, more = {}) =>
    await preflightOf(undefined, undefined, undefined, { clusters, hasStack }).look(principalOf(), { ...launching(), ...more })
  t.match((await look(false)).findings, [{ path: '/name', message: /^There is a cluster acme-main-dev-\w+ in eu-west-1 without a stack \(available\).+DELETE \/v1\/orphans\/eu-west-1\.cluster\.acme-main-dev-\w+ removes it, after a snapshot/ }])
  t.strictSame((await look(true)).findings, [])
  t.strictSame((await look(false, { replacesRemainder: true })).findings, [], 'what is cleared away takes its cluster along')
})

t.test('the remains of a failed create make room for what replaces them', async t => {
  const account = createMemoryAccount()
  account.limits.set('DBClusters', { used: 40, max: 40 })
  const { look } = preflightOf(createMemorySecrets(), account)
  t.strictSame((await look(principalOf(), { ...launching(), replacesRemainder: true })).findings, [])
  t.equal((await look(principalOf(), { ...launching(), replacesRemainder: false })).findings.length, 1)
})

/** Everything is wrong with it at once. */
function inAllWays (): { account: MemoryAccount, request: Partial<CreateRequest> } {
  const account = createMemoryAccount()
  account.limits.set('DBClusters', { used: 40, max: 40 })
  account.refusal = 'no'
  return { account, request: { region: 'eu-central-2', parameters: { DBMaster: 'Mahira', NetworkStackName: 'net', EngineVersion: '16.4' } } }
}
const everyPath = ['/parameters/DBMaster', '/parameters/EngineVersion', '/parameters/EnableDataApi', '/parameters/NetworkStackName', '/parameters/NetworkStackName', '/region', '/template']

t.test('all findings are told at once', async t => {
  const { account, request } = inAllWays()
  const preflight = preflightOf(createMemorySecrets(), account)
  t.strictSame((await preflight.look(principalOf(), launching(request))).findings.map(({ path }) => path), everyPath)
  await t.rejects(preflight.pass(principalOf(), launching(request)), { code: 'preflight-failed', errors: everyPath.map(path => ({ path })) })
})

const questions = [
  ['offeredVersions', '/parameters/EngineVersion'], ['missingExports', '/parameters'], ['quotas', '/region'], ['refusalOf', '/template']
] as const
const kinds: readonly FailureKind[] = ['throttled', 'denied', 'unavailable', 'refused']
for (const [question, path] of questions) {
  t.test(`a failing ${question} is a warning, and never a finding`, async t => {
    for (const kind of kinds) {
      const account = { ...createMemoryAccount(), [question]: async () => { throw new AwsFailure(kind, 'Code', 'message of AWS') } }
      const preflight = preflightOf(createMemorySecrets(), account)
      const request = launching({ parameters: { NetworkStackName: '30' } })
      const inNetwork = launching({ parameters: { NetworkStackName: 'net' } })
      account.exports.add('net-DBSubnetGroupName').add('net-DBSecurityGroupId')
      t.strictSame((await preflight.look(principalOf(), request)).findings, [])
      const { findings, warnings } = await preflight.look(principalOf(), inNetwork)
      t.strictSame(findings, [])
      t.match(warnings, [{ path, message: /^could not be checked: / }])
      t.equal(warnings.length, 1)
      t.notMatch(JSON.stringify(warnings), /message of AWS/)
      await preflight.pass(principalOf(), inNetwork)
    }
  })
}

t.test('what is found stands, whatever has no answer', async t => {
  const { account, request } = inAllWays()
  const unanswered = { ...createMemorySecrets(), describe: async () => { throw new AwsFailure('throttled', 'ThrottlingException', 'Rate exceeded') } }
  const { findings, warnings } = await preflightOf(unanswered, account).look(principalOf(), launching(request))
  t.strictSame(findings.map(({ path }) => path), everyPath.slice(1))
  t.match(warnings, [{ path: '/parameters/DBMaster', message: /throttling/ }])
})

t.test('a question without an end ends', async t => {
  const clock = createStandingClock()
  const account = { ...createMemoryAccount(), quotas: async () => await new Promise<never>(() => {}) }
  const looking = preflightOf(createMemorySecrets(), account, clock).look(principalOf(), launching())
  t.match(await clock.whenAsleep(), [10_000])
  await new Promise(resolve => { setImmediate(resolve) })
  t.equal(clock.sleepers(), 1, 'what is answered is waited for no more')
  clock.move(10_000)
  t.match(await looking, { findings: [], warnings: [{ path: '/region', message: /did not answer/ }] })
  t.equal(clock.sleepers(), 0)
})

t.test('what does not change is not asked for again by every create', async t => {
  const account = createMemoryAccount()
  const { look } = preflightOf(createMemorySecrets(), account)
  await Promise.all([look(principalOf(), launching()), look(principalOf(), launching())])
  await look(principalOf(), launching())
  t.strictSame(account.calls.toSorted(), ['offeredVersions eu-west-1', 'quotas eu-west-1', 'quotas eu-west-1', 'quotas eu-west-1', 'refusalOf eu-west-1'])
})

t.test('a programming mistake is not passed over', async t => {
  const account = { ...createMemoryAccount(), quotas: async () => { throw new TypeError('ours') } }
  await t.rejects(preflightOf(createMemorySecrets(), account).look(principalOf(), launching()), { name: 'TypeError' })
})
