import t from 'tap'
import { allEvents, caller, eventsOf, openLab, recordingHandler, refusal, statusOf, templateOf, TYPE } from './fixture.js'
import { openScene } from './scene.js'

t.test('an update adds, changes, replaces and, at the end, removes', async t => {
  const { lab, log, update } = await openScene(t, templateOf({ Same: {}, Changed: {}, Renamed: { name: 'before' }, User: { value: { Ref: 'Renamed' } }, Gone: {} }))
  const before = (await eventsOf(lab, 'stack')).length
  await update({ TemplateBody: templateOf({ Same: {}, Changed: { value: 'y' }, Renamed: { name: 'after' }, User: { value: { Ref: 'Renamed' } }, New: { after: ['Changed'] } }), ClientRequestToken: 'second' })
  const events = (await eventsOf(lab, 'stack')).slice(before)
  t.equal(await statusOf(lab, 'stack'), 'UPDATE_COMPLETE')
  t.strictSame(events.slice(0, 1), ['stack UPDATE_IN_PROGRESS User Initiated'])
  t.strictSame(events.filter(event => event.startsWith('Renamed')), [
    'Renamed UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.',
    'Renamed UPDATE_IN_PROGRESS Resource creation Initiated',
    'Renamed UPDATE_COMPLETE',
    'Renamed DELETE_IN_PROGRESS',
    'Renamed DELETE_COMPLETE'
  ])
  const cleanup = events.indexOf('stack UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')
  t.ok(cleanup > events.indexOf('User UPDATE_COMPLETE') && cleanup < events.indexOf('Gone DELETE_IN_PROGRESS') && cleanup < events.indexOf('Renamed DELETE_IN_PROGRESS'))
  t.equal(events.at(-1), 'stack UPDATE_COMPLETE')
  t.strictSame(log.sort(), ['create New', 'create Renamed', 'delete Gone', 'delete Renamed', 'update Changed', 'update User'])
  t.match(await lab.operations.ListStackResources({ StackName: 'stack' }, caller), { StackResourceSummaries: { length: 5 } })
  await t.rejects(lab.operations.DescribeStackResource({ StackName: 'stack', LogicalResourceId: 'Gone' }, caller), { message: 'Resource Gone does not exist for stack stack' })
})

t.test('an update that fails goes back to what was, for real', async t => {
  const { lab, log, broken, update, reason } = await openScene(t, templateOf({ A: {}, R: { name: 'before' }, Z: { after: ['A', 'R'] } }, { Outputs: { O: { Value: 'old' } } }))
  broken.add('update Z')
  const ids = await lab.operations.DescribeStackResources({ StackName: 'stack' }, caller)
  await update({ TemplateBody: templateOf({ A: { value: 'y' }, R: { name: 'after' }, New: {}, Z: { after: ['A', 'R', 'New'], value: 'y' } }, { Outputs: { O: { Value: 'new' } } }) })
  t.equal(await statusOf(lab, 'stack'), 'UPDATE_ROLLBACK_FAILED', 'as Z can not be changed back either')
  t.equal(await reason(), 'The following resource(s) failed to update: [Z]. ')
  broken.clear()
  await t.rejects(lab.operations.ContinueUpdateRollback({ StackName: 'stack', ResourcesToSkip: ['A'] }, caller), { code: 'ValidationError', message: /not in an UPDATE_FAILED state .*\[A\]/ })
  await lab.operations.ContinueUpdateRollback({ StackName: 'stack' }, caller)
  await lab.whenIdle(ids.StackResources?.[0]?.StackId ?? '')
  t.equal(await statusOf(lab, 'stack'), 'UPDATE_ROLLBACK_COMPLETE')
  t.strictSame(log.filter(line => /[AZ]$/.test(line)), ['update A', 'update Z', 'update A', 'update Z', 'update Z'])
  t.strictSame(log.filter(line => /R$|New$/.test(line)).sort(), ['create New', 'create R', 'delete New', 'delete R'])
  const after = await lab.operations.DescribeStackResources({ StackName: 'stack' }, caller)
  t.strictSame(after.StackResources?.map(item => item.PhysicalResourceId), ids.StackResources?.map(item => item.PhysicalResourceId))
  t.match((await lab.operations.DescribeStacks({ StackName: 'stack' }, caller)).Stacks, [{ Outputs: [{ OutputValue: 'old' }] }])
  t.match((await lab.operations.GetTemplate({ StackName: 'stack' }, caller)).TemplateBody, /before/)
  t.ok((await eventsOf(lab, 'stack')).includes('stack UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [Z]. '))
})

t.test('a deletion policy that came with a failed update goes with it', async t => {
  const { lab, id, log, broken, update } = await openScene(t, templateOf({ A: { DeletionPolicy: 'Retain' } }))
  broken.add('create Bad')
  await update({ TemplateBody: templateOf({ A: {}, Bad: { after: ['A'] } }) })
  t.equal(await statusOf(lab, id), 'UPDATE_ROLLBACK_COMPLETE')
  await lab.operations.DeleteStack({ StackName: id }, caller)
  await lab.whenIdle(id)
  t.notOk(log.includes('delete A'))
})

t.test('what a failed update added or imported goes with it, unless it is to be retained', async t => {
  const { lab, id, log, broken, update } = await openScene(t, templateOf({ A: {} }))
  const { StackId: base = '' } = await lab.operations.CreateStack({ StackName: 'base', TemplateBody: templateOf({ X: {} }, { Outputs: { V: { Value: 'v', Export: { Name: 'shared' } } } }) }, caller)
  await lab.whenIdle(base)
  broken.add('create Bad')
  const TemplateBody = templateOf({ A: {}, Kept: { value: { 'Fn::ImportValue': 'shared' }, DeletionPolicy: 'Retain' }, Bad: { after: ['Kept'] } })
  await update({ TemplateBody })
  t.equal(await statusOf(lab, id), 'UPDATE_ROLLBACK_COMPLETE')
  t.ok((await eventsOf(lab, id)).includes('Kept DELETE_SKIPPED'))
  await t.rejects(lab.operations.ListImports({ ExportName: 'shared' }, caller), { message: /not imported by any stack/ })
  await update({ TemplateBody, RetainExceptOnCreate: true })
  t.equal(log.at(-1), 'delete Kept')
})

t.test('what was kept as it failed is tried again by the next update, and what was never complete is deleted by a rollback', async t => {
  const { lab, id, log, broken, update } = await openScene(t, templateOf({ A: {} }))
  broken.add('update A')
  await update({ TemplateBody: templateOf({ A: { value: 'y' } }), DisableRollback: true })
  broken.clear()
  await update({ TemplateBody: templateOf({ A: {} }), DisableRollback: true })
  t.strictSame([await statusOf(lab, id), (await eventsOf(lab, id)).filter(event => event.startsWith('A')).at(-1)], ['UPDATE_COMPLETE', 'A UPDATE_COMPLETE'])
  broken.add('create Bad')
  const create = { StackName: 'new', DisableRollback: true, TemplateBody: templateOf({ Good: {}, Bad: {} }) }
  const { StackId: made = '' } = await lab.operations.CreateStack(create, caller)
  await lab.whenIdle(made)
  await lab.operations.UpdateStack({ ...create, TemplateBody: templateOf({ Good: { value: 'y' }, Bad: {} }) }, caller)
  await lab.whenIdle(made)
  await lab.operations.RollbackStack({ StackName: 'new' }, caller)
  await lab.whenIdle(made)
  t.equal(await statusOf(lab, made), 'ROLLBACK_COMPLETE')
  t.ok(log.includes('delete Good'))
})

t.test('a rollback that fails can be made to skip whatever failed', async t => {
  const { lab, id, log, broken, update } = await openScene(t, templateOf({ A: {}, B: {} }))
  broken.add('update B')
  await update({ TemplateBody: templateOf({ A: { value: 'y' }, B: { value: 'y', after: ['A'] } }) })
  t.equal(await statusOf(lab, id), 'UPDATE_ROLLBACK_FAILED')
  const forced = { StackName: id, ForceRollback: true }
  await t.rejects(lab.operations.ContinueUpdateRollback({ ...forced, ResourcesToSkip: ['B'] }, caller), { code: 'ValidationError', message: /but not both/ })
  log.length = 0
  await lab.operations.ContinueUpdateRollback(forced, caller)
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'UPDATE_ROLLBACK_COMPLETE')
  t.strictSame(log, [])
})

t.test('a NoEcho parameter is shown nowhere, whatever happens', async t => {
  const body = (value: unknown): string => templateOf({ A: { value }, B: { value, after: ['A'] } }, { Parameters: { P: { Type: 'String', NoEcho: true } }, Outputs: { O: { Value: 'x' } } })
  const { lab, id, update, broken } = await openScene(t, body({ Ref: 'P' }), { Parameters: [{ ParameterKey: 'P', ParameterValue: 'hunter22' }] })
  broken.add('update B')
  const next = { TemplateBody: body({ 'Fn::Join': ['', [{ Ref: 'P' }, 'x']] }), Parameters: [{ ParameterKey: 'P', ParameterValue: 'hunter33' }] }
  await lab.operations.CreateChangeSet({ StackName: id, ChangeSetName: 'next', ...next }, caller)
  const changeSet = await lab.operations.DescribeChangeSet({ StackName: id, ChangeSetName: 'next' }, caller)
  await update(next)
  const { operations } = lab
  const shown = [
    changeSet,
    await allEvents(lab, id),
    await operations.DescribeStacks({ StackName: id }, caller),
    await operations.DescribeEvents({ StackName: id }, caller)
  ]
  t.match(JSON.stringify(shown), '****')
  t.notMatch(JSON.stringify(shown), /hunter/)
  t.equal(await statusOf(lab, id), 'UPDATE_ROLLBACK_FAILED')
})

t.test('what is still being made, or changed, when an update is given up is waited for, and then taken back', async t => {
  const log: string[] = []
  const enders = new Map<string, () => void>()
  const slow = async (logicalId: string): Promise<void> => {
    if (logicalId === 'Bad') throw refusal('No.')
    if (log.filter(line => line.endsWith(logicalId)).length === 1) await new Promise<void>(resolve => { enders.set(logicalId, resolve) })
    log.push(`done ${logicalId}`)
  }
  const lab = openLab({ handlers: { [TYPE]: recordingHandler(log, { create: async id => { if (id !== 'A') await slow(id) }, update: slow }) } })
  t.teardown(lab.close)
  const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: 'stack', TemplateBody: templateOf({ A: {} }) }, caller)
  await lab.whenIdle(id)
  log.length = 0
  await lab.operations.UpdateStack({ StackName: id, TemplateBody: templateOf({ A: { value: 'y' }, Slow: {}, Bad: {} }) }, caller)
  while (enders.size < 2 || await statusOf(lab, id) !== 'UPDATE_ROLLBACK_IN_PROGRESS') await new Promise(setImmediate)
  enders.get('A')?.()
  while (await statusOf(lab, id) !== 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS') await new Promise(setImmediate)
  enders.get('Slow')?.()
  await lab.whenIdle(id)
  t.strictSame(log.filter(line => line.endsWith('A')), ['update A', 'done A', 'update A', 'done A'])
  t.strictSame(log.filter(line => line.endsWith('Slow')), ['create Slow', 'done Slow', 'delete Slow'])
  const events = await eventsOf(lab, id)
  t.strictSame(events.filter(event => event.startsWith('Slow')).slice(2), ['Slow CREATE_FAILED Resource creation cancelled', 'Slow DELETE_IN_PROGRESS', 'Slow DELETE_COMPLETE'])
  t.strictSame(events.filter(event => event.startsWith('A')).slice(3), ['A UPDATE_IN_PROGRESS', 'A UPDATE_FAILED Resource update cancelled', 'A UPDATE_IN_PROGRESS', 'A UPDATE_COMPLETE'])
})

t.test('what changes nothing is refused, and so is what may not change', async t => {
  const body = templateOf({ A: { value: { Ref: 'P' } } }, { Parameters: { P: { Type: 'String', Default: 'x' }, Secret: { Type: 'String', NoEcho: true, Default: 's' } } })
  const { lab, update, log } = await openScene(t, body, { Tags: [{ Key: 'team', Value: 'a' }], Parameters: [{ ParameterKey: 'P', ParameterValue: 'given' }] })
  const same = { UsePreviousTemplate: true, Parameters: [{ ParameterKey: 'P', UsePreviousValue: true }] }
  await t.rejects(update(same), { code: 'ValidationError', message: 'No updates are to be performed.' })
  await t.rejects(update({ ...same, TemplateBody: body }), { message: /cannot specify both/ })
  await t.rejects(update({ ...same, Parameters: [{ ParameterKey: 'Q', UsePreviousValue: true }] }), { message: 'Parameters: [Q] do not exist in the template' })
  await t.rejects(update({ TemplateBody: body.replace('AWS::SSM::Parameter', 'AWS::SNS::Topic').replace('"Type":"String","Value":{"Ref":"P"}', '') }),
    { message: 'Update of resource type is not permitted. The new template modifies resource type of the following resources: [A]' })
  t.strictSame(log, [])
  await update({ ...same, Tags: [{ Key: 'team', Value: 'b' }] })
  t.strictSame(log, ['update A'], 'the stack\'s tags are the resource\'s tags')
  t.match((await lab.operations.DescribeStacks({ StackName: 'stack' }, caller)).Stacks, [{ Tags: [{ Key: 'team', Value: 'b' }], Parameters: [{ ParameterValue: 'given' }, { ParameterKey: 'Secret', ParameterValue: '****' }] }])
  await t.rejects(update(same), { message: 'No updates are to be performed.' }, 'tags that are left out stay')
  await update({ ...same, Tags: [] })
  t.match((await lab.operations.DescribeStacks({ StackName: 'stack' }, caller)).Stacks?.[0]?.Tags, [])
})

t.test('a resource that keeps its name can not be replaced', async t => {
  const cluster = 'AWS::RDS::DBCluster'
  const bodyWith = (database: string): string => JSON.stringify({ Resources: { A: { Type: cluster, Properties: { DBClusterIdentifier: 'fixed', DatabaseName: database } } } })
  const log: string[] = []
  const lab = openLab({ handlers: { [cluster]: recordingHandler(log) } })
  t.teardown(lab.close)
  const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: 'stack', TemplateBody: bodyWith('one') }, caller)
  await lab.whenIdle(id)
  await lab.operations.UpdateStack({ StackName: 'stack', TemplateBody: bodyWith('two') }, caller)
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'UPDATE_ROLLBACK_COMPLETE')
  t.ok((await eventsOf(lab, id)).includes('A UPDATE_FAILED CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename fixed and update the stack again.'))
  t.notOk(log.slice(1).includes('create A'))
})

t.test('an update can be cancelled, or kept where it failed and then taken back', async t => {
  const { lab, id, broken, update } = await openScene(t, templateOf({ A: {} }))
  broken.add('create Bad')
  await update({ TemplateBody: templateOf({ A: { value: 'y' }, Bad: { after: ['A'] } }), DisableRollback: true })
  t.equal(await statusOf(lab, id), 'UPDATE_FAILED')
  await t.rejects(lab.operations.CancelUpdateStack({ StackName: 'stack' }, caller), { message: 'CancelUpdateStack cannot be called from current stack status' })
  await t.rejects(update({ UsePreviousTemplate: true }), { code: 'ValidationError', message: /^This stack is currently in a non-terminal \[UPDATE_FAILED\] state\. To update .* use the rollback-stack API$/ })
  await update({ TemplateBody: templateOf({ A: { name: 'replaced' } }), DisableRollback: true })
  t.ok((await eventsOf(lab, id)).includes('A UPDATE_FAILED Replacement type updates not supported on stack with disable-rollback.'))
  await lab.operations.RollbackStack({ StackName: 'stack' }, caller)
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'UPDATE_ROLLBACK_COMPLETE')
  await lab.operations.UpdateStack({ StackName: 'stack', TemplateBody: templateOf({ A: { value: 'z' }, B: {} }) }, caller)
  const cancel = { StackName: 'stack', ClientRequestToken: 'cancel' }
  await lab.operations.CancelUpdateStack(cancel, caller)
  await t.resolves(lab.operations.CancelUpdateStack(cancel, caller), 'a request whose answer was lost')
  await lab.whenIdle(id)
  t.equal(await statusOf(lab, id), 'UPDATE_ROLLBACK_COMPLETE')
  t.match(await lab.operations.ListStackResources({ StackName: id }, caller), { StackResourceSummaries: { length: 1 } })
  const { OperationEvents: failures = [] } = await lab.operations.DescribeEvents({ StackName: 'stack', Filters: { FailedEvents: true } }, caller)
  t.match(failures.at(-1), { LogicalResourceId: 'Bad', EventType: 'PROVISIONING_ERROR' })
})

t.test('of requests that come at once for one stack, each finds what the one before it has done', async t => {
  const { lab, id } = await openScene(t, templateOf({ A: {} }))
  const both = async (call: () => Promise<unknown>): Promise<unknown[]> =>
    (await Promise.allSettled([call(), call()])).map(each => each.status === 'fulfilled' ? each.value : (each.reason as Error).message)
  const changeSet = { StackName: 'new', ChangeSetName: 'first', ChangeSetType: 'CREATE', TemplateBody: templateOf({ A: {} }) } as const
  t.match(await both(async () => await lab.operations.CreateChangeSet(changeSet, caller)), [{ Id: String }, 'ChangeSet first already exists'])
  t.match(await lab.operations.ListStacks({ StackStatusFilter: ['REVIEW_IN_PROGRESS'] }, caller), { StackSummaries: { length: 1 } })
  const update = { StackName: id, TemplateBody: templateOf({ A: { value: 'y' } }), ClientRequestToken: 'once' }
  const [first, second] = await both(async () => await lab.operations.UpdateStack(update, caller))
  t.strictSame(first, second, 'with a token it is one request')
  await lab.whenIdle(id)
})
