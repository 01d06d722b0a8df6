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

export function startRun (tracked: Tracked, isSuperseded: () => boolean): Run {
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
