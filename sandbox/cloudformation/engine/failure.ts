import { AwsError } from '../../aws.js'

/** The kinds of failure that CloudFormation's handlers tell apart, by how the service's own code ends or reads. */
const kinds: ReadonlyArray<readonly [RegExp, string]> = [
  [/AlreadyExists|ResourceExists/, 'AlreadyExists'],
  [/NotFound/, 'NotFound'],
  [/Quota|LimitExceeded/, 'ServiceLimitExceeded'],
  [/^Throttling|RequestLimit/, 'Throttling'],
  [/AccessDenied/, 'AccessDenied'],
  [/^Internal/, 'ServiceInternalError'],
  [/^NotStabilized/, 'NotStabilized']
]

/** A refusal from a service, in the words of a resource handler: its message, then which service, request and kind. */
export function handlerMessage (error: unknown, service: string, requestId: string, token: string): string {
  const { code, message, status } = error instanceof AwsError ? error : { code: 'InternalFailure', message: 'Internal Failure', status: 500 }
  const kind = kinds.find(([pattern]) => pattern.test(code))?.[1] ?? 'InvalidRequest'
  const origin = kind === 'NotStabilized' ? '' : ` (Service: ${service}, Status Code: ${status}, Request ID: ${requestId})`
  return `Resource handler returned message: "${message}${origin}" (RequestToken: ${token}, HandlerErrorCode: ${kind})`
}

/** A failure whose message is shown as it is. */
export class PlainFailure extends Error {
  override readonly name = 'PlainFailure'
}

/** What `evaluate` gives; its refusals are about the template, and shown as they are. */
export function plainly<T> (evaluate: () => T): T {
  try {
    return evaluate()
  } catch (error) {
    throw error instanceof AwsError ? new PlainFailure(error.message) : error
  }
}
