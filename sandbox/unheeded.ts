import { AwsError, checkedBefore } from './aws.js'

/**
 * The members of a service's requests that nothing here acts upon. To take one in silence would say that something was
 * done: it is refused, unless its value asks for nothing. A guard test holds the table against the SDK's schemas.
 */
export interface Unheeded {
  /** The code that the service refuses parameters with. */
  code: string
  rows: readonly UnheededRow[]
}

/** Members with the same answer. A member of a structure, or of what a list has, follows a dot: `Parameters.ParameterName`. */
export interface UnheededRow {
  members: readonly string[]
  /** The operations; absent: every one that has such a member. */
  of?: readonly string[]
  /** Why it makes no difference: it is taken as it is. */
  idle?: string
  /** AWS's own refusal, of a name where it tells one; absent: ours. */
  refusal?: readonly [code: string, message: (member: string, value: string) => string, status?: number]
  /** The values that ask for nothing; absent: false. Empty texts and lists never do. */
  harmless?: readonly unknown[]
}

/** The operations, each of which refuses what it does not heed before it does anything. */
export function refuseUnheeded<T extends object> (operations: T, { code, rows }: Unheeded): T {
  return checkedBefore(operations, (name, input) => { requireHeeded(rows.filter(({ of }) => of?.includes(name) ?? true), input, code) })
}

/** Throws for the first of the members that asks for something, unless it is idle; `usualCode` is for those that AWS has no refusal of. */
export function requireHeeded (rows: readonly UnheededRow[], input: unknown, usualCode: string): void {
  for (const row of rows) if (row.idle === undefined) refuseRow(row, input, usualCode)
}

function refuseRow ({ members, refusal, harmless = [false] }: UnheededRow, input: unknown, usualCode: string): void {
  for (const member of members) {
    const value = valuesAt(input, member.split('.')).find(given => given !== '' && !harmless.includes(given) && !isEmpty(given))
    if (value === undefined) continue
    if (!refusal) throw new AwsError(usualCode, `The sandbox does not implement ${member}: leave it out.`)
    const [code, message, status] = refusal
    throw new AwsError(code, message(member, String(value)), status)
  }
}

/** What a request has at that path: nothing, one value, or one for every item of the lists on the way. */
function valuesAt (value: unknown, [name, ...rest]: readonly string[]): unknown[] {
  if (Array.isArray(value) && name !== undefined) return value.flatMap(item => valuesAt(item, [name, ...rest]))
  if (name === undefined) return value === undefined || value === null ? [] : [value]
  return typeof value === 'object' && value !== null ? valuesAt((value as Record<string, unknown>)[name], rest) : []
}

function isEmpty (value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
