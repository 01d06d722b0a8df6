import { AwsError } from '../aws.js'

/** The fields of PostgreSQL's ErrorResponse that AWS passes on. */
interface ServerError {
  message: string
  code: string
  hint?: string
  position?: string
}

const QUERY_CANCELED = '57014'
const SHUTTING_DOWN = new Set(['57P01', '57P02', '57P03'])

/**
 * What PostgreSQL or the connection to it said, as the Data API says it. Aurora Serverless v2 puts everything into one
 * line, `ERROR: …; Hint: …; Position: n; SQLState: …` (observed on 17.9), and drops the detail, which quotes rows.
 * The position counts in the SQL that the server saw, with `$1` in the place of `:name`.
 */
export function toAwsError (error: unknown, processId?: number): AwsError {
  if (error instanceof AwsError) return error
  if (!isServerError(error) || SHUTTING_DOWN.has(error.code)) {
    return new AwsError('DatabaseUnavailableException', 'The writer instance in the DB cluster isn\'t available.')
  }
  if (error.message === 'cannot insert multiple commands into a prepared statement') {
    return new AwsError('ValidationException', 'Multistatements aren\'t supported.')
  }
  if (error.code === QUERY_CANCELED && error.message.includes('statement timeout')) return timedOut(error.message, processId)
  const parts = [
    `ERROR: ${error.message}`,
    error.hint && `Hint: ${error.hint}`,
    error.position && `Position: ${error.position}`,
    `SQLState: ${error.code}`
  ]
  return new AwsError('DatabaseErrorException', parts.filter(Boolean).join('; '))
}

export function timedOut (message: string, processId: number | undefined): AwsError {
  return new AwsError('StatementTimeoutException', message, 400, { dbConnectionId: processId ?? 0 })
}

function isServerError (error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && 'code' in error
}
