import type { Caller } from '../../aws.js'
import type { Records } from '../engine/memory.js'
import type { StackRecord } from '../engine/records.js'
import { invalid, unmet } from '../template/errors.js'

const NAME_OR_ARN = /^(?:[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*)$/

/** Throws the ValidationError that AWS gives for a text that can be no stack's name or id. */
export function checkStackName (name: string | undefined, pattern = NAME_OR_ARN): string {
  if (!name) throw unmet('stackName', null, 'not be null')
  if (!pattern.test(name)) {
    throw unmet('stackName', name, 'satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*')
  }
  if (!name.startsWith('arn:') && name.length > 128) {
    throw unmet('stackName', name, 'have length less than or equal to 128')
  }
  return name
}

/** A stack of the caller's region by name, or by id; deleted ones by id only. */
export function findStack (records: Records, nameOrId: string | undefined, { region }: Caller): StackRecord | undefined {
  const wanted = checkStackName(nameOrId)
  const stack = wanted.startsWith('arn:') ? records.stack(wanted) : records.namedStack(region, wanted)
  return stack?.region === region ? stack : undefined
}

/** The same, for operations that need one; AWS words the refusal in two ways. */
export function requireStack (records: Records, nameOrId: string | undefined, caller: Caller, wording: 'id' | 'brackets' = 'id'): StackRecord {
  const stack = findStack(records, nameOrId, caller)
  if (!stack) throw invalid(wording === 'id' ? `Stack with id ${nameOrId ?? ''} does not exist` : `Stack [${nameOrId ?? ''}] does not exist`)
  return stack
}
