import { type CreateStackInput, type CreateStackOutput, OnFailure } from '@aws-sdk/client-cloudformation'
import { ACCOUNT, AwsError, type Operation } from '../../aws.js'
import type { EngineContext } from '../engine/context.js'
import type { Engine } from '../engine/engine.js'
import type { Facts } from '../engine/plan.js'
import type { StackRecord } from '../engine/records.js'
import { checkEnum, invalid, unmet } from '../template/errors.js'
import { type Prepared, prepareDefinition } from './definition.js'
import { checkStackName } from './find-stack.js'
import { checkToken, replayedOperation } from './tokens.js'

const MINUTE_MS = 60_000
const NAME = /^[a-zA-Z][-a-zA-Z0-9]*$/
const MOST_STACKS = 2000

type Options = Pick<CreateStackInput, 'OnFailure' | 'TimeoutInMinutes' | 'EnableTerminationProtection' | 'RetainExceptOnCreate'>

export function createCreateStack (context: EngineContext, engine: Engine): Operation<CreateStackInput, CreateStackOutput> {
  return async (input, { region }) => {
    const name = checkStackName(input.StackName, NAME)
    const { ClientRequestToken: token, OnFailure: onFailure, DeploymentConfig: deployment } = input
    checkToken(token)
    checkEnum('onFailure', onFailure, OnFailure)
    if ((input.TimeoutInMinutes ?? 1) < 1) throw unmet('timeoutInMinutes', String(input.TimeoutInMinutes), 'have value greater than or equal to 1')
    const replayed = existing(context, region, name, token)
    if (replayed) return replayed
    const review = context.records.namedStack(region, name)
    const facts = review ?? newFacts(context, region, name)
    const prepared = await prepareDefinition(context, facts, input)
    if (onFailure !== undefined && input.DisableRollback !== undefined) throw invalid('You can specify either DisableRollback or OnFailure, but not both.')
    const stack = { ...newStack(context, facts, prepared, input), createdAt: review?.createdAt ?? context.clock.now() }
    const disableRollback = onFailure === 'DO_NOTHING' || (input.DisableRollback ?? deployment?.DisableRollback)
    return engine.launch(stack, 'CREATE_IN_PROGRESS', { type: 'CREATE_STACK', token, disableRollback })
  }
}

/** The answer for a stack that is there already: the same again for the same token, else a refusal. One that only has change sets can be created. */
function existing (context: EngineContext, region: string, name: string, token: string | undefined): CreateStackOutput | undefined {
  const stack = context.records.namedStack(region, name)
  if (!stack || stack.status === 'REVIEW_IN_PROGRESS') return undefined
  const operation = replayedOperation(stack, 'CREATE_STACK', token)
  if (!operation) throw new AwsError('AlreadyExistsException', `Stack [${name}] already exists`)
  return { StackId: stack.id, OperationId: operation.id }
}

export function newFacts (context: EngineContext, region: string, name: string): Facts {
  return { id: `arn:aws:cloudformation:${region}:${ACCOUNT}:stack/${name}/${context.newId()}`, name, region }
}

/** A stack that is not stored yet, though its template is. Throws past the quota of 2,000 stacks a region. */
export function newStack (context: EngineContext, facts: Facts, { definition, plan }: Prepared, options: Options): StackRecord {
  const { id, name, region } = facts
  if (context.records.stacks(region).filter(({ status }) => status !== 'DELETE_COMPLETE').length >= MOST_STACKS) {
    throw new AwsError('LimitExceededException', `Limit for stack has been exceeded (Limit: ${MOST_STACKS})`)
  }
  context.records.templates.put(definition.template, plan.template.body)
  return {
    id,
    name,
    region,
    status: 'CREATE_IN_PROGRESS',
    definition,
    outputs: [],
    imports: [],
    onFailure: options.OnFailure ?? 'ROLLBACK',
    timeoutMs: options.TimeoutInMinutes && options.TimeoutInMinutes * MINUTE_MS,
    terminationProtection: options.EnableTerminationProtection ?? false,
    retainExceptOnCreate: options.RetainExceptOnCreate ?? false,
    operations: [],
    createdAt: context.clock.now()
  }
}
