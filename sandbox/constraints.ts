import { unmetConstraint } from './aws.js'

/** What a service's model says of a member: the bounds of a number, or of the length of a text, a list or bytes. The SDK's schemas have none of it. */
export interface Constraint {
  bounds: readonly [least: number, most: number]
  /** What the whole of a text must match. */
  pattern?: RegExp
  /** Its value must not be repeated in a message. */
  isSecret?: boolean
}

export type Constraints = Readonly<Record<string, Constraint>>

/** Throws what AWS says of the first member of a request that its model does not allow. Members that are not in the table may be anything. */
export function checkConstraints (code: string, constraints: Constraints, request: object): void {
  for (const [member, { bounds: [least, most], pattern, isSecret }] of Object.entries(constraints)) {
    const value = (request as Record<string, unknown>)[member]
    if (value === undefined) continue
    const isNumber = typeof value === 'number' || typeof value === 'bigint'
    const size = isNumber ? value : (value as string | readonly unknown[] | Uint8Array).length
    const subject = `${isSecret ? 'Value' : `Value '${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}'`} at '${member.charAt(0).toLowerCase()}${member.slice(1)}'`
    const bound = size > most ? `less than or equal to ${most}` : size >= least ? undefined : `greater than or equal to ${least}`
    if (bound) throw unmetConstraint(code, subject, `have ${isNumber ? 'value' : 'length'} ${bound}`)
    if (pattern?.test(String(value)) === false) throw unmetConstraint(code, subject, `satisfy regular expression pattern: ${pattern.source.replace(/^\^|\$$/g, '')}`)
  }
}
