import * as Sdk from '@aws-sdk/client-cloudformation'
import type { OperationsOf } from '../../aws.js'
import { type EngineContext, setStackStatus, withOperation } from '../engine/context.js'
import type { Engine } from '../engine/engine.js'
import { exportInUse } from '../engine/exports.js'
import { checkEnum, invalid } from '../template/errors.js'
import { findStack, requireFailed, requireStack } from './find-stack.js'
import { checkToken, replayedOperation } from './tokens.js'

/** The operations that delete a stack, or keep others from deleting it. */
export function createDeletionOperations (context: EngineContext, engine: Engine) {
  const { records } = context
  return {
    DeleteStack: async (input, caller) => {
      const { ClientRequestToken: token, RetainResources: retained = [] } = input
      checkToken(token)
      checkEnum('deletionMode', input.DeletionMode, Sdk.DeletionMode)
      const stack = findStack(records, input.StackName, caller)
      if (!stack || stack.status === 'DELETE_COMPLETE' || stack.status === 'DELETE_IN_PROGRESS') return {}
      if (/^UPDATE.*_IN_PROGRESS$/.test(stack.status)) throw invalid(`Stack [${stack.id}] cannot be deleted while in status ${stack.status}`)
      if (stack.terminationProtection) throw invalid(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`)
      const forced = input.DeletionMode === 'FORCE_DELETE_STACK'
      if (forced && stack.status !== 'DELETE_FAILED') throw invalid(`Invalid operation on stack [${stack.id}]. FORCE_DELETE_STACK can only be used on stacks in DELETE_FAILED state.`)
      if (retained.length > 0 && stack.status !== 'DELETE_FAILED') {
        throw invalid(`Invalid operation on stack [${stack.id}]. When you delete a stack, specify which resources to retain only when the stack is in the DELETE_FAILED state.`)
      }
      requireFailed(records, stack, retained, 'DELETE_FAILED')
      if (replayedOperation(stack, 'DELETE_STACK', token) && stack.status !== 'DELETE_FAILED') return {}
      const launch = { type: 'DELETE_STACK', token, skipped: retained, forced } as const
      const inUse = exportInUse(records, stack, stack.outputs.flatMap(({ exportName }) => exportName ?? []), 'delete')
      if (inUse) {
        // AWS accepts the request, says that it has begun, and has the stack fall back to the status it had (aws-cdk#604, serverless#2984).
        const launched = withOperation(context, stack, launch)
        records.together(() => {
          setStackStatus(context, launched, 'DELETE_IN_PROGRESS', 'User Initiated')
          setStackStatus(context, launched, stack.status, inUse)
        })
      } else {
        engine.launch(stack, 'DELETE_IN_PROGRESS', launch)
      }
      return {}
    },

    UpdateTerminationProtection: async (input, caller) => {
      const stack = requireStack(records, input.StackName, caller, 'brackets')
      if (stack.status === 'DELETE_COMPLETE' || stack.status === 'DELETE_IN_PROGRESS') {
        throw invalid(`Stack [${stack.name}] is in ${stack.status} state and its termination protection can not be updated.`)
      }
      records.putStack({ ...stack, terminationProtection: input.EnableTerminationProtection ?? false })
      return { StackId: stack.id }
    }
  } satisfies Partial<OperationsOf<typeof Sdk>>
}
