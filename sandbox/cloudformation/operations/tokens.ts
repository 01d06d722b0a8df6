import { AwsError } from '../../aws.js'
import type { OperationRecord, StackRecord } from '../engine/records.js'
import { unmet } from '../template/errors.js'

const TOKEN = /^[a-zA-Z0-9][-a-zA-Z0-9]{0,127}$/

/** Throws a ValidationError for a text that can be no token of a request. */
export function checkToken (token: string | undefined, member = 'clientRequestToken'): void {
  if (token !== undefined && !TOKEN.test(token)) {
    throw unmet(member, token, 'satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*')
  }
}

/**
 * The operation that this token already began, before the rollback that followed from it, when it is of the same type:
 * the caller sends a request again whose answer was lost. Throws TokenAlreadyExistsException when it began another.
 */
export function replayedOperation (stack: StackRecord, type: OperationRecord['type'], token: string | undefined): OperationRecord | undefined {
  checkToken(token)
  const known = token === undefined ? undefined : stack.operations.find(operation => operation.token === token)
  if (known && known.type !== type) {
    throw new AwsError('TokenAlreadyExistsException', `ClientRequestToken ${token ?? ''} is already used by another operation on ${stack.name}`)
  }
  return known
}
