import { Writable } from 'node:stream'
import { inspect } from 'node:util'

import { CreateSecretCommand, GetSecretValueCommand, ListSecretVersionIdsCommand, PutSecretValueCommand, SecretsManagerClient, UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager'
import pg from 'pg'
import { pino } from 'pino'
import t, { type Test } from 'tap'

import { localKeys } from '../../scripts/local.js'
import { createAwsClients, type AwsClients } from '../../src/aws/clients.js'
import { AwsFailure } from '../../src/aws/errors.js'
import { systemClock } from '../../src/clock.js'
import { readConfig } from '../../src/config.js'
import { Problem } from '../../src/problems.js'
import { createDependencies } from '../../src/service.js'
import { createDyingClients } from '../helpers/dying-clients.js'
import { principalOf } from '../helpers/facts.js'
import { startService } from '../helpers/service.js'

interface Database { id: string, status: string, outputs: { dnsName: string, dbPort: number, dbName: string, secretArn: string } }
interface Rotation { status: string, versionId: string | null, secretArn: string }

const region = 'eu-west-1'
const service = await startService(t)
const { call, sandboxUrl } = service
const secrets = new SecretsManagerClient({ region, endpoint: sandboxUrl, credentials: { accessKeyId: 'any', secretAccessKey: 'any' } })
t.teardown(() => { secrets.destroy() })
const { body: { id, status, outputs } } = await call<Database>('POST', '/v1/databases', { client: 'acme', region, name: 'orders' }, { prefer: 'wait=60' })
t.equal(status, 'available')
const path = `/v1/databases/${id}/credentials/rotate`

const lines: string[] = []
const answered: string[] = []
const log = pino({ level: 'trace' }, new Writable({ write: (line: Buffer, _encoding, done) => { lines.push(line.toString()); done() } }))
const config = readConfig({ env: { ...process.env, REGIONS: region, API_KEYS_FILE: 'any' }, readKeys: () => localKeys, templates: ['aurora-serverless-v2-postgres'] })
/** Waits are cut short: what they wait for takes no time here. */
const hasty = {
  now: Date.now,
  sleep: async (ms: number, signal?: AbortSignal) => await systemClock.sleep(ms < 30_000 ? Math.min(ms, 5) : ms, signal)
}

interface Rotated {
  isReplay?: boolean
  rotation?: Rotation
  code?: string
}

/** Rotates through another replica, which is there for this alone; what it answers, or the code of its refusal. */
const rotateBy = async (clients: AwsClients, key: string | null = null): Promise<Rotated> => {
  const { databases } = createDependencies({ config, log, clients, clock: hasty })
  try {
    const answer = await databases.rotatePassword(principalOf(), id, key, 60, new AbortController().signal)
    answered.push(JSON.stringify(answer))
    return answer
  } catch (error) {
    answered.push(inspect(error, { depth: 10 }))
    return { code: error instanceof Problem ? error.code : error instanceof AwsFailure ? error.kind : String(error) }
  }
}
const replica = createAwsClients()
t.teardown(() => { replica.destroy() })

/** Every password that was seen. */
const passwords = new Set<string>()
const read = async (): Promise<{ VersionId: string, value: Record<string, string> }> => {
  const { VersionId = '', SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId: outputs.secretArn }))
  const value = JSON.parse(SecretString) as Record<string, string>
  passwords.add(value.password ?? '')
  return { VersionId, value }
}
const versions = async (): Promise<string[]> => {
  const { Versions = [] } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId: outputs.secretArn, IncludeDeprecated: true }))
  return Versions.map(({ VersionId = '' }) => VersionId)
}

const logIn = async (password: string): Promise<pg.Client> => {
  const session = new pg.Client({ host: outputs.dnsName, port: outputs.dbPort, database: outputs.dbName, user: 'postgres', password })
  await session.connect()
  return session
}
/** Whether the secret and the cluster agree on the password, and the one before it is no longer taken. */
const assertAgree = async (t: Test, oldPassword: string): Promise<void> => {
  const { value } = await read()
  await (await logIn(value.password ?? '')).end()
  t.not(value.password, oldPassword)
  await t.rejects(logIn(oldPassword), { code: '28P01' })
}

await t.test('a new password is taken, and who is there goes on', async t => {
  const before = await read()
  const session = await logIn(before.value.password ?? '')
  await session.query('create temp table mine as select 1 as one')
  const over = new AbortController()
  const asking = (async () => {
    const statuses = new Set<number>()
    while (!over.signal.aborted) statuses.add((await call('POST', `/v1/databases/${id}/query`, { sql: 'select 1' })).status)
    return [...statuses]
  })()
  const answer = await call<Rotation>('POST', path, undefined, { 'idempotency-key': 'first' })
  over.abort()
  t.match(answer, { status: 200, body: { databaseId: id, status: 'rotated', secretArn: outputs.secretArn, versionId: /^rotation-/ } })
  t.strictSame(await asking, [200], 'statements over HTTP went on')
  t.strictSame((await session.query('select one from mine')).rows, [{ one: 1 }], 'so did the session')
  await session.end()
  await assertAgree(t, before.value.password ?? '')
  const after = await read()
  t.equal(after.VersionId, answer.body.versionId)
  t.strictSame({ ...after.value, password: '' }, { ...before.value, password: '' }, 'the rest of the secret stays')
  t.match(after.value.password, /^[A-Za-z0-9]{32}$/)

  const again = await call<Rotation>('POST', path, {}, { 'idempotency-key': 'first' })
  t.match(again, { status: 200, body: answer.body })
  t.equal(again.headers.get('idempotency-replayed'), 'true')
  t.equal((await read()).VersionId, after.VersionId, 'sent again, it has rotated nothing')
})

await t.test('a later change of the cluster keeps the new password', async t => {
  const { value } = await read()
  t.match(await call('PATCH', `/v1/databases/${id}`, { parameters: { MaxCapacity: 8 }, tags: { team: 'payments' } }, { prefer: 'wait=60' }), { status: 202, body: { status: 'available' } })
  await (await logIn(value.password ?? '')).end()
})

await t.test('several at once, through two replicas, make one password', async t => {
  const { value: { password = '' } } = await read()
  const before = await versions()
  const [here, ...there] = [call<Rotation>('POST', path), call<Rotation>('POST', path), rotateBy(replica, 'second'), rotateBy(replica, 'third'), rotateBy(replica)]
  const answers = [(await here)?.body, ...(await Promise.all(there)).map(answer => 'body' in answer ? answer.body : answer.rotation)]
  t.match(answers, answers.map(() => ({ status: 'rotated', versionId: answers[0]?.versionId })))
  t.strictSame((await versions()).filter(version => !before.includes(version)), [answers[0]?.versionId])
  for (const key of ['second', 'third']) t.match(await rotateBy(replica, key), { isReplay: true, rotation: { versionId: answers[0]?.versionId } })
  await assertAgree(t, password)
})

await t.test('killed after any call that changed something, before its answer, it is repeated and ends as if nothing had happened', async t => {
  const killers = [['PutSecretValue', 1], ['ModifyDBCluster', 1], ...[1, 2, 3, 4, 5, 6].map(nth => ['UpdateSecretVersionStage', nth] as const)] as const
  for (const [operation, nth] of killers) {
    const { value: { password = '' } } = await read()
    const before = await versions()
    const clients = createDyingClients(operation, nth)
    const key = `killed-${operation}-${nth}`
    const cut = await rotateBy(clients, key)
    clients.destroy()
    t.match(cut, clients.isDead() ? { code: 'unavailable' } : { isReplay: false }, `killed in ${operation} ${nth}`)
    const { rotation } = await rotateBy(replica, key)
    t.match(rotation, { status: 'rotated', versionId: (await read()).VersionId }, 'repeated')
    t.strictSame((await versions()).filter(version => !before.includes(version)), [rotation?.versionId], 'one new password')
    await assertAgree(t, password)
    if (clients.isDead()) continue
    t.match([operation, nth], ['UpdateSecretVersionStage', /[3-6]/], 'there is no further call to die in')
    break
  }
})

await t.test('left half-way, it is ended by the next statement that cannot log in', async t => {
  const { value: { password = '' } } = await read()
  const clients = createDyingClients('DescribeStacks', 3)
  t.match(await rotateBy(clients), { code: 'unavailable' })
  clients.destroy()
  t.match(await call('POST', `/v1/databases/${id}/query`, { sql: 'select 1 as one', database: 'postgres' }), { status: 200, body: { rows: [{ one: 1 }] } })
  await assertAgree(t, password)
})

await t.test('a password that is not the stack\'s own is left alone', async t => {
  const credentials = { username: 'ada', password: 'correct-horse' }
  await secrets.send(new CreateSecretCommand({ Name: 'shared', SecretString: JSON.stringify(credentials), Tags: [{ Key: 'aurora-databases:client', Value: 'acme' }] }))
  const { body } = await call<Database>('POST', '/v1/databases', { client: 'acme', region, name: 'named', parameters: { DBMaster: 'shared' } }, { prefer: 'wait=60' })
  t.match(await call('POST', `/v1/databases/${body.id}/credentials/rotate`), { status: 409, body: { code: 'rotation-refused', detail: /shared/ } })
  t.match(JSON.parse((await secrets.send(new GetSecretValueCommand({ SecretId: 'shared' }))).SecretString ?? ''), credentials)

  const before = await read()
  const { VersionId } = await secrets.send(new PutSecretValueCommand({ SecretId: outputs.secretArn, SecretString: '{}', VersionStages: ['AWSPENDING'] }))
  t.match(await call('POST', path), { status: 409, body: { code: 'rotation-refused', detail: /AWSPENDING/ } })
  t.strictSame(await read(), before)
  await secrets.send(new UpdateSecretVersionStageCommand({ SecretId: outputs.secretArn, VersionStage: 'AWSPENDING', RemoveFromVersionId: VersionId }))

  await call('DELETE', `/v1/databases/${id}`, undefined, { prefer: 'wait=60' })
  t.match(await call('POST', path), { status: 409, body: { code: 'database-not-ready', databaseStatus: 'deleted' } })
})

await t.test('no answer and no line of the log has a password', async t => {
  t.ok(passwords.size > 5)
  t.strictSame([...lines, ...answered].filter(text => [...passwords].some(password => text.includes(password))), [])
})
