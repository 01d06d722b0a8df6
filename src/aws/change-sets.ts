import {
  CreateChangeSetCommand, DeleteChangeSetCommand, DescribeChangeSetCommand, ExecuteChangeSetCommand, paginateListChangeSets,
  type Change, type CloudFormationClient, type DescribeChangeSetCommandOutput, type ExecutionStatus
} from '@aws-sdk/client-cloudformation'

import { AwsFailure, callAws } from './errors.js'

/** What an update would do to one resource. */
export interface ResourceChange {
  logicalId: string
  type: string
  action: 'add' | 'modify' | 'remove' | 'other'
  /** Whether AWS would make a new resource in its place, as far as it can tell before. */
  replacement: 'never' | 'conditional' | 'always'
  /** Names of the properties that change. */
  changedProperties: string[]
}

/** A change set as far as it is: being computed, ready with its changes, empty, failed for a reason, spent (executed, or overtaken by another), or thrown away. */
export type ChangeSet =
  | { status: 'computing' }
  | { status: 'ready', changes: ResourceChange[] }
  | { status: 'empty' }
  | { status: 'spent' }
  | { status: 'gone' }
  | { status: 'failed', reason: string }

/** An update of a stack. */
export interface Update {
  /** Of the change set, unique in the stack. */
  name: string
  /** Every parameter of the template: those not among these keep their values. */
  parameters: Readonly<Record<string, string>>
  kept: readonly string[]
  /** All tags of the stack after the update. */
  tags: Readonly<Record<string, string>>
  /** Left out, the stack keeps its template. */
  templateBody?: string
}

export type ChangeSets = ReturnType<typeof createChangeSets>

/** Updates that are computed before they happen. Every function throws {@link AwsFailure}. */
export function createChangeSets (clientFor: (region: string) => CloudFormationClient) {
  /** Has CloudFormation compute an update; an earlier one under the same name is taken for this one. */
  const create = async (region: string, stackId: string, update: Update): Promise<void> => {
    try {
      await callAws(() => clientFor(region).send(new CreateChangeSetCommand({
        StackName: stackId,
        ChangeSetName: update.name,
        ChangeSetType: 'UPDATE',
        ...(update.templateBody === undefined ? { UsePreviousTemplate: true } : { TemplateBody: update.templateBody }),
        Parameters: [
          ...Object.entries(update.parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
          ...update.kept.map(ParameterKey => ({ ParameterKey, UsePreviousValue: true }))
        ],
        Tags: Object.entries(update.tags).map(([Key, Value]) => ({ Key, Value }))
      })))
    } catch (error) {
      if (!(error instanceof AwsFailure) || error.kind !== 'already-exists') throw error
    }
  }

  const describe = async (region: string, stackId: string, name: string): Promise<ChangeSet> => {
    const changes: Change[] = []
    let page: DescribeChangeSetCommandOutput
    let token: string | undefined
    try {
      do {
        page = await callAws(() => clientFor(region).send(new DescribeChangeSetCommand({
          StackName: stackId, ChangeSetName: name, ...(token ? { NextToken: token } : {})
        })))
        changes.push(...page.Changes ?? [])
        token = page.NextToken
      } while (token)
      return toChangeSet(page, changes)
    } catch (error) {
      if (isMissing(error)) return { status: 'gone' }
      throw error
    }
  }

  const execute = async (region: string, stackId: string, name: string, token: string): Promise<void> => {
    const input = { StackName: stackId, ChangeSetName: name, ClientRequestToken: token }
    await callAws(() => clientFor(region).send(new ExecuteChangeSetCommand(input)))
  }

  /** Throws the change set away; one that is not there is no error. */
  const remove = async (region: string, stackId: string, name: string): Promise<void> => {
    try {
      await callAws(() => clientFor(region).send(new DeleteChangeSetCommand({ StackName: stackId, ChangeSetName: name })))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  /** The change sets of a stack that have not been thrown away. */
  const list = async (region: string, stackId: string): Promise<Array<{ name: string, createdAt: Date }>> => await callAws(async () => {
    const sets: Array<{ name: string, createdAt: Date }> = []
    for await (const { Summaries = [] } of paginateListChangeSets({ client: clientFor(region) }, { StackName: stackId })) {
      for (const { ChangeSetName: name = '', CreationTime: createdAt = new Date(0) } of Summaries) sets.push({ name, createdAt })
    }
    return sets
  })

  return { create, describe, execute, remove, list }
}

function isMissing (error: unknown): boolean {
  return error instanceof AwsFailure && error.code === 'ChangeSetNotFoundException'
}

const spent: ReadonlySet<ExecutionStatus> = new Set(['EXECUTE_IN_PROGRESS', 'EXECUTE_COMPLETE', 'EXECUTE_FAILED', 'OBSOLETE'])

/** How CloudFormation says that an update would change nothing: as a failure, in either of two wordings. */
const emptyReasons = /didn't contain changes|No updates are to be performed/

function toChangeSet (
  { Status, StatusReason = '', ExecutionStatus }: DescribeChangeSetCommandOutput, changes: readonly Change[]
): ChangeSet {
  if (Status === 'CREATE_COMPLETE' && ExecutionStatus && spent.has(ExecutionStatus)) return { status: 'spent' }
  if (Status === 'CREATE_COMPLETE') return { status: 'ready', changes: changes.map(toResourceChange) }
  if (Status !== 'FAILED') return { status: 'computing' }
  return emptyReasons.test(StatusReason) ? { status: 'empty' } : { status: 'failed', reason: StatusReason }
}

const actions = { Add: 'add', Modify: 'modify', Remove: 'remove' } as const
const replacements = { True: 'always', Conditional: 'conditional', False: 'never' } as const

function toResourceChange ({ ResourceChange: change = {} }: Change): ResourceChange {
  const names = (change.Details ?? []).map(({ Target }) => Target?.Name ?? Target?.Attribute ?? '')
  return {
    logicalId: change.LogicalResourceId ?? '',
    type: change.ResourceType ?? '',
    action: actions[change.Action as keyof typeof actions] ?? 'other',
    replacement: replacements[change.Replacement as keyof typeof replacements] ?? 'never',
    changedProperties: [...new Set(names)].filter(Boolean)
  }
}
