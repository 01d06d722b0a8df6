import type * as sm from '@aws-sdk/client-secrets-manager'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import type { Caller } from '../../../sandbox/aws.js'
import { createSecretsManager, type SecretsManager } from '../../../sandbox/secrets-manager/secrets-manager.js'
import { openStore } from '../../../sandbox/store.js'

const caller: Caller = { region: 'us-east-1', account: '000000000000', requestId: 'request' }
const DAY_MS = 86_400_000
const notFound = { code: 'ResourceNotFoundException', message: "Secrets Manager can't find the specified secret." }
const token = (index: number): string => `${index}`.padStart(32, '0')

interface Lab extends SecretsManager {
  clock: { ms: number }
  reopen: () => SecretsManager
}

/** Secrets Manager on a store of its own, with a clock that stands still. */
function openLab (test: { teardown: (callback: () => void) => void }): Lab {
  const directory = mkdtempSync(join(tmpdir(), 'secrets-'))
  const clock = { ms: Date.UTC(2026, 10, 1, 12) }
  const open = (): { store: ReturnType<typeof openStore>, room: SecretsManager } => {
    const store = openStore(directory)
    return { store, room: createSecretsManager({ store, clock: { now: () => clock.ms, sleep: async () => {} } }) }
  }
  let { store, room } = open()
  test.teardown(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  return {
    ...room,
    clock,
    reopen: () => {
      store.close();
      ({ store, room } = open())
      return room
    }
  }
}

t.test('a secret is found by its name, its ARN and its ARN without the end, in its region only, and after a restart', async t => {
  const { operations, reopen } = openLab(t)
  const { ARN = '' } = await operations.CreateSecret({ Name: 'team/Mahira', SecretString: '{"username":"u"}' }, caller)
  t.match(ARN, /^arn:aws:secretsmanager:us-east-1:000000000000:secret:team\/Mahira-[A-Za-z0-9]{6}$/)
  for (const SecretId of ['team/Mahira', ARN, ARN.slice(0, -7)]) {
    t.match(await reopen().operations.GetSecretValue({ SecretId }, caller), { ARN, Name: 'team/Mahira', SecretString: '{"username":"u"}', VersionStages: ['AWSCURRENT'] })
  }
  for (const SecretId of ['team/mahira', 'team', ARN.slice(0, -1), `${ARN.slice(0, -6)}ABCDEF`, ARN.replace('us-east-1', 'eu-west-1')]) {
    await t.rejects(operations.GetSecretValue({ SecretId }, caller), notFound, SecretId)
  }
  await t.rejects(operations.GetSecretValue({ SecretId: ARN }, { ...caller, region: 'eu-west-1' }), notFound)
})

t.test('as on AWS, the end of a name can be taken for the end of an ARN', async t => {
  const { operations } = openLab(t)
  const { ARN = '' } = await operations.CreateSecret({ Name: 'my-super-secret', SecretString: 'x' }, caller)
  await t.rejects(operations.GetSecretValue({ SecretId: ARN.slice(0, -7) }, caller), notFound)
  t.match(await operations.GetSecretValue({ SecretId: ARN }, caller), { SecretString: 'x' })
})

t.test('creating the same twice', async t => {
  const { operations } = openLab(t)
  const request = { Name: 'a', SecretString: 'x', ClientRequestToken: token(1) }
  const first = await operations.CreateSecret(request, caller)
  t.same(await operations.CreateSecret(request, caller), first)
  await t.rejects(operations.CreateSecret({ ...request, SecretString: 'y' }, caller), { code: 'ResourceExistsException', message: `You can't use ClientRequestToken ${token(1)} because that value is already in use for a version of secret ${first.ARN}.` })
  await t.rejects(operations.CreateSecret({ ...request, ClientRequestToken: token(2) }, caller), { code: 'ResourceExistsException', message: 'The operation failed because the secret a already exists.' })
  await t.resolves(operations.CreateSecret(request, { ...caller, region: 'eu-west-1' }))
})

t.test('what may not be a secret', async t => {
  const { operations } = openLab(t)
  const invalidName = { code: 'ValidationException', message: 'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!' }
  const refused: Array<[sm.CreateSecretRequest, { code: string, message?: string | RegExp }]> = [
    [{ Name: 'Inv Name', SecretString: 'x' }, invalidName],
    [{ Name: 'n'.repeat(513), SecretString: 'x' }, { code: 'ValidationException', message: /at 'name' failed to satisfy constraint: Member must have length less than or equal to 512/ }],
    [{ Name: 'a', SecretString: 'hunter2'.repeat(10_000) }, { code: 'ValidationException', message: /^((?!hunter2).)*Member must have length less than or equal to 65536$/ }],
    [{ Name: 'a', SecretString: 'x', SecretBinary: Buffer.from('x') }, { code: 'InvalidParameterException' }],
    [{ Name: 'a', SecretString: 'x', ClientRequestToken: 'short' }, { code: 'ValidationException' }]
  ]
  for (const [request, error] of refused) await t.rejects(operations.CreateSecret(request, caller), error)
  t.same((await operations.ListSecrets({}, caller)).SecretList, [])
  for (const name of ['DescribeSecret', 'GetSecretValue', 'ListSecretVersionIds', 'DeleteSecret', 'TagResource'] as const) {
    await t.rejects(operations[name]({ SecretId: 'Inv Name', ForceDeleteWithoutRecovery: true, Tags: [] }, caller), invalidName, name)
  }
})

t.test('versions: the current one becomes the previous one, and labels move with those who say where they are', async t => {
  const { operations } = openLab(t)
  const get = async (request: Omit<sm.GetSecretValueRequest, 'SecretId'>): Promise<string | undefined> =>
    (await operations.GetSecretValue({ SecretId: 'a', ...request }, caller)).SecretString
  await operations.CreateSecret({ Name: 'a' }, caller)
  await t.rejects(get({}), { message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT" })
  for (const [index, value] of ['one', 'two', 'three'].entries()) {
    await operations.PutSecretValue({ SecretId: 'a', SecretString: value, ClientRequestToken: token(index) }, caller)
  }
  t.equal(await get({}), 'three')
  t.equal(await get({ VersionStage: 'AWSPREVIOUS' }), 'two')
  t.equal(await get({ VersionId: token(0) }), 'one')
  await t.rejects(get({ VersionId: token(0), VersionStage: 'AWSCURRENT' }), { code: 'InvalidRequestException', message: 'You provided a VersionStage that is not associated to the provided VersionId.' })
  await t.rejects(get({ VersionStage: 'AWSPENDING' }), { code: 'ResourceNotFoundException', message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING" })

  await operations.PutSecretValue({ SecretId: 'a', SecretString: 'four', ClientRequestToken: token(3), VersionStages: ['AWSPENDING'] }, caller)
  t.equal(await get({}), 'three')
  const move = { SecretId: 'a', VersionStage: 'AWSCURRENT', MoveToVersionId: token(3) }
  await t.rejects(operations.UpdateSecretVersionStage(move, caller), { code: 'InvalidParameterException', message: new RegExp(`attached to version ${token(2)}`) })
  await operations.UpdateSecretVersionStage({ ...move, RemoveFromVersionId: token(2) }, caller)
  t.equal(await get({}), 'four')
  t.equal(await get({ VersionStage: 'AWSPREVIOUS' }), 'three')
  await t.rejects(operations.UpdateSecretVersionStage({ SecretId: 'a', VersionStage: 'AWSCURRENT', RemoveFromVersionId: token(3) }, caller), { code: 'InvalidParameterException' })

  const shown = await operations.ListSecretVersionIds({ SecretId: 'a' }, caller)
  t.same(shown.Versions?.map(({ VersionId }) => VersionId), [token(2), token(3)])
  const all = await operations.ListSecretVersionIds({ SecretId: 'a', IncludeDeprecated: true }, caller)
  t.equal(all.Versions?.length, 4)
})

t.test('the first version is the current one, and what becomes the previous one is pending no more', async t => {
  const { operations, clock } = openLab(t)
  await operations.CreateSecret({ Name: 'a' }, caller)
  const put = async (index: number, ...VersionStages: string[]): Promise<string[] | undefined> =>
    (await operations.PutSecretValue({ SecretId: 'a', SecretString: `${index}`, ClientRequestToken: token(index), ...VersionStages.length > 0 ? { VersionStages } : {} }, caller)).VersionStages
  t.same(await put(1, 'AWSPENDING'), ['AWSPENDING', 'AWSCURRENT'])
  await operations.GetSecretValue({ SecretId: 'a' }, caller)
  t.same(await put(2), ['AWSCURRENT'])
  const CreatedDate = new Date(clock.ms)
  t.strictSame((await operations.ListSecretVersionIds({ SecretId: 'a' }, caller)).Versions, [
    { VersionId: token(1), CreatedDate, LastAccessedDate: new Date(Date.UTC(2026, 10, 1)), VersionStages: ['AWSPREVIOUS'], KmsKeyIds: ['DefaultEncryptionKey'] },
    { VersionId: token(2), CreatedDate, LastAccessedDate: undefined, VersionStages: ['AWSCURRENT'], KmsKeyIds: ['DefaultEncryptionKey'] }
  ])
})

t.test('what a secret has not got is absent, and tags are an empty list once they have all been taken', async t => {
  const { operations } = openLab(t)
  await operations.CreateSecret({ Name: 'a', Description: '' }, caller)
  const described = async () => await operations.DescribeSecret({ SecretId: 'a' }, caller)
  t.match(await described(), { Description: undefined, Tags: undefined, VersionIdsToStages: undefined })
  await operations.TagResource({ SecretId: 'a', Tags: [{ Key: 'k', Value: 'v' }] }, caller)
  await operations.UntagResource({ SecretId: 'a', TagKeys: ['k'] }, caller)
  t.strictSame((await described()).Tags, [])
})

t.test('nobody but AWS gives and takes tags of AWS', async t => {
  const { operations } = openLab(t)
  const reserved = { code: 'InvalidParameterException', message: 'Tag keys that begin with "aws:" are reserved for AWS use.' }
  const Tags = [{ Key: 'aws:secretsmanager:owningService', Value: 'rds' }]
  await t.rejects(operations.CreateSecret({ Name: 'a', SecretString: 'one', Tags }, caller), reserved)
  await operations.CreateSecret({ Name: 'a', SecretString: 'one', Tags: [{ Key: 'team', Value: 'x' }] }, caller)
  await t.rejects(operations.TagResource({ SecretId: 'a', Tags }, caller), reserved)
  await t.rejects(operations.UntagResource({ SecretId: 'a', TagKeys: ['team', 'AWS:x'] }, caller), reserved)
  t.match(await operations.DescribeSecret({ SecretId: 'a' }, caller), { Tags: [{ Key: 'team', Value: 'x' }] })
})

t.test('a value sent again is no new version; another value under its token is refused', async t => {
  const { operations } = openLab(t)
  await operations.CreateSecret({ Name: 'a', SecretString: 'one', ClientRequestToken: token(1) }, caller)
  const put = { SecretId: 'a', SecretString: 'two', ClientRequestToken: token(2) }
  const first = await operations.PutSecretValue(put, caller)
  t.same(await operations.PutSecretValue(put, caller), first)
  await t.rejects(operations.UpdateSecret({ ...put, SecretString: 'three' }, caller), { code: 'ResourceExistsException', message: new RegExp(`^You can't use ClientRequestToken ${token(2)} because`) })
  for (const none of [{}, { SecretString: '' }]) {
    await t.rejects(operations.PutSecretValue({ SecretId: 'a', ...none }, caller), { code: 'InvalidRequestException', message: 'You must provide either SecretString or SecretBinary.' })
  }
  t.match(await operations.GetSecretValue({ SecretId: 'a' }, caller), { SecretString: 'two' })
  await t.rejects(operations.PutResourcePolicy({ SecretId: 'a', ResourcePolicy: '{' }, caller), { code: 'MalformedPolicyDocumentException' })
})

t.test('about a hundred versions are kept, and of those the labelled ones', async t => {
  const { operations } = openLab(t)
  await operations.CreateSecret({ Name: 'a', SecretString: '0', ClientRequestToken: token(0) }, caller)
  await operations.UpdateSecretVersionStage({ SecretId: 'a', VersionStage: 'KEEP', MoveToVersionId: token(0) }, caller)
  for (let index = 1; index <= 110; index++) {
    await operations.PutSecretValue({ SecretId: 'a', SecretString: `${index}`, ClientRequestToken: token(index) }, caller)
  }
  const { Versions } = await operations.ListSecretVersionIds({ SecretId: 'a', IncludeDeprecated: true }, caller)
  t.equal(Versions?.length, 100)
  t.equal(Versions?.[0]?.VersionId, token(0))
})

t.test('a deleted secret is out of reach, keeps its name for its window, can be restored, and is then gone', async t => {
  const { operations, clock } = openLab(t)
  await operations.CreateSecret({ Name: 'a', SecretString: 'x' }, caller)
  await t.rejects(operations.DeleteSecret({ SecretId: 'a', RecoveryWindowInDays: 6 }, caller), { code: 'InvalidParameterException' })
  await t.rejects(operations.DeleteSecret({ SecretId: 'a', RecoveryWindowInDays: 7, ForceDeleteWithoutRecovery: true }, caller), { code: 'InvalidParameterException' })
  const { DeletionDate } = await operations.DeleteSecret({ SecretId: 'a', RecoveryWindowInDays: 7 }, caller)
  t.equal(DeletionDate?.getTime(), clock.ms + 7 * DAY_MS)

  const marked = { code: 'InvalidRequestException', message: "You can't perform this operation on the secret because it was marked for deletion." }
  await t.rejects(operations.GetSecretValue({ SecretId: 'a' }, caller), marked)
  await t.rejects(operations.TagResource({ SecretId: 'a', Tags: [{ Key: 'k', Value: 'v' }] }, caller), marked)
  await t.rejects(operations.CreateSecret({ Name: 'a', SecretString: 'y' }, caller), { code: 'InvalidRequestException', message: "You can't create this secret because a secret with this name is already scheduled for deletion." })
  t.same((await operations.ListSecrets({}, caller)).SecretList, [])
  t.match(await operations.ListSecrets({ IncludePlannedDeletion: true }, caller), { SecretList: [{ Name: 'a', DeletedDate: new Date(clock.ms) }] })

  await operations.RestoreSecret({ SecretId: 'a' }, caller)
  t.match(await operations.GetSecretValue({ SecretId: 'a' }, caller), { SecretString: 'x' })
  await operations.DeleteSecret({ SecretId: 'a', RecoveryWindowInDays: 7 }, caller)
  clock.ms += 7 * DAY_MS
  await t.rejects(operations.RestoreSecret({ SecretId: 'a' }, caller), notFound)
  await t.resolves(operations.CreateSecret({ Name: 'a', SecretString: 'new' }, caller))
})

t.test('a forced deletion leaves nothing on disk, and does not mind that there is nothing', async t => {
  const { operations, reopen } = openLab(t)
  await operations.CreateSecret({ Name: 'a', SecretString: 'x' }, caller)
  await operations.DeleteSecret({ SecretId: 'a', ForceDeleteWithoutRecovery: true }, caller)
  await t.resolves(operations.DeleteSecret({ SecretId: 'a', ForceDeleteWithoutRecovery: true }, caller))
  await t.rejects(operations.DeleteSecret({ SecretId: 'a' }, caller), notFound)
  await t.rejects(reopen().operations.DescribeSecret({ SecretId: 'a' }, caller), notFound)
})

t.test('listing by name, tag and description, sorted and in pages', async t => {
  const { operations, clock } = openLab(t)
  const names = ['db/orders', 'db/bills', 'mail', 'Mail']
  for (const Name of names) {
    clock.ms += 1000
    await operations.CreateSecret({ Name, Description: `For ${Name.toUpperCase()}`, SecretString: 'x', Tags: [{ Key: 'kind', Value: Name.slice(0, 2) }] }, caller)
  }
  const list = async (request: sm.ListSecretsRequest): Promise<string[]> => (await operations.ListSecrets(request, caller)).SecretList?.map(({ Name = '' }) => Name) ?? []
  const filter = (Key: sm.FilterNameStringType, ...Values: string[]): sm.ListSecretsRequest => ({ SortBy: 'name', SortOrder: 'asc', Filters: [{ Key, Values }] })
  t.same(await list({}), names)
  t.same(await list({ SortOrder: 'desc' }), names.toReversed())
  t.same(await list(filter('name', 'db/')), ['db/bills', 'db/orders'])
  t.same(await list(filter('name', 'mail', 'db/o')), ['db/orders', 'mail'])
  t.same(await list(filter('name', '!db/')), ['Mail', 'mail'])
  t.same(await list(filter('tag-value', 'ma')), ['mail'])
  t.same(await list(filter('description', 'mAIL')), ['Mail', 'mail'])
  t.same(await list(filter('description', 'fo db')), ['db/bills', 'db/orders'], 'all words of it, each the beginning of one')
  t.same(await list(filter('description', 'b')), ['db/bills'])
  t.same(await list(filter('name', 'db bills')), [])
  t.same(await list(filter('all', 'bill')), ['db/bills'])
  await t.rejects(list({ MaxResults: 0 }), { code: 'ValidationException', message: "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1" })
  await t.rejects(list(filter('color' as never, 'x')), { code: 'ValidationException' })

  const first = await operations.ListSecrets({ MaxResults: 3 }, caller)
  const second = await operations.ListSecrets({ MaxResults: 3, NextToken: first.NextToken }, caller)
  t.same([...first.SecretList ?? [], ...second.SecretList ?? []].map(({ Name }) => Name), names)
  t.notOk(second.NextToken)
  await t.rejects(operations.ListSecrets({ NextToken: 'nonsense' }, caller), { code: 'InvalidNextTokenException' })
})

t.test('what is described is the day of the last reading and no value', async t => {
  const { operations, clock } = openLab(t)
  await operations.CreateSecret({ Name: 'orders', SecretString: 'hunter2', Tags: [{ Key: 'a', Value: '1' }, { Key: 'b', Value: '2' }] }, caller)
  await operations.GetSecretValue({ SecretId: 'orders' }, caller)
  await operations.TagResource({ SecretId: 'orders', Tags: [{ Key: 'a', Value: '3' }] }, caller)
  await operations.UntagResource({ SecretId: 'orders', TagKeys: ['b'] }, caller)
  const described = await operations.DescribeSecret({ SecretId: 'orders' }, caller)
  t.match(described, { Tags: [{ Key: 'a', Value: '3' }], LastAccessedDate: new Date(Date.UTC(2026, 10, 1)), LastChangedDate: new Date(clock.ms) })
  t.notMatch(JSON.stringify(described), 'hunter2')
})

t.test('many are read at once, and what cannot be read is explained', async t => {
  const { operations } = openLab(t)
  await operations.CreateSecret({ Name: 'db/a', SecretString: 'x' }, caller)
  await operations.CreateSecret({ Name: 'db/b' }, caller)
  const named = await operations.BatchGetSecretValue({ SecretIdList: ['db/a', 'db/b', 'none'] }, caller)
  t.match(named.SecretValues, [{ Name: 'db/a', SecretString: 'x' }])
  await t.rejects(operations.BatchGetSecretValue({ SecretIdList: ['db/a'], MaxResults: 1 }, caller), { code: 'InvalidParameterException', message: /'Filters' must also be specified/ })
  t.match(named.Errors, [{ SecretId: 'db/b', Message: /AWSCURRENT/ }, { SecretId: 'none', ErrorCode: 'ResourceNotFoundException' }])
  const filtered = await operations.BatchGetSecretValue({ Filters: [{ Key: 'name', Values: ['db/a'] }] }, caller)
  t.match(filtered.SecretValues, [{ Name: 'db/a' }])
  await t.rejects(operations.BatchGetSecretValue({}, caller), { code: 'InvalidParameterException' })
})

t.test('a policy is told what is wrong with it, and none that lets anybody in is put where that is blocked', async t => {
  const { operations } = openLab(t)
  await operations.CreateSecret({ Name: 'a', SecretString: 'x' }, caller)
  const policyOf = (...changes: object[]): string => JSON.stringify({
    Version: '2012-10-17', Statement: changes.map(change => ({ Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::000000000000:root' }, Action: 'secretsmanager:*', Resource: '*', ...change }))
  })
  for (const change of [{}, { Effect: 'Deny', Principal: '*' }, { Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }]) {
    const ResourcePolicy = policyOf({}, change)
    t.same(await operations.ValidateResourcePolicy({ ResourcePolicy, SecretId: 'a' }, caller), { PolicyValidationPassed: true, ValidationErrors: [] })
    await operations.PutResourcePolicy({ SecretId: 'a', ResourcePolicy, BlockPublicPolicy: true }, caller)
    t.match(await operations.GetResourcePolicy({ SecretId: 'a' }, caller), { Name: 'a', ResourcePolicy })
  }
  const kept = policyOf({}, {})
  await operations.PutResourcePolicy({ SecretId: 'a', ResourcePolicy: kept }, caller)
  for (const Principal of ['*', { AWS: '*' }, { AWS: ['arn:aws:iam::000000000000:root', '*'] }]) {
    const ResourcePolicy = policyOf({ Principal })
    t.match(await operations.ValidateResourcePolicy({ ResourcePolicy }, caller), { PolicyValidationPassed: false, ValidationErrors: [{ ErrorMessage: /broad access/ }] })
    await t.rejects(operations.PutResourcePolicy({ SecretId: 'a', ResourcePolicy, BlockPublicPolicy: true }, caller), { code: 'PublicPolicyException' })
  }
  for (const ResourcePolicy of ['hello', '5', 'null', '[]', '{}', '{"Statement":[null]}', policyOf(), policyOf({ Effect: 'Maybe' }), policyOf({ Principal: undefined }), policyOf({}).replace('2012', '2019')]) {
    await t.rejects(operations.PutResourcePolicy({ SecretId: 'a', ResourcePolicy }, caller), { code: 'MalformedPolicyDocumentException' }, ResourcePolicy)
    await t.rejects(operations.ValidateResourcePolicy({ ResourcePolicy }, caller), { code: 'MalformedPolicyDocumentException' })
  }
  t.match(await operations.GetResourcePolicy({ SecretId: 'a' }, caller), { ResourcePolicy: kept })
  await t.rejects(operations.ValidateResourcePolicy({ SecretId: 'none', ResourcePolicy: kept }, caller), notFound)
})

for (const [operation, request, says] of [
  ['GetRandomPassword', { PasswordLength: 0 }, "Value '0' at 'passwordLength' failed to satisfy constraint: Member must have value greater than or equal to 1"],
  ['GetRandomPassword', { PasswordLength: Number.NaN }, "Value 'NaN' at 'passwordLength' failed to satisfy constraint: Member must have value greater than or equal to 1"],
  ['GetRandomPassword', { PasswordLength: 4097 }, "Value '4097' at 'passwordLength' failed to satisfy constraint: Member must have value less than or equal to 4096"],
  ['RotateSecret', { SecretId: 'a', ClientRequestToken: 'short' }, "Value 'short' at 'clientRequestToken' failed to satisfy constraint: Member must have length greater than or equal to 32"],
  ['BatchGetSecretValue', { Filters: [{ Key: 'name', Values: ['a'] }], MaxResults: 21 }, "Value '21' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 20"],
  ['ListSecretVersionIds', { SecretId: 'a', MaxResults: 101 }, "Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100"],
  ['TagResource', { SecretId: 'a', Tags: [{ Key: 'k' }, { Key: '' }] }, "Value '' at 'tags.2.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1"],
  ['PutSecretValue', { SecretId: 'a', SecretString: 'x', VersionStages: [] }, "Value '[]' at 'versionStages' failed to satisfy constraint: Member must have length greater than or equal to 1"]
] as const) {
  t.test(`${operation} is refused what the model does not allow: ${JSON.stringify(request)}`, async t => {
    const run: (request: never, caller: Caller) => Promise<unknown> = openLab(t).operations[operation]
    await t.rejects(run(request as never, caller), { code: 'ValidationException', message: `1 validation error detected: ${says}` })
  })
}
