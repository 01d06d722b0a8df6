import t from 'tap'

import type { StackEvent } from '../../../src/aws/stacks.js'
import { readOperation, splitOperations, type Operation } from '../../../src/databases/operations/operations.js'
import { eventOf, STACK_NAME } from '../../helpers/facts.js'

const resources = ['MasterSecret', 'AuroraCluster', 'AuroraWriter'].map(logicalId => ({ logicalId, type: 'AWS::RDS::DBCluster', condition: undefined }))

/** A history, an event per word: `token:LogicalId=STATUS reason`, `*` being the stack. */
function history (lines: string): StackEvent[] {
  return lines.trim().split('\n').map(line => {
    const [, token = '', logicalId = '', status = '', reason] = /^\s*(\w*):(\S+)=(\w+)(?: (.*))?$/.exec(line) ?? []
    return eventOf(logicalId === '*' ? STACK_NAME : logicalId, status, { token: token || null, reason: reason ?? null })
  })
}

function read (lines: string): Array<Operation & { outline: string, states: string }> {
  return splitOperations(history(lines)).map(events => readOperation(events, resources)).filter(each => each !== null).map(each => ({
    ...each,
    outline: `${each.id} ${each.type} ${each.status} ${each.progress.completed}/${each.progress.total} ${each.progress.percent}%`,
    states: each.steps.map(({ status }) => status).join(' ')
  }))
}

const CREATED = `
  c:*=CREATE_IN_PROGRESS User Initiated
  c:MasterSecret=CREATE_IN_PROGRESS
  c:MasterSecret=CREATE_COMPLETE
  c:AuroraCluster=CREATE_IN_PROGRESS
  c:AuroraCluster=CREATE_IN_PROGRESS Resource creation Initiated
  c:AuroraCluster=CREATE_COMPLETE
  c:AuroraWriter=CREATE_IN_PROGRESS
  c:AuroraWriter=CREATE_COMPLETE
  c:*=CREATE_COMPLETE`

const FAILED = `
  c:*=CREATE_IN_PROGRESS User Initiated
  c:MasterSecret=CREATE_COMPLETE
  c:AuroraCluster=CREATE_IN_PROGRESS
  c:AuroraCluster=CREATE_FAILED out of luck
  c:AuroraWriter=CREATE_FAILED Resource creation cancelled`

const cases: Array<{ what: string, events: string, outlines: string[], states: string[], reasons: Array<string | null> }> = [
  {
    what: 'a create that has just begun',
    events: 'c:*=CREATE_IN_PROGRESS User Initiated',
    outlines: ['c create running 0/3 0%'],
    states: ['pending pending pending'],
    reasons: [null]
  },
  {
    what: 'a create that is at it',
    events: CREATED.trim().split('\n').slice(0, 5).join('\n'),
    outlines: ['c create running 1/3 33%'],
    states: ['completed in_progress pending'],
    reasons: [null]
  },
  {
    what: 'a create with all resources done, but not the stack',
    events: CREATED.trim().split('\n').slice(0, 8).join('\n'),
    outlines: ['c create running 3/3 99%'],
    states: ['completed completed completed'],
    reasons: [null]
  },
  { what: 'a create', events: CREATED, outlines: ['c create succeeded 3/3 100%'], states: ['completed completed completed'], reasons: [null] },
  {
    what: 'a create that failed and was rolled back',
    events: `${FAILED}
      c:*=ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [AuroraCluster, AuroraWriter]. Rollback requested by user.
      c:AuroraCluster=DELETE_IN_PROGRESS
      c:AuroraCluster=DELETE_COMPLETE
      c:MasterSecret=DELETE_COMPLETE
      c:*=ROLLBACK_COMPLETE`,
    outlines: ['c create failed 0/3 0%'],
    states: ['cancelled failed cancelled'],
    reasons: ['AuroraCluster could not be created: out of luck']
  },
  {
    what: 'a create that failed and is being removed',
    events: `${FAILED}
      c:*=DELETE_IN_PROGRESS The following resource(s) failed to create: [AuroraCluster, AuroraWriter]. Delete requested by user.
      c:AuroraCluster=DELETE_IN_PROGRESS`,
    outlines: ['c create running 1/3 33%'],
    states: ['completed failed cancelled'],
    reasons: ['AuroraCluster could not be created: out of luck']
  },
  {
    what: 'a create that failed and was removed',
    events: `${FAILED}
      c:*=DELETE_IN_PROGRESS The following resource(s) failed to create: [AuroraCluster, AuroraWriter]. Delete requested by user.
      c:MasterSecret=DELETE_COMPLETE
      c:AuroraCluster=DELETE_COMPLETE
      c:*=DELETE_COMPLETE`,
    outlines: ['c create failed 0/3 0%'],
    states: ['cancelled failed cancelled'],
    reasons: ['AuroraCluster could not be created: out of luck']
  },
  {
    what: 'a create that failed and is kept',
    events: `${FAILED}
      c:*=CREATE_FAILED The following resource(s) failed to create: [AuroraCluster, AuroraWriter].`,
    outlines: ['c create failed 1/3 33%'],
    states: ['completed failed cancelled'],
    reasons: ['AuroraCluster could not be created: out of luck']
  },
  {
    what: 'an update after a create',
    events: `${CREATED}
      u:*=UPDATE_IN_PROGRESS User Initiated
      u:AuroraCluster=UPDATE_IN_PROGRESS
      u:AuroraCluster=UPDATE_COMPLETE
      u:*=UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
      u:*=UPDATE_COMPLETE`,
    outlines: ['c create succeeded 3/3 100%', 'u update succeeded 1/3 100%'],
    states: ['completed completed completed', 'pending completed pending'],
    reasons: [null, null]
  },
  {
    what: 'an update that was rolled back',
    events: `${CREATED}
      u:*=UPDATE_IN_PROGRESS User Initiated
      u:MasterSecret=UPDATE_COMPLETE
      u:AuroraCluster=UPDATE_IN_PROGRESS
      u:AuroraCluster=UPDATE_FAILED no such version
      u:*=UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [AuroraCluster].
      u:AuroraCluster=UPDATE_IN_PROGRESS
      u:AuroraCluster=UPDATE_COMPLETE
      u:MasterSecret=UPDATE_COMPLETE
      u:*=UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS
      u:*=UPDATE_ROLLBACK_COMPLETE`,
    outlines: ['c create succeeded 3/3 100%', 'u update failed 0/3 0%'],
    states: ['completed completed completed', 'cancelled failed pending'],
    reasons: [null, 'AuroraCluster could not be updated: no such version']
  },
  {
    what: 'a deletion that needed a second attempt, by hand and without a token',
    events: `${CREATED}
      :*=DELETE_IN_PROGRESS User Initiated
      :AuroraWriter=DELETE_COMPLETE
      :AuroraCluster=DELETE_FAILED busy
      :AuroraCluster=DELETE_IN_PROGRESS
      :AuroraCluster=DELETE_COMPLETE
      :MasterSecret=DELETE_SKIPPED
      :*=DELETE_COMPLETE`,
    outlines: ['c create succeeded 3/3 100%', 'ID delete succeeded 3/3 100%'],
    states: ['completed completed completed', 'skipped completed completed'],
    reasons: [null, null]
  },
  {
    what: 'an update whose rollback got stuck, and was taken up again past what it was stuck at',
    events: `${CREATED}
      u:*=UPDATE_IN_PROGRESS User Initiated
      u:MasterSecret=UPDATE_COMPLETE
      u:AuroraCluster=UPDATE_FAILED no such version
      u:*=UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to update: [AuroraCluster].
      u:AuroraCluster=UPDATE_COMPLETE
      u:MasterSecret=UPDATE_FAILED it is gone
      u:*=UPDATE_ROLLBACK_FAILED The following resource(s) failed to update: [MasterSecret].
      r:*=UPDATE_ROLLBACK_IN_PROGRESS User Initiated
      r:MasterSecret=UPDATE_COMPLETE
      r:*=UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS
      r:*=UPDATE_ROLLBACK_COMPLETE`,
    outlines: ['c create succeeded 3/3 100%', 'u update failed 0/3 0%', 'r recover succeeded 1/3 100%'],
    states: ['completed completed completed', 'failed failed pending', 'completed pending pending'],
    reasons: [null, 'AuroraCluster could not be updated: no such version', null]
  },
  {
    what: 'a deletion that CloudFormation canceled',
    events: `${CREATED}
      d:*=DELETE_IN_PROGRESS User Initiated
      d:*=CREATE_COMPLETE Delete canceled. Cannot delete export acme-DNSName as it is in use by reports.
      e:*=CREATE_COMPLETE Export acme-DNSName cannot be deleted as it is in use by reports`,
    outlines: ['c create succeeded 3/3 100%', 'd delete failed 0/3 0%', 'e delete failed 0/3 0%'],
    states: ['completed completed completed', 'pending pending pending', 'pending pending pending'],
    reasons: [null, 'Delete canceled. Cannot delete export acme-DNSName as it is in use by reports.', 'Export acme-DNSName cannot be deleted as it is in use by reports']
  },
  {
    what: 'two deletions, of which the first failed',
    events: `${CREATED}
      d:*=DELETE_IN_PROGRESS User Initiated
      d:AuroraCluster=DELETE_FAILED protected
      d:*=DELETE_FAILED The following resource(s) failed to delete: [AuroraCluster].
      e:*=DELETE_IN_PROGRESS User Initiated`,
    outlines: ['c create succeeded 3/3 100%', 'd delete failed 0/3 0%', 'e delete running 0/3 0%'],
    states: ['completed completed completed', 'pending failed pending', 'pending pending pending'],
    reasons: [null, 'AuroraCluster could not be deleted: protected', null]
  }
]

for (const { what, events, outlines, states, reasons } of cases) {
  t.test(what, async t => {
    const operations = read(events)
    t.strictSame(operations.map(({ outline }) => outline.replace(/^event-\d+/, 'ID')), outlines)
    t.strictSame(operations.map(each => each.states), states)
    t.strictSame(operations.map(({ reason }) => reason), reasons)
    for (const { status, startedAt, endedAt } of operations) {
      t.equal(endedAt === null, status === 'running')
      t.ok(endedAt === null || endedAt >= startedAt)
    }
  })
}

t.test('a create by a change set begins with its review', async t => {
  t.strictSame(read(`
    c:*=REVIEW_IN_PROGRESS User Initiated
    c:*=CREATE_IN_PROGRESS User Initiated
    c:*=CREATE_COMPLETE`).map(({ outline }) => outline), ['c create succeeded 0/3 100%'])
})

t.test('without an event there is no operation', async t => {
  t.strictSame(splitOperations([]), [])
  t.equal(readOperation([], resources), null)
})
