import type { CreateStackInput } from '@aws-sdk/client-cloudformation'
import t, { type Test } from 'tap'
import { AwsError } from '../../../sandbox/aws.js'
import type { HandlerTable } from '../../../sandbox/cloudformation/resources/handlers.js'
import { allEvents, caller, eventsOf, type Lab, openLab, recordingHandler, refusal, statusOf, templateOf, TYPE } from './fixture.js'

function labFor (t: Test, handlers: HandlerTable): Lab {
  const lab = openLab({ handlers })
  t.teardown(lab.close)
  return lab
}

async function create (lab: Lab, input: Parameters<Lab['operations']['CreateStack']>[0]): Promise<string> {
  const { StackId: id = '' } = await lab.operations.CreateStack(input, caller)
  await lab.whenIdle(id)
  return id
}

t.test('a create tells what AWS tells, in its order, with the token on every event', async t => {
  const lab = labFor(t, { [TYPE]: recordingHandler([]) })
  const body = templateOf({ A: {}, B: { after: ['A'] } }, { Outputs: { Which: { Value: { 'Fn::GetAtt': ['B', 'Arn'] }, Export: { Name: { 'Fn::Join': ['-', [{ Ref: 'AWS::StackName' }, 'which']] } } } } })
  const started = await lab.operations.CreateStack({ StackName: 'one', ClientRequestToken: 'token-1', TemplateBody: body }, caller)
  t.match((await lab.operations.DescribeStacks({ StackName: 'one' }, caller)).Stacks, [{ StackStatus: 'CREATE_IN_PROGRESS', Outputs: undefined }])
  await lab.whenIdle(started.StackId ?? '')
  t.match(started.StackId, /^arn:aws:cloudformation:us-east-1:000000000000:stack\/one\/[0-9a-f-]{36}$/)
  t.strictSame(await eventsOf(lab, 'one'), [
    'one CREATE_IN_PROGRESS User Initiated',
    'A CREATE_IN_PROGRESS',
    'A CREATE_IN_PROGRESS Resource creation Initiated',
    'A CREATE_COMPLETE',
    'B CREATE_IN_PROGRESS',
    'B CREATE_IN_PROGRESS Resource creation Initiated',
    'B CREATE_COMPLETE',
    'one CREATE_COMPLETE'
  ])
  const events = await allEvents(lab, 'one')
  t.ok(events.every(event => event.ClientRequestToken === 'token-1' && event.OperationId === started.OperationId))
  t.equal(new Set(events.map(event => event.EventId)).size, events.length)
  t.match(events[1], { PhysicalResourceId: '', ResourceProperties: '{"Type":"String","Value":"x"}', EventId: /^A-CREATE_IN_PROGRESS-\d{4}-/ })
  t.match(events[2], { PhysicalResourceId: /^a-/ })
  t.match((await lab.operations.DescribeStacks({ StackName: 'one' }, caller)).Stacks, [{ Outputs: [{ OutputKey: 'Which', OutputValue: 'arn:B', ExportName: 'one-which' }] }])
  t.match(await lab.operations.ListExports({}, caller), { Exports: [{ Name: 'one-which', Value: 'arn:B' }] })
  t.match(await lab.operations.DescribeStackResource({ StackName: 'one', LogicalResourceId: 'A' }, caller), { StackResourceDetail: { Metadata: '{}' } })
  t.match(await lab.operations.ListStackResources({ StackName: 'one' }, caller), { StackResourceSummaries: [{ LogicalResourceId: 'A', ResourceStatus: 'CREATE_COMPLETE' }, { LogicalResourceId: 'B' }] })
  t.strictSame(await lab.operations.CreateStack({ StackName: 'one', ClientRequestToken: 'token-1', TemplateBody: body }, caller), started, 'the same request again has the same answer')
  await t.rejects(lab.operations.CreateStack({ StackName: 'one', TemplateBody: body }, caller), { code: 'AlreadyExistsException', message: 'Stack [one] already exists' })
  await t.rejects(lab.operations.UpdateStack({ StackName: 'one', ClientRequestToken: 'token-1', TemplateBody: body }, caller), { code: 'TokenAlreadyExistsException' })
  await lab.operations.DeleteStack({ StackName: 'one' }, caller)
  await lab.whenIdle(started.StackId ?? '')
  t.match((await lab.operations.DescribeStacks({ StackName: started.StackId }, caller)).Stacks, [{ StackStatus: 'DELETE_COMPLETE', Outputs: [{ OutputKey: 'Which', OutputValue: 'arn:B' }] }], 'outputs outlive their stack, as AWS was recorded to show them')
  t.strictSame((await lab.operations.ListExports({}, caller)).Exports, [])
})

t.test('a failure cancels its siblings, and the rollback deletes what was made, dependents first', async t => {
  const log: string[] = []
  let letSiblingEnd = (): void => undefined
  const siblingMayEnd = new Promise<void>(resolve => { letSiblingEnd = resolve })
  const lab = labFor(t, {
    [TYPE]: recordingHandler(log, {
      create: async logicalId => {
        if (logicalId === 'Bad') throw refusal('No room left.')
        if (logicalId === 'Slow') await siblingMayEnd
      }
    })
  })
  const input = { StackName: 'bad', ClientRequestToken: 'token-2', TemplateBody: templateOf({ Base: {}, Bad: { after: ['Base'] }, Slow: { after: ['Base'] }, Never: { after: ['Slow'] } }) }
  const started = await lab.operations.CreateStack(input, caller)
  const { StackId: id = '' } = started
  while (await statusOf(lab, id) !== 'ROLLBACK_IN_PROGRESS') await new Promise(setImmediate)
  letSiblingEnd()
  await lab.whenIdle(id)
  const events = await eventsOf(lab, id)
  t.match(events.slice(8), [
    /^Bad CREATE_FAILED Resource handler returned message: "No room left. \(Service: SSM, Status Code: 400, Request ID: [0-9a-f-]{36}\)" \(RequestToken: [0-9a-f-]{36}, HandlerErrorCode: InvalidRequest\)$/,
    'Slow CREATE_FAILED Resource creation cancelled',
    'bad ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [Bad, Slow]. Rollback requested by user.'
  ])
  t.equal(events.at(-1), 'bad ROLLBACK_COMPLETE')
  t.strictSame(log.slice(-1), ['delete Base'])
  t.strictSame(log.slice(-3).sort(), ['delete Bad', 'delete Base', 'delete Slow'])
  t.notOk(events.some(event => event.startsWith('Never')))
  const { StackSummaries: [summary] = [] } = await lab.operations.ListStacks({}, caller)
  const [rollback, ...others] = summary?.LastOperations ?? []
  t.match([rollback, ...others], [{ OperationType: 'ROLLBACK' }, { OperationType: 'CREATE_STACK', OperationId: started.OperationId }], 'a rollback is an operation of its own')
  const { OperationEvents: ofRollback = [] } = await lab.operations.DescribeEvents({ OperationId: rollback?.OperationId }, caller)
  t.match([ofRollback.at(-1), ofRollback[0]], [{ ResourceStatus: 'ROLLBACK_IN_PROGRESS', OperationType: 'ROLLBACK', ClientRequestToken: 'token-2' }, { ResourceStatus: 'ROLLBACK_COMPLETE' }])
  t.strictSame(await lab.operations.CreateStack(input, caller), started)
  await t.rejects(lab.operations.UpdateStack({ StackName: 'bad', TemplateBody: templateOf({ Base: {} }) }, caller),
    { message: `Stack:${id} is in ROLLBACK_COMPLETE state and can not be updated.` })
})

t.test('what to do on a failure is the caller\'s choice', async t => {
  const failing = { [TYPE]: recordingHandler([], { create: id => { if (id === 'Bad') throw refusal('No.') } }) }
  const body = templateOf({ Good: {}, Bad: {} })
  const lab = labFor(t, failing)
  await create(lab, { StackName: 'kept', TemplateBody: body, OnFailure: 'DO_NOTHING' })
  t.equal(await statusOf(lab, 'kept'), 'CREATE_FAILED')
  t.match((await lab.operations.DescribeStacks({ StackName: 'kept' }, caller)).Stacks?.[0]?.StackStatusReason, 'The following resource(s) failed to create: [Bad].')
  await t.rejects(lab.operations.UpdateStack({ StackName: 'kept', UsePreviousTemplate: true, DisableRollback: true }, caller), { message: /^This stack cannot be updated from \[CREATE_FAILED\] state because it contains \[on-failure: DO_NOTHING\]/ })
  const gone = await create(lab, { StackName: 'gone', TemplateBody: body, OnFailure: 'DELETE' })
  t.equal(await statusOf(lab, gone), 'DELETE_COMPLETE')
  t.ok((await eventsOf(lab, gone)).includes('gone DELETE_IN_PROGRESS The following resource(s) failed to create: [Bad]. Delete requested by user.'))
  await t.rejects(lab.operations.DescribeStacks({ StackName: 'gone' }, caller), { code: 'ValidationError', message: 'Stack with id gone does not exist' })
  await t.rejects(lab.operations.CreateStack({ StackName: 'x', TemplateBody: body, OnFailure: 'DELETE', DisableRollback: true }, caller), AwsError)
  await lab.operations.RollbackStack({ StackName: 'kept' }, caller)
  await lab.whenIdle((await lab.operations.DescribeStacks({ StackName: 'kept' }, caller)).Stacks?.[0]?.StackId ?? '')
  t.equal(await statusOf(lab, 'kept'), 'ROLLBACK_COMPLETE')
})

t.test('a deletion honours policies, protection and exports in use, and can be tried again', async t => {
  const log: string[] = []
  let isBroken = true
  const handler = recordingHandler(log, { delete: id => { if (id === 'Stuck' && isBroken) throw refusal('Still used.') } })
  const lab = labFor(t, { [TYPE]: handler, 'AWS::EC2::Volume': handler })
  const id = await create(lab, { StackName: 'base', EnableTerminationProtection: true, TemplateBody: templateOf({ Kept: { DeletionPolicy: 'Retain' }, Shot: { DeletionPolicy: 'Snapshot', Type: 'AWS::EC2::Volume', Properties: { AvailabilityZone: 'a' } }, Stuck: { after: ['Shot'] } }, { Outputs: { V: { Value: 'v', Export: { Name: 'shared' } } } }) })
  const user = await create(lab, { StackName: 'user', TemplateBody: JSON.stringify({ Resources: { A: { Type: TYPE, Properties: { Type: 'String', Value: { 'Fn::ImportValue': 'shared' } } } } }) })
  await t.rejects(lab.operations.DeleteStack({ StackName: 'base' }, caller), { message: 'Stack [base] cannot be deleted while TerminationProtection is enabled' })
  await lab.operations.UpdateTerminationProtection({ StackName: 'base', EnableTerminationProtection: false }, caller)
  await lab.operations.DeleteStack({ StackName: 'base' }, caller)
  t.match((await lab.operations.DescribeStacks({ StackName: 'base' }, caller)).Stacks, [{ StackStatus: 'CREATE_COMPLETE', StackStatusReason: 'Delete canceled. Cannot delete export shared as it is in use by user.' }])
  t.strictSame((await eventsOf(lab, 'base')).slice(-2), ['base DELETE_IN_PROGRESS User Initiated', 'base CREATE_COMPLETE Delete canceled. Cannot delete export shared as it is in use by user.'])
  t.strictSame((await lab.operations.ListImports({ ExportName: 'shared' }, caller)).Imports, ['user'])
  await lab.operations.DeleteStack({ StackName: 'user' }, caller)
  await lab.whenIdle(user)
  await lab.operations.DeleteStack({ StackName: 'base' }, caller)
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, 'base'), 'DELETE_FAILED')
  t.ok((await eventsOf(lab, 'base')).includes('Kept DELETE_SKIPPED'))
  t.notOk(log.some(line => line.startsWith('delete Shot')), 'what the stuck one depends on is left alone')
  isBroken = false
  await lab.operations.DeleteStack({ StackName: 'base' }, caller)
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'DELETE_COMPLETE')
  t.strictSame(log.slice(-2), ['delete Stuck', 'delete Shot with snapshot'])
  t.notOk(log.includes('delete Kept'))
  t.match(await lab.operations.ListStacks({ StackStatusFilter: ['DELETE_COMPLETE'] }, caller), { StackSummaries: [{ StackName: 'user' }, { StackName: 'base' }] })
  t.strictSame(await lab.operations.DeleteStack({ StackName: 'never-there' }, caller), {})
})

t.test('what cannot be deleted can be left behind, once the deletion has failed', async t => {
  const log: string[] = []
  const lab = labFor(t, { [TYPE]: recordingHandler(log, { delete: id => { if (id === 'Stuck') throw refusal('Still used.') } }) })
  const id = await create(lab, { StackName: 'stuck', TemplateBody: templateOf({ Base: {}, Stuck: { after: ['Base'] } }) })
  const remove = async (...retained: string[]): Promise<unknown> => await lab.operations.DeleteStack({ StackName: 'stuck', RetainResources: retained }, caller)
  await t.rejects(remove('Stuck'), { code: 'ValidationError', message: /only when the stack is in the DELETE_FAILED state/ })
  await remove()
  await lab.whenIdle(id)
  await t.rejects(remove('Stuck', 'Unknown'), { code: 'ValidationError', message: /\[Unknown\]/ })
  await t.rejects(remove('Base'), { code: 'ValidationError', message: /not in a DELETE_FAILED state .*\[Base\]/ })
  t.equal(await statusOf(lab, id), 'DELETE_FAILED', 'a refusal changes nothing')
  await remove('Stuck')
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'DELETE_COMPLETE')
  t.ok((await eventsOf(lab, id)).includes('Stuck DELETE_SKIPPED'))
  t.equal(log.filter(line => line === 'delete Stuck').length, 1, 'it was not tried again')
  t.ok(log.includes('delete Base'), 'what it depended on goes')
})

t.test('a deleted stack is remembered for 90 days, by its id', async t => {
  let now = Date.UTC(2026, 0, 1)
  const clock = { now: () => now, sleep: async () => {} }
  let lab = openLab({ clock, handlers: { [TYPE]: recordingHandler([]) } })
  t.teardown(async () => { await lab.close() })
  const id = await create(lab, { StackName: 'gone', TemplateBody: templateOf({ A: {} }) })
  await lab.operations.DeleteStack({ StackName: 'gone' }, caller)
  await lab.whenIdle(id)
  now += 90 * 24 * 3_600_000
  lab = await lab.restart()
  await lab.start()
  t.equal(await statusOf(lab, id), 'DELETE_COMPLETE')
  t.equal((await eventsOf(lab, id)).at(-1), 'gone DELETE_COMPLETE')
  now += 1
  await t.rejects(statusOf(lab, id), { code: 'ValidationError', message: `Stack with id ${id} does not exist` })
  t.strictSame((await lab.operations.ListStacks({}, caller)).StackSummaries, [])
  lab = await lab.restart()
  await lab.start()
  now -= 1
  await t.rejects(statusOf(lab, id), { code: 'ValidationError' }, 'a start forgets it for good')
})

t.test('functions that can not be evaluated fail the resource they stand in', async t => {
  const lab = labFor(t, { [TYPE]: recordingHandler([]) })
  const unselectable = { 'Fn::Select': [5, { 'Fn::Split': [',', { Ref: 'A' }] }] }
  const id = await create(lab, { StackName: 'stack', TemplateBody: templateOf({ A: {}, B: { value: unselectable } }) })
  t.ok((await eventsOf(lab, id)).includes('B CREATE_FAILED Template error: Fn::Select cannot select nonexistent value at index 5'))
  t.equal(await statusOf(lab, id), 'ROLLBACK_COMPLETE')
  const good = await create(lab, { StackName: 'good', TemplateBody: templateOf({ A: {}, B: {} }) })
  await lab.operations.UpdateStack({ StackName: 'good', TemplateBody: templateOf({ A: { name: 'new' }, B: { value: unselectable } }) }, caller)
  await lab.whenIdle(good)
  t.ok((await eventsOf(lab, good)).includes('B UPDATE_FAILED Template error: Fn::Select cannot select nonexistent value at index 5'))
  t.equal(await statusOf(lab, good), 'UPDATE_ROLLBACK_COMPLETE')
})

t.test('exports are unique in a region, and what is imported must exist', async t => {
  const lab = labFor(t, { [TYPE]: recordingHandler([]) })
  const exporting = templateOf({ A: {} }, { Outputs: { V: { Value: 'v', Export: { Name: 'taken' } } } })
  await create(lab, { StackName: 'first', TemplateBody: exporting })
  await create(lab, { StackName: 'second', TemplateBody: exporting })
  t.match((await lab.operations.DescribeStacks({ StackName: 'second' }, caller)).Stacks, [{ StackStatus: 'ROLLBACK_COMPLETE' }])
  t.ok((await eventsOf(lab, 'second')).some(event => event === 'second ROLLBACK_IN_PROGRESS Export with name taken is already exported by stack first. Rollback requested by user.'))
  await create(lab, { StackName: 'third', TemplateBody: templateOf({ A: {} }, { Outputs: { V: { Value: { 'Fn::ImportValue': 'nowhere' } } } }) })
  t.ok((await eventsOf(lab, 'third')).includes('third ROLLBACK_IN_PROGRESS No export named nowhere found. Rollback requested by user.'))
  await t.resolves(lab.operations.CreateStack({ StackName: 'elsewhere', TemplateBody: exporting }, { ...caller, region: 'eu-west-1' }))
})

t.test('a stack that takes longer than it may is rolled back', async t => {
  let now = 0
  const wakers: Array<() => void> = []
  const clock = {
    now: () => now,
    sleep: async (_ms: number, signal?: AbortSignal) => await new Promise<void>((resolve, reject) => {
      wakers.push(resolve)
      signal?.addEventListener('abort', () => { reject(new Error('aborted')) })
    })
  }
  let end = (): void => undefined
  const create = async (): Promise<void> => await new Promise(resolve => { end = resolve })
  const lab = openLab({ clock, handlers: { [TYPE]: recordingHandler([], { create }) } })
  t.teardown(lab.close)
  const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: 'slow', TimeoutInMinutes: 1, TemplateBody: templateOf({ A: {} }) }, caller)
  while ((await eventsOf(lab, id)).length < 3) await new Promise(setImmediate)
  now += 60_000
  for (const wake of wakers) wake()
  while (await statusOf(lab, id) !== 'ROLLBACK_IN_PROGRESS') await new Promise(setImmediate)
  end()
  await lab.whenIdle(id)
  t.ok((await eventsOf(lab, id)).includes('slow ROLLBACK_IN_PROGRESS Stack creation time exceeded the specified timeout. Rollback requested by user.'))
})

t.test('events come in pages, newest first, and a new event moves nothing', async t => {
  const lab = labFor(t, { [TYPE]: recordingHandler([]) })
  const id = await create(lab, { StackName: 'many', TemplateBody: templateOf(Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`R${index}`, {}]))) })
  const first = await lab.operations.DescribeStackEvents({ StackName: id }, caller)
  t.equal(first.StackEvents?.length, 100)
  await lab.operations.DeleteStack({ StackName: id }, caller)
  await lab.whenIdle(id)
  const second = await lab.operations.DescribeStackEvents({ StackName: id, NextToken: first.NextToken }, caller)
  t.equal(new Set([...first.StackEvents ?? [], ...second.StackEvents ?? []].map(event => event.EventId)).size, 182)
  t.equal(second.NextToken, undefined)
})

t.test('what does not exist is refused in AWS\'s words', async t => {
  const { operations } = labFor(t, {})
  const cases: Array<[Promise<unknown>, string]> = [
    [operations.DescribeStacks({ StackName: 'no' }, caller), 'Stack with id no does not exist'],
    [operations.DescribeStackEvents({ StackName: 'no' }, caller), 'Stack [no] does not exist'],
    [operations.DescribeStackResource({ StackName: 'no', LogicalResourceId: 'A' }, caller), 'Stack \'no\' does not exist'],
    [operations.GetStackPolicy({ StackName: 'no' }, caller), 'Stack with id no does not exist'],
    [operations.GetTemplate({ StackName: 'no' }, caller), 'Stack with id no does not exist'],
    [operations.DescribeStacks({ StackName: '*@da591fa3_$' }, caller), '1 validation error detected: Value \'*@da591fa3_$\' at \'stackName\' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*']
  ]
  for (const [answer, message] of cases) await t.rejects(answer, { code: 'ValidationError', message })
})

t.test('a stack reads the output of another in any region, and notices when there is none', async t => {
  const lab = labFor(t, {})
  const reading = (Region: string): string => templateOf({ A: { value: { 'Fn::GetStackOutput': { StackName: 'base', OutputName: 'V', Region } } } }, { Outputs: { O: { Value: { 'Fn::GetAtt': ['A', 'Value'] } } } })
  await create(lab, { StackName: 'base', TemplateBody: templateOf({ A: {} }, { Outputs: { V: { Value: 'v' } } }) })
  await t.rejects(lab.operations.CreateStack({ StackName: 'user', TemplateBody: reading('eu-west-1') }, caller), { code: 'ValidationError', message: /no output V of a stack base in eu-west-1/ })
  await create(lab, { StackName: 'user', TemplateBody: reading('us-east-1') })
  t.match((await lab.operations.DescribeStacks({ StackName: 'user' }, caller)).Stacks, [{ Outputs: [{ OutputValue: 'v' }] }])
  const elsewhere = { ...caller, region: 'ap-south-1' }
  const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: 'user', TemplateBody: reading('us-east-1') }, elsewhere)
  await lab.whenIdle(id)
  t.match((await lab.operations.DescribeStacks({ StackName: 'user' }, elsewhere)).Stacks, [{ StackStatus: 'CREATE_COMPLETE', Outputs: [{ OutputValue: 'v' }] }])
})

t.test('a deletion that failed can be forced, which leaves behind what can not be deleted', async t => {
  const log: string[] = []
  const lab = labFor(t, { [TYPE]: recordingHandler(log, { delete: id => { if (id === 'Stuck') throw refusal('Still used.') } }) })
  const id = await create(lab, { StackName: 'stack', TemplateBody: templateOf({ Base: {}, Stuck: { after: ['Base'] } }) })
  const force = async (): Promise<unknown> => await lab.operations.DeleteStack({ StackName: id, DeletionMode: 'FORCE_DELETE_STACK' }, caller)
  await t.rejects(force(), { code: 'ValidationError', message: /can only be used on stacks in DELETE_FAILED state/ })
  await lab.operations.DeleteStack({ StackName: id }, caller)
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'DELETE_FAILED')
  await force()
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'DELETE_COMPLETE')
  t.strictSame(log.filter(line => line.startsWith('delete')), ['delete Stuck', 'delete Stuck', 'delete Base'])
  t.match(await lab.operations.DescribeStackResources({ StackName: id }, caller), { StackResources: [{ LogicalResourceId: 'Base', ResourceStatus: 'DELETE_COMPLETE' }, { LogicalResourceId: 'Stuck', ResourceStatus: 'DELETE_FAILED' }] })
})

t.test('values that the model does not name are refused in its words', async t => {
  const lab = labFor(t, {})
  const create = (input: object): Promise<unknown> => lab.operations.CreateStack({ StackName: 'stack', TemplateBody: templateOf({ A: {} }), ...input }, caller)
  await t.rejects(create({ OnFailure: 'NONE' }), { message: "1 validation error detected: Value 'NONE' at 'onFailure' failed to satisfy constraint: Member must satisfy enum value set: [DELETE, DO_NOTHING, ROLLBACK]" })
  await t.rejects(create({ Capabilities: ['CAPABILITY'] }), { message: /Value 'CAPABILITY' at 'capabilities' failed to satisfy constraint: Member must satisfy enum value set: \[CAPABILITY_AUTO_EXPAND, / })
  await t.rejects(create({ TimeoutInMinutes: 0 }), { message: "1 validation error detected: Value '0' at 'timeoutInMinutes' failed to satisfy constraint: Member must have value greater than or equal to 1" })
  await t.rejects(lab.operations.ListStacks({ StackStatusFilter: ['GONE' as 'DELETE_COMPLETE'] }, caller), { message: /Value 'GONE' at 'stackStatusFilter'/ })
})

t.test('what the sandbox would not act upon it does not take', async t => {
  const lab = labFor(t, {})
  const body = templateOf({ A: {} })
  for (const [input, member] of [
    [{ StackPolicyBody: '{}' }, 'StackPolicyBody'],
    [{ RollbackConfiguration: { RollbackTriggers: [{ Arn: 'arn:aws:cloudwatch:us-east-1:000000000000:alarm:x', Type: 'AWS::CloudWatch::Alarm' }] } }, 'RollbackConfiguration.RollbackTriggers'],
    [{ DeploymentConfig: { Mode: 'EXPRESS' } }, 'DeploymentConfig.Mode']
  ] as const) await t.rejects(lab.operations.CreateStack({ StackName: 'stack', TemplateBody: body, ...input } as CreateStackInput, caller), { code: 'ValidationError', message: `The sandbox does not implement ${member}: leave it out.` })
  await t.rejects(lab.operations.DescribeStacks({ StackName: 'stack' }, caller), { code: 'ValidationError' })
})
