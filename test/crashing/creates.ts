import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager'

import { asCreate, create, type Operation } from './operations.js'

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
    prepare: async ({ stock, steward, addFault }) => {
      const client = stock.newClient()
      const request = create({ client, onFailure: 'keep', deletionProtection: true })
      const plan = await steward.ask({ ...request, path: '/v1/databases?dryRun=true' })
      await addFault({ kind: 'fail-resource', stack: plan.body.stackName, resource: 'MasterSecret', reason: 'No more secrets.', count: 1 })
      const { body } = await steward.ask({ ...request, headers: { prefer: 'wait=60' } })
      if (body.status !== 'failed') throw new Error(`it was to fail: ${JSON.stringify(body)}`)
      return { client, request }
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
