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
    const stack = requireStack(context.records, input.StackName, caller, 'brackets')
    const replayed = replayedOperation(stack, 'UPDATE_STACK', token)
    if (replayed) return { StackId: stack.id, OperationId: replayed.id }
    const disableRollback = input.DisableRollback ?? deployment?.DisableRollback
    checkUpdatable(stack, disableRollback)
    const prepared = await prepareUpdate(context, stack, input)
    if (isNothing(stack, prepared)) throw invalid('No updates are to be performed.')
    const updated = withDefinition(context, stack, prepared.definition, prepared.plan.template.body)
    const { RetainExceptOnCreate: retainExceptOnCreate = false } = input
    return engine.launch({ ...updated, retainExceptOnCreate, changeSetId: undefined }, 'UPDATE_IN_PROGRESS', { type: 'UPDATE_STACK', token, disableRollback })
  }
}

interface PreparedUpdate extends Prepared {
  changes: ResourceChange[]
}

/** Checks an update without launching it. Throws a ValidationError for whatever AWS refuses at once. */
export async function prepareUpdate (context: EngineContext, stack: StackRecord, input: DefinitionInput): Promise<PreparedUpdate> {
  const prepared = await prepareDefinition(context, stack, input, stack.definition)
  const retyped = [...prepared.plan.resources].filter(([logicalId, { type }]) =>
    (context.records.resources.get(stack.id, logicalId)?.type ?? type) !== type).map(([logicalId]) => logicalId)
  if (retyped.length > 0) {
    throw invalid('Update of resource type is not permitted. ' +
      `The new template modifies resource type of the following resources: [${retyped.join(', ')}]`)
  }
  prepared.plan.imports()
  return { ...prepared, changes: await changesFor(context, stack, prepared) }
}

/** Whether nothing would come of an update: no resource, output, tag or topic changes. */
export function isNothing (stack: StackRecord, { definition, plan, changes }: PreparedUpdate): boolean {
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

/** The stack with what it is to be updated to. After an update that failed and was kept, a rollback goes back past it, to what was good last. */
export function withDefinition ({ records, clock }: EngineContext, stack: StackRecord, definition: Definition, body: string): StackRecord {
  const present: Definition = stack.status === 'CREATE_FAILED' ? { ...stack.definition, incomplete: true } : stack.definition
  if (stack.previous) records.templates.delete(present.template)
  records.templates.put(definition.template, body)
  return { ...stack, definition, previous: stack.previous ?? present, updatedAt: clock.now() }
}
