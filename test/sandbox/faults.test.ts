import { ListSecretsCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import t from 'tap'
import { createFaults } from '../../sandbox/faults.js'
import { openSandbox } from '../helpers/sandbox.js'
import { openWire } from './wire/open-wire.js'

t.test('faults hit the calls they are meant for, as often as they are meant to', async t => {
  const { faults, config } = await openWire(t, { secretsmanager: { ListSecrets: async () => ({}) }, sts: { GetCallerIdentity: async () => ({}) } })
  const secrets = new SecretsManagerClient(config)
  const listed = async (): Promise<string> => await secrets.send(new ListSecretsCommand({})).then(() => 'ok', (error: Error) => error.name)
  faults.add({ kind: 'throttle', service: 'secretsmanager', operation: 'ListSecrets', count: 2 })
  faults.add({ kind: 'error-500', service: 'secretsmanager', count: 1 })
  faults.add({ kind: 'error-503', service: 'sts' })
  t.same([await listed(), await listed(), await listed(), await listed()], ['ThrottlingException', 'ThrottlingException', 'InternalFailure', 'ok'])
  await t.rejects(new STSClient(config).send(new GetCallerIdentityCommand({})), { name: 'ServiceUnavailable' })
  t.equal(faults.list().length, 1)
  faults.clear()
  await t.resolves(new STSClient(config).send(new GetCallerIdentityCommand({})))
})

t.test('a connection is dropped before the work, or after it was done', async t => {
  let done = 0
  const { faults, config } = await openWire(t, { secretsmanager: { PutSecretValue: async () => { done += 1; return {} } } })
  const secrets = new SecretsManagerClient(config)
  const put = new PutSecretValueCommand({ SecretId: 'a', SecretString: 'b' })
  faults.add({ kind: 'drop-before', count: 1 })
  await t.rejects(secrets.send(put))
  t.equal(done, 0)
  faults.add({ kind: 'drop-after', count: 1 })
  await t.rejects(secrets.send(put))
  t.equal(done, 1)
  await t.resolves(secrets.send(put))
})

t.test('a rate is a share of the calls, and a delay is waited for on the clock', async t => {
  const slept: number[] = []
  const chances = [0.1, 0.6, 0.4]
  const faults = createFaults({ clock: { sleep: async ms => { slept.push(ms) } }, random: () => chances.shift() ?? 1 })
  faults.add({ kind: 'delay', rate: 0.5, delayMs: 250 })
  const effects = [faults.take('rds', 'DescribeDBClusters'), faults.take('rds', 'DescribeDBClusters'), faults.take('rds', 'DescribeDBClusters')]
  t.same(effects.map(effect => effect !== undefined), [true, false, true])
  await effects[0]?.before()
  t.same(slept, [250])
})

t.test('faults are set over HTTP', async t => {
  const sandbox = await openSandbox(t)
  const address = `${sandbox.url}/_sandbox/faults`
  const sent = async (body: string): Promise<{ status: number, text: string }> => {
    const answer = await fetch(address, { method: 'POST', body })
    return { status: answer.status, text: await answer.text() }
  }
  t.match(await sent('{"kind":"throttle","service":"sts","count":1}'), { status: 200, text: '"id":"fault-1"' })
  t.match(await sent('{"kind":"often","count":0,"rate":2,"name":"x"}'), { status: 400, text: /name is not a member.*kind must be one of.*count must.*rate must/ })
  t.match(await sent('{'), { status: 400 })
  t.match(await sent('null'), { status: 400, text: 'kind must be' })

  const client = new STSClient(sandbox.clientConfig())
  await t.rejects(client.send(new GetCallerIdentityCommand({})), { name: 'Throttling' })
  t.match(await client.send(new GetCallerIdentityCommand({})), { Account: '000000000000', Arn: 'arn:aws:iam::000000000000:root' })
  await sent('{"kind":"throttle"}')
  await fetch(address, { method: 'DELETE' })
  t.same(await (await fetch(address)).json(), { faults: [] })
  t.match(await (await fetch(`${sandbox.url}/_sandbox/health`)).json(), { status: 'ok', services: ['cloudformation', 'rds', 'rds-data', 'monitoring', 'secretsmanager', 'sts'] })
  t.equal((await fetch(`${sandbox.url}/_sandbox/other`)).status, 404)
})
