import { randomUUID } from 'node:crypto'

import { waitUntilDBClusterSnapshotAvailable } from '@aws-sdk/client-rds'

import { asCreate, change, failTo, type Operation } from './operations.js'

export const changes: readonly Operation[] = [
  {
    name: 'change parameters, tags and protection',
    status: 202,
    statusOfRepeat: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async setting => await change(setting, { parameters: { MaxCapacity: 8 }, tags: { team: 'payments' }, deletionProtection: true })
  },
  {
    name: 'change tags',
    status: 202,
    statusOfRepeat: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async setting => await change(setting, { tags: { team: 'payments' } })
  },
  {
    name: 'change the protection',
    status: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async setting => await change(setting, { deletionProtection: true })
  },
  {
    name: 'change, as a dry run',
    status: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async setting => await change(setting, { parameters: { MaxCapacity: 8 } }, '?dryRun=true')
  },
  {
    name: 'recover from a rollback that is stuck',
    ...asCreate,
    hasRows: true,
    prepare: async setting => {
      const { client, id } = await setting.stock.available()
      await failTo(setting, id, 'AuroraCluster', { method: 'PATCH', path: `/v1/databases/${id}`, body: { parameters: { MaxCapacity: 8 } } }, 'failed', 2)
      return { client, request: { method: 'POST', path: `/v1/databases/${id}/recover`, body: { skip: ['AuroraCluster'] } } }
    }
  },
  {
    name: 'rotate the password',
    status: 200,
    hasRows: true,
    leaves: 'available',
    prepare: async ({ stock }) => {
      const { client, id } = await stock.available()
      return { client, request: { method: 'POST', path: `/v1/databases/${id}/credentials/rotate`, headers: { 'idempotency-key': randomUUID() } } }
    }
  },
  {
    name: 'take a snapshot',
    ...asCreate,
    hasRows: true,
    prepare: async ({ stock }) => {
      const { client, id } = await stock.available()
      return { client, request: { method: 'POST', path: `/v1/databases/${id}/snapshots`, body: { name: 'before' } } }
    }
  },
  {
    name: 'remove a snapshot',
    status: 204,
    hasRows: true,
    prepare: async ({ stock, steward, aws: { rds } }) => {
      const { client, id } = await stock.available()
      const { body } = await steward.ask({ method: 'POST', path: `/v1/databases/${id}/snapshots`, body: { name: 'before' } })
      const snapshotId = String(body.id)
      const waiting = { client: rds, maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.2 }
      await waitUntilDBClusterSnapshotAvailable(waiting, { DBClusterSnapshotIdentifier: snapshotId })
      return { client, request: { method: 'DELETE', path: `/v1/databases/${id}/snapshots/${snapshotId}` } }
    }
  }
]
