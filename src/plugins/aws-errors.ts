import type { Problem, ProblemCode } from '../problems.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For clients of AWS: they may sign requests, and can read problems as errors of AWS. */
    speaksAws?: boolean
  }
}

/** What a client of AWS knows a problem as. What is not named here is `InternalServerErrorException`. */
const types: Partial<Readonly<Record<ProblemCode, string>>> = {
  'invalid-request': 'ValidationException',
  'malformed-json': 'SerializationException',
  unauthorized: 'UnrecognizedClientException',
  'invalid-signature': 'InvalidSignatureException',
  forbidden: 'AccessDeniedException',
  'not-found': 'DatabaseNotFoundException',
  'database-not-ready': 'InvalidResourceStateException',
  'body-too-large': 'RequestEntityTooLargeException',
  'too-many-requests': 'ThrottlingException',
  'statement-outcome-unknown': 'StatementTimeoutException',
  'aws-throttled': 'ThrottlingException',
  'aws-unavailable': 'ServiceUnavailableError',
  overloaded: 'ServiceUnavailableError',
  'shutting-down': 'ServiceUnavailableError'
}

/** SDKs send again what was answered with a 5xx by themselves; what may have had its effect must not be (`isServerError`, `isTransientError` in the SDKs). */
const statuses: Partial<Readonly<Record<ProblemCode, number>>> = { 'statement-outcome-unknown': 400 }

/** How a problem is told to a client of AWS: by a header that names the error, and `message`. Beside them it stays a problem. */
export function toAwsError ({ code, status, message }: Problem, requestId: string) {
  return {
    status: statuses[code] ?? status,
    headers: { 'x-amzn-errortype': types[code] ?? 'InternalServerErrorException', 'x-amzn-requestid': requestId },
    members: { message }
  }
}
