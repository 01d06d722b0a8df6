import { BeginTransactionCommand, CommitTransactionCommand, ExecuteStatementCommand, RollbackTransactionCommand } from '@aws-sdk/client-rds-data'
import type { Random } from './random.js'
import type { Clients, Work } from './work.js'

export interface Place { resourceArn: string, secretArn: string, database: string }

/** Rows that were written together. */
interface Batch {
  ids: number[]
  outcome: 'there' | 'gone' | 'unknown'
}

/** Writes rows into a table through the Data API, one at a time and several in a transaction. */
export function createRowsWork (random: Random, place: Place): Work {
  const batches: Batch[] = []
  let count = 0
  const run = async ({ dataApi }: Clients, sql: string, transactionId?: string) =>
    await dataApi.send(new ExecuteStatementCommand({ ...place, sql, ...(transactionId === undefined ? {} : { transactionId }) }))
  const insert = async (clients: Clients, id: number, transactionId?: string): Promise<void> => {
    await run(clients, `INSERT INTO kept VALUES (${id})`, transactionId)
  }

  const inTransaction = async (clients: Clients, ids: number[], lasts: boolean): Promise<void> => {
    const { database, ...whose } = place
    const { transactionId } = await clients.dataApi.send(new BeginTransactionCommand({ ...whose, database }))
    for (const id of ids) await insert(clients, id, transactionId)
    if (lasts) await clients.dataApi.send(new CommitTransactionCommand({ ...whose, transactionId }))
    else await clients.dataApi.send(new RollbackTransactionCommand({ ...whose, transactionId }))
  }

  return {
    step: async clients => {
      const isSingle = random.chance(0.6)
      const lasts = isSingle || random.chance(0.8)
      const batch: Batch = { ids: isSingle ? [++count] : [++count, ++count], outcome: lasts ? 'unknown' : 'gone' }
      batches.push(batch)
      if (isSingle) await insert(clients, count)
      else await inTransaction(clients, batch.ids, lasts)
      if (lasts) batch.outcome = 'there'
    },
    verify: async clients => {
      const { records = [] } = await run(clients, 'SELECT id FROM kept')
      const found = new Set(records.map(([id]) => id?.longValue))
      return batches.flatMap(batch => {
        const there = batch.ids.filter(id => found.has(id)).length
        if (there > 0 && there < batch.ids.length) return [`of the rows ${batch.ids.join()} only some are there`]
        const outcome = there > 0 ? 'there' : 'gone'
        const isRight = batch.outcome === 'unknown' || batch.outcome === outcome
        batch.outcome = outcome
        return isRight ? [] : [`the row ${batch.ids.join()} is ${outcome}`]
      })
    }
  }
}

/** Makes the table that the rows go into. */
export async function makeTable ({ dataApi }: Clients, place: Place): Promise<void> {
  await dataApi.send(new ExecuteStatementCommand({ ...place, sql: 'CREATE TABLE kept (id int PRIMARY KEY)' }))
}
