import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'

import { asCreate, create, failTo, type Operation, type Prepared } from './operations.js'
import type { Setting } from './stock.js'

export const creates: readonly Operation[] = [
  {
    name: 'create',
    ...asCreate,
    prepare: async ({ stock }) => {
      const client = stock.newClient()
      return { client, request: create({ client }, { 'idempotency-key': client }) }
    }
  },
  {
    name: 'create, with a secret that is there',
    ...asCreate,
    prepare: async ({ stock, aws }) => {
      const client = stock.newClient()
      await aws.secrets.send(new CreateSecretCommand({
        Name: `master/${client}/main`, SecretString: '{"username":"ada","password":"correct-horse"}', Tags: [{ Key: 'aurora-databases:client', Value: client }]
      }))
      return { client, request: create({ client, parameters: { DBMaster: `master/${client}/main` } }) }
    }
  },
  {
    name: 'create, after one that failed and was kept',
    ...asCreate,
    prepare: async setting => (await createToFail(setting, { deletionProtection: true })).prepared
  },
  {
    name: 'create, after one that failed and could not be removed',
    ...asCreate,
    prepare: async setting => {
      const { id, prepared } = await createToFail(setting, {})
      await failTo(setting, id, 'MasterSecret', { method: 'DELETE', path: `/v1/databases/${id}` }, 'delete_failed', 1)
      return prepared
    }
  },
  {
    name: 'create, as a dry run',
    status: 200,
    prepare: async ({ stock }) => {
      const client = stock.newClient()
      return { client, request: { ...create({ client }), path: '/v1/databases?dryRun=true' } }
    }
  }
]

/** A create that has failed, what it has made kept. */
async function createToFail (setting: Setting, more: object): Promise<{ id: string, prepared: Prepared }> {
  const client = setting.stock.newClient()
  const request = create({ client, onFailure: 'keep', ...more })
  const { body: { id } } = await setting.steward.ask({ ...request, path: '/v1/databases?dryRun=true' })
  await failTo(setting, String(id), 'AuroraCluster', request, 'failed', 1)
  return { id: String(id), prepared: { client, request } }
}
