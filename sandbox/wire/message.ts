import type { IncomingHttpHeaders } from 'node:http'
import type { AwsError } from '../aws.js'
import type { ErrorShape, OperationShape, Shape } from './schemas.js'
import type { WireService } from './services.js'

/** A request that has arrived whole. */
export interface WireRequest {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface WireAnswer {
  status: number
  headers: Record<string, string>
  body: string | Uint8Array
}

/** A refusal on its way out; `shape` is the model's, where the code is in the service's model. */
export interface Failure {
  error: AwsError
  shape: ErrorShape | undefined
  status: number
}

/** One of AWS's ways to put operations into HTTP. */
export interface Protocol {
  /** Whether the request is of that service, going by what it says apart from its signature. */
  isFor: (request: WireRequest, service: WireService) => boolean
  /** The operation that is asked for, whether the service has it or not. */
  operationName: (request: WireRequest, service: WireService) => string
  /** The operation's input; throws {@link AwsError} when the body is not what the model says. */
  readInput: (request: WireRequest, shape: Shape) => unknown
  writeOutput: (operation: OperationShape, output: unknown, service: WireService, requestId: string) => WireAnswer
  /** `service` is undefined when it is not known whose request this was. */
  writeFailure: (failure: Failure, service: WireService | undefined, requestId: string) => WireAnswer
  /** The code for an operation that does not exist. */
  unknownOperationCode: string
}

/** The query string and, of a form, its body. */
export function formOf (request: WireRequest): URLSearchParams {
  if (request.method === 'GET' || request.body.length === 0) return request.query
  return new URLSearchParams(request.body.toString('utf8'))
}
