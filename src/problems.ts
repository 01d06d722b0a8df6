/** One place that a request went wrong in: `path` is a JSON pointer into the body, or `?name` of the query. */
export interface Finding { path: string, message: string }

interface Kind {
  status: number
  title: string
  /** Whether the same request may succeed later, unchanged. */
  retryable: boolean
  /** Whether it is a matter of course in spite of a status of 5xx: the log does not call it an error. */
  isOrdinary?: true
  /** What the code means and what to do about it, for `/problems/{code}`. */
  explanation: string
}

/** Every problem that this service answers. The only table from code to status. */
export const problemKinds = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    retryable: false,
    explanation: 'A field of the body, the path or the query is missing, unknown, or outside its limits. `errors` names each one and says what it must be. Nothing was changed.'
  },
  'malformed-json': {
    status: 400,
    title: 'The body is not JSON',
    retryable: false,
    explanation: 'The body could not be read as JSON. Check quotes, commas and the encoding, which must be UTF-8.'
  },
  unauthorized: {
    status: 401,
    title: 'No valid key',
    retryable: false,
    explanation: 'Send `Authorization: Bearer <key>` with a key of this service that has not expired.'
  },
  'invalid-signature': {
    status: 401,
    title: 'The signature does not fit the request',
    retryable: false,
    explanation: 'The request is signed (AWS Signature Version 4) with another secret, for another region or service, at another time, ' +
      'or was altered on its way. `detail` says which of it can be told. A proxy that rewrites the path or the Host header breaks ' +
      'signatures.'
  },
  forbidden: {
    status: 403,
    title: 'The key does not allow this',
    retryable: false,
    explanation: 'The key is valid, but lacks the scope, the region or the client that this request needs. `detail` names what is missing.'
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here',
    retryable: false,
    explanation: 'No such path, or no such database, template or problem that this key may see.'
  },
  'transaction-not-found': {
    status: 404,
    title: 'There is no such transaction',
    retryable: false,
    explanation: 'It was committed or rolled back, it has expired, or the id is not one that this key was given for this database. ' +
      'AWS rolls back a transaction that is left alone for three minutes or is 24 hours old. Begin a new one. ' +
      'If a commit got no answer before, look at the data first: it may have happened.'
  },
  'method-not-allowed': {
    status: 405,
    title: 'The method is not offered here',
    retryable: false,
    explanation: 'The path exists, but not with this method. `Allow` lists those that it has.'
  },
  'not-acceptable': {
    status: 406,
    title: 'There is no answer of that kind',
    retryable: false,
    explanation: '`Accept` names no media type that this path answers. `offered` lists those that it does. Without `Accept` the answer is JSON.'
  },
  'reader-too-slow': {
    status: 408,
    title: 'The rows were not taken in time',
    retryable: true,
    explanation: 'A stream of rows holds a transaction open, which AWS ends when nothing is fetched in it for three minutes. ' +
      'It was ended because nobody took rows for two and a half. Read faster, or write to a file first. ' +
      'The rows that came before are right.'
  },
  'database-exists': {
    status: 409,
    title: 'There is such a database already',
    retryable: false,
    explanation: 'A database with this client, name, environment and region was created by a different request. `databaseId` names it. Change it, delete it, or choose another name.'
  },
  'database-not-ready': {
    status: 409,
    title: 'The database is not ready',
    retryable: true,
    explanation: 'Only a database that is `available` or `updating` can be connected to and queried. `Retry-After` is set while it is on its way there.'
  },
  'database-busy': {
    status: 409,
    title: 'Another operation is running',
    retryable: true,
    explanation: 'The database is being created, changed or deleted. Wait for the operation to settle, then send the request again.'
  },
  'transaction-aborted': {
    status: 409,
    title: 'A statement of the transaction failed before',
    retryable: false,
    explanation: 'PostgreSQL takes no more statements in a transaction once one of them failed, and keeps nothing of it. ' +
      'Roll it back and begin a new one. With `SAVEPOINT` before a statement that may fail, `ROLLBACK TO` goes back to it instead.'
  },
  'transaction-busy': {
    status: 409,
    title: 'Another statement is at work in the transaction',
    retryable: true,
    explanation: 'A transaction runs one statement at a time. Those that reach one replica wait for each other; ' +
      'this one met one that another replica runs. It did not run. Send it again after `Retry-After`.'
  },
  'deletion-protected': {
    status: 409,
    title: 'The database is protected from deletion',
    retryable: false,
    explanation: 'Take the deletion protection off first, if it is really to be deleted.'
  },
  'exports-in-use': {
    status: 409,
    title: 'Other stacks use what the database exports',
    retryable: false,
    explanation: 'CloudFormation deletes no stack whose exports another one imports. `importers` names those that do: delete them, or change them so that they do without. Nothing was changed.'
  },
  'final-snapshot-required': {
    status: 409,
    title: 'The final snapshot cannot be switched',
    retryable: false,
    explanation: 'A deletion with `finalSnapshot=false` destroys the data for good, so the service has to be configured for it ' +
      '(`FINAL_SNAPSHOTS=optional`). Once a deletion has begun with or without a final snapshot, it cannot go on differently. ' +
      '`detail` says which of it, and what to do. Nothing was deleted.'
  },
  'no-snapshot': {
    status: 409,
    title: 'There is no snapshot to restore from',
    retryable: false,
    explanation: 'The database left no snapshot, or none of this name, or it is not finished yet. `GET /v1/databases/{id}/snapshots` lists those that there are.'
  },
  'last-snapshot': {
    status: 409,
    title: 'It is the only way back',
    retryable: false,
    explanation: 'The database does not live, and this is the newest snapshot that it can be restored from, perhaps the only one. ' +
      'It stays, so that requests at the same time never remove them all. With `allowLast=true` it is removed all the same, ' +
      'and what only it has is gone for good. Nothing was removed.'
  },
  'snapshot-busy': {
    status: 409,
    title: 'The snapshot is being taken or used',
    retryable: true,
    explanation: 'RDS removes a snapshot only when it is complete and nothing is being made from it. Send the request again after `Retry-After`.'
  },
  'snapshot-refused': {
    status: 409,
    title: 'RDS does not take the snapshot',
    retryable: false,
    explanation: '`detail` has the reason in the words of RDS: most often the account has as many snapshots in the region as it may, by default 100. Remove some, or have AWS raise the quota.'
  },
  'change-refused': {
    status: 409,
    title: 'The change would harm the database',
    retryable: false,
    explanation: 'The change would replace a resource, and the data in it, or interrupt the database without `allowInterruption: true`. `changes` lists what it would do. Nothing was changed.'
  },
  'recovery-refused': {
    status: 409,
    title: 'The database cannot be recovered like this',
    retryable: false,
    explanation: 'A recovery is for a rollback that is stuck, a change that failed and was kept, or a deletion that failed. ' +
      '`detail` says what the database is instead, or why CloudFormation refused. Nothing was changed.'
  },
  'confirmation-required': {
    status: 409,
    title: 'The request has to say that it is meant',
    retryable: false,
    explanation: 'What is to be removed may be the last that there is of the data of a database. Send the request again with `confirm` as `detail` has it, if that is meant. Nothing was changed.'
  },
  'rotation-refused': {
    status: 409,
    title: 'The password cannot be rotated here',
    retryable: false,
    explanation: 'The password is in a secret that the stack of the database did not make, that somebody else rotates, or that has no password in it. `detail` says which. Nothing was changed.'
  },
  'precondition-failed': {
    status: 412,
    title: 'The database is not as the caller has it',
    retryable: false,
    explanation: 'Somebody else changed the database since the `ETag` in `If-Match` was read. Read it again, and decide again.'
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    retryable: false,
    explanation: 'A body may have 1 MiB, that of a query 4 MiB.'
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is not application/json',
    retryable: false,
    explanation: 'Send the body as JSON, with `Content-Type: application/json`.'
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The Idempotency-Key belongs to another request',
    retryable: false,
    explanation: 'The same key was sent before with a different body. Use a new key for a new request.'
  },
  'preflight-failed': {
    status: 422,
    title: 'The request could not have been carried out',
    retryable: false,
    explanation: 'What the request refers to is missing or unusable. `errors` has one entry per finding. Nothing was launched or changed.'
  },
  'sql-error': {
    status: 422,
    title: 'The database refused the statement',
    retryable: false,
    explanation: 'The statement was sent and PostgreSQL answered with an error. `sqlState` is its code, `position` where in the statement.'
  },
  'statement-refused': {
    status: 422,
    title: 'The statement cannot be run here',
    retryable: false,
    explanation: 'The RDS Data API does not take this statement or cannot carry its result. `detail` says why and what to do instead.'
  },
  'statement-timeout': {
    status: 504,
    title: 'The statement took too long',
    retryable: false,
    isOrdinary: true,
    explanation: 'The statement ran longer than `timeoutMs` or the 45 s of the RDS Data API, and was cancelled. It may be sent again only if running it twice does no harm.'
  },
  'unique-violation': {
    status: 409,
    title: 'There is such a row already',
    retryable: false,
    explanation: 'The statement would have made a second row where a unique constraint allows one. `constraint` names it. Nothing was changed.'
  },
  'transaction-conflict': {
    status: 409,
    title: 'Another transaction was in the way',
    retryable: true,
    explanation: 'PostgreSQL could not put the transaction in an order with others (a serialization failure), or ended a deadlock with it. ' +
      'Nothing of it is kept: send all of it again, an interactive transaction from its beginning.'
  },
  'database-failed': {
    status: 502,
    title: 'The database failed',
    retryable: false,
    explanation: 'PostgreSQL could not finish the statement for a reason of its own, such as a full disk or too many connections. `sqlState` and `condition` name it.'
  },
  'statement-outcome-unknown': {
    status: 504,
    title: 'No answer came to the statement',
    retryable: false,
    explanation: 'The connection to the database or to AWS was lost while the statement ran: it may have had its effect, or not. Look before you send it again.'
  },
  'too-many-affected': {
    status: 422,
    title: 'The statement would have changed too many rows',
    retryable: false,
    explanation: 'It changed more rows than `maxAffected` allows, and was rolled back. `affected` says how many.'
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    retryable: true,
    explanation: 'More statements of this key or on this database run and wait than are taken; `full` says of which. Nothing ran. Wait as long as `Retry-After` says, then send the request again.'
  },
  'internal-error': {
    status: 500,
    title: 'Something broke on our side',
    retryable: true,
    explanation: 'The request could not be finished. `requestId` finds it in the log. Sending the same request again is safe.'
  },
  'aws-refused': {
    status: 502,
    title: 'AWS refused a call of this service',
    retryable: false,
    explanation: 'AWS answered with an error that the request is not to blame for, most often a permission that the role of this service lacks. `requestId` finds the details in the log.'
  },
  'aws-throttled': {
    status: 503,
    title: 'AWS is throttling',
    retryable: true,
    explanation: 'AWS takes fewer calls than it is sent at the moment. Send the same request again after `Retry-After`.'
  },
  'aws-unavailable': {
    status: 503,
    title: 'AWS does not answer',
    retryable: true,
    explanation: 'The region did not answer in time, or answered with an error of its own. ' +
      'A request takes 55 s at most, and what `Prefer: wait` adds. Send it again after `Retry-After`: it finds what it has begun.'
  },
  'database-resuming': {
    status: 503,
    title: 'The database is waking up',
    retryable: true,
    isOrdinary: true,
    explanation: 'The database was paused. The statement did not run. Send it again after `Retry-After`, or wait longer with `Prefer: wait`.'
  },
  overloaded: {
    status: 503,
    title: 'Too many statements run at once',
    retryable: true,
    explanation: 'The statement waited for its turn, which did not come in time. It did not run. Send it again after `Retry-After`, and fewer at once.'
  },
  'not-ready': {
    status: 503,
    title: 'This replica has just started',
    retryable: true,
    explanation: 'It has not heard of every region yet: `regions` says of which. That takes some seconds, and at most 30, also when a region is down. Other requests are answered meanwhile.'
  },
  'shutting-down': {
    status: 503,
    title: 'This replica is stopping',
    retryable: true,
    isOrdinary: true,
    explanation: 'Send the same request again; another replica, or the next start of this one, answers it.'
  }
} as const satisfies Record<string, Kind>

export type ProblemCode = keyof typeof problemKinds

export interface ProblemOptions {
  errors?: Finding[]
  /** Members of the answer beyond those of every problem, such as `databaseId` or `sqlState`. */
  extensions?: Readonly<Record<string, unknown>>
  /** Seconds for the `Retry-After` header. */
  retryAfterSeconds?: number
  /** Its words, or those of its causes, may quote what the caller sent: they are for the caller alone, and not for the log. */
  isConfidential?: boolean
  cause?: unknown
}

/** A refusal that reaches the caller as it is. `detail` is public: no secret, no raw answer of the SDK. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly errors: Finding[] | undefined
  readonly extensions: Readonly<Record<string, unknown>>
  readonly retryAfterSeconds: number | undefined
  readonly isConfidential: boolean

  constructor (code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause })
    this.code = code
    this.errors = options.errors
    this.extensions = options.extensions ?? {}
    this.retryAfterSeconds = options.retryAfterSeconds
    this.isConfidential = options.isConfidential ?? false
  }

  get status (): number { return problemKinds[this.code].status }

  get logLevel (): 'info' | 'error' {
    const { status, isOrdinary }: Kind = problemKinds[this.code]
    return status >= 500 && isOrdinary !== true ? 'error' : 'info'
  }
}
