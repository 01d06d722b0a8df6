import type { StackEvent, StackStatus } from './stacks.js'

/**
 * Whether a stack of each status will change by itself. Total over the SDK's union, so that a status that AWS adds breaks
 * the build and not a client. `REVIEW_IN_PROGRESS` does not, in spite of its name: a change set waits for a person.
 */
const moving: Readonly<Record<StackStatus, boolean>> = {
  REVIEW_IN_PROGRESS: false,
  CREATE_IN_PROGRESS: true,
  CREATE_COMPLETE: false,
  CREATE_FAILED: false,
  ROLLBACK_IN_PROGRESS: true,
  ROLLBACK_COMPLETE: false,
  ROLLBACK_FAILED: false,
  UPDATE_IN_PROGRESS: true,
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: true,
  UPDATE_COMPLETE: false,
  UPDATE_FAILED: false,
  UPDATE_ROLLBACK_IN_PROGRESS: true,
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: true,
  UPDATE_ROLLBACK_COMPLETE: false,
  UPDATE_ROLLBACK_FAILED: false,
  IMPORT_IN_PROGRESS: true,
  IMPORT_COMPLETE: false,
  IMPORT_ROLLBACK_IN_PROGRESS: true,
  IMPORT_ROLLBACK_COMPLETE: false,
  IMPORT_ROLLBACK_FAILED: false,
  DELETE_IN_PROGRESS: true,
  DELETE_COMPLETE: false,
  DELETE_FAILED: false
}

export function isMoving (status: StackStatus): boolean {
  return moving[status]
}

/** Whether an event is about the stack itself and not about one of its resources, which may be a nested stack. */
export function isOfStack ({ type, logicalId, physicalId }: StackEvent): boolean {
  return type === 'AWS::CloudFormation::Stack' && physicalId?.split('/')[1] === logicalId
}
