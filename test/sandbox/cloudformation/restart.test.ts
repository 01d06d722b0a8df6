import t from 'tap'
import { caller, eventsOf, openLab, recordingHandler, refusal, statusOf, templateOf, TYPE } from './fixture.js'

const chain = templateOf({ A: {}, B: { after: ['A'] }, C: { after: ['A'] }, D: { after: ['B', 'C'] } })

t.test('killed after any of its steps, a create is finished by the next start, each resource made once', async t => {
  for (let killAfter = 0; killAfter < 14; killAfter++) {
    const log: string[] = []
    let steps = 0
    let reached = (): void => undefined
    const isThere = new Promise<void>(resolve => { reached = resolve })
    const counting = recordingHandler(log, {
      create: async () => {
        for (let turn = 0; turn < 3; turn++) {
          if (++steps >= killAfter) reached()
          await new Promise(setImmediate)
        }
      }
    })
    const lab = openLab({ handlers: { [TYPE]: counting } })
    const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: 'resumed', TemplateBody: chain }, caller)
    if (killAfter > 0) await Promise.race([isThere, lab.whenIdle(id)])
    const next = await lab.restart({ [TYPE]: recordingHandler(log) })
    await next.start()
    await next.whenIdle(id)
    t.equal(await statusOf(next, id), 'CREATE_COMPLETE')
    const events = await eventsOf(next, id)
    for (const logicalId of ['A', 'B', 'C', 'D']) {
      t.strictSame(events.filter(event => event.startsWith(`${logicalId} `)),
        [`${logicalId} CREATE_IN_PROGRESS`, `${logicalId} CREATE_IN_PROGRESS Resource creation Initiated`, `${logicalId} CREATE_COMPLETE`])
    }
    await next.close()
  }
})

t.test('killed in the middle of an update or a deletion, it goes on', async t => {
  const hang = (): Promise<void> => new Promise(() => undefined)
  const lab = openLab({ handlers: { [TYPE]: recordingHandler([], { update: hang }) } })
  const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: 'moving', TemplateBody: templateOf({ A: {}, Old: {} }) }, caller)
  await lab.whenIdle(id)
  await lab.operations.UpdateStack({ StackName: id, TemplateBody: templateOf({ A: { value: 'y' }, New: {} }) }, caller)
  while (!(await eventsOf(lab, id)).includes('New CREATE_COMPLETE')) await new Promise(setImmediate)

  const log: string[] = []
  const failing = await lab.restart({ [TYPE]: recordingHandler(log, { update: () => { if (log.length < 2) throw refusal('Not now.') }, delete: hang }) })
  await failing.start()
  while (!(await eventsOf(failing, id)).includes('New DELETE_IN_PROGRESS')) await new Promise(setImmediate)
  t.strictSame(log, ['update A', 'update A', 'delete New'], 'tried, taken back, and what was added deleted')

  const after: string[] = []
  const last = await failing.restart({ [TYPE]: recordingHandler(after) })
  t.teardown(last.close)
  await last.start()
  await last.whenIdle(id)
  t.equal(await statusOf(last, id), 'UPDATE_ROLLBACK_COMPLETE')
  t.strictSame(after, ['delete New'])
  t.match(await last.operations.ListStackResources({ StackName: id }, caller), { StackResourceSummaries: [{ LogicalResourceId: 'A' }, { LogicalResourceId: 'Old' }] })
  t.match((await last.operations.GetTemplate({ StackName: id }, caller)).TemplateBody, /"Old"/)
})

t.test('killed in an operation that is to be kept as it fails, what failed is not tried again, and the rest is done', async t => {
  const hang = (): Promise<void> => new Promise(() => undefined)
  const create = async (id: string): Promise<void> => { if (id === 'Bad') throw refusal('No.'); await hang() }
  const lab = openLab({ handlers: { [TYPE]: recordingHandler([], { create }) } })
  const { StackId: id = '' } = await lab.operations.CreateStack({ StackName: 'kept', DisableRollback: true, TemplateBody: templateOf({ Slow: {}, Bad: {}, Last: { after: ['Slow'] } }) }, caller)
  while (!(await eventsOf(lab, id)).some(event => event.startsWith('Bad CREATE_FAILED'))) await new Promise(setImmediate)
  const log: string[] = []
  const next = await lab.restart({ [TYPE]: recordingHandler(log) })
  t.teardown(next.close)
  await next.start()
  await next.whenIdle(id)
  t.equal(await statusOf(next, id), 'CREATE_FAILED')
  t.strictSame(log, ['create Slow', 'create Last'])
})
