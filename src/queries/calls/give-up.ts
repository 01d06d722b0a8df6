import type { DataApi, DataTarget } from '../../aws/data-api.js'

/**
 * Rolls back a transaction that nobody goes on with. AWS would do it after three minutes; until then it would hold its locks. That it
 * cannot be rolled back now is no failure.
 */
export async function giveUp (dataApi: Pick<DataApi, 'rollback'>, target: DataTarget, transactionId: string): Promise<void> {
  await dataApi.rollback(target, transactionId).catch(() => {})
}
