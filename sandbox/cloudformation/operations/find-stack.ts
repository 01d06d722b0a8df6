import type { ResourceStatus } from '@aws-sdk/client-cloudformation'
import type { Caller } from '../../aws.js'
import type { Records } from '../engine/memory.js'
import { latestOperations, type ResourceRecord, type StackRecord } from '../engine/records.js'
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

/** The ways in which AWS says which stack does not exist. */
const wordings = {
  id: (name: string) => `with id ${name}`,
  brackets: (name: string) => `[${name}]`,
  quotes: (name: string) => `'${name}'`
}

/** The same, for operations that need one. */
export function requireStack (
  records: Records, nameOrId: string | undefined, caller: Caller, wording: keyof typeof wordings = 'id'
): StackRecord {
  const stack = findStack(records, nameOrId, caller)
  if (!stack) throw invalid(`Stack ${wordings[wording](nameOrId ?? '')} does not exist`)
  return stack
}

/** Whether a resource failed so. What failed to update is skipped only where a rollback failed at it, and not the update itself. */
export function hasFailed (stack: StackRecord, resource: ResourceRecord | undefined, wanted: ResourceStatus): boolean {
  if (resource?.status !== wanted) return false
  return wanted !== 'UPDATE_FAILED' || latestOperations(stack).slice(1).some(({ id }) => id === resource.operationId)
}

/**
 * Throws unless the stack has resources of those names, and each failed so. The rules are AWS's (ContinueUpdateRollback,
 * CloudFormation API Reference; "Delete stacks", CloudFormation User Guide); nobody could check their words.
 */
export function requireFailed (
  { resources }: Records, stack: StackRecord, names: readonly string[], status: 'UPDATE_FAILED' | 'DELETE_FAILED'
): void {
  const [verb, state] = status === 'UPDATE_FAILED' ? ['skip', `an ${status}`] : ['retain', `a ${status}`]
  const refuse = (wrong: string[], problem: string): void => {
    if (wrong.length > 0) throw invalid(`The following resources to ${verb} ${problem} in stack [${stack.name}]: [${wrong.join(', ')}]`)
  }
  refuse(names.filter(name => !resources.get(stack.id, name)), 'do not exist')
  refuse(names.filter(name => !hasFailed(stack, resources.get(stack.id, name), status)), `are not in ${state} state`)
}

const PAGE = 100

/**
 * The page of a list that a request asks for, shown under the list's name: a hundred items, from the one after that
 * which the token names. A token names the last item of the page before, so that items which come in at the front
 * between two calls change nothing.
 */
export function pageOf<Name extends string, T, Shown> (
  name: Name, items: readonly T[], input: { NextToken?: string | undefined }, keyOf: (item: T) => string, show: (item: T) => Shown
) {
  const { NextToken: token } = input
  const start = token === undefined ? 0 : items.findIndex(item => keyOf(item) === Buffer.from(token, 'base64url').toString()) + 1
  if (token !== undefined && start === 0) throw invalid('The specified NextToken is invalid.')
  const page = items.slice(start, start + PAGE)
  const last = items.length > start + PAGE ? page.at(-1) : undefined
  const NextToken = last === undefined ? undefined : Buffer.from(keyOf(last)).toString('base64url')
  return { [name]: page.map(show), NextToken } as { [N in Name]: Shown[] } & { NextToken: string | undefined }
}

/** What most lists are told apart by. */
export const idOf = ({ id }: { id: string }): string => id
