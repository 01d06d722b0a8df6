import t from 'tap'
import { caller, eventsOf, statusOf, templateOf } from './fixture.js'
import { openScene } from './scene.js'

t.test('a change set says what would happen, and then it happens', async t => {
  const { lab, id, log } = await openScene(t, templateOf({ A: { name: 'before' }, User: { value: { Ref: 'A' } }, Gone: {} }))
  await lab.operations.CreateChangeSet({ StackName: 'stack', ChangeSetName: 'next', TemplateBody: templateOf({ A: { name: 'after' }, User: { value: { Ref: 'A' } }, New: {} }) }, caller)
  await lab.operations.CreateChangeSet({ StackName: 'stack', ChangeSetName: 'nothing', UsePreviousTemplate: true }, caller)
  const described = await lab.operations.DescribeChangeSet({ StackName: 'stack', ChangeSetName: 'next' }, caller)
  t.match(described, { Status: 'CREATE_COMPLETE', ExecutionStatus: 'AVAILABLE' })
  t.match(described.Changes?.map(({ ResourceChange: change }) => [change?.Action, change?.LogicalResourceId, change?.Replacement]),
    [['Modify', 'A', 'True'], ['Modify', 'User', 'False'], ['Add', 'New', undefined], ['Remove', 'Gone', undefined]])
  const target = { Attribute: 'Properties', Name: 'Name', RequiresRecreation: 'Always' } as const
  t.strictSame(described.Changes?.[0]?.ResourceChange?.Details, [{ Target: target, Evaluation: 'Static', ChangeSource: 'DirectModification' }])
  const shown = await lab.operations.DescribeChangeSet({ StackName: 'stack', ChangeSetName: 'next', IncludePropertyValues: true }, caller)
  t.match(shown.Changes?.[0]?.ResourceChange, { Scope: ['Properties'], Details: [{ Target: { ...target, Path: '/Properties/Name', BeforeValue: 'before', AfterValue: 'after', AttributeChangeType: 'Modify' } }] })
  t.strictSame(JSON.parse(shown.Changes?.[2]?.ResourceChange?.AfterContext ?? ''), { Properties: { Type: 'String', Value: 'x' } })
  t.match((await lab.operations.GetTemplate({ StackName: 'stack', ChangeSetName: 'next' }, caller)).TemplateBody, /after/)
  t.match(await lab.operations.DescribeChangeSet({ StackName: 'stack', ChangeSetName: 'nothing' }, caller),
    { Status: 'FAILED', ExecutionStatus: 'UNAVAILABLE', StatusReason: 'The submitted information didn\'t contain changes. Submit different information to create a change set.' })
  t.strictSame(log, [])
  await t.rejects(lab.operations.ExecuteChangeSet({ StackName: 'stack', ChangeSetName: 'nothing' }, caller), { code: 'InvalidChangeSetStatus' })
  await lab.operations.ExecuteChangeSet({ StackName: 'stack', ChangeSetName: 'next' }, caller)
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'UPDATE_COMPLETE')
  t.strictSame(log.sort(), ['create A', 'create New', 'delete A', 'delete Gone', 'update User'])
  t.match(await lab.operations.ListChangeSets({ StackName: 'stack' }, caller), { Summaries: [] })
  t.match(await lab.operations.DescribeChangeSet({ StackName: 'stack', ChangeSetName: described.ChangeSetId }, caller), { ExecutionStatus: 'EXECUTE_COMPLETE' })
  const last = { StackName: 'stack', ChangeSetName: 'next', TemplateBody: templateOf({ A: { name: 'last' } }), ClientToken: 'last' }
  const made = await lab.operations.CreateChangeSet(last, caller)
  t.strictSame(await lab.operations.CreateChangeSet(last, caller), made, 'a request whose answer was lost')
  t.match(await lab.operations.ListChangeSets({ StackName: 'stack' }, caller), { Summaries: [{ ChangeSetName: 'next', ExecutionStatus: 'AVAILABLE' }] })
  await t.rejects(lab.operations.CreateChangeSet({ StackName: 'stack', ChangeSetName: 'next', UsePreviousTemplate: true }, caller), { code: 'AlreadyExistsException' })
  await t.rejects(lab.operations.DescribeChangeSet({ StackName: 'stack', ChangeSetName: 'nothing' }, caller), { code: 'ChangeSetNotFound', status: 404 })
  await lab.operations.DeleteChangeSet({ StackName: 'stack', ChangeSetName: 'nothing' }, caller)
  await t.rejects(lab.operations.DeleteChangeSet({ StackName: 'nostack', ChangeSetName: 'nothing' }, caller), { code: 'ValidationError', message: 'Stack [nostack] does not exist' })
})

t.test('a change set names every cause of a change, and what may change with it', async t => {
  const parameters = { Parameters: { P: { Type: 'String', Default: 'one' }, Secret: { Type: 'String', NoEcho: true, Default: 'hu"sh' } } }
  const body = templateOf({
    A: { value: { Ref: 'P' } },
    User: { value: { 'Fn::Base64': { 'Fn::GetAtt': ['A', 'Value'] } } },
    Hidden: { value: { Ref: 'Secret' } },
    Moved: { name: { Ref: 'P' } },
    Follower: { value: { Ref: 'Moved' } },
    Other: {}
  }, parameters)
  const { lab } = await openScene(t, body)
  const Parameters = [{ ParameterKey: 'P', ParameterValue: 'two' }, { ParameterKey: 'Secret', ParameterValue: 'wh"isper' }]
  await lab.operations.CreateChangeSet({ StackName: 'stack', ChangeSetName: 'next', UsePreviousTemplate: true, Parameters }, caller)
  const described = await lab.operations.DescribeChangeSet({ StackName: 'stack', ChangeSetName: 'next', IncludePropertyValues: true }, caller)
  const causesIn = ({ Changes: changes = [] }: typeof described): unknown[] =>
    changes.map(({ ResourceChange: { LogicalResourceId: name, Details: details = [] } = {} }) =>
      [name, ...details.map(detail => [detail.ChangeSource, detail.CausingEntity, detail.Evaluation])])
  const own = ['DirectModification', undefined, 'Dynamic']
  const byParameters = [['A', ['ParameterReference', 'P', 'Static'], own], ['Hidden', ['ParameterReference', 'Secret', 'Static'], own], ['Moved', ['ParameterReference', 'P', 'Static'], own]]
  t.strictSame(causesIn(described), [...byParameters, ['Follower', ['ResourceReference', 'Moved', 'Static'], own]])
  t.strictSame(causesIn(await lab.operations.DescribeChangeSet({ StackName: 'stack', ChangeSetName: 'next' }, caller)),
    [byParameters[0], ['User', ['ResourceAttribute', 'A.Value', 'Dynamic']], ...byParameters.slice(1), ['Follower', ['ResourceReference', 'Moved', 'Static']]],
    'without values, also what only may change')
  t.notMatch(JSON.stringify(described), /hu.*sh|isper/)
})

t.test('what a resource has beside its properties changes too, with its causes', async t => {
  const parameters = { Parameters: { P: { Type: 'String', NoEcho: true, Default: 'one' } } }
  const { lab, id } = await openScene(t, templateOf({ A: { Metadata: { note: { Ref: 'P' } } } }, parameters))
  t.match(await lab.operations.DescribeStackResource({ StackName: id, LogicalResourceId: 'A' }, caller), { StackResourceDetail: { Metadata: '{"note":"one"}' } })
  t.match((await lab.operations.DescribeStacks({ StackName: id }, caller)).Stacks, [{ LastOperations: { length: 1 } }])
  const changeIn = async (name: string, input: object): Promise<unknown> => {
    await lab.operations.CreateChangeSet({ StackName: 'stack', ChangeSetName: name, UsePreviousTemplate: true, ...input }, caller)
    return (await lab.operations.DescribeChangeSet({ StackName: 'stack', ChangeSetName: name }, caller)).Changes?.[0]?.ResourceChange
  }
  t.match(await changeIn('note', { Parameters: [{ ParameterKey: 'P', ParameterValue: 'two' }] }), {
    Scope: ['Metadata'],
    Details: [
      { Target: { Attribute: 'Metadata', Name: undefined }, ChangeSource: 'ParameterReference', CausingEntity: 'P', Evaluation: 'Static' },
      { Target: { Attribute: 'Metadata' }, ChangeSource: 'DirectModification', Evaluation: 'Dynamic' }
    ]
  })
  t.match(await changeIn('stack-tags', { Tags: [{ Key: 'k', Value: 'v' }] }), { Scope: ['Tags'], Details: [{ Target: { Attribute: 'Tags', Name: undefined } }] })
  const tagged = templateOf({ A: { Metadata: { note: 'one' }, Properties: { Type: 'String', Value: 'x', Tags: { k: 'v' } } } }, parameters)
  const topic = (...Tags: object[]): string => templateOf({ A: { Type: 'AWS::SNS::Topic', Properties: { Tags }, DeletionPolicy: 'Retain' } })
  const { StackId: topics = '' } = await lab.operations.CreateStack({ StackName: 'topics', TemplateBody: topic({ Key: 'a', Value: '1' }) }, caller)
  await lab.whenIdle(topics)
  const next = { StackName: topics, ChangeSetName: 'next' }
  await lab.operations.CreateChangeSet({ ...next, TemplateBody: topic({ Key: 'b', Value: '2' }, { Key: 'c', Value: '3' }) }, caller)
  const target = { Attribute: 'Tags', RequiresRecreation: 'Never' } as const
  const withValues = await lab.operations.DescribeChangeSet({ ...next, IncludePropertyValues: true }, caller)
  const change = withValues.Changes?.[0]?.ResourceChange
  t.strictSame(change?.Details?.map(({ Target }) => Target), [
    { ...target, Path: '/Properties/Tags/0/Key', BeforeValue: 'a', AfterValue: 'b', AttributeChangeType: 'Modify' },
    { ...target, Path: '/Properties/Tags/0/Value', BeforeValue: '1', AfterValue: '2', AttributeChangeType: 'Modify' },
    { ...target, Path: '/Properties/Tags/1', BeforeValue: undefined, AfterValue: '{"Key":"c","Value":"3"}', AttributeChangeType: 'Add' }
  ])
  t.match(JSON.parse(change?.BeforeContext ?? ''), { Properties: { Tags: [{ Key: 'a', Value: '1' }] }, DeletionPolicy: 'Retain' })
  t.match((await lab.operations.DescribeChangeSet(next, caller)).Changes, [{ ResourceChange: { Scope: ['Tags'], Details: { length: 1 } } }])
  t.match(await changeIn('own-tags', { UsePreviousTemplate: false, TemplateBody: tagged }), { Scope: ['Properties'], Details: [{ Target: { Attribute: 'Properties', Name: 'Tags' } }] })
})

t.test('an update by request keeps the capabilities, and forgets the change set before it', async t => {
  const { lab } = await openScene(t, templateOf({ A: {} }))
  const described = async (): Promise<unknown> => (await lab.operations.DescribeStacks({ StackName: 'stack' }, caller)).Stacks?.[0]
  const { StackId: id = '' } = await lab.operations.CreateChangeSet({ StackName: 'stack', ChangeSetName: 'first', TemplateBody: templateOf({ A: { value: 'y' } }), Capabilities: ['CAPABILITY_IAM'] }, caller)
  await lab.operations.ExecuteChangeSet({ StackName: 'stack', ChangeSetName: 'first' }, caller)
  await lab.whenIdle(id)
  t.match(await described(), { Capabilities: ['CAPABILITY_IAM'], ChangeSetId: String })
  await lab.operations.UpdateStack({ StackName: 'stack', TemplateBody: templateOf({ A: { value: 'z' } }) }, caller)
  await lab.whenIdle(id)
  t.match(await described(), { StackStatus: 'UPDATE_COMPLETE', Capabilities: ['CAPABILITY_IAM'], ChangeSetId: undefined })
})

t.test('a change set can make a stack', async t => {
  const { lab } = await openScene(t, templateOf({ A: {} }))
  const { StackId: id = '' } = await lab.operations.CreateChangeSet({ StackName: 'fresh', ChangeSetName: 'first', ChangeSetType: 'CREATE', TemplateBody: templateOf({ A: {} }) }, caller)
  const { Stacks: [reviewed] = [] } = await lab.operations.DescribeStacks({ StackName: 'fresh' }, caller)
  t.match(reviewed, { StackStatus: 'REVIEW_IN_PROGRESS', StackStatusReason: 'User Initiated', Parameters: undefined, Capabilities: undefined, ChangeSetId: undefined, LastUpdatedTime: undefined, RetainExceptOnCreate: undefined })
  await lab.operations.CreateChangeSet({ StackName: 'fresh', ChangeSetName: 'later', ChangeSetType: 'CREATE', TemplateBody: templateOf({ A: { value: { 'Fn::ImportValue': 'nowhere' } } }) }, caller)
  t.match(await lab.operations.DescribeChangeSet({ StackName: 'fresh', ChangeSetName: 'later' }, caller), { Status: 'CREATE_COMPLETE' }, 'the export may come to be before it is executed')
  await t.rejects(lab.operations.GetTemplateSummary({ StackName: 'fresh' }, caller), { message: 'GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.' })
  await t.rejects(lab.operations.CreateChangeSet({ StackName: 'stack', ChangeSetName: 'again', ChangeSetType: 'CREATE', TemplateBody: templateOf({ A: {} }) }, caller),
    { message: 'Stack [stack] already exists and cannot be created again with the changeSet [again].' })
  await lab.operations.ExecuteChangeSet({ StackName: 'fresh', ChangeSetName: 'first' }, caller)
  await lab.whenIdle(id)
  t.strictSame((await eventsOf(lab, 'fresh')).filter(event => event.startsWith('fresh')),
    ['fresh REVIEW_IN_PROGRESS User Initiated', 'fresh CREATE_IN_PROGRESS User Initiated', 'fresh CREATE_COMPLETE'])
  t.match((await lab.operations.DescribeStacks({ StackName: 'fresh' }, caller)).Stacks, [{ ChangeSetId: /:changeSet\/first\//, LastUpdatedTime: Date }])
})

t.test('a stack that only has change sets can be created, which makes those obsolete', async t => {
  const { lab } = await openScene(t, templateOf({ A: {} }))
  const { StackId: id = '' } = await lab.operations.CreateChangeSet({ StackName: 'fresh', ChangeSetName: 'first', ChangeSetType: 'CREATE', TemplateBody: templateOf({ A: {} }) }, caller)
  t.match(await lab.operations.CreateStack({ StackName: 'fresh', TemplateBody: templateOf({ A: {} }) }, caller), { StackId: id })
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, 'fresh'), 'CREATE_COMPLETE')
  t.match(await lab.operations.DescribeChangeSet({ StackName: 'fresh', ChangeSetName: 'first' }, caller), { ExecutionStatus: 'OBSOLETE' })
})
