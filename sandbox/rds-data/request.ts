import type { ExecuteStatementRequest } from '@aws-sdk/client-rds-data'
import { AwsError, unmetConstraint } from '../aws.js'
import { checkConstraints, type Constraints } from '../constraints.js'

/** The service model (rds-data 2018-08-01). */
const constraints: Constraints = {
  resourceArn: { bounds: [11, 570] },
  secretArn: { bounds: [11, 570] },
  // A text as long as that is of no use in a message.
  sql: { bounds: [0, 65_536], isSecret: true },
  database: { bounds: [0, 64] },
  transactionId: { bounds: [0, 192] }
}

/** Where a call is to run. */
export interface Place {
  resourceArn: string
  secretArn: string
  database?: string | undefined
  transactionId?: string | undefined
}

/** Where a request of any operation is to run. Throws the `ValidationException` that AWS answers before it looks at the cluster. */
export function placeOf (request: Partial<ExecuteStatementRequest>): Place {
  checkConstraints('ValidationException', constraints, request)
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
