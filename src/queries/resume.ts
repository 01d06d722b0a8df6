import { DataApiFailure, type DataApi } from '../aws/data-api.js'
import { toProblem } from './answers/refusals.js'
import type { Targets } from './targets.js'
import type { WaitingCall } from './calls/call.js'
import type { WhenAwake } from './calls/waking.js'

export interface ResumeOptions {
  targets: Targets
  dataApi: Pick<DataApi, 'execute'>
  whenAwake: WhenAwake
}

/** Wakes paused databases ahead of time. */
export function createResume ({ targets, dataApi, whenAwake }: ResumeOptions) {
  /** Whether the database is awake as soon as the call waits for it. It goes on waking up when it is not, and asking again does no harm. */
  return async (call: WaitingCall): Promise<boolean> => {
    const target = await targets.targetOf(call)
    try {
      await whenAwake(call, async () => await dataApi.execute(target, 'SELECT 1', [], { signal: call.signal }))
      return true
    } catch (error) {
      if (!(error instanceof DataApiFailure)) throw error
      if (error.kind === 'resuming') return false
      throw toProblem(error, 'read', position => position)
    }
  }
}
