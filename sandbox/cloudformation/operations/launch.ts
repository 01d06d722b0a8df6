import { AwsError } from '../../aws.js'
import { unmet } from '../template/errors.js'
import type { EngineContext } from '../engine/context.js'
import type { OperationRecord, StackRecord } from '../engine/records.js'

const TOKEN = /^[a-zA-Z0-9][-a-zA-Z0-9]{0,127}$/
const OPERATIONS_KEPT = 10

interface Launch {
  type: OperationRecord['type']
  token?: string | undefined
  disableRollback?: boolean | undefined
  skipped?: string[] | undefined
  forced?: boolean
}

/** Begins an operation on a stack: every event from here on carries its id and the caller's token. */
export function beginOperation (context: EngineContext, earlier: readonly OperationRecord[], launch: Launch): OperationRecord[] {
  const { type, token, disableRollback = false, skipped = [], forced = false } = launch
  checkToken(token)
  const operation: OperationRecord = {
    id: context.newId(),
    type,
    startedAt: context.clock.now(),
    disableRollback,
    skipped,
    forced,
    token
  }
  return [...earlier, operation].slice(-OPERATIONS_KEPT)
}

export function checkToken (token: string | undefined): void {
  if (token !== undefined && !TOKEN.test(token)) {
    throw unmet('clientRequestToken', token, 'satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*')
  }
}

/**
 * The operation that this token already began, before the rollback that followed from it, when it is of the same type:
 * the caller sends a request again whose answer was lost. Throws TokenAlreadyExistsException when it began another.
 */
export function replayedOperation (
  stack: StackRecord, type: OperationRecord['type'], token: string | undefined
): OperationRecord | undefined {
  const known = token === undefined ? undefined : stack.operations.find(operation => operation.token === token)
  if (known && known.type !== type) {
    throw new AwsError('TokenAlreadyExistsException', `ClientRequestToken ${token ?? ''} is already used by another operation on ${stack.name}`)
  }
  return known
}
