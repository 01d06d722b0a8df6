import {
  AlreadyExistsException, CloudFormationClient, CloudFormationServiceException, ContinueUpdateRollbackCommand, CreateStackCommand,
  DeleteStackCommand, DescribeStackEventsCommand, DescribeStacksCommand,
  LimitExceededException, ListStacksCommand, RollbackStackCommand, TokenAlreadyExistsException, UpdateTerminationProtectionCommand
} from '@aws-sdk/client-cloudformation'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createStacks, type Launch } from '../../src/aws/stacks.js'
import { REGION, STACK_ID, STACK_NAME } from '../helpers/facts.js'

/** CloudFormation that refuses every call that a test does not expect. */
function createMocked () {
  const client = new CloudFormationClient({ region: REGION })
  const mock = mockClient(client)
  mock.onAnyCommand().rejects(new Error('an unexpected call'))
  return { mock, stacks: createStacks(() => client) }
}

const $metadata = { httpStatusCode: 400 }
const validationError = (message: string) => new CloudFormationServiceException({ name: 'ValidationError', message, $fault: 'client', $metadata })
const createdAt = new Date('2026-11-23T09:00:00Z')
const sdkStack = { StackId: STACK_ID, StackName: STACK_NAME, StackStatus: 'CREATE_COMPLETE', CreationTime: createdAt } as const

t.test('a stack in our words', async t => {
  const { mock, stacks } = createMocked()
  mock.on(DescribeStacksCommand, { StackName: STACK_NAME }).resolves({
    Stacks: [{
      ...sdkStack,
      Parameters: [{ ParameterKey: 'MaxCapacity', ParameterValue: '4' }],
      Outputs: [{ OutputKey: 'DBPort', OutputValue: '5432', ExportName: 'x' }],
      Tags: [{ Key: 'team', Value: 'payments' }],
      EnableTerminationProtection: true,
      StackStatusReason: 'because',
      LastOperations: [{ OperationId: 'operation-3', OperationType: 'CREATE_CHANGESET' }, { OperationId: 'operation-2', OperationType: 'UPDATE_STACK' }]
    }]
  })
  t.strictSame(await stacks.describe(REGION, STACK_NAME), {
    id: STACK_ID,
    name: STACK_NAME,
    region: REGION,
    status: 'CREATE_COMPLETE',
    statusReason: 'because',
    parameters: { MaxCapacity: '4' },
    outputs: { DBPort: '5432' },
    exports: ['x'],
    tags: { team: 'payments' },
    terminationProtection: true,
    createdAt,
    updatedAt: null,
    deletedAt: null,
    operationId: 'operation-2'
  })
})

for (const message of [`Stack with id ${STACK_NAME} does not exist`, `Stack [${STACK_NAME}] does not exist`]) {
  t.test(`missing is null: ${message}`, async t => {
    const { mock, stacks } = createMocked()
    mock.on(DescribeStacksCommand).rejects(validationError(message))
    t.equal(await stacks.describe(REGION, STACK_NAME), null)
  })
}

t.test('another ValidationError is not taken for a missing stack', async t => {
  const { mock, stacks } = createMocked()
  mock.on(DescribeStacksCommand).rejects(validationError("1 validation error detected: Value '*' at 'stackName' failed to satisfy constraint"))
  await t.rejects(stacks.describe(REGION, '*'), { name: 'AwsFailure', code: 'ValidationError' })
})

t.test('a list has every page', async t => {
  const { mock, stacks } = createMocked()
  mock.on(DescribeStacksCommand, {}).resolves({ Stacks: [sdkStack], NextToken: 'more' })
  mock.on(DescribeStacksCommand, { NextToken: 'more' }).resolves({ Stacks: [{ ...sdkStack, StackName: 'second' }] })
  t.strictSame((await stacks.list(REGION)).map(({ name }) => name), [STACK_NAME, 'second'])
})

t.test('events', async t => {
  const event = (EventId: string) => ({
    StackId: STACK_ID,
    StackName: STACK_NAME,
    EventId,
    Timestamp: createdAt,
    LogicalResourceId: 'AuroraCluster',
    PhysicalResourceId: '',
    ResourceType: 'AWS::RDS::DBCluster',
    ResourceStatus: 'CREATE_IN_PROGRESS',
    ClientRequestToken: 'create-1'
  } as const)
  const pages = (mock: ReturnType<typeof createMocked>['mock']): void => {
    mock.on(DescribeStackEventsCommand, { StackName: STACK_ID }).resolves({ StackEvents: [event('5'), event('4')], NextToken: 'a' })
    mock.on(DescribeStackEventsCommand, { StackName: STACK_ID, NextToken: 'a' }).resolves({ StackEvents: [event('3'), event('2')], NextToken: 'b' })
    mock.on(DescribeStackEventsCommand, { StackName: STACK_ID, NextToken: 'b' }).resolves({ StackEvents: [event('1')] })
  }
  const cases: Array<[after: string | null, events: string[], calls: number]> = [
    [null, ['1', '2', '3', '4', '5'], 3], ['5', [], 1], ['4', ['5'], 1], ['3', ['4', '5'], 2], ['1', ['2', '3', '4', '5'], 3], ['forgotten', ['1', '2', '3', '4', '5'], 3]
  ]
  for (const [after, events, calls] of cases) {
    t.test(`after ${after}, oldest first, are read in ${calls} pages`, async t => {
      const { mock, stacks } = createMocked()
      pages(mock)
      t.strictSame((await stacks.eventsAfter(REGION, STACK_ID, after)).map(({ id }) => id), events)
      t.equal(mock.calls().length, calls)
    })
  }

  t.test('have no empty texts in place of nothing', async t => {
    const { mock, stacks } = createMocked()
    mock.on(DescribeStackEventsCommand).resolves({ StackEvents: [event('1')] })
    t.strictSame(await stacks.eventsAfter(REGION, STACK_ID, null), [{
      id: '1', at: createdAt, logicalId: 'AuroraCluster', physicalId: null, type: 'AWS::RDS::DBCluster', status: 'CREATE_IN_PROGRESS', reason: null, token: 'create-1', operationId: null
    }])
  })
})

t.test('deleted stacks have every page', async t => {
  const { mock, stacks } = createMocked()
  const deletedAt = new Date('2026-11-24T09:00:00Z')
  const summary = (StackId: string) => ({ StackId, StackName: STACK_NAME, StackStatus: 'DELETE_COMPLETE', CreationTime: createdAt, DeletionTime: deletedAt } as const)
  mock.on(ListStacksCommand, { StackStatusFilter: ['DELETE_COMPLETE'] }).resolves({ StackSummaries: [summary('a')], NextToken: 'more' })
  mock.on(ListStacksCommand, { NextToken: 'more' }).resolves({ StackSummaries: [summary('b')] })
  t.strictSame(await stacks.listDeleted(REGION), [{ id: 'a', name: STACK_NAME, deletedAt }, { id: 'b', name: STACK_NAME, deletedAt }])
})

const launch: Launch = {
  stackName: STACK_NAME, templateBody: 'Resources: {}', parameters: { A: '1' }, tags: { team: 'payments' }, token: 'create-1', onFailure: 'delete', terminationProtection: true
}

t.test('a launch says everything, and cannot be mistaken for another when it is sent twice', async t => {
  const { mock, stacks } = createMocked()
  mock.on(CreateStackCommand).resolves({ StackId: STACK_ID })
  t.equal(await stacks.create(REGION, launch), STACK_ID)
  await stacks.create(REGION, { ...launch, onFailure: 'keep' })
  t.strictSame(mock.commandCalls(CreateStackCommand).map(({ args: [{ input }] }) => input), ['DELETE', 'DO_NOTHING'].map(OnFailure => ({
    StackName: STACK_NAME,
    TemplateBody: 'Resources: {}',
    Parameters: [{ ParameterKey: 'A', ParameterValue: '1' }],
    Tags: [{ Key: 'team', Value: 'payments' }],
    ClientRequestToken: 'create-1',
    OnFailure,
    EnableTerminationProtection: true
  })))
})

t.test('a deletion and a protection', async t => {
  const { mock, stacks } = createMocked()
  mock.on(DeleteStackCommand, { StackName: STACK_ID, ClientRequestToken: 'delete-1' }).resolves({})
  mock.on(UpdateTerminationProtectionCommand, { StackName: STACK_ID, EnableTerminationProtection: false }).resolves({})
  mock.on(DeleteStackCommand, { StackName: STACK_ID, ClientRequestToken: 'delete-2', RetainResources: ['AuroraCluster'] }).resolves({})
  await stacks.remove(REGION, STACK_ID, 'delete-1')
  await stacks.remove(REGION, STACK_ID, 'delete-2', ['AuroraCluster'])
  await stacks.setTerminationProtection(REGION, STACK_ID, false)
  t.equal(mock.calls().length, 3)
  t.notOk('RetainResources' in (mock.commandCalls(DeleteStackCommand)[0]?.args[0].input ?? {}), 'CloudFormation takes it only after a deletion has failed')
})

t.test('the ways back', async t => {
  const { mock, stacks } = createMocked()
  mock.on(ContinueUpdateRollbackCommand, { StackName: STACK_ID, ClientRequestToken: 'recover-1' }).resolves({})
  mock.on(RollbackStackCommand, { StackName: STACK_ID, ClientRequestToken: 'recover-3' }).resolves({})
  await stacks.continueRollback(REGION, STACK_ID, 'recover-1', [])
  await stacks.continueRollback(REGION, STACK_ID, 'recover-1', ['AuroraCluster'])
  await stacks.rollBack(REGION, STACK_ID, 'recover-3')
  t.strictSame(mock.commandCalls(ContinueUpdateRollbackCommand).map(({ args: [{ input }] }) => input.ResourcesToSkip), [undefined, ['AuroraCluster']])
})

const failures: Array<[error: Error, kind: string]> = [
  [new AlreadyExistsException({ message: `Stack [${STACK_NAME}] already exists`, $metadata }), 'already-exists'],
  [new TokenAlreadyExistsException({ message: 'x', $metadata }), 'token-reused'],
  [new LimitExceededException({ message: 'x', $metadata }), 'quota'],
  [validationError('Template format error'), 'refused'],
  [new CloudFormationServiceException({ name: 'Throttling', message: 'Rate exceeded', $fault: 'client', $metadata }), 'throttled'],
  [new CloudFormationServiceException({ name: 'ConcurrentResourcesLimitExceeded', message: 'x', $fault: 'client', $metadata: { httpStatusCode: 429 } }), 'throttled'],
  [new CloudFormationServiceException({ name: 'AccessDenied', message: 'x', $fault: 'client', $metadata: { httpStatusCode: 403 } }), 'denied'],
  [new CloudFormationServiceException({ name: 'RequestExpired', message: 'x', $fault: 'client', $metadata: { httpStatusCode: 403 } }), 'denied'],
  [new CloudFormationServiceException({ name: 'InternalFailure', message: 'x', $fault: 'server', $metadata: { httpStatusCode: 500 } }), 'unavailable'],
  [Object.assign(new Error('connect ECONNREFUSED'), { name: 'Error', code: 'ECONNREFUSED' }), 'unavailable'],
  [Object.assign(new Error('took too long'), { name: 'TimeoutError' }), 'unavailable'],
  [Object.assign(new Error('no credentials'), { name: 'CredentialsProviderError' }), 'denied']
]
for (const [error, kind] of failures) {
  t.test(`${error.name}: ${error.message} is ${kind}`, async t => {
    const { mock, stacks } = createMocked()
    mock.on(CreateStackCommand).rejects(error)
    const failure = await stacks.create(REGION, launch).then(() => null, (reason: unknown) => reason)
    t.match(failure, { name: 'AwsFailure', kind, code: error.name, message: error.message, cause: error })
  })
}
