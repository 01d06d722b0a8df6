/** What went wrong between us and AWS, in the few kinds that make a difference to a caller. */
export type FailureKind =
  | 'not-found' | 'already-exists' | 'token-reused' | 'quota' | 'refused'
  | 'denied' | 'throttled' | 'unavailable'

/** A refusal or failure of AWS. `message` is AWS's own; whether it may reach a caller is decided above. */
export class AwsFailure extends Error {
  override readonly name = 'AwsFailure'
  readonly kind: FailureKind
  /** AWS's code, such as `ValidationError`. */
  readonly code: string

  constructor (kind: FailureKind, code: string, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
    this.code = code
  }
}

const kinds: Readonly<Record<string, FailureKind>> = {
  AlreadyExistsException: 'already-exists',
  DBClusterSnapshotAlreadyExistsFault: 'already-exists',
  SnapshotQuotaExceededFault: 'quota',
  TokenAlreadyExistsException: 'token-reused',
  LimitExceededException: 'quota',
  ResourceExistsException: 'already-exists',
  ResourceNotFoundException: 'not-found',
  DBClusterNotFoundFault: 'not-found',
  DBClusterSnapshotNotFoundFault: 'not-found',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  UnauthorizedOperation: 'denied',
  InvalidClientTokenId: 'denied',
  UnrecognizedClientException: 'denied',
  SignatureDoesNotMatch: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  OptInRequired: 'denied',
  CredentialsProviderError: 'denied',
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequestsException: 'throttled'
}

/** AWS says that a stack is missing with a `ValidationError`, in either of two wordings. */
const missingStack = /^Stack (with id .+|\[.+\]) does not exist$/

/** Runs one call to AWS; whatever the SDK throws comes out as an {@link AwsFailure}. */
export async function callAws<T> (call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toFailure(error)
  }
}

/** Puts an error of the SDK into our words. What carries no answer of AWS at all counts as `unavailable`. */
export function toFailure (error: unknown): AwsFailure {
  if (error instanceof AwsFailure) return error
  const { name = 'UnknownError', message = String(error), $metadata } = error as {
    name?: string, message?: string, $metadata?: { httpStatusCode?: number }
  }
  return new AwsFailure(kindOf(name, message, $metadata?.httpStatusCode), name, message, error)
}

/** An error that AWS answered, by its name, its message and its HTTP status. */
export function failureOf (code: string, message: string, status: number): AwsFailure {
  return new AwsFailure(kindOf(code, message, status), code, message)
}

/** Which kind of failure an answer of AWS is. */
export function kindOf (code: string, message: string, status: number | undefined): FailureKind {
  const known = kinds[code]
  if (known) return known
  if (code === 'ValidationError' && missingStack.test(message)) return 'not-found'
  if (status === 429) return 'throttled'
  if (status === 401 || status === 403) return 'denied'
  if (status !== undefined && status >= 400 && status < 500) return 'refused'
  return 'unavailable'
}
