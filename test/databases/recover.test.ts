import t from 'tap'

import { AwsFailure } from '../../src/aws/errors.js'
import type { StackStatus } from '../../src/aws/stacks.js'
import { principalOf } from '../helpers/facts.js'
import { createTestService } from '../helpers/test-service.js'

const everybody = principalOf()
const NAME = 'acme-orders-dev-kv2yaiou'
const ID = `eu-west-1.${NAME}`

/** A database that a change or a deletion has left in a status, with resources that failed in it. */
async function createStuck (status: StackStatus, failed: Record<string, string> = { AuroraCluster: 'no' }, resourceStatus = 'UPDATE_FAILED') {
  const service = createTestService()
  const { stacks, databases } = service
  await databases.create(everybody, { client: 'acme', region: 'eu-west-1', name: 'orders' }, null)
  stacks.advance(NAME, 'CREATE_COMPLETE')
  stacks.advance(NAME, status.startsWith('DELETE') ? 'DELETE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS', { token: 'second', reason: 'User Initiated' })
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    stacks.emit(NAME, 'AuroraWriter', 'UPDATE_FAILED', 'the change itself')
    stacks.advance(NAME, 'UPDATE_ROLLBACK_IN_PROGRESS')
    stacks.emit(NAME, 'AuroraWriter', 'UPDATE_COMPLETE')
  }
  for (const [logicalId, reason] of Object.entries(failed)) stacks.emit(NAME, logicalId, resourceStatus, reason)
  stacks.advance(NAME, status, { reason: `The following resource(s) failed to update: [${Object.keys(failed).join(', ')}]. ` })
  return { ...service, recoveries: () => stacks.calls.filter(call => /^(remove|continueRollback|rollBack) /.test(call)).map(call => call.replace(/arn:\S+/, 'ID')) }
}

t.test('a stuck rollback says what it is stuck at and what to send, and goes on', async t => {
  const { databases, stacks, recoveries } = await createStuck('UPDATE_ROLLBACK_FAILED')
  t.match(await databases.get(everybody, ID), {
    status: 'failed',
    statusReason: `AuroraCluster could not be updated: no. POST /v1/databases/${ID}/recover tries again to take the change back; with {"skip":["AuroraCluster"]} it leaves that as it is.`,
    operation: { type: 'update', status: 'failed', reason: 'AuroraWriter could not be updated: the change itself' }
  })
  const begun = await databases.recover(everybody, ID, {})
  t.match(begun, { isReplay: false, database: { status: 'updating', statusReason: null, operation: { id: /^recover-/, type: 'recover', status: 'running' } } })
  t.match(await databases.recover(everybody, ID, {}), { isReplay: true, database: { operation: { id: begun.database.operation?.id } } }, 'sent again it finds what it began')
  stacks.advance(NAME, 'UPDATE_ROLLBACK_COMPLETE')
  t.match(await databases.recover(everybody, ID, {}), { isReplay: true, database: { status: 'available', operation: { type: 'recover', status: 'succeeded', reason: null, progress: { percent: 100 } } } })
  t.strictSame(recoveries(), ['continueRollback eu-west-1 ID'])
})

t.test('a recovery that gets stuck again can be tried again', async t => {
  const { databases, stacks, recoveries } = await createStuck('UPDATE_ROLLBACK_FAILED')
  await databases.recover(everybody, ID, {})
  stacks.emit(NAME, 'AuroraCluster', 'UPDATE_FAILED', 'still no')
  stacks.advance(NAME, 'UPDATE_ROLLBACK_FAILED')
  t.match(await databases.get(everybody, ID), { status: 'failed', statusReason: /still no\. POST/, operation: { type: 'recover', status: 'failed', reason: 'AuroraCluster could not be updated: still no' } })
  t.match(await databases.recover(everybody, ID, { skip: ['AuroraCluster'] }), { isReplay: false })
  t.strictSame(recoveries(), ['continueRollback eu-west-1 ID', 'continueRollback eu-west-1 ID AuroraCluster'])
})

t.test('a change that failed and was kept is taken back', async t => {
  const { databases, recoveries } = await createStuck('UPDATE_FAILED')
  t.match(await databases.get(everybody, ID), { status: 'failed', statusReason: `AuroraCluster could not be updated: no. POST /v1/databases/${ID}/recover takes the change back.` })
  t.match(await databases.recover(everybody, ID, {}), { isReplay: false, database: { status: 'updating' } })
  t.strictSame(recoveries(), ['rollBack eu-west-1 ID'])
})

t.test('a deletion that failed goes on without what is to be left behind', async t => {
  const { databases, stacks, recoveries } = await createStuck('DELETE_FAILED', { AuroraCluster: 'in use' }, 'DELETE_FAILED')
  t.match(await databases.get(everybody, ID), {
    status: 'delete_failed',
    statusReason: `AuroraCluster could not be deleted: in use. DELETE /v1/databases/${ID} tries again; POST /v1/databases/${ID}/recover with {"retain":["AuroraCluster"]} deletes the rest and leaves that behind.`
  })
  await t.rejects(databases.recover(principalOf({ scopes: ['databases:write'] }), ID, { retain: ['AuroraCluster'] }), { code: 'forbidden', message: /databases:delete/ })
  t.match(await databases.recover(everybody, ID, { retain: ['AuroraCluster'] }), { isReplay: false, database: { status: 'deleting', operation: { type: 'delete' } } })
  t.match(await databases.recover(everybody, ID, { retain: ['AuroraCluster'] }), { isReplay: true })
  stacks.advance(NAME, 'DELETE_COMPLETE')
  t.match(await databases.recover(everybody, ID, { retain: ['AuroraCluster'] }), { isReplay: true, database: { status: 'deleted' } })
  t.strictSame(recoveries(), ['remove eu-west-1 ID AuroraCluster'])
})

interface RecoverRequest { skip?: string[], retain?: string[] }
interface Refusal { code: string, errors: object[] }

const refusals: Array<[status: StackStatus, request: RecoverRequest, refusal: Refusal]> = [
  ['UPDATE_ROLLBACK_FAILED', { skip: ['AuroraWriter'] }, { code: 'invalid-request', errors: [{ path: '/skip/0', message: 'must be one of those that failed: AuroraCluster' }] }],
  ['UPDATE_ROLLBACK_FAILED', { retain: ['AuroraCluster'] }, { code: 'invalid-request', errors: [{ path: '/retain', message: /UPDATE_ROLLBACK_FAILED/ }] }],
  ['UPDATE_FAILED', { skip: ['AuroraCluster'] }, { code: 'invalid-request', errors: [{ path: '/skip' }] }],
  ['DELETE_FAILED', {}, { code: 'invalid-request', errors: [{ path: '/retain', message: /of AuroraCluster\. To try again to delete it, send DELETE/ }] }],
  ['DELETE_FAILED', { retain: ['AuroraCluster', 'MasterSecret'] }, { code: 'invalid-request', errors: [{ path: '/retain/1' }] }],
  ['DELETE_FAILED', { skip: ['AuroraCluster'] }, { code: 'invalid-request', errors: [{ path: '/skip' }] }]
]
for (const [status, request, refusal] of refusals) {
  t.test(`${status} is not recovered by ${JSON.stringify(request)}`, async t => {
    const { databases, recoveries } = await createStuck(status, { AuroraCluster: 'no' }, status === 'DELETE_FAILED' ? 'DELETE_FAILED' : 'UPDATE_FAILED')
    await t.rejects(databases.recover(everybody, ID, request), refusal)
    t.strictSame(recoveries(), [])
  })
}

t.test('a database that needs no recovery is told so', async t => {
  const { databases, stacks, recoveries } = await createStuck('UPDATE_ROLLBACK_COMPLETE')
  await t.rejects(databases.recover(everybody, ID, {}), { code: 'recovery-refused', message: /is available and needs no recovery/ })
  stacks.advance(NAME, 'UPDATE_IN_PROGRESS')
  await t.rejects(databases.recover(everybody, ID, {}), { code: 'database-busy', retryAfterSeconds: 10 })
  t.strictSame(recoveries(), [])
})

t.test('an answer that was lost', async t => {
  t.test('of what was done is made up for', async t => {
    const { databases, stacks } = await createStuck('UPDATE_ROLLBACK_FAILED')
    const { continueRollback } = stacks
    stacks.continueRollback = async (...args) => {
      await continueRollback(...args)
      throw new AwsFailure('unavailable', 'TimeoutError', 'no answer')
    }
    t.match(await databases.recover(everybody, ID, {}), { isReplay: true, database: { status: 'updating', operation: { type: 'recover' } } })
  })

  t.test('of what was not done is passed on', async t => {
    const { databases, stacks } = await createStuck('UPDATE_ROLLBACK_FAILED')
    stacks.continueRollback = async () => { throw new AwsFailure('throttled', 'Throttling', 'Rate exceeded') }
    await t.rejects(databases.recover(everybody, ID, {}), { code: 'Throttling' })
    stacks.continueRollback = async () => { throw new AwsFailure('refused', 'ValidationError', 'Not like this.') }
    await t.rejects(databases.recover(everybody, ID, {}), { code: 'recovery-refused', message: /Not like this/ })
  })

  t.test('to somebody who was slower than another is that of the other', async t => {
    const { databases, stacks } = await createStuck('UPDATE_ROLLBACK_FAILED')
    const { continueRollback } = stacks
    stacks.continueRollback = async (region, id, _token, skipped) => {
      await continueRollback(region, id, 'recover-other', skipped)
      await continueRollback(region, id, 'recover-mine', skipped)
    }
    t.match(await databases.recover(everybody, ID, {}), { isReplay: true, database: { operation: { id: 'recover-other' } } })
  })
})
