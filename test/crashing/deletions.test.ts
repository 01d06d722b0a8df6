import t from 'tap'

import { tryCrashes } from './crashing.js'
import { creates } from './operations.js'

await tryCrashes(t, [
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
    name: 'restore',
    ...creates,
    hasRows: true,
    prepare: async ({ stock }) => {
      const { client, id } = await stock.deleted()
      return { client, request: { method: 'POST', path: `/v1/databases/${id}/restore`, body: {} } }
    }
  }
])
