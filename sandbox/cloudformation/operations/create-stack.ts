import { type CreateStackInput, type CreateStackOutput, OnFailure } from '@aws-sdk/client-cloudformation'
import { ACCOUNT, AwsError, type Operation } from '../../aws.js'
import { type EngineContext, setStackStatus } from '../engine/context.js'
import type { Engine } from '../engine/engine.js'
import type { Prepared } from './definition.js'
import { prepareDefinition } from './definition.js'
import { checkStackName } from './find-stack.js'
import { beginOperation, checkToken, replayedOperation } from './launch.js'
import type { StackRecord } from '../engine/records.js'
import { checkEnum, invalid, unmet } from '../template/errors.js'

const MINUTE_MS = 60_000
const NAME = /^[a-zA-Z][-a-zA-Z0-9]*$/
const MOST_STACKS = 2000

type Options = Pick<CreateStackInput, 'OnFailure' | 'DisableRollback' | 'TimeoutInMinutes' | 'EnableTerminationProtection' | 'RetainExceptOnCreate'>

export function createCreateStack (context: EngineContext, engine: Engine): Operation<CreateStackInput, CreateStackOutput> {
  return async (input, { region }) => {
    const name = checkStackName(input.StackName, NAME)
    checkToken(input.ClientRequestToken)
    checkEnum('onFailure', input.OnFailure, OnFailure)
    if ((input.TimeoutInMinutes ?? 1) < 1) throw unmet('timeoutInMinutes', String(input.TimeoutInMinutes), 'have value greater than or equal to 1')
    const replayed = existing(context, region, name, input.ClientRequestToken)
    if (replayed) return replayed
    const review = context.records.namedStack(region, name)
    const facts = { id: review?.id ?? newStackId(context, region, name), name, region }
    const prepared = await prepareDefinition(context, facts, input)
    // Another request may have created the stack while this one was being prepared.
    const overtaken = existing(context, region, name, input.ClientRequestToken)
    if (overtaken) return overtaken
    const stack = { ...newStack(context, facts, prepared, input), createdAt: review?.createdAt ?? context.clock.now() }
    context.records.templates.put(prepared.definition.template, prepared.plan.template.body)
    const operations = beginOperation(context, [], { type: 'CREATE_STACK', token: input.ClientRequestToken, disableRollback: isKept(input) })
    context.records.putStack({ ...stack, operations })
    setStackStatus(context, stack.id, 'CREATE_IN_PROGRESS', 'User Initiated')
    engine.drive(stack.id)
    return { StackId: stack.id, OperationId: operations[0]?.id }
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

export function newStackId (context: EngineContext, region: string, name: string): string {
  return `arn:aws:cloudformation:${region}:${ACCOUNT}:stack/${name}/${context.newId()}`
}

/** A stack that is not stored yet. Throws for options that exclude each other, and past the quota of 2,000 stacks a region. */
export function newStack (
  context: EngineContext, facts: Pick<StackRecord, 'id' | 'name' | 'region'>, { definition }: Prepared, options: Options
): StackRecord {
  if (options.OnFailure !== undefined && options.DisableRollback !== undefined) {
    throw invalid('You can specify either DisableRollback or OnFailure, but not both.')
  }
  if (context.records.stacks(facts.region).filter(({ status }) => status !== 'DELETE_COMPLETE').length >= MOST_STACKS) {
    throw new AwsError('LimitExceededException', `Limit for stack has been exceeded (Limit: ${MOST_STACKS})`)
  }
  return {
    ...facts,
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

function isKept ({ DisableRollback, OnFailure }: Options): boolean {
  return DisableRollback === true || OnFailure === 'DO_NOTHING'
}
