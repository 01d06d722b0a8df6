import { quoteLongs, toParameter, toResult } from './data-api-fields.js'
import type { Argument, Result } from './data-api-values.js'
import { errorTypeOf, type DataApiWire } from './data-api-wire.js'
import { AwsFailure, failureOf, toFailure } from './errors.js'
import type { HttpAnswer } from './http-posts.js'
import { parseSqlError, type SqlError } from './sql-error.js'

/** Where SQL goes, and as whom. */
export interface DataTarget {
  region: string
  clusterArn: string
  secretArn: string
  databaseName: string
}

/** Why a statement has no result. For all but `lost`, it has had no effect. */
export type DataApiFailureKind =
  /** PostgreSQL refused it: see `sql`. */
  | 'sql'
  /** The database is waking up; the call was not begun. */
  | 'resuming'
  /** It ran for too long and was cancelled. */
  | 'timeout'
  /** The Data API does not take it, or cannot carry its result; the message says why. It may have had its effect. */
  | 'unsupported'
  /** The Data API is switched off for the cluster. */
  | 'disabled'
  /** The cluster cannot be used as it is, because somebody has stopped it, or something is being done with it. */
  | 'stopped'
  /** The transaction is over, or was never there. */
  | 'no-transaction'
  /** Another call is at work in the transaction; this one was not begun. */
  | 'busy'
  /** It was to be committed, and PostgreSQL rolled it back because a statement of it had failed. */
  | 'rolled-back'
  /** No answer came, or one that does not say: the statement may have had its effect. */
  | 'lost'
  /** Anything else between us and AWS: see `aws`. */
  | 'aws'

/** A statement that has no result. `message` is AWS's own. */
export class DataApiFailure extends Error {
  override readonly name = 'DataApiFailure'
  readonly kind: DataApiFailureKind
  readonly sql: SqlError | null
  readonly aws: AwsFailure

  constructor (kind: DataApiFailureKind, aws: AwsFailure, sql: SqlError | null = null) {
    super(aws.message, { cause: aws })
    this.kind = kind
    this.sql = sql
    this.aws = aws
  }

  /** Whether it is certain that not even a part of it was done, so that it may be sent again whatever it is. */
  get neverBegun (): boolean {
    return this.kind === 'aws' && (this.aws.kind === 'throttled' || neverBegun.has(this.aws.code))
  }

  /** Whether it is unknown what was done because the connection broke, at once and not for want of patience. */
  get brokeOff (): boolean {
    const { code = '' } = (this.aws.cause ?? {}) as { code?: string }
    return this.kind === 'lost' && brokenConnection.has(code)
  }
}

/** What a statement runs in: the transaction, and as long as nobody aborts. */
interface Within {
  transactionId: string
  signal?: AbortSignal
}

export type DataApi = ReturnType<typeof createDataApi>

/** The RDS Data API. Nothing is ever sent twice. Every function throws {@link DataApiFailure}. */
export function createDataApi ({ forward }: DataApiWire) {
  const call = async <Answer>(target: DataTarget, operation: string, input: object, signal?: AbortSignal): Promise<Answer> => {
    const { region, clusterArn, secretArn } = target
    const body = Buffer.from(JSON.stringify({ resourceArn: clusterArn, secretArn, ...input }))
    try {
      return readAnswer(await forward(region, operation, body, signal)) as Answer
    } catch (error) {
      throw toDataApiFailure(error)
    }
  }

  /** Runs one statement, whose parameters are `:name`, by itself or in a transaction. */
  const execute = async (
    target: DataTarget,
    sql: string,
    args: readonly Argument[],
    { transactionId, signal }: Partial<Within> = {}
  ): Promise<Result> =>
    toResult(await call(target, 'Execute', {
      database: target.databaseName,
      sql,
      parameters: args.map(toParameter),
      includeResultMetadata: true,
      // Numbers with more digits than a JavaScript number holds come as text.
      resultSetOptions: { longReturnType: 'STRING', decimalReturnType: 'STRING' },
      transactionId
    }, signal))

  /** Runs one statement once for each set of values; AWS does not tell how many rows each has changed. */
  const executeBatch = async (
    target: DataTarget,
    sql: string,
    argSets: readonly Argument[][],
    { transactionId, signal }: Within
  ): Promise<void> => {
    const parameterSets = argSets.map(args => args.map(toParameter))
    await call(target, 'BatchExecute', { database: target.databaseName, sql, transactionId, parameterSets }, signal)
  }

  /** Opens a transaction and answers its id. AWS rolls it back when it is left alone for three minutes. */
  const begin = async (target: DataTarget, signal?: AbortSignal): Promise<string> => {
    const { transactionId = '' } = await call<{ transactionId?: string }>(target, 'BeginTransaction', { database: target.databaseName }, signal)
    return transactionId
  }

  const commit = async (target: DataTarget, transactionId: string): Promise<void> => {
    const { transactionStatus = '' } = await call<{ transactionStatus?: string }>(target, 'CommitTransaction', { transactionId })
    if (/rollback/i.test(transactionStatus)) throw new DataApiFailure('rolled-back', new AwsFailure('refused', 'RolledBack', transactionStatus))
  }

  const rollback = async (target: DataTarget, transactionId: string): Promise<void> => {
    await call(target, 'RollbackTransaction', { transactionId })
  }

  return { execute, executeBatch, begin, commit, rollback }
}

/** What AWS answered, as JSON. Throws an {@link AwsFailure} for an error; one without a name is known by its status. */
function readAnswer (answer: HttpAnswer): unknown {
  const text = Buffer.from(answer.body).toString()
  if (answer.status === 200) return JSON.parse(text.includes('"longValues"') ? quoteLongs(text) : text)
  throw failureOf(errorTypeOf(answer) ?? 'UnknownError', messageIn(text), answer.status)
}

function messageIn (text: string): string {
  try {
    const { message, Message } = JSON.parse(text) as { message?: string, Message?: string }
    return message ?? Message ?? ''
  } catch {
    return ''
  }
}

const kinds: Readonly<Record<string, DataApiFailureKind>> = {
  DatabaseResumingException: 'resuming',
  StatementTimeoutException: 'timeout',
  UnsupportedResultException: 'unsupported',
  ValidationException: 'unsupported',
  BadRequestException: 'unsupported',
  DatabaseErrorException: 'unsupported',
  InternalFailure: 'unsupported',
  HttpEndpointNotEnabledException: 'disabled',
  InvalidResourceStateException: 'stopped',
  TransactionNotFoundException: 'no-transaction',
  NotFoundException: 'no-transaction'
}

/** What only the message tells apart. Whichever exception it is, the transaction is named in the same words. */
const kindsByMessage: ReadonlyArray<{ pattern: RegExp, kind: DataApiFailureKind }> = [
  { pattern: /^Transaction is still running a query/, kind: 'busy' },
  { pattern: /^Transaction \S+ is not found/i, kind: 'no-transaction' }
]

/** Failures after which it is certain that the statement was not even begun. */
const neverBegun = new Set(['ServiceUnavailableError', 'NeverSent'])

/** What Node.js and undici call a connection that the other side has closed. */
const brokenConnection = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Aurora Serverless v1 answers what PostgreSQL says as BadRequestException, v2 as DatabaseErrorException. */
const speaksForPostgres = new Set(['BadRequestException', 'DatabaseErrorException'])

const QUERY_CANCELED = '57014'

/** What a failure on the way to the Data API, or one that it answered, means for the statement. */
export function toDataApiFailure (error: unknown): DataApiFailure {
  const aws = toFailure(error)
  const sql = speaksForPostgres.has(aws.code) ? parseSqlError(aws.message) : null
  if (sql) return new DataApiFailure(sql.sqlState === QUERY_CANCELED ? 'timeout' : 'sql', aws, sql)
  const told = kindsByMessage.find(({ pattern }) => pattern.test(aws.message))
  if (told) return new DataApiFailure(told.kind, aws)
  const isLost = aws.kind === 'unavailable' && !neverBegun.has(aws.code)
  return new DataApiFailure(kinds[aws.code] ?? (isLost ? 'lost' : 'aws'), aws)
}
