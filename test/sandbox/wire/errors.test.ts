import * as cloudFormation from '@aws-sdk/client-cloudformation'
import * as rds from '@aws-sdk/client-rds'
import * as rdsData from '@aws-sdk/client-rds-data'
import * as secretsManager from '@aws-sdk/client-secrets-manager'
import * as sts from '@aws-sdk/client-sts'
import t from 'tap'
import { AwsError, type Caller, type Operations } from '../../../sandbox/aws.js'
import { wireServices } from '../../../sandbox/wire/services.js'
import { openWire } from './open-wire.js'

interface Received {
  name: string
  message: string
  $metadata: { httpStatusCode: number, requestId: string }
}

/** One call of each service, and how a client sees its failure. */
function callsWith (config: Awaited<ReturnType<typeof openWire>>['config']): Record<string, () => Promise<unknown>> {
  const arn = 'arn:aws:rds:eu-west-1:000000000000:cluster:orders'
  return {
    cloudformation: async () => await new cloudFormation.CloudFormationClient(config).send(new cloudFormation.DescribeStacksCommand({})),
    rds: async () => await new rds.RDSClient(config).send(new rds.DescribeDBClustersCommand({})),
    'rds-data': async () => await new rdsData.RDSDataClient(config).send(new rdsData.ExecuteStatementCommand({ resourceArn: arn, secretArn: arn, sql: 'select 1' })),
    secretsmanager: async () => await new secretsManager.SecretsManagerClient(config).send(new secretsManager.ListSecretsCommand({})),
    sts: async () => await new sts.STSClient(config).send(new sts.GetCallerIdentityCommand({}))
  }
}

const operationOf: Readonly<Record<string, string>> = {
  cloudformation: 'DescribeStacks', rds: 'DescribeDBClusters', 'rds-data': 'ExecuteStatement', secretsmanager: 'ListSecrets', sts: 'GetCallerIdentity'
}

async function failureOf (call: () => Promise<unknown>): Promise<Received> {
  return await call().then(() => { throw new Error('it succeeded') }, (error: unknown) => error as Received)
}

for (const [service, operation] of Object.entries(operationOf)) {
  t.test(`every error of ${service} arrives as the SDK's own class, and so does one that is in no model`, async t => {
    let error: Error | undefined
    let caller: Caller | undefined
    const room: Operations = {
      [operation]: async (_input, from) => {
        caller = from
        throw error ?? new Error('no error was set')
      }
    }
    const wire = await openWire(t, { [service]: room })
    const call = callsWith(wire.config)[service] ?? (async () => undefined)

    for (const shape of new Set(wireServices.get(service)?.model.errors.values())) {
      error = new AwsError(shape.code, `About <${shape.name}> & "more"`, shape.fault === 'server' ? 500 : 400)
      const received = await failureOf(call)
      t.same([received.name, received.message], [shape.name, error.message])
      t.equal(received.$metadata.httpStatusCode, shape.status ?? (shape.fault === 'server' ? 500 : 400))
      t.equal(received.$metadata.requestId, caller?.requestId)
    }
    t.equal(caller?.region, 'eu-west-1')

    error = new AwsError('OptInRequired', 'You need a subscription.', 403)
    const unmodelled = await failureOf(call)
    t.match(unmodelled, { name: 'OptInRequired', message: 'You need a subscription.', $metadata: { httpStatusCode: 403 } })

    error = new TypeError('secret inside')
    const unexpected = await failureOf(call)
    t.match(unexpected, { name: 'InternalFailure', $metadata: { httpStatusCode: 500 } })
    t.notMatch(JSON.stringify(unexpected), 'secret inside')
    t.match(wire.logged.join(), 'secret inside')
  })
}

t.test('fields of an error other than its message arrive too', async t => {
  const wire = await openWire(t, {
    'rds-data': { ExecuteStatement: async () => { throw new AwsError('StatementTimeoutException', 'Request timed out', 400, { dbConnectionId: 42 }) } }
  })
  const received = await failureOf(callsWith(wire.config)['rds-data'] ?? (async () => undefined))
  t.match(received, { name: 'StatementTimeoutException', dbConnectionId: 42 })
})

t.test('an operation that is not implemented says its name, and nothing pretends to have done it', async t => {
  const wire = await openWire(t, {})
  const calls = Object.entries(callsWith(wire.config))
  const failures = await Promise.all(calls.map(async ([service, call]) => [service, await failureOf(call)] as const))
  for (const [service, failure] of failures) {
    t.match(failure.message, `The sandbox does not implement ${operationOf[service]} of `)
    t.equal(failure.$metadata.httpStatusCode, 400)
  }
})

t.test('a required member that is missing is refused as each service does', async t => {
  const never = async () => t.fail()
  const unreachable: Operations = { CreateStack: never, CreateDBCluster: never, ExecuteStatement: never, TagResource: never }
  const wire = await openWire(t, { cloudformation: unreachable, rds: unreachable, 'rds-data': unreachable, secretsmanager: unreachable })
  const nothing = undefined as never
  const stacks = new cloudFormation.CloudFormationClient(wire.config)
  t.match(await failureOf(async () => await stacks.send(new cloudFormation.CreateStackCommand({ StackName: nothing }))), {
    name: 'ValidationError', message: "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null"
  })
  t.match(await failureOf(async () => await new rds.RDSClient(wire.config).send(new rds.CreateDBClusterCommand({ DBClusterIdentifier: 'a', Engine: nothing }))), {
    name: 'MissingParameter', message: 'The request must contain the parameter Engine.'
  })
  t.match(await failureOf(async () => await new rdsData.RDSDataClient(wire.config).send(new rdsData.ExecuteStatementCommand({ resourceArn: 'a', secretArn: nothing, sql: nothing }))), {
    name: 'ValidationException', message: "2 validation errors detected: Value null at 'secretArn' failed to satisfy constraint: Member must not be null; Value null at 'sql' failed to satisfy constraint: Member must not be null"
  })
})
