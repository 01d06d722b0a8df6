import type { ResourceChange, UpdateStackInput, UpdateStackOutput } from '@aws-sdk/client-cloudformation'
import { isDeepStrictEqual } from 'node:util'
import type { Operation } from '../../aws.js'
import { type EngineContext, setStackStatus } from '../engine/context.js'
import type { Engine } from '../engine/engine.js'
import type { Definition, StackRecord } from '../engine/records.js'
import { ifKnown, invalid } from '../template/errors.js'
import { changesFor } from './changes.js'
import { type DefinitionInput, type Prepared, prepareDefinition } from './definition.js'
import { requireStack } from './find-stack.js'
import { beginOperation, checkToken, replayedOperation } from './launch.js'

/** The statuses in which a stack can be updated (CloudFormation User Guide, "Stack status codes"). */
const UPDATABLE = new Set(['CREATE_COMPLETE', 'CREATE_FAILED', 'IMPORT_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_FAILED', 'UPDATE_ROLLBACK_COMPLETE'])

export function createUpdateStack (context: EngineContext, engine: Engine): Operation<UpdateStackInput, UpdateStackOutput> {
  return async (input, caller) => {
    const token = input.ClientRequestToken
    checkToken(token)
    const found = requireStack(context.records, input.StackName, caller, 'brackets')
    const replayed = replayedOperation(found, 'UPDATE_STACK', token)
    if (replayed) return { StackId: found.id, OperationId: replayed.id }
    const { prepared, changes } = await prepareUpdate(context, found, input)
    const stack = requireStack(context.records, found.id, caller)
    checkUpdatable(stack)
    if (isNothing(stack, prepared, changes)) throw invalid('No updates are to be performed.')
    const { definition, plan } = prepared
    return launchUpdate(context, engine, stack, { definition, body: plan.template.body, token, disableRollback: input.DisableRollback })
  }
}

interface PreparedUpdate {
  prepared: Prepared
  changes: ResourceChange[]
}

/** Checks an update without launching it. Throws a ValidationError for whatever AWS refuses at once. */
export async function prepareUpdate (context: EngineContext, stack: StackRecord, input: DefinitionInput): Promise<PreparedUpdate> {
  checkUpdatable(stack)
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
  return { prepared, changes: await changesFor(context, stack, prepared.definition, prepared.plan.template.body) }
}

/** Whether nothing would come of an update: no resource, output, tag or topic changes. */
export function isNothing (stack: StackRecord, { definition, plan }: Prepared, changes: readonly ResourceChange[]): boolean {
  const besideTemplate = ({ tags, notificationArns, roleArn }: Definition) => [tags, notificationArns, roleArn]
  return changes.length === 0 && stack.status !== 'UPDATE_FAILED' && stack.status !== 'CREATE_FAILED' &&
    isDeepStrictEqual(besideTemplate(stack.definition), besideTemplate(definition)) &&
    isDeepStrictEqual(stack.outputs, ifKnown(plan.outputs))
}

export function checkUpdatable (stack: StackRecord): void {
  if (!UPDATABLE.has(stack.status)) throw invalid(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`)
}

interface Launch {
  definition: Definition
  /** The template that the definition is of. */
  body: string
  token: string | undefined
  disableRollback: boolean | undefined
  changeSetId?: string
}

export function launchUpdate (context: EngineContext, engine: Engine, stack: StackRecord, launch: Launch): UpdateStackOutput {
  const { definition, body, token, disableRollback, changeSetId } = launch
  const operations = beginOperation(context, stack.operations, { type: 'UPDATE_STACK', token, disableRollback })
  context.records.templates.put(definition.template, body)
  setStackStatus(context, stack.id, 'UPDATE_IN_PROGRESS', 'User Initiated', {
    definition,
    // After an update that failed and was kept, a rollback goes back past it, to what was good last.
    previous: stack.previous ?? stack.definition,
    operations,
    updatedAt: context.clock.now(),
    changeSetId
  })
  engine.drive(stack.id)
  return { StackId: stack.id, OperationId: operations.at(-1)?.id }
}
