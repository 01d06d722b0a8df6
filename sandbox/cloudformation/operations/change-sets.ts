import * as Sdk from '@aws-sdk/client-cloudformation'
import { ACCOUNT, AwsError, type Caller, type OperationsOf } from '../../aws.js'
import { type EngineContext, stackOf } from '../engine/context.js'
import type { Engine } from '../engine/engine.js'
import type { StackRecord } from '../engine/records.js'
import { checkEnum, invalid } from '../template/errors.js'
import { withoutValues, withValues } from './change-details.js'
import { type ChangeSetRecord, type ChangeSets, checkName, isOpen, summaryOf } from './change-set-records.js'
import { changesFor } from './changes.js'
import { newFacts, newStack } from './create-stack.js'
import { prepareDefinition } from './definition.js'
import { findStack, idOf, pageOf, requireStack } from './find-stack.js'
import { checkToken } from './tokens.js'
import { checkUpdatable, isNothing, prepareUpdate, withDefinition } from './update-stack.js'
import { toParameter } from './views.js'

const NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
/** In AWS's words (quoted in cloudposse/atmos#3000). */
const EITHER = 'Either DisableRollback or OnStackFailure can be specified, but not both. Validation error as OnStackFailure parameter was specified during CreateChangeSet.'

/** Change sets: what a create or an update would do, looked at before it is done. */
export function createChangeSetOperations (context: EngineContext, engine: Engine, changeSets: ChangeSets) {
  const { records } = context

  /** Stores a stack that only has change sets, where there is none, and answers with what the create would do. */
  const draftCreate = async (input: Sdk.CreateChangeSetInput, name: string, caller: Caller, existing?: StackRecord) => {
    const { StackName: stackName = '' } = input
    if (existing && existing.status !== 'REVIEW_IN_PROGRESS') {
      throw invalid(`Stack [${stackName}] already exists and cannot be created again with the changeSet [${name}].`)
    }
    const facts = existing ?? newFacts(context, caller.region, stackName)
    const prepared = await prepareDefinition(context, facts, { ...input, reviewed: true })
    if (!existing) engine.launch(newStack(context, facts, prepared, {}), 'REVIEW_IN_PROGRESS', { type: 'CREATE_CHANGESET', token: input.ClientToken })
    // An export that there is not is found out when the stack is made (LocalStack's recordings, `test_describe_change_set_import_non_existent_export`).
    const changes = await changesFor(context, stackOf(context, facts.id), prepared)
    return { ...prepared, changes, stackId: facts.id, failure: undefined }
  }

  const draftUpdate = async (input: Sdk.CreateChangeSetInput, caller: Caller) => {
    const stack = requireStack(records, input.StackName, caller, 'brackets')
    checkUpdatable(stack, true)
    const prepared = await prepareUpdate(context, stack, { ...input, reviewed: true })
    return { ...prepared, stackId: stack.id, failure: isNothing(stack, prepared) ? NO_CHANGES : undefined }
  }

  const launch = (input: Sdk.ExecuteChangeSetInput, changeSet: ChangeSetRecord, stack: StackRecord) => {
    const { id: changeSetId, definition, body, isCreate, onStackFailure: onFailure = 'ROLLBACK' } = changeSet
    const { ClientRequestToken: token, RetainExceptOnCreate: retainExceptOnCreate = false } = input
    const disableRollback = onFailure === 'DO_NOTHING' || (input.DisableRollback ?? changeSet.disableRollback)
    if (!isCreate) checkUpdatable(stack, disableRollback)
    const { previous, ...next } = { ...withDefinition(context, stack, definition, body), changeSetId, retainExceptOnCreate }
    return isCreate
      ? engine.launch({ ...next, onFailure }, 'CREATE_IN_PROGRESS', { type: 'CREATE_STACK', token, disableRollback })
      : engine.launch({ ...next, previous }, 'UPDATE_IN_PROGRESS', { type: 'UPDATE_STACK', token, disableRollback })
  }

  return {
    CreateChangeSet: async (input, caller) => {
      const name = checkName(input.ChangeSetName)
      const token = input.ClientToken
      checkToken(token, 'clientToken')
      checkEnum('changeSetType', input.ChangeSetType, Sdk.ChangeSetType)
      checkEnum('onStackFailure', input.OnStackFailure, Sdk.OnStackFailure)
      if (input.OnStackFailure === 'DELETE' && input.ChangeSetType !== 'CREATE') throw invalid('OnStackFailure can be DELETE only for change sets of type CREATE.')
      if (input.ChangeSetType === 'IMPORT') throw invalid('The sandbox does not implement change sets of type IMPORT.')
      const existing = findStack(records, input.StackName, caller)
      const sameName = existing && changeSets.named(existing.id, name)
      if (sameName && isOpen(sameName)) {
        if (token !== undefined && sameName.token === token) return { Id: sameName.id, StackId: sameName.stackId }
        throw new AwsError('AlreadyExistsException', `ChangeSet ${name} already exists`)
      }
      const isCreate = input.ChangeSetType === 'CREATE'
      const draft = isCreate ? await draftCreate(input, name, caller, existing) : await draftUpdate(input, caller)
      const { stackId, definition, plan, changes, failure } = draft
      const id = `arn:aws:cloudformation:${caller.region}:${ACCOUNT}:changeSet/${name}/${context.newId()}`
      changeSets.put(id, {
        id,
        name,
        stackId,
        isCreate,
        definition,
        body: plan.template.body,
        changes,
        failure,
        token,
        createdAt: context.clock.now(),
        description: input.Description,
        onStackFailure: input.OnStackFailure,
        includeNestedStacks: input.IncludeNestedStacks,
        disableRollback: input.DeploymentConfig?.DisableRollback
      })
      return { Id: id, StackId: stackId }
    },

    DescribeChangeSet: async (input, caller) => {
      const changeSet = changeSets.require(input, caller)
      const stack = requireStack(records, changeSet.stackId, caller)
      const { parameters, tags, notificationArns, capabilities } = changeSet.definition
      const changes = input.IncludePropertyValues ? withValues(changeSet.changes) : changeSet.changes.map(withoutValues)
      return {
        ...summaryOf(changeSet, stack),
        ...(parameters.length === 0 ? {} : { Parameters: parameters.map(toParameter) }),
        NotificationARNs: notificationArns,
        RollbackConfiguration: {},
        Capabilities: capabilities as Sdk.Capability[],
        ...(tags.length === 0 ? {} : { Tags: tags }),
        OnStackFailure: changeSet.onStackFailure,
        ...pageOf('Changes', changes, input, change => change.LogicalResourceId ?? '', change => ({ Type: 'Resource' as const, ResourceChange: change }))
      }
    },

    ExecuteChangeSet: async (input, caller) => {
      checkToken(input.ClientRequestToken)
      const changeSet = changeSets.require(input, caller)
      const stack = requireStack(records, changeSet.stackId, caller)
      const { ExecutionStatus: status, Status: made } = summaryOf(changeSet, stack)
      if (isReplayed(input, changeSet, stack)) return {}
      if (status !== 'AVAILABLE') throw notPossible('executed', changeSet, made === 'FAILED' ? made : status ?? '')
      if (changeSet.onStackFailure !== undefined && input.DisableRollback !== undefined) throw invalid(EITHER)
      records.together(() => {
        const { OperationId: executedBy } = launch(input, changeSet, stack)
        for (const { id } of changeSets.of(stack.id)) changeSets.delete(id)
        changeSets.put(changeSet.id, { ...changeSet, executedBy })
      })
      return {}
    },

    DeleteChangeSet: async (input, caller) => {
      const changeSet = changeSets.find(input, caller)
      // One that does not exist is as good as deleted (measured, ministack#1625); its stack has to exist.
      if (!changeSet) return {}
      const { ExecutionStatus: status } = summaryOf(changeSet, requireStack(records, changeSet.stackId, caller))
      if (status === 'EXECUTE_IN_PROGRESS') throw notPossible('deleted', changeSet, status)
      changeSets.delete(changeSet.id)
      return {}
    },

    ListChangeSets: async (input, caller) => {
      const stack = requireStack(records, input.StackName, caller, 'brackets')
      return pageOf('Summaries', changeSets.of(stack.id).filter(isOpen), input, idOf, changeSet => summaryOf(changeSet, stack))
    }
  } satisfies Partial<OperationsOf<typeof Sdk>>
}

/** Whether it was executed with this token already: the caller sends a request again whose answer was lost. */
function isReplayed (input: Sdk.ExecuteChangeSetInput, { executedBy }: ChangeSetRecord, { operations }: StackRecord): boolean {
  const { ClientRequestToken: given } = input
  return given !== undefined && executedBy !== undefined && operations.some(({ id, token }) => id === executedBy && token === given)
}

function notPossible (verb: 'executed' | 'deleted', { id }: ChangeSetRecord, status: string): AwsError {
  return new AwsError('InvalidChangeSetStatus', `ChangeSet [${id}] cannot be ${verb} in its current status of [${status}]`)
}
