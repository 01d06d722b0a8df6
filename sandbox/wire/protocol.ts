import type { AwsError } from '../aws.js'
import type { WireAnswer, WireRequest } from './message.js'
import type { ErrorShape, OperationShape, ServiceModel, Shape } from './schemas.js'

/** A refusal on its way out; `shape` is the model's, where the code is in the service's model. */
export interface Failure {
  error: AwsError
  shape: ErrorShape | undefined
  status: number
}

/** One of AWS's ways to put operations into HTTP. */
export interface Protocol {
  /** Whether the request is of that service, going by its method and what it says apart from its signature. */
  isFor: (request: WireRequest, service: WireService) => boolean
  /** The operation that is asked for, whether the service has it or not. */
  operationName: (request: WireRequest, service: WireService) => string
  /** The operation's input; throws {@link AwsError} when the body is not what the model says. Adds the paths of required members that are absent. */
  readInput: (request: WireRequest, shape: Shape, missing: string[]) => unknown
  writeOutput: (operation: OperationShape, output: unknown, service: WireService, requestId: string) => WireAnswer
  /** `service` is undefined when it is not known whose request this was. */
  writeFailure: (failure: Failure, service: WireService | undefined, requestId: string) => WireAnswer
  /** The code for an operation that does not exist. */
  unknownOperationCode: string
}

/** What a missing required member is answered with: AWS's older services name the parameter, the others the value. */
export type MissingMember = 'MissingParameter' | 'ValidationError' | 'ValidationException'

/** An AWS service as it is spoken to. The facts are those of the service models of the SDKs. */
export interface WireService {
  /** The name in the credential scope of a signature. */
  signingName: string
  /** The name for people. */
  title: string
  version: string
  xmlNamespace: string
  /** What `x-amz-target` and the paths of CBOR begin with, where it speaks those. */
  targetPrefix?: string
  /** 1.1 unless told. */
  jsonVersion?: '1.0'
  protocols: readonly Protocol[]
  missingMember: MissingMember
  /** The error of each operation that takes a token which the SDKs fill in, for those who call it without one. */
  missingToken?: Readonly<Record<string, string>>
  model: ServiceModel
}
