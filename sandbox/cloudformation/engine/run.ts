import { createStop } from '../../clock.js'
import { type Graph, visitInOrder } from '../template/graph.js'
import { type EngineContext, operationOf, stackOf } from './context.js'
import type { OperationRecord, ResourceRecord, StackRecord } from './records.js'

/** One phase of one stack's operation while it runs. */
export interface Run {
  context: EngineContext
  stackId: string
  /** The stack, its operation and its resources as they are now. */
  stack: () => StackRecord
  operation: () => OperationRecord
  resources: () => ResourceRecord[]
  signal: AbortSignal
  /** Set when the stack's TimeoutInMinutes is over. */
  timedOut: boolean
  abort: () => void
  /** Whether the stack was given another status meanwhile, so that another phase follows whatever happens in this one. */
  isSuperseded: () => boolean
  /**
   * Works on the resources of a graph in its order, on each once earlier work on it has ended, which may go on after
   * its phase. Work that answers false holds back what waits for it. Resolves with whether the phase goes on.
   */
  visit: (graph: Graph, work: (logicalId: string) => Promise<boolean>) => Promise<boolean>
}

/** Work under way on resources, by their stack and logical id, across phases. */
export type Tracked = Map<string, Promise<boolean>>

/** Begins a phase. `isSuperseded` tells whether the stack has another status by now. */
export function startRun (context: EngineContext, stackId: string, tracked: Tracked, isSuperseded: () => boolean): Run {
  const controller = createStop()
  const { signal } = controller
  return {
    context,
    stackId,
    stack: () => stackOf(context, stackId),
    operation: () => operationOf(stackOf(context, stackId)),
    resources: () => context.records.resources.of(stackId),
    signal,
    timedOut: false,
    abort: () => { controller.abort() },
    isSuperseded,
    visit: async (graph, work) => {
      await visitInOrder(graph, async logicalId => {
        const key = `${stackId}|${logicalId}`
        await tracked.get(key)
        const promise = work(logicalId).finally(() => {
          if (tracked.get(key) === promise) tracked.delete(key)
        })
        tracked.set(key, promise)
        return await promise
      }, signal)
      return !isSuperseded() && !signal.aborted
    }
  }
}
