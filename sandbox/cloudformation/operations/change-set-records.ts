import type * as Sdk from '@aws-sdk/client-cloudformation'
import { AwsError, type Caller } from '../../aws.js'
import type { Collection, Store } from '../../store.js'
import type { Records } from '../engine/memory.js'
import { type Definition, latestOperations, type StackRecord } from '../engine/records.js'
import { invalid, unmet } from '../template/errors.js'
import { requireStack } from './find-stack.js'

/** A change set as it is stored; what became of it is read from its stack. */
export interface ChangeSetRecord {
  id: string
  name: string
  stackId: string
  isCreate: boolean
  description?: string | undefined
  /** Why there is nothing to execute. */
  failure?: string | undefined
  definition: Definition
  body: string
  changes: Sdk.ResourceChange[]
  onStackFailure?: Sdk.OnStackFailure | undefined
  disableRollback?: boolean | undefined
  includeNestedStacks?: boolean | undefined
  /** The caller's ClientToken. */
  token?: string | undefined
  /** Id of the operation that carries it out. */
  executedBy?: string | undefined
  createdAt: number
}

/** A stack's change sets are those of the record, and stay when the stack is deleted. */
export type ChangeSets = Collection<ChangeSetRecord>

/** Those of stacks that are forgotten are forgotten too. */
export function openChangeSets (store: Pick<Store, 'collection'>, records: Records): ChangeSets {
  const changeSets = store.collection<ChangeSetRecord>('cloudformation-change-sets')
  for (const { id, stackId } of [...changeSets.values()]) if (!records.stack(stackId)) changeSets.delete(id)
  return changeSets
}

const NAME = /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/

/** Throws a ValidationError for a name that no change set can have. */
export function checkName (name = ''): string {
  if (!NAME.test(name)) throw unmet('changeSetName', name, 'satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*')
  return name
}

/** The change sets of a stack, oldest first. */
export function changeSetsOf (changeSets: ChangeSets, stackId: string): ChangeSetRecord[] {
  return [...changeSets.values()].filter(changeSet => changeSet.stackId === stackId)
}

/** Whether it was not executed: AWS lists no other, and makes a new one of the same name (LocalStack's recordings, `test_changesets`, `test_change_sets`). */
export function isOpen ({ executedBy }: ChangeSetRecord): boolean {
  return executedBy === undefined
}

/** The latest of that name. */
export function changeSetNamed (changeSets: ChangeSets, stackId: string, name: string): ChangeSetRecord | undefined {
  return changeSetsOf(changeSets, stackId).findLast(changeSet => changeSet.name === name)
}

/** How a request names a change set: by its ARN, or by its name and its stack. */
export interface ChangeSetNaming {
  ChangeSetName?: string | undefined
  StackName?: string | undefined
}

/** The change set that a request names, where there is one. Throws a ValidationError without a stack; `missing` words it. */
export function findChangeSet (
  changeSets: ChangeSets,
  records: Records,
  { ChangeSetName: wanted = '', StackName: stackName }: ChangeSetNaming,
  caller: Caller,
  missing = 'StackName must be specified if ChangeSetName is not specified as an ARN.'
): ChangeSetRecord | undefined {
  if (wanted.startsWith('arn:')) return changeSets.get(wanted)
  if (stackName === undefined) throw invalid(missing)
  return changeSetNamed(changeSets, requireStack(records, stackName, caller, 'brackets').id, wanted)
}

/** The same, for operations that need one. Throws ChangeSetNotFound too. */
export function requireChangeSet (...asked: Parameters<typeof findChangeSet>): ChangeSetRecord {
  const found = findChangeSet(...asked)
  if (!found) throw new AwsError('ChangeSetNotFound', `ChangeSet [${asked[2].ChangeSetName ?? ''}] does not exist`, 404)
  return found
}

/** A change set as AWS lists it; its execution status follows from what became of the stack since. */
export function summaryOf (changeSet: ChangeSetRecord, stack: StackRecord): Sdk.ChangeSetSummary {
  return {
    ChangeSetId: changeSet.id,
    ChangeSetName: changeSet.name,
    StackId: stack.id,
    StackName: stack.name,
    CreationTime: new Date(changeSet.createdAt),
    Status: changeSet.failure === undefined ? 'CREATE_COMPLETE' : 'FAILED',
    ExecutionStatus: executionStatusOf(changeSet, stack),
    IncludeNestedStacks: changeSet.includeNestedStacks ?? false,
    StatusReason: changeSet.failure,
    Description: changeSet.description
  }
}

function executionStatusOf (changeSet: ChangeSetRecord, stack: StackRecord): Sdk.ExecutionStatus {
  const { executedBy, failure, definition, isCreate, createdAt } = changeSet
  if (failure !== undefined) return 'UNAVAILABLE'
  if (executedBy === undefined) return isObsolete() ? 'OBSOLETE' : 'AVAILABLE'
  if (!latestOperations(stack).some(({ id }) => id === executedBy)) return 'EXECUTE_COMPLETE'
  if (stack.status.endsWith('_IN_PROGRESS')) return 'EXECUTE_IN_PROGRESS'
  return stack.definition.template === definition.template && !/FAILED|ROLLBACK/.test(stack.status) ? 'EXECUTE_COMPLETE' : 'EXECUTE_FAILED'

  /** A change set says what happens to the stack as it was. */
  function isObsolete (): boolean {
    return isCreate ? stack.status !== 'REVIEW_IN_PROGRESS' : (stack.updatedAt ?? 0) > createdAt
  }
}
