import { CloudFormationClient, CreateStackCommand, DeleteStackCommand, DescribeStackEventsCommand, waitUntilStackCreateComplete, waitUntilStackDeleteComplete } from '@aws-sdk/client-cloudformation'
import { CreateSecretCommand, DeleteSecretCommand, ListSecretsCommand, PutSecretValueCommand, RestoreSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import t from 'tap'
import { createFaults } from '../../sandbox/faults.js'
import { openSandbox } from '../helpers/sandbox.js'
import { openWire } from './wire/open-wire.js'

t.test('faults hit the calls they are meant for, as often as they are meant to', async t => {
  const { faults, config } = await openWire(t, {
    secretsmanager: { ListSecrets: async () => ({}) },
    sts: { GetCallerIdentity: async () => ({}) }
  })
  const secrets = new SecretsManagerClient(config)
  const listed = async (): Promise<string> => await secrets.send(new ListSecretsCommand({})).then(() => 'ok', (error: Error) => error.name)
  faults.add({ kind: 'throttle', service: 'secretsmanager', operation: 'ListSecrets', count: 2 })
  faults.add({ kind: 'error-500', service: 'secretsmanager', count: 1 })
  faults.add({ kind: 'error-503', service: 'sts' })
  t.same([await listed(), await listed(), await listed(), await listed()], ['ThrottlingException', 'ThrottlingException', 'InternalFailure', 'ok'])
  await t.rejects(new STSClient(config).send(new GetCallerIdentityCommand({})), { name: 'ServiceUnavailable' })
  t.equal(faults.list().length, 1)
  faults.clear()
  faults.add({ kind: 'not-enabled', count: 2 })
  t.equal(await listed(), 'UnrecognizedClientException')
  await t.rejects(new STSClient(config).send(new GetCallerIdentityCommand({})), { name: 'InvalidClientTokenId', $metadata: { httpStatusCode: 403 } })
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
  const call = { service: 'rds', operation: 'DescribeDBClusters', region: 'eu-west-1' }
  for (const waits of [1, 1, 2]) {
    t.same(await faults.around(call, async () => 'done'), { output: 'done' })
    t.equal(slept.length, waits)
  }
  t.same(slept, [250, 250])
})

t.test('a fault may be of one region only, and drops a call before it is done or after', async t => {
  const faults = createFaults({ clock: { sleep: async () => {} }, random: () => 0 })
  const call = { service: 'rds', operation: 'DescribeDBClusters', region: 'us-east-1' }
  let done = 0
  const work = async (): Promise<number> => ++done
  faults.add({ kind: 'drop-before', region: 'us-east-1', count: 1 })
  t.same(await faults.around({ ...call, region: 'eu-west-1' }, work), { output: 1 })
  t.equal(await faults.around(call, work), undefined)
  t.equal(done, 1)
  faults.add({ kind: 'drop-after', region: 'us-east-1' })
  t.equal(await faults.around(call, work), undefined)
  t.equal(done, 2)
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
  t.match(await (await fetch(`${sandbox.url}/_sandbox/health`)).json(), { status: 'ok', services: ['cloudformation', 'monitoring', 'rds', 'rds-data', 'secretsmanager', 'sts'] })
  t.equal((await fetch(`${sandbox.url}/_sandbox/other`)).status, 404)
})

t.test('a named resource of a stack fails with the reason given, and the stack rolls back', async t => {
  const sandbox = await openSandbox(t)
  await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'POST', body: '{"kind":"fail-resource","stack":"a","resource":"Topic","reason":"No more topics.","count":1}' })
  const client = new CloudFormationClient(sandbox.clientConfig())
  const TemplateBody = '{"Resources":{"Topic":{"Type":"AWS::SNS::Topic"}}}'
  await client.send(new CreateStackCommand({ StackName: 'a', TemplateBody }))
  await client.send(new CreateStackCommand({ StackName: 'b', TemplateBody }))
  await waitUntilStackCreateComplete({ client, maxWaitTime: 20, minDelay: 0.1, maxDelay: 0.2 }, { StackName: 'b' })
  await t.rejects(waitUntilStackCreateComplete({ client, maxWaitTime: 20, minDelay: 0.1, maxDelay: 0.2 }, { StackName: 'a' }), /ROLLBACK_COMPLETE/)
  const { StackEvents } = await client.send(new DescribeStackEventsCommand({ StackName: 'a' }))
  t.match(StackEvents?.find(({ ResourceStatus }) => ResourceStatus === 'CREATE_FAILED'), { LogicalResourceId: 'Topic', ResourceStatusReason: /No more topics\./ })
  await fetch(`${sandbox.url}/_sandbox/faults`, { method: 'POST', body: '{"kind":"fail-resource","stack":"b","resource":"Topic","reason":"Still used.","count":1}' })
  await client.send(new DeleteStackCommand({ StackName: 'b' }))
  await t.rejects(waitUntilStackDeleteComplete({ client, maxWaitTime: 20, minDelay: 0.1, maxDelay: 0.2 }, { StackName: 'b' }), /DELETE_FAILED/, 'a deletion fails as well')
})

t.test('the clock is moved, for whoever waits as well, and stays moved after a restart', async t => {
  const sandbox = await openSandbox(t)
  const client = new SecretsManagerClient(sandbox.clientConfig())
  await client.send(new CreateSecretCommand({ Name: 'a', SecretString: 'x' }))
  await client.send(new DeleteSecretCommand({ SecretId: 'a', RecoveryWindowInDays: 7 }))
  t.equal((await fetch(`${sandbox.url}/_sandbox/clock`, { method: 'POST', body: '{"advanceMs":-1}' })).status, 400)
  t.match(await client.send(new RestoreSecretCommand({ SecretId: 'a' })), { Name: 'a' })
  await client.send(new DeleteSecretCommand({ SecretId: 'a', RecoveryWindowInDays: 7 }))
  const moved = await fetch(`${sandbox.url}/_sandbox/clock`, { method: 'POST', body: `{"advanceMs":${7 * 86_400_000}}` })
  t.match(await moved.json(), { aheadMs: 7 * 86_400_000 })
  await t.rejects(client.send(new RestoreSecretCommand({ SecretId: 'a' })), { name: 'ResourceNotFoundException' })
  const again = await sandbox.restart()
  t.match(await (await fetch(`${again.url}/_sandbox/clock`)).json(), { aheadMs: 7 * 86_400_000 })
})
