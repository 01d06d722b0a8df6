import { asCreate, failTo, type Operation } from './operations.js'

const HOUR_MS = 3_600_000

export const deletions: readonly Operation[] = [
  {
    name: 'delete',
    status: 202,
    leaves: 'deleted',
    prepare: async ({ stock }) => {
      const { client, id } = await stock.available()
      return { client, request: { method: 'DELETE', path: `/v1/databases/${id}` } }
    }
  },
  {
    name: 'delete, without a final snapshot',
    status: 202,
    prepare: async ({ stock }) => {
      const { client, id } = await stock.available()
      return { client, request: { method: 'DELETE', path: `/v1/databases/${id}?finalSnapshot=false` } }
    }
  },
  {
    name: 'expire',
    status: 200,
    aheadMs: 2 * HOUR_MS,
    isOver: ({ body }) => body.status === 'deleted',
    prepare: async ({ stock, steward }) => {
      const { client, id } = await stock.available()
      const path = `/v1/databases/${id}`
      await steward.ask({ method: 'PATCH', path, body: { expiresAt: new Date(Date.now() + HOUR_MS).toISOString() }, headers: { prefer: 'wait=60' } })
      return { client, request: { method: 'GET', path, headers: { prefer: 'wait=60' } } }
    }
  },
  {
    name: 'restore',
    ...asCreate,
    hasRows: true,
    prepare: async ({ stock }) => {
      const { client, id } = await stock.deleted()
      return { client, request: { method: 'POST', path: `/v1/databases/${id}/restore`, body: {} } }
    }
  },
  {
    name: 'recover from a deletion that failed',
    ...asCreate,
    prepare: async setting => {
      const { client, id } = await setting.stock.available()
      await failTo(setting, id, 'MasterSecret', { method: 'DELETE', path: `/v1/databases/${id}` }, 'delete_failed', 1)
      return { client, request: { method: 'POST', path: `/v1/databases/${id}/recover`, body: { retain: ['MasterSecret'] } } }
    }
  }
]
