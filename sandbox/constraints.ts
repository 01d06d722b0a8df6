import { unmetConstraint } from './aws.js'

/** What a service's model says of a member: the bounds of a number, or of the length of a text, a list or bytes. The SDK's schemas have none of it. */
export interface Constraint {
  bounds: readonly [least: number, most: number]
  /** What the whole of a text must match. */
  pattern?: RegExp
  /** Its value must not be repeated in a message. */
  isSecret?: boolean
  /** What holds for the members of each of a list's items. */
  items?: Constraints
}

/** By the names of members in the model. */
export interface Constraints { readonly [member: string]: Constraint }

/** Throws what AWS says of the first member of a request that its model does not allow. Members that are not in the table may be anything. */
export function checkConstraints (code: string, constraints: Constraints, request: object, path = ''): void {
  for (const [member, { bounds: [least, most], pattern, isSecret, items }] of Object.entries(constraints)) {
    const value = (request as Record<string, unknown>)[member]
    if (value === undefined) continue
    const isNumber = typeof value === 'number'
    const size = isNumber ? value : (value as string | readonly unknown[] | Uint8Array).length
    const place = `${path}${member.charAt(0).toLowerCase()}${member.slice(1)}`
    const subject = `${isSecret ? 'Value' : `Value '${Array.isArray(value) ? `[${value.join(', ')}]` : String(value)}'`} at '${place}'`
    const bound = size > most ? `less than or equal to ${most}` : size >= least ? undefined : `greater than or equal to ${least}`
    if (bound) throw unmetConstraint(code, subject, `have ${isNumber ? 'value' : 'length'} ${bound}`)
    if (pattern?.test(String(value)) === false) throw unmetConstraint(code, subject, `satisfy regular expression pattern: ${pattern.source.replace(/^\^|\$$/g, '')}`)
    if (items) for (const [index, item] of (value as object[]).entries()) checkConstraints(code, items, item, `${place}.${index + 1}.member.`)
  }
}
