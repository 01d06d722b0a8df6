import { CreateDBClusterSnapshotCommand, waitUntilDBClusterSnapshotAvailable } from '@aws-sdk/client-rds'

import { asCreate, create, type Operation } from './operations.js'
import type { Owned, Setting } from './stock.js'

const sources = new WeakMap<Setting, Promise<Source>>()

export const copies: readonly Operation[] = [
  {
    name: 'create a clone',
    ...asCreate,
    hasRows: true,
    prepare: async setting => {
      const source = await sourceOf(setting)
      const client = setting.stock.newClient()
      return { client, request: create({ client, source: { databaseId: source.id } }) }
    }
  },
  {
    name: 'create from a point in time',
    ...asCreate,
    hasRows: true,
    prepare: async setting => {
      const source = await sourceOf(setting)
      const client = setting.stock.newClient()
      return { client, request: create({ client, source: { databaseId: source.id, at: source.at } }) }
    }
  },
  {
    name: 'create from a snapshot',
    ...asCreate,
    hasRows: true,
    prepare: async setting => {
      const source = await sourceOf(setting)
      const client = setting.stock.newClient()
      return { client, request: create({ client, source: { snapshotId: source.snapshotId } }) }
    }
  }
]

interface Source extends Owned { at: string, snapshotId: string }

/** One database that all copies are made of. */
async function sourceOf (setting: Setting): Promise<Source> {
  const known = sources.get(setting)
  if (known) return await known
  const made = makeSource(setting)
  sources.set(setting, made)
  return await made
}

async function makeSource ({ stock, steward, aws: { rds } }: Setting): Promise<Source> {
  const owned = await stock.available()
  const { body: { rows } } = await steward.ask({
    method: 'POST', path: `/v1/databases/${owned.id}/query`, body: { sql: "select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') as at" }
  })
  const names = { DBClusterIdentifier: owned.id.slice(owned.id.indexOf('.') + 1), DBClusterSnapshotIdentifier: 'of-the-source' }
  await rds.send(new CreateDBClusterSnapshotCommand(names))
  await waitUntilDBClusterSnapshotAvailable({ client: rds, maxWaitTime: 30, minDelay: 0.1, maxDelay: 0.2 }, names)
  return { ...owned, at: (rows as Array<{ at: string }>)[0]?.at ?? '', snapshotId: names.DBClusterSnapshotIdentifier }
}
