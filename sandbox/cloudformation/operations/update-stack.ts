import type { ResourceChange, UpdateStackInput, UpdateStackOutput } from '@aws-sdk/client-cloudformation'
import { isDeepStrictEqual } from 'node:util'
import type { Operation } from '../../aws.js'
import type { EngineContext } from '../engine/context.js'
import type { Engine } from '../engine/engine.js'
import type { Definition, StackRecord } from '../engine/records.js'
import { ifKnown, invalid } from '../template/errors.js'
import { changesFor } from './changes.js'
import { type DefinitionInput, type Prepared, prepareDefinition } from './definition.js'
import { requireStack } from './find-stack.js'
import { replayedOperation } from './tokens.js'

/** The statuses in which a stack can be updated (CloudFormation User Guide, "Stack status codes"). */
const UPDATABLE = new Set(['CREATE_COMPLETE', 'CREATE_FAILED', 'IMPORT_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_FAILED', 'UPDATE_ROLLBACK_COMPLETE'])

export function createUpdateStack (context: EngineContext, engine: Engine): Operation<UpdateStackInput, UpdateStackOutput> {
  return async (input, caller) => {
    const { ClientRequestToken: token, DeploymentConfig: deployment } = input
    const found = requireStack(context.records, input.StackName, caller, 'brackets')
    const replayed = replayedOperation(found, 'UPDATE_STACK', token)
    if (replayed) return { StackId: found.id, OperationId: replayed.id }
    const disableRollback = input.DisableRollback ?? deployment?.DisableRollback
    checkUpdatable(found, disableRollback)
    const { prepared, changes } = await prepareUpdate(context, found, input)
    const stack = requireStack(context.records, found.id, caller)
    checkUpdatable(stack, disableRollback)
    if (isNothing(stack, prepared, changes)) throw invalid('No updates are to be performed.')
    const { definition, plan: { template: { body } } } = prepared
    const retainExceptOnCreate = input.RetainExceptOnCreate
    return launchUpdate(context, engine, stack, { definition, body, token, disableRollback, retainExceptOnCreate })
  }
}

interface PreparedUpdate {
  prepared: Prepared
  changes: ResourceChange[]
}

/** Checks an update without launching it. Throws a ValidationError for whatever AWS refuses at once. */
export async function prepareUpdate (context: EngineContext, stack: StackRecord, input: DefinitionInput): Promise<PreparedUpdate> {
  const prepared = await prepareDefinition(context, stack, input, stack.definition)
  const retyped = [...prepared.plan.resources].filter(([logicalId, { type }]) => {
    const present = context.records.resources.get(stack.id, logicalId)
    return present && present.type !== type
  }).map(([logicalId]) => logicalId)
  if (retyped.length > 0) {
    throw invalid('Update of resource type is not permitted. ' +
      `The new template modifies resource type of the following resources: [${retyped.join(', ')}]`)
  }
  prepared.plan.imports()
  return { prepared, changes: await changesFor(context, stack, prepared) }
}

/** Whether nothing would come of an update: no resource, output, tag or topic changes. */
export function isNothing (stack: StackRecord, { definition, plan }: Prepared, changes: readonly ResourceChange[]): boolean {
  const besideTemplate = ({ tags, notificationArns, roleArn }: Definition) => [tags, notificationArns, roleArn]
  return changes.length === 0 && !stack.status.endsWith('_FAILED') &&
    isDeepStrictEqual(besideTemplate(stack.definition), besideTemplate(definition)) &&
    isDeepStrictEqual(stack.outputs, ifKnown(plan.outputs))
}

/**
 * Throws a ValidationError for a stack that can not be updated: by its status, or, where it was kept as it failed, with a
 * rollback (aws-cli#6368, code-dot-org#68524).
 */
export function checkUpdatable ({ id, status, onFailure }: StackRecord, disableRollback: boolean | undefined): void {
  if (!UPDATABLE.has(status)) throw invalid(`Stack:${id} is in ${status} state and can not be updated.`)
  if (!status.endsWith('_FAILED')) return
  if (status === 'CREATE_FAILED' && onFailure === 'DO_NOTHING') {
    throw invalid(`This stack cannot be updated from [${status}] state because it contains [on-failure: DO_NOTHING]. Please use disable-rollback option instead during stack creation.`)
  }
  if (!disableRollback) {
    throw invalid(`This stack is currently in a non-terminal [${status}] state. To update the stack from this state, please use the disable-rollback parameter with update-stack API. ` +
      'To rollback to the last known good state, use the rollback-stack API')
  }
}

interface UpdateLaunch {
  definition: Definition
  /** The template that the definition is of. */
  body: string
  token: string | undefined
  disableRollback: boolean | undefined
  retainExceptOnCreate: boolean | undefined
  changeSetId?: string
}

export function launchUpdate (context: EngineContext, engine: Engine, stack: StackRecord, launch: UpdateLaunch): UpdateStackOutput {
  const { definition, body, token, disableRollback, retainExceptOnCreate = false, changeSetId } = launch
  const present: Definition = stack.status === 'CREATE_FAILED' ? { ...stack.definition, incomplete: true } : stack.definition
  // After an update that failed and was kept, a rollback goes back past it, to what was good last.
  if (stack.previous) context.records.templates.delete(present.template)
  context.records.templates.put(definition.template, body)
  return engine.launch({
    ...stack,
    definition,
    previous: stack.previous ?? present,
    updatedAt: context.clock.now(),
    retainExceptOnCreate,
    changeSetId
  }, 'UPDATE_IN_PROGRESS', { type: 'UPDATE_STACK', token, disableRollback })
}
