import type * as Sdk from '@aws-sdk/client-cloudformation'
import type { OperationsOf } from '../../aws.js'
import { cancelUnfinished } from '../engine/apply.js'
import { type EngineContext, operationOf } from '../engine/context.js'
import type { Engine } from '../engine/engine.js'
import type { StackRecord } from '../engine/records.js'
import { invalid } from '../template/errors.js'
import { hasFailed, requireFailed, requireStack } from './find-stack.js'
import { replayedOperation } from './tokens.js'

/** The operations that take a stack back after something went wrong, or was not wanted after all. */
export function createRollbackOperations (context: EngineContext, engine: Engine) {
  const { records } = context
  return {
    CancelUpdateStack: async (input, caller) => {
      const token = input.ClientRequestToken
      const stack = requireStack(records, input.StackName, caller, 'brackets')
      if (replayedOperation(stack, 'ROLLBACK', token)) return {}
      if (stack.status !== 'UPDATE_IN_PROGRESS') throw invalid('CancelUpdateStack cannot be called from current stack status')
      cancelUnfinished(context, stack.id)
      engine.launch(stack, rollbackOf(stack), { type: 'ROLLBACK', token: token ?? operationOf(stack).token })
      return {}
    },

    ContinueUpdateRollback: async (input, caller) => {
      const token = input.ClientRequestToken
      const stack = requireStack(records, input.StackName, caller, 'brackets')
      if (replayedOperation(stack, 'CONTINUE_ROLLBACK', token)) return {}
      if (stack.status !== 'UPDATE_ROLLBACK_FAILED') throw wrongStatus(stack, 'ContinueUpdateRollback')
      const { ForceRollback: isForced, ResourcesToSkip: named = [] } = input
      if (isForced && named.length > 0) throw invalid('You can specify either ForceRollback or ResourcesToSkip, but not both.')
      requireFailed(records, stack, named, 'UPDATE_FAILED')
      const failed = records.resources.of(stack.id).filter(resource => hasFailed(stack, resource, 'UPDATE_FAILED')).map(({ logicalId }) => logicalId)
      engine.launch(stack, 'UPDATE_ROLLBACK_IN_PROGRESS', { type: 'CONTINUE_ROLLBACK', token, skipped: isForced ? failed : named })
      return {}
    },

    RollbackStack: async (input, caller) => {
      const token = input.ClientRequestToken
      const stack = requireStack(records, input.StackName, caller, 'brackets')
      const replayed = replayedOperation(stack, 'ROLLBACK', token)
      if (replayed) return { StackId: stack.id, OperationId: replayed.id }
      if (stack.status !== 'CREATE_FAILED' && stack.status !== 'UPDATE_FAILED') throw wrongStatus(stack, 'RollbackStack')
      const { RetainExceptOnCreate: retainExceptOnCreate = stack.retainExceptOnCreate } = input
      return engine.launch({ ...stack, retainExceptOnCreate }, rollbackOf(stack), { type: 'ROLLBACK', token })
    }
  } satisfies Partial<OperationsOf<typeof Sdk>>
}

/** What was never complete has no state to go back to: all of it is deleted (RollbackStack, CloudFormation API Reference). */
function rollbackOf ({ previous }: StackRecord): Sdk.StackStatus {
  return previous === undefined || previous.incomplete ? 'ROLLBACK_IN_PROGRESS' : 'UPDATE_ROLLBACK_IN_PROGRESS'
}

function wrongStatus (stack: StackRecord, operation: string): Error {
  return invalid(`Stack [${stack.name}] is in ${stack.status} state. ${operation} can not be called from this state.`)
}
