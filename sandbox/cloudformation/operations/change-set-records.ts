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

/** The stored change sets, and the ways in which they are looked up. They stay when their stack is deleted. */
export interface ChangeSets extends Pick<Collection<ChangeSetRecord>, 'put' | 'delete'> {
  /** Those of a stack, oldest first. */
  of: (stackId: string) => ChangeSetRecord[]
  /** The latest of that name. */
  named: (stackId: string, name: string) => ChangeSetRecord | undefined
  /** The one that a request names, if there is one. Throws a ValidationError without a stack; `missing` words it. */
  find: (naming: ChangeSetNaming, caller: Caller, missing?: string) => ChangeSetRecord | undefined
  /** The same, for operations that need one. Throws ChangeSetNotFound too. */
  require: (naming: ChangeSetNaming, caller: Caller, missing?: string) => ChangeSetRecord
}

/** How a request names a change set: by its ARN, or by its name and its stack. */
export interface ChangeSetNaming {
  ChangeSetName?: string | undefined
  StackName?: string | undefined
}

/** Those of stacks that are forgotten are forgotten too. */
export function openChangeSets (store: Pick<Store, 'collection'>, records: Records): ChangeSets {
  const stored = store.collection<ChangeSetRecord>('cloudformation-change-sets')
  for (const { id, stackId } of [...stored.values()]) if (!records.stack(stackId)) stored.delete(id)
  const of: ChangeSets['of'] = stackId => [...stored.values()].filter(changeSet => changeSet.stackId === stackId)
  const named: ChangeSets['named'] = (stackId, name) => of(stackId).findLast(changeSet => changeSet.name === name)
  const find: ChangeSets['find'] = ({ ChangeSetName: wanted = '', StackName: stackName }, caller, missing) => {
    if (wanted.startsWith('arn:')) return stored.get(wanted)
    if (stackName === undefined) throw invalid(missing ?? 'StackName must be specified if ChangeSetName is not specified as an ARN.')
    return named(requireStack(records, stackName, caller, 'brackets').id, wanted)
  }
  return {
    put: stored.put,
    delete: stored.delete,
    of,
    named,
    find,
    require: (naming, ...rest) => {
      const found = find(naming, ...rest)
      if (!found) throw new AwsError('ChangeSetNotFound', `ChangeSet [${naming.ChangeSetName ?? ''}] does not exist`, 404)
      return found
    }
  }
}

const NAME = /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/

/** Throws a ValidationError for a name that no change set can have. */
export function checkName (name = ''): string {
  if (!NAME.test(name)) throw unmet('changeSetName', name, 'satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*')
  return name
}

/** Whether it was not executed: AWS lists no other, and makes a new one of the same name (LocalStack's recordings, `test_changesets`, `test_change_sets`). */
export function isOpen ({ executedBy }: ChangeSetRecord): boolean {
  return executedBy === undefined
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
  const { executedBy, failure, isCreate, createdAt } = changeSet
  if (failure !== undefined) return 'UNAVAILABLE'
  if (executedBy === undefined) return isObsolete() ? 'OBSOLETE' : 'AVAILABLE'
  if (!latestOperations(stack).some(({ id }) => id === executedBy)) return 'EXECUTE_COMPLETE'
  if (stack.status.endsWith('_IN_PROGRESS')) return 'EXECUTE_IN_PROGRESS'
  return /^(CREATE|UPDATE)_COMPLETE$/.test(stack.status) ? 'EXECUTE_COMPLETE' : 'EXECUTE_FAILED'

  /** A change set says what happens to the stack as it was. */
  function isObsolete (): boolean {
    return isCreate ? stack.status !== 'REVIEW_IN_PROGRESS' : (stack.updatedAt ?? 0) > createdAt
  }
}
