import {
  ContinueUpdateRollbackCommand, CreateStackCommand, DeleteStackCommand, DescribeStackEventsCommand, DescribeStacksCommand,
  GetTemplateCommand, paginateDescribeStacks, paginateListImports, paginateListStacks, paginateListStackResources,
  RollbackStackCommand, UpdateTerminationProtectionCommand,
  type CloudFormationClient, type Stack as SdkStack, type StackEvent as SdkStackEvent, type StackStatus
} from '@aws-sdk/client-cloudformation'

import { AwsFailure, callAws } from './errors.js'

export type { StackStatus }

/** A stack, in our words. `parameters` are as CloudFormation has them: texts. */
export interface Stack {
  id: string
  name: string
  region: string
  status: StackStatus
  statusReason: string | null
  parameters: Readonly<Record<string, string>>
  /** Empty until CloudFormation has them, which is never while an operation runs. */
  outputs: Readonly<Record<string, string>>
  /** Names that outputs are exported under, for other stacks of the region. */
  exports: readonly string[]
  tags: Readonly<Record<string, string>>
  terminationProtection: boolean
  createdAt: Date
  updatedAt: Date | null
  deletedAt: Date | null
  /** CloudFormation's own id of the operation that changed it last; null where it says none. */
  operationId: string | null
}

/** One line of a stack's history. */
export interface StackEvent {
  id: string
  at: Date
  /** The stack's own name for events of the stack itself. */
  logicalId: string
  physicalId: string | null
  type: string
  status: string
  reason: string | null
  /** The `ClientRequestToken` of the operation that the event belongs to. */
  token: string | null
  /** CloudFormation's own id of the same operation; null where it says none. */
  operationId: string | null
}

/** What a stack made, by the name that AWS has for it. */
export interface StackResource { logicalId: string, physicalId: string, type: string, status: string, reason: string | null }

/** A stack that AWS only remembers. */
export interface DeletedStack { id: string, name: string, deletedAt: Date }

/** What is needed to launch a stack. */
export interface Launch {
  stackName: string
  templateBody: string
  parameters: Readonly<Record<string, string>>
  tags: Readonly<Record<string, string>>
  token: string
  /** `delete` removes what was made and the stack with it; `keep` leaves everything to look at. */
  onFailure: 'delete' | 'keep'
  terminationProtection: boolean
}

export type Stacks = ReturnType<typeof createStacks>

/** CloudFormation, as far as databases need it. Every function throws {@link AwsFailure}. */
export function createStacks (clientFor: (region: string) => CloudFormationClient) {
  /** One stack by name or id, null when there is none. A deleted one is found by its id only, for 90 days. */
  const describe = async (region: string, nameOrId: string): Promise<Stack | null> => {
    try {
      const { Stacks: [found] = [] } = await callAws(() => clientFor(region).send(new DescribeStacksCommand({ StackName: nameOrId })))
      return found ? toStack(region, found) : null
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'not-found') return null
      throw error
    }
  }

  /** Every stack of the region that is not deleted. AWS answers in pages of 1 MB. */
  const list = async (region: string): Promise<Stack[]> => await callAws(async () => {
    const stacks: Stack[] = []
    for await (const page of paginateDescribeStacks({ client: clientFor(region) }, {})) {
      for (const stack of page.Stacks ?? []) stacks.push(toStack(region, stack))
    }
    return stacks
  })

  /** Every deleted stack of the region. AWS remembers them for 90 days, and answers in pages of 1 MB. */
  const listDeleted = async (region: string): Promise<DeletedStack[]> => await callAws(async () => {
    const deleted: DeletedStack[] = []
    for await (const { StackSummaries = [] } of paginateListStacks({ client: clientFor(region) }, { StackStatusFilter: ['DELETE_COMPLETE'] })) {
      for (const { StackId: id = '', StackName: name = '', DeletionTime: deletedAt = new Date(0) } of StackSummaries) deleted.push({ id, name, deletedAt })
    }
    return deleted
  })

  /**
   * The stack's events after `lastSeenId`, oldest first; all of them with null. AWS answers the newest first, in pages,
   * with no filter, so paging goes back only as far as to the event that was seen last.
   */
  const eventsAfter = async (region: string, stackId: string, lastSeenId: string | null): Promise<StackEvent[]> => {
    const newest: StackEvent[] = []
    let token: string | undefined
    do {
      const page = await callAws(() => clientFor(region).send(new DescribeStackEventsCommand({
        StackName: stackId, ...(token ? { NextToken: token } : {})
      })))
      for (const event of page.StackEvents ?? []) {
        if (event.EventId === lastSeenId) return newest.reverse()
        newest.push(toEvent(event))
      }
      token = page.NextToken
    } while (token)
    return newest.reverse()
  }

  /** What the stack has made so far. */
  const resourcesOf = async (region: string, stackId: string): Promise<StackResource[]> => await callAws(async () => {
    const resources: StackResource[] = []
    for await (const page of paginateListStackResources({ client: clientFor(region) }, { StackName: stackId })) {
      for (const resource of page.StackResourceSummaries ?? []) {
        const { LogicalResourceId: logicalId, PhysicalResourceId: physicalId, ResourceType: type } = resource
        const { ResourceStatus: status = '', ResourceStatusReason: reason = null } = resource
        if (logicalId && physicalId && type) resources.push({ logicalId, physicalId, type, status, reason })
      }
    }
    return resources
  })

  /** The template of a stack, as it was sent. */
  const templateOf = async (region: string, stackId: string): Promise<string> => {
    const { TemplateBody = '' } = await callAws(() => clientFor(region).send(new GetTemplateCommand({ StackName: stackId, TemplateStage: 'Original' })))
    return TemplateBody
  }

  /** Names of the stacks that import what is exported under a name. */
  const importersOf = async (region: string, exportName: string): Promise<string[]> => {
    try {
      return await callAws(async () => {
        const importers: string[] = []
        for await (const { Imports = [] } of paginateListImports({ client: clientFor(region) }, { ExportName: exportName })) {
          importers.push(...Imports)
        }
        return importers
      })
    } catch (error) {
      if (error instanceof AwsFailure && unused.test(error.message)) return []
      throw error
    }
  }

  /** Launches a stack and answers its id. */
  const create = async (region: string, launch: Launch): Promise<string> => {
    const { StackId } = await callAws(() => clientFor(region).send(new CreateStackCommand({
      StackName: launch.stackName,
      TemplateBody: launch.templateBody,
      Parameters: Object.entries(launch.parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
      Tags: Object.entries(launch.tags).map(([Key, Value]) => ({ Key, Value })),
      ClientRequestToken: launch.token,
      OnFailure: launch.onFailure === 'delete' ? 'DELETE' : 'DO_NOTHING',
      EnableTerminationProtection: launch.terminationProtection
    })))
    if (!StackId) throw new AwsFailure('unavailable', 'EmptyAnswer', 'CreateStack answered no stack id')
    return StackId
  }

  /**
   * Starts the deletion of a stack; with a token that was used before it changes nothing. What is `retained`, by logical ids, is left
   * behind; CloudFormation takes that only after a deletion has failed at it.
   */
  const remove = async (region: string, stackId: string, token: string, retained: readonly string[] = []): Promise<void> => {
    await callAws(() => clientFor(region).send(new DeleteStackCommand({
      StackName: stackId, ClientRequestToken: token, ...(retained.length > 0 ? { RetainResources: [...retained] } : {})
    })))
  }

  /** Has a rollback that got stuck (`UPDATE_ROLLBACK_FAILED`) go on, past those of the resources that failed in it that are `skipped`. */
  const continueRollback = async (region: string, stackId: string, token: string, skipped: readonly string[]): Promise<void> => {
    await callAws(() => clientFor(region).send(new ContinueUpdateRollbackCommand({
      StackName: stackId, ClientRequestToken: token, ...(skipped.length > 0 ? { ResourcesToSkip: [...skipped] } : {})
    })))
  }

  /** Takes back an update that failed and was kept (`UPDATE_FAILED`). */
  const rollBack = async (region: string, stackId: string, token: string): Promise<void> => {
    await callAws(() => clientFor(region).send(new RollbackStackCommand({ StackName: stackId, ClientRequestToken: token })))
  }

  const setTerminationProtection = async (region: string, stackId: string, enabled: boolean): Promise<void> => {
    await callAws(() => clientFor(region).send(new UpdateTerminationProtectionCommand({
      StackName: stackId, EnableTerminationProtection: enabled
    })))
  }

  return {
    describe,
    list,
    listDeleted,
    eventsAfter,
    resourcesOf,
    templateOf,
    importersOf,
    create,
    remove,
    continueRollback,
    rollBack,
    setTerminationProtection
  }
}

/** How CloudFormation says that nobody imports an export, or that there is none by now. */
const unused = /is not imported by any stack|does not exist/

function toStack (region: string, stack: SdkStack): Stack {
  return {
    id: stack.StackId ?? '',
    name: stack.StackName ?? '',
    region,
    status: stack.StackStatus ?? 'REVIEW_IN_PROGRESS',
    statusReason: stack.StackStatusReason ?? null,
    parameters: Object.fromEntries((stack.Parameters ?? []).map(p => [p.ParameterKey ?? '', p.ParameterValue ?? ''])),
    outputs: Object.fromEntries((stack.Outputs ?? []).map(o => [o.OutputKey ?? '', o.OutputValue ?? ''])),
    exports: (stack.Outputs ?? []).flatMap(({ ExportName }) => ExportName ?? []),
    tags: Object.fromEntries((stack.Tags ?? []).map(t => [t.Key ?? '', t.Value ?? ''])),
    terminationProtection: stack.EnableTerminationProtection ?? false,
    createdAt: stack.CreationTime ?? new Date(0),
    updatedAt: stack.LastUpdatedTime ?? null,
    deletedAt: stack.DeletionTime ?? null,
    operationId: stack.LastOperations?.find(({ OperationType }) => OperationType !== 'CREATE_CHANGESET')?.OperationId ?? null
  }
}

function toEvent (event: SdkStackEvent): StackEvent {
  return {
    id: event.EventId ?? '',
    at: event.Timestamp ?? new Date(0),
    logicalId: event.LogicalResourceId ?? '',
    physicalId: event.PhysicalResourceId || null,
    type: event.ResourceType ?? '',
    status: event.ResourceStatus ?? '',
    reason: event.ResourceStatusReason || null,
    token: event.ClientRequestToken ?? null,
    operationId: event.OperationId ?? null
  }
}
