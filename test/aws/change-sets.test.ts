import {
  AlreadyExistsException, ChangeSetNotFoundException, CloudFormationClient, CreateChangeSetCommand, DeleteChangeSetCommand,
  DescribeChangeSetCommand, ListChangeSetsCommand, type DescribeChangeSetCommandOutput
} from '@aws-sdk/client-cloudformation'
import { mockClient } from 'aws-sdk-client-mock'
import t from 'tap'

import { createChangeSets, type ChangeSet } from '../../src/aws/change-sets.js'
import { REGION, STACK_ID } from '../helpers/facts.js'

/** CloudFormation that refuses every call that a test does not expect. */
function createMocked () {
  const client = new CloudFormationClient({ region: REGION })
  const mock = mockClient(client)
  mock.onAnyCommand().rejects(new Error('an unexpected call'))
  return { mock, changeSets: createChangeSets(() => client) }
}

const $metadata = {}
const update = { name: 'change-1', parameters: { MaxCapacity: '8' }, kept: ['MinCapacity'], tags: { team: 'payments' } }

t.test('an update keeps the template unless it brings one, and one that is there already is taken for it', async t => {
  const { mock, changeSets } = createMocked()
  mock.on(CreateChangeSetCommand).resolvesOnce({}).rejects(new AlreadyExistsException({ message: 'ChangeSet change-1 already exists', $metadata }))
  await changeSets.create(REGION, STACK_ID, update)
  await changeSets.create(REGION, STACK_ID, { ...update, templateBody: 'Resources: {}' })
  const common = {
    StackName: STACK_ID,
    ChangeSetName: 'change-1',
    ChangeSetType: 'UPDATE',
    Parameters: [{ ParameterKey: 'MaxCapacity', ParameterValue: '8' }, { ParameterKey: 'MinCapacity', UsePreviousValue: true }],
    Tags: [{ Key: 'team', Value: 'payments' }]
  }
  t.same(mock.commandCalls(CreateChangeSetCommand).map(({ args: [{ input }] }) => input), [{ ...common, UsePreviousTemplate: true }, { ...common, TemplateBody: 'Resources: {}' }])
})

const answers: Array<[answer: Partial<DescribeChangeSetCommandOutput>, means: ChangeSet]> = [
  [{ Status: 'CREATE_PENDING' }, { status: 'computing' }],
  [{ Status: 'CREATE_IN_PROGRESS', ExecutionStatus: 'UNAVAILABLE' }, { status: 'computing' }],
  [{ Status: 'CREATE_COMPLETE', ExecutionStatus: 'AVAILABLE', Changes: [] }, { status: 'ready', changes: [] }],
  [{ Status: 'CREATE_COMPLETE', ExecutionStatus: 'EXECUTE_IN_PROGRESS' }, { status: 'spent' }],
  [{ Status: 'CREATE_COMPLETE', ExecutionStatus: 'EXECUTE_FAILED' }, { status: 'spent' }],
  [{ Status: 'CREATE_COMPLETE', ExecutionStatus: 'OBSOLETE' }, { status: 'spent' }],
  [{ Status: 'FAILED', ExecutionStatus: 'UNAVAILABLE', StatusReason: "The submitted information didn't contain changes. Submit different information to create a change set." }, { status: 'empty' }],
  [{ Status: 'FAILED', StatusReason: 'No updates are to be performed.' }, { status: 'empty' }],
  [{ Status: 'FAILED', StatusReason: 'No export named x found.' }, { status: 'failed', reason: 'No export named x found.' }]
]
for (const [answer, means] of answers) {
  t.test(`${answer.Status} ${answer.ExecutionStatus ?? ''} is ${means.status}`, async t => {
    const { mock, changeSets } = createMocked()
    mock.on(DescribeChangeSetCommand, { StackName: STACK_ID, ChangeSetName: 'change-1' }).resolves(answer)
    t.same(await changeSets.describe(REGION, STACK_ID, 'change-1'), means)
  })
}

t.test('changes have every page', async t => {
  const { mock, changeSets } = createMocked()
  const change = (LogicalResourceId: string) => ({
    Type: 'Resource' as const,
    ResourceChange: {
      LogicalResourceId,
      ResourceType: 'AWS::RDS::DBCluster',
      Action: 'Modify' as const,
      Replacement: 'Conditional' as const,
      Details: [{ Target: { Name: 'Port' } }, { Target: { Name: 'Port' } }, { Target: { Attribute: 'Tags' as const } }]
    }
  })
  mock.on(DescribeChangeSetCommand).resolves({ Status: 'CREATE_COMPLETE', Changes: [change('A')], NextToken: 'more' })
  mock.on(DescribeChangeSetCommand, { NextToken: 'more' }).resolves({ Status: 'CREATE_COMPLETE', Changes: [change('B')] })
  const rest = { type: 'AWS::RDS::DBCluster', action: 'modify', replacement: 'conditional', changedProperties: ['Port', 'Tags'] }
  t.same(await changeSets.describe(REGION, STACK_ID, 'change-1'), { status: 'ready', changes: [{ logicalId: 'A', ...rest }, { logicalId: 'B', ...rest }] })
})

t.test('one that is not there is gone', async t => {
  const { mock, changeSets } = createMocked()
  mock.on(DescribeChangeSetCommand).rejects(new ChangeSetNotFoundException({ message: 'ChangeSet [x] does not exist', $metadata }))
  mock.on(DeleteChangeSetCommand).rejects(new ChangeSetNotFoundException({ message: 'ChangeSet [x] does not exist', $metadata }))
  t.same(await changeSets.describe(REGION, STACK_ID, 'change-1'), { status: 'gone' })
  await changeSets.remove(REGION, STACK_ID, 'change-1')
})

t.test('a list has every page', async t => {
  const { mock, changeSets } = createMocked()
  const createdAt = new Date('2026-11-23T09:00:00Z')
  mock.on(ListChangeSetsCommand, { StackName: STACK_ID }).resolves({ Summaries: [{ ChangeSetName: 'a', CreationTime: createdAt }], NextToken: 'more' })
  mock.on(ListChangeSetsCommand, { NextToken: 'more' }).resolves({ Summaries: [{ ChangeSetName: 'b', CreationTime: createdAt }] })
  t.same(await changeSets.list(REGION, STACK_ID), [{ name: 'a', createdAt }, { name: 'b', createdAt }])
})
