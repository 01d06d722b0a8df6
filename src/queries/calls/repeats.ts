import { DataApiFailure, type DataApi } from '../../aws/data-api.js'
import type { Clock } from '../../clock.js'

export interface RepeatOptions {
  clock: Pick<Clock, 'sleep'>
  /** From 0 to 1, so that those who were refused together do not come again together. */
  random: () => number
}

/** How long a call that has not begun waits until it is made again, at most. */
const PAUSES_MS = [100, 300, 900]

/**
 * The Data API, whose calls are made again where that can do no harm: what has certainly not begun (AWS throttled it, or there was no
 * connection), and the beginning of a transaction whose connection broke: should AWS have begun one, it is empty, and AWS ends it. As the
 * first call of many, that is the one that meets a connection which was idle for too long. A statement is never among them, not even one
 * that can only read: through an extension it may do something elsewhere.
 */
export function repeatHarmless (dataApi: DataApi, { clock, random }: RepeatOptions): DataApi {
  const again = async <T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    for (const pauseMs of PAUSES_MS) {
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof DataApiFailure) || !error.neverBegun || signal?.aborted) throw error
        await clock.sleep(pauseMs * (0.5 + random() / 2), signal)
        if (signal?.aborted) throw error
      }
    }
    return await call()
  }
  return {
    execute: async (target, sql, args, options) =>
      await again(async () => await dataApi.execute(target, sql, args, options), options?.signal),
    executeBatch: async (target, sql, argSets, options) => {
      await again(async () => { await dataApi.executeBatch(target, sql, argSets, options) }, options.signal)
    },
    begin: async (target, signal) =>
      await again(async () => await onceMoreWhenBroken(async () => await dataApi.begin(target, signal)), signal),
    commit: async (target, transactionId) => { await again(async () => { await dataApi.commit(target, transactionId) }) },
    rollback: async (target, transactionId) => { await again(async () => { await dataApi.rollback(target, transactionId) }) }
  }
}

/** Makes a call once more when its connection broke: AWS closes those that were idle without a word. */
async function onceMoreWhenBroken<T> (call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof DataApiFailure) || !error.brokeOff) throw error
    return await call()
  }
}
