import t from 'tap'
import { caller, resourceArn, secretArn, startFixture } from './fixture.js'

const fixture = await startFixture()
t.teardown(fixture.close)
const { access, counts, execute, secrets } = fixture
const usual = { ...access }
t.afterEach(() => { Object.assign(access, usual) })

t.test('a cluster that the Data API cannot reach', async t => {
  await t.rejects(execute('select 1', { resourceArn: `${resourceArn}-2` }), {
    code: 'HttpEndpointNotEnabledException', message: `HttpEndpoint is not enabled for resource ${resourceArn}-2`
  })
  access.httpEndpointEnabled = false
  await t.rejects(execute('select 1'), { code: 'HttpEndpointNotEnabledException' })
  Object.assign(access, usual, { writer: undefined })
  await t.rejects(execute('select 1'), { code: 'DatabaseNotFoundException', message: 'The DB cluster doesn\'t have a DB instance.' })
  Object.assign(access, usual, { state: 'unavailable', status: 'stopped' })
  await t.rejects(execute('select 1'), { code: 'InvalidResourceStateException' })
  Object.assign(access, usual, { port: 1 })
  await t.rejects(execute('select 1', { database: 'postgres' }), { code: 'DatabaseUnavailableException' })
  t.equal(counts.held, 0)
})

t.test('a paused cluster is woken, and the call that wakes it fails', async t => {
  const woken = counts.woken
  access.state = 'paused'
  await t.rejects(execute('select 1'), {
    code: 'DatabaseResumingException',
    message: 'The Aurora DB instance arn:aws:rds:us-east-1:000000000000:db:orders-1|db-ABC is resuming after being auto-paused. Please wait a few seconds and try again.'
  })
  t.equal(counts.woken, woken + 1)
  access.wake = async () => { throw new Error('no room') }
  await t.rejects(execute('select 1'), { code: 'DatabaseResumingException' }, 'nor does a failing start escape')
})

t.test('secrets that are of no use', async t => {
  const secret = (name: string, value?: string): string => {
    const arn = `arn:aws:secretsmanager:us-east-1:000000000000:secret:${name}-AbCdEf`
    if (value !== undefined) secrets.set(arn, value)
    return arn
  }
  await t.rejects(execute('select 1', { secretArn: secret('missing') }), {
    code: 'SecretsErrorException', message: 'Secrets Manager can\'t find the specified secret.'
  })
  for (const value of ['not json', '{"password":"x"}', '{"username":"master"}', 'null']) {
    await t.rejects(execute('select 1', { secretArn: secret('odd', value) }), { code: 'InvalidSecretException' }, value)
  }
  await t.rejects(execute('select 1', { secretArn: secret('wrong', '{"username":"master","password":"wrong horse"}') }), {
    code: 'DatabaseErrorException', message: 'ERROR: password authentication failed for user "master"; SQLState: 28P01'
  })
  t.ok(await execute('select 1'), 'the right one still works')
})

t.test('a database that does not exist, and the default that rarely does', async t => {
  await t.rejects(execute('select 1', { database: 'nowhere' }), {
    code: 'DatabaseErrorException', message: 'ERROR: database "nowhere" does not exist; SQLState: 3D000'
  })
  const { ExecuteStatement } = fixture.rdsData.operations
  await t.rejects(ExecuteStatement({ resourceArn, secretArn, sql: 'select 1' }, caller), { message: /^ERROR: database "master" does not exist/ })
})

t.test('requests that break the model', async t => {
  const refused: Array<[more: object, message: RegExp]> = [
    [{ secretArn: 'Mahira' }, /Value 'Mahira' at 'secretArn' .* greater than or equal to 11$/],
    [{ database: 'x'.repeat(65) }, /'database' .* less than or equal to 64$/],
    [{ sql: 'x'.repeat(65_537) }, /'sql' .* less than or equal to 65536$/],
    [{ formatRecordsAs: 'XML' }, /^1 validation error detected: Value 'XML' at 'formatRecordsAs' .* enum value set: \[NONE, JSON\]$/],
    [{ resultSetOptions: { decimalReturnType: 'LONG' } }, /'resultSetOptions.decimalReturnType'/],
    [{ resultSetOptions: { longReturnType: 'DOUBLE' } }, /'resultSetOptions.longReturnType'/],
    [{ schema: 'public' }, /^The schema parameter isn't supported$/],
    [{ sql: 'select \'\0\'' }, /null character/]
  ]
  for (const [more, message] of refused) await t.rejects(execute('select 1', more), { code: 'ValidationException', message })
})
