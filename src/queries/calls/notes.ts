import { DataApiFailure, type DataApi } from '../../aws/data-api.js'
import type { ComputeNotes } from '../../databases/compute.js'

/** The Data API, telling on the way which clusters have run a statement and which are waking up. */
export function noteCompute (dataApi: DataApi, notes: ComputeNotes): DataApi {
  const noting = async <T>(clusterArn: string, call: () => Promise<T>): Promise<T> => {
    try {
      const value = await call()
      notes.noteAwake(clusterArn)
      return value
    } catch (error) {
      if (error instanceof DataApiFailure && error.kind === 'resuming') notes.noteResuming(clusterArn)
      throw error
    }
  }
  // Every other call happens in a transaction, which only an awake cluster has.
  return {
    ...dataApi,
    execute: async (target, ...rest) => await noting(target.clusterArn, async () => await dataApi.execute(target, ...rest)),
    begin: async (target, ...rest) => await noting(target.clusterArn, async () => await dataApi.begin(target, ...rest))
  }
}
