import { ListSecretsCommand } from '@aws-sdk/client-secrets-manager'

import { asCreate, asSeen, failTo, type Operation, type Prepared } from './operations.js'
import { REGION } from './replicas.js'
import type { Owned, Setting } from './stock.js'

const HOUR_MS = 3_600_000

/** What is made here is old enough to be an orphan for those whose clocks are ahead. */
const asOrphan = { status: 202, statusOfRepeat: 204, isAnsweredOnce: true, aheadMs: 2 * HOUR_MS } as const

function removeOrphan ({ client, id }: Owned, kind: string, name: string): Prepared {
  return { client, request: { method: 'DELETE', path: `/v1/orphans/${REGION}.${kind}.${name}?confirm=${id}` } }
}

/** A database that is deleted, but for one of its resources. */
async function leaveBehind (setting: Setting, owned: Owned, resource: string): Promise<void> {
  const path = `/v1/databases/${owned.id}`
  await failTo(setting, owned.id, resource, { method: 'DELETE', path }, 'delete_failed', 1)
  await setting.steward.ask({ method: 'POST', path: `${path}/recover`, body: { retain: [resource] }, headers: { prefer: 'wait=60' } })
}

export const deletions: readonly Operation[] = [
  {
    name: 'delete',
    status: 202,
    leaves: 'deleted',
    prepare: async setting => {
      const { client, id } = await setting.stock.available()
      return { client, request: { method: 'DELETE', path: `/v1/databases/${id}`, headers: await asSeen(setting, id) } }
    }
  },
  {
    name: 'delete, without a final snapshot',
    status: 202,
    prepare: async setting => {
      const { client, id } = await setting.stock.available()
      return { client, request: { method: 'DELETE', path: `/v1/databases/${id}?finalSnapshot=false`, headers: await asSeen(setting, id) } }
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
  },
  {
    name: 'remove a snapshot that is left over',
    ...asOrphan,
    prepare: async ({ stock, steward }) => {
      const owned = await stock.deleted()
      const { body } = await steward.ask({ method: 'GET', path: `/v1/databases/${owned.id}` })
      return removeOrphan(owned, 'snapshot', (body.snapshots as Array<{ id: string }>)[0]?.id ?? '')
    }
  },
  {
    name: 'remove a cluster that is left over',
    ...asOrphan,
    prepare: async setting => {
      const owned = await setting.stock.available()
      const { body } = await setting.steward.ask({ method: 'GET', path: `/v1/databases/${owned.id}` })
      await leaveBehind(setting, owned, 'AuroraCluster')
      return removeOrphan(owned, 'cluster', (body.outputs as { clusterName: string }).clusterName)
    }
  },
  {
    name: 'remove a secret that is left over',
    ...asOrphan,
    prepare: async setting => {
      const owned = await setting.stock.available()
      await leaveBehind(setting, owned, 'MasterSecret')
      const { SecretList = [] } = await setting.aws.secrets.send(new ListSecretsCommand({ Filters: [{ Key: 'tag-value', Values: [owned.client] }] }))
      return removeOrphan(owned, 'secret', SecretList[0]?.ARN?.split(':').at(-1) ?? '')
    }
  }
]
