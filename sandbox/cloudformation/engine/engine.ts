import type { StackStatus } from '@aws-sdk/client-cloudformation'
import { applyDefinition } from './apply.js'
import { type EngineContext, type Launch, operationOf, setStackStatus, stackOf, withOperation } from './context.js'
import type { StackRecord } from './records.js'
import { cleanUp, deleteAll, undoCreate } from './remove.js'
import { type Run, startRun, type Tracked } from './run.js'
import { undoUpdate } from './undo.js'

type Phase = (run: Run) => Promise<void>

/** The status of a stack says what is to be done next, so a restart needs to know no more than the status. */
const phases: Partial<Record<StackStatus, Phase>> = {
  CREATE_IN_PROGRESS: applyDefinition,
  ROLLBACK_IN_PROGRESS: undoCreate,
  UPDATE_IN_PROGRESS: applyDefinition,
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: cleanUp,
  UPDATE_ROLLBACK_IN_PROGRESS: undoUpdate,
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: cleanUp,
  DELETE_IN_PROGRESS: deleteAll
}

export interface Engine {
  /** Stores the stack with a new operation and the status that says what the operation is to do, and does it. */
  launch: (stack: StackRecord, status: StackStatus, launch: Launch) => { StackId: string, OperationId: string }
  /** Does what the stack's status demands, phase after phase. A phase that runs under another status is ended first. */
  drive: (stackId: string) => void
  /** Resolves when nothing is being done to the stack. */
  whenIdle: (stackId: string) => Promise<void>
  /** Stops at the next step; what is in flight is taken up again by `drive` after a restart. */
  close: () => Promise<void>
}

export function createEngine (context: EngineContext): Engine {
  const loops = new Map<string, Promise<void>>()
  const current = new Map<string, Run>()
  const tracked: Tracked = new Map()
  let closed = false

  const runPhases = async (stackId: string): Promise<void> => {
    for (;;) {
      const { status } = stackOf(context, stackId)
      const phase = phases[status]
      if (!phase || closed) return
      const run = startRun(context, stackId, tracked, () => closed || stackOf(context, stackId).status !== status)
      current.set(stackId, run)
      limitTime(run, status)
      try {
        await phase(run)
      } finally {
        run.abort()
      }
      if (!closed && stackOf(context, stackId).status === status) throw new Error(`stack ${stackId} made no progress in ${status}`)
    }
  }

  const drive = (stackId: string): void => {
    current.get(stackId)?.abort()
    if (loops.has(stackId) || closed) return
    const loop = runPhases(stackId).catch((error: unknown) => {
      context.log.error({ err: error, stackId }, 'a stack operation stopped')
    }).finally(() => {
      loops.delete(stackId)
      current.delete(stackId)
    })
    loops.set(stackId, loop)
  }

  return {
    launch: (stack, status, launch) => {
      const launched = withOperation(context, stack, launch)
      setStackStatus(context, launched, status, 'User Initiated')
      drive(stack.id)
      return { StackId: stack.id, OperationId: operationOf(launched).id }
    },
    drive,
    whenIdle: async stackId => {
      for (let loop = loops.get(stackId); loop; loop = loops.get(stackId)) await loop
    },
    close: async () => {
      closed = true
      for (const run of current.values()) run.abort()
      await Promise.all(loops.values())
    }
  }
}

function limitTime (run: Run, status: StackStatus): void {
  const { timeoutMs } = run.stack()
  if (status !== 'CREATE_IN_PROGRESS' || timeoutMs === undefined) return
  const { clock } = run.context
  clock.sleep(Math.max(1, run.operation().startedAt + timeoutMs - clock.now()), run.signal).then(() => {
    run.timedOut = true
    run.abort()
  }, () => undefined)
}
