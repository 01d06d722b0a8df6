import { AwsError, unmetConstraint } from '../aws.js'

interface Limit { min?: number, max: number, always?: true }

/** The lengths of the service model (rds-data 2018-08-01), in characters. */
const limits: Readonly<Record<string, Limit>> = {
  resourceArn: { min: 11, max: 570, always: true },
  secretArn: { min: 11, max: 570, always: true },
  sql: { max: 65_536 },
  database: { max: 64 },
  transactionId: { max: 192 }
}

/** The words that the model allows where it allows only some. */
const choices = {
  formatRecordsAs: ['NONE', 'JSON'],
  decimalReturnType: ['STRING', 'DOUBLE_OR_LONG'],
  longReturnType: ['STRING', 'LONG']
} as const

/** What every operation of the Data API may be given, as far as the checks here go. */
export interface Request {
  resourceArn?: string | undefined
  secretArn?: string | undefined
  sql?: string | undefined
  database?: string | undefined
  schema?: string | undefined
  transactionId?: string | undefined
  formatRecordsAs?: string | undefined
  resultSetOptions?: { decimalReturnType?: string | undefined, longReturnType?: string | undefined } | undefined
}

type Text = 'resourceArn' | 'secretArn' | 'sql' | 'database' | 'transactionId'

/** A request in which the members that every operation needs, and `Member`, are there. */
export type Valid<Member extends Text> = Request & Record<'resourceArn' | 'secretArn' | Member, string>

/** Throws the `ValidationException` that AWS answers before it looks at the cluster. */
export function validateRequest<Member extends Text = never> (request: Request, ...required: Member[]): Valid<Member> {
  for (const [member, limit] of Object.entries(limits)) {
    const value = request[member as Text]
    if (value === undefined) {
      if (limit.always || required.some(name => name === member)) throw unmetConstraint('ValidationException', `Value null at '${member}'`, 'not be null')
    } else if (value.length < (limit.min ?? 0)) {
      throw unmetConstraint('ValidationException', `Value '${value}' at '${member}'`, `have length greater than or equal to ${limit.min}`)
    } else if (value.length > limit.max) {
      throw unmetConstraint('ValidationException', `Value at '${member}'`, `have length less than or equal to ${limit.max}`)
    }
  }
  requireChoice('formatRecordsAs', request.formatRecordsAs, choices.formatRecordsAs)
  requireChoice('resultSetOptions.decimalReturnType', request.resultSetOptions?.decimalReturnType, choices.decimalReturnType)
  requireChoice('resultSetOptions.longReturnType', request.resultSetOptions?.longReturnType, choices.longReturnType)
  if (request.schema !== undefined) throw new AwsError('ValidationException', 'The schema parameter isn\'t supported')
  if (request.sql?.includes('\0')) throw new AwsError('ValidationException', 'The SQL statement cannot contain a null character.')
  return request as Valid<Member>
}

/** Throws the `ValidationException` for a word that is not among those that the model allows. */
export function requireChoice (member: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return
  throw unmetConstraint('ValidationException', `Value '${value.slice(0, 100)}' at '${member}'`, `satisfy enum value set: [${allowed.join(', ')}]`)
}
