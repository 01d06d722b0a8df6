import { StackStatus } from '@aws-sdk/client-cloudformation'
import t from 'tap'

import { isMoving } from '../../src/aws/stack-status.js'
import { isFailedRemainder, phases } from '../../src/databases/phases.js'

/** Status, what it means for the database and for the operation, whether it changes by itself, whether only a deletion can follow a create. */
const meanings: Array<[status: keyof typeof phases, database: string, operation: string, moving: boolean, remainder: boolean]> = [
  ['REVIEW_IN_PROGRESS', 'creating', 'create running', false, false],
  ['CREATE_IN_PROGRESS', 'creating', 'create running', true, false],
  ['CREATE_COMPLETE', 'available', 'create succeeded', false, false],
  ['CREATE_FAILED', 'failed', 'create failed', false, true],
  ['ROLLBACK_IN_PROGRESS', 'failed', 'create running', true, false],
  ['ROLLBACK_COMPLETE', 'failed', 'create failed', false, true],
  ['ROLLBACK_FAILED', 'failed', 'create failed', false, true],
  ['UPDATE_IN_PROGRESS', 'updating', 'update running', true, false],
  ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', 'updating', 'update running', true, false],
  ['UPDATE_COMPLETE', 'available', 'update succeeded', false, false],
  ['UPDATE_FAILED', 'failed', 'update failed', false, false],
  ['UPDATE_ROLLBACK_IN_PROGRESS', 'updating', 'update running', true, false],
  ['UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', 'updating', 'update running', true, false],
  ['UPDATE_ROLLBACK_COMPLETE', 'available', 'update failed', false, false],
  ['UPDATE_ROLLBACK_FAILED', 'failed', 'update failed', false, false],
  ['IMPORT_IN_PROGRESS', 'updating', 'import running', true, false],
  ['IMPORT_COMPLETE', 'available', 'import succeeded', false, false],
  ['IMPORT_ROLLBACK_IN_PROGRESS', 'updating', 'import running', true, false],
  ['IMPORT_ROLLBACK_COMPLETE', 'available', 'import failed', false, false],
  ['IMPORT_ROLLBACK_FAILED', 'failed', 'import failed', false, false],
  ['DELETE_IN_PROGRESS', 'deleting', 'delete running', true, false],
  ['DELETE_COMPLETE', 'deleted', 'delete succeeded', false, false],
  ['DELETE_FAILED', 'delete_failed', 'delete failed', false, false]
]

t.test('every status that CloudFormation knows means something', async t => {
  t.strictSame(Object.keys(phases).sort(), Object.values(StackStatus).sort())
  t.strictSame(meanings.map(([status]) => status).sort(), Object.values(StackStatus).sort())
})

for (const [status, database, operation, moving, remainder] of meanings) {
  t.test(`${status} is a database ${database}`, async t => {
    const phase = phases[status]
    t.equal(phase.database, database)
    t.equal(`${phase.type} ${phase.operation}`, operation)
    t.equal(isMoving(status), moving)
    t.equal(isFailedRemainder(status), remainder)
  })
}
