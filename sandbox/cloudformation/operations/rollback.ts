import type * as Sdk from '@aws-sdk/client-cloudformation'
import type { OperationsOf } from '../../aws.js'
import { cancelUnfinished } from '../engine/apply.js'
import { type EngineContext, setStackStatus } from '../engine/context.js'
import type { Engine } from '../engine/engine.js'
import type { StackRecord } from '../engine/records.js'
import { invalid } from '../template/errors.js'
import { requireFailed, requireStack } from './find-stack.js'
import { beginOperation, checkToken, replayedOperation } from './launch.js'

/** The operations that take a stack back after something went wrong, or was not wanted after all. */
export function createRollbackOperations (context: EngineContext, engine: Engine) {
  const goBack = (stack: StackRecord, status: Sdk.StackStatus, changes: Partial<StackRecord> = {}): void => {
    setStackStatus(context, stack.id, status, 'User Initiated', changes)
    engine.drive(stack.id)
  }

  return {
    CancelUpdateStack: async (input, caller) => {
      checkToken(input.ClientRequestToken)
      const stack = requireStack(context.records, input.StackName, caller, 'brackets')
      if (stack.status !== 'UPDATE_IN_PROGRESS') throw invalid('CancelUpdateStack cannot be called from current stack status')
      cancelUnfinished(context, stack.id)
      goBack(stack, 'UPDATE_ROLLBACK_IN_PROGRESS')
      return {}
    },

    ContinueUpdateRollback: async (input, caller) => {
      const token = input.ClientRequestToken
      checkToken(token)
      const stack = requireStack(context.records, input.StackName, caller, 'brackets')
      if (replayedOperation(stack, 'CONTINUE_ROLLBACK', token)) return {}
      if (stack.status !== 'UPDATE_ROLLBACK_FAILED') throw wrongStatus(stack, 'ContinueUpdateRollback')
      const skipped = input.ResourcesToSkip ?? []
      requireFailed(context.records, stack, skipped, { verb: 'skip', status: 'UPDATE_FAILED' })
      goBack(stack, 'UPDATE_ROLLBACK_IN_PROGRESS', { operations: beginOperation(context, stack.operations, { type: 'CONTINUE_ROLLBACK', token, skipped }) })
      return {}
    },

    RollbackStack: async (input, caller) => {
      const token = input.ClientRequestToken
      checkToken(token)
      const stack = requireStack(context.records, input.StackName, caller, 'brackets')
      const replayed = replayedOperation(stack, 'ROLLBACK', token)
      if (replayed) return { StackId: stack.id, OperationId: replayed.id }
      const status = ({ CREATE_FAILED: 'ROLLBACK_IN_PROGRESS', UPDATE_FAILED: 'UPDATE_ROLLBACK_IN_PROGRESS' } as const)[stack.status as string]
      if (!status) throw wrongStatus(stack, 'RollbackStack')
      const operations = beginOperation(context, stack.operations, { type: 'ROLLBACK', token })
      goBack(stack, status, { operations })
      return { StackId: stack.id, OperationId: operations.at(-1)?.id }
    }
  } satisfies Partial<OperationsOf<typeof Sdk>>
}

function wrongStatus (stack: StackRecord, operation: string): Error {
  return invalid(`Stack [${stack.name}] is in ${stack.status} state. ${operation} can not be called from this state.`)
}
