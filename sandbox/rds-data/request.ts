import { AwsError, unmetConstraint } from '../aws.js'

/** The lengths of the service model (rds-data 2018-08-01), in characters. */
const lengths = {
  resourceArn: [11, 570],
  secretArn: [11, 570],
  sql: [0, 65_536],
  database: [0, 64],
  transactionId: [0, 192]
} as const

/** Where a call is to run. */
export interface Place {
  resourceArn: string
  secretArn: string
  database?: string | undefined
  transactionId?: string | undefined
}

/** What the operations of the Data API may be given, as far as the checks here go. Required members have been looked for. */
export interface Request extends Partial<Record<keyof typeof lengths | 'schema' | 'formatRecordsAs', string | undefined>> {
  resultSetOptions?: { decimalReturnType?: string | undefined, longReturnType?: string | undefined } | undefined
}

/** Where a request is to run. Throws the `ValidationException` that AWS answers before it looks at the cluster. */
export function placeOf (request: Request): Place {
  for (const [member, [least, most]] of Object.entries(lengths)) {
    const value = request[member as keyof typeof lengths]
    if (value === undefined) continue
    if (value.length < least) {
      throw unmetConstraint('ValidationException', `Value '${value}' at '${member}'`, `have length greater than or equal to ${least}`)
    }
    if (value.length > most) throw unmetConstraint('ValidationException', `Value at '${member}'`, `have length less than or equal to ${most}`)
  }
  const { formatRecordsAs, resultSetOptions = {} } = request
  requireChoice('formatRecordsAs', formatRecordsAs, ['NONE', 'JSON'])
  requireChoice('resultSetOptions.decimalReturnType', resultSetOptions.decimalReturnType, ['STRING', 'DOUBLE_OR_LONG'])
  requireChoice('resultSetOptions.longReturnType', resultSetOptions.longReturnType, ['STRING', 'LONG'])
  if (request.schema !== undefined) throw new AwsError('ValidationException', 'The schema parameter isn\'t supported')
  if (request.sql?.includes('\0')) throw new AwsError('ValidationException', 'The SQL statement cannot contain a null character.')
  const { resourceArn = '', secretArn = '', database, transactionId } = request
  return { resourceArn, secretArn, database, transactionId }
}

/** Throws the `ValidationException` for a word that is not among those that the model allows. */
export function requireChoice (member: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return
  throw unmetConstraint('ValidationException', `Value '${value.slice(0, 100)}' at '${member}'`, `satisfy enum value set: [${allowed.join(', ')}]`)
}
