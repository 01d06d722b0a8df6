import type { StackStatus } from '../aws/stacks.js'

export type DatabaseStatus = 'creating' | 'available' | 'updating' | 'deleting' | 'failed' | 'delete_failed' | 'deleted'
export type OperationType = 'create' | 'update' | 'delete' | 'import' | 'recover'
export type OperationStatus = 'running' | 'succeeded' | 'failed'

/** What a status of a stack means for the database in it. */
export interface Phase {
  database: DatabaseStatus
  /** Of the operation that ended in, or is in, this status. */
  operation: OperationStatus
  type: OperationType
}

/**
 * Total over the SDK's union, so that a status that AWS adds breaks the build and not a client. `REVIEW_IN_PROGRESS` does
 * not progress in spite of its name: a change set waits to be executed. The two `CLEANUP` statuses are usable already.
 */
export const phases: Readonly<Record<StackStatus, Phase>> = {
  REVIEW_IN_PROGRESS: { database: 'creating', operation: 'running', type: 'create' },
  CREATE_IN_PROGRESS: { database: 'creating', operation: 'running', type: 'create' },
  CREATE_COMPLETE: { database: 'available', operation: 'succeeded', type: 'create' },
  CREATE_FAILED: { database: 'failed', operation: 'failed', type: 'create' },
  ROLLBACK_IN_PROGRESS: { database: 'failed', operation: 'running', type: 'create' },
  ROLLBACK_COMPLETE: { database: 'failed', operation: 'failed', type: 'create' },
  ROLLBACK_FAILED: { database: 'failed', operation: 'failed', type: 'create' },
  UPDATE_IN_PROGRESS: { database: 'updating', operation: 'running', type: 'update' },
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: { database: 'updating', operation: 'running', type: 'update' },
  UPDATE_COMPLETE: { database: 'available', operation: 'succeeded', type: 'update' },
  UPDATE_FAILED: { database: 'failed', operation: 'failed', type: 'update' },
  UPDATE_ROLLBACK_IN_PROGRESS: { database: 'updating', operation: 'running', type: 'update' },
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: { database: 'updating', operation: 'running', type: 'update' },
  UPDATE_ROLLBACK_COMPLETE: { database: 'available', operation: 'failed', type: 'update' },
  UPDATE_ROLLBACK_FAILED: { database: 'failed', operation: 'failed', type: 'update' },
  IMPORT_IN_PROGRESS: { database: 'updating', operation: 'running', type: 'import' },
  IMPORT_COMPLETE: { database: 'available', operation: 'succeeded', type: 'import' },
  IMPORT_ROLLBACK_IN_PROGRESS: { database: 'updating', operation: 'running', type: 'import' },
  IMPORT_ROLLBACK_COMPLETE: { database: 'available', operation: 'failed', type: 'import' },
  IMPORT_ROLLBACK_FAILED: { database: 'failed', operation: 'failed', type: 'import' },
  DELETE_IN_PROGRESS: { database: 'deleting', operation: 'running', type: 'delete' },
  DELETE_COMPLETE: { database: 'deleted', operation: 'succeeded', type: 'delete' },
  DELETE_FAILED: { database: 'delete_failed', operation: 'failed', type: 'delete' }
}

/** What is left of a create that failed: it holds no data, and only a deletion can follow. */
const remainders: ReadonlySet<StackStatus> = new Set(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'])

export function isFailedRemainder (status: StackStatus): boolean {
  return remainders.has(status)
}
