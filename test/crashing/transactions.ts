import type { Operation } from './operations.js'
import { ROWS, type Setting } from './stock.js'

/** AWS does not say of a transaction that is over how it ended: what counts is what is in the table. */
const endedOnce = { status: 200, statusOfRepeat: 404, hasRows: true, isAnsweredOnce: true } as const

/** Statements in a transaction that is begun with one call, and ended with another, perhaps of another replica. */
export const transactions: readonly Operation[] = [
  {
    name: 'begin a transaction',
    status: 201,
    isAnsweredOnce: true,
    hasRows: true,
    leaves: 'available',
    prepare: async ({ stock }) => {
      const { client, id } = await stock.available()
      return { client, request: { method: 'POST', path: `/v1/databases/${id}/transactions` } }
    }
  },
  {
    name: 'commit a transaction',
    ...endedOnce,
    prepare: async setting => await end(setting, 'commit')
  },
  {
    name: 'roll a transaction back',
    ...endedOnce,
    prepare: async setting => await end(setting, 'rollback')
  }
]

/** The request that ends a transaction in which there is one row more. */
async function end ({ stock, steward }: Setting, how: 'commit' | 'rollback'): ReturnType<Operation['prepare']> {
  const { client, id } = await stock.available()
  const { body: { transactionId } } = await steward.ask({ method: 'POST', path: `/v1/databases/${id}/transactions` })
  await steward.ask({ method: 'POST', path: `/v1/databases/${id}/query`, body: { sql: `insert into kept values (${ROWS + 1})`, transactionId } })
  return { client, request: { method: 'POST', path: `/v1/databases/${id}/transactions/${String(transactionId)}/${how}` } }
}
