import type { StackStatus } from '@aws-sdk/client-cloudformation'
import { applyDefinition } from './apply.js'
import { type EngineContext, operationOf, stackOf } from './context.js'
import { deleteAll, undoCreate } from './remove.js'
import { cleanUp, undoUpdate } from './undo.js'

type Phase = (context: EngineContext, stackId: string, run: Run) => Promise<void>

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
  const tracked = new Map<string, Tracked>()
  let closed = false

  const runPhases = async (stackId: string): Promise<void> => {
    for (;;) {
      const { status } = stackOf(context, stackId)
      const phase = phases[status]
      if (!phase || closed) return
      const work = tracked.get(stackId) ?? new Map<string, Promise<boolean>>()
      tracked.set(stackId, work)
      const run = startRun(work, () => closed || stackOf(context, stackId).status !== status)
      current.set(stackId, run)
      limitTime(context, stackId, status, run)
      try {
        await phase(context, stackId, run)
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
      if (!closed && tracked.get(stackId)?.size === 0) tracked.delete(stackId)
    })
    loops.set(stackId, loop)
  }

  return {
    drive,
    whenIdle: async stackId => {
      for (let loop = loops.get(stackId); loop; loop = loops.get(stackId)) await loop
    },
    close: async () => {
      closed = true
      context.records.seal()
      for (const run of current.values()) run.abort()
      await Promise.all(loops.values())
    }
  }
}

function limitTime (context: EngineContext, stackId: string, status: StackStatus, run: Run): void {
  const stack = stackOf(context, stackId)
  if (status !== 'CREATE_IN_PROGRESS' || stack.timeoutMs === undefined) return
  const leftMs = operationOf(stack).startedAt + stack.timeoutMs - context.clock.now()
  context.clock.sleep(Math.max(1, leftMs), run.signal).then(() => {
    run.timedOut = true
    run.abort()
  }, () => undefined)
}

/** One phase of one stack's operation while it runs. */
export interface Run {
  signal: AbortSignal
  /** Set when the stack's TimeoutInMinutes is over. */
  timedOut: boolean
  abort: () => void
  /** Whether the stack was given another status meanwhile, so that another phase follows whatever happens in this one. */
  isSuperseded: () => boolean
  /** Starts work on a resource once earlier work on it has ended, which may go on after its phase. */
  track: (logicalId: string, work: () => Promise<boolean>) => Promise<boolean>
}

/** Work under way on the resources of one stack, across its phases. */
export type Tracked = Map<string, Promise<boolean>>

function startRun (tracked: Tracked, isSuperseded: () => boolean): Run {
  const controller = new AbortController()
  return {
    signal: controller.signal,
    timedOut: false,
    abort: () => { controller.abort() },
    isSuperseded,
    track: async (logicalId, work) => {
      await tracked.get(logicalId)
      const promise = work().finally(() => {
        if (tracked.get(logicalId) === promise) tracked.delete(logicalId)
      })
      tracked.set(logicalId, promise)
      return await promise
    }
  }
}
