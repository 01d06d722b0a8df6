import { randomUUID } from 'node:crypto'

import type { Account } from './account.js'
import { REGION, type Replica } from './replicas.js'

/** A database and whose it is. */
export interface Owned { client: string, id: string }

/** Databases to try operations on. What one operation leaves is what the next starts with: making one takes the longest. */
export interface Stock {
  /** The name of a client that has nothing. */
  newClient: () => string
  /** One that is available, with its defaults and {@link ROWS} in a table. */
  available: () => Promise<Owned>
  /** One that was deleted, and left a snapshot with those rows. */
  deleted: () => Promise<Owned>
  /** Takes a database back, and changes one that is available to how all of them are. */
  keep: (state: 'available' | 'deleted', owned: Owned) => Promise<void>
}

export interface Setting {
  stock: Stock
  aws: Account
  /** A service that nothing happens to. */
  steward: Replica
  addFault: (fault: object) => Promise<void>
}

export const ROWS = 3

const settled = { prefer: 'wait=60' }

export function createStock (steward: Replica): Stock {
  let clients = 0
  const kept: Record<'available' | 'deleted', Owned[]> = { available: [], deleted: [] }
  const withRows = new Set<string>()

  const newClient = (): string => `client-${String(++clients).padStart(4, '0')}`

  const make = async (): Promise<Owned> => {
    const client = newClient()
    const { body } = await steward.ask({ method: 'POST', path: '/v1/databases', body: { client, region: REGION }, headers: settled })
    if (body.status !== 'available') throw new Error(`no database could be made: ${JSON.stringify(body)}`)
    return { client, id: String(body.id) }
  }

  /** The last thing that was done with each of them is the same, too. */
  const straighten = async ({ id }: Owned): Promise<void> => {
    const body = { parameters: { MaxCapacity: 4 }, tags: { team: null, turn: randomUUID() }, deletionProtection: false }
    const answer = await steward.ask({ method: 'PATCH', path: `/v1/databases/${id}`, body, headers: settled })
    if (answer.body.status !== 'available') throw new Error(`a database could not be taken back: ${JSON.stringify(answer.body)}`)
  }

  const available = async (): Promise<Owned> => {
    const known = kept.available.pop()
    const owned = known ?? await make()
    if (!known) await straighten(owned)
    if (withRows.has(owned.id)) return owned
    const { status } = await steward.ask({ method: 'POST', path: `/v1/databases/${owned.id}/query`, body: { sql: `create table kept as select generate_series(1, ${ROWS}) as id` } })
    if (status !== 200) throw new Error(`no table could be made: ${status}`)
    withRows.add(owned.id)
    return owned
  }

  const deleted = async (): Promise<Owned> => {
    const known = kept.deleted.pop()
    if (known) return known
    const owned = await available()
    const { body } = await steward.ask({ method: 'DELETE', path: `/v1/databases/${owned.id}`, headers: settled })
    if (body.status !== 'deleted') throw new Error(`a database could not be deleted: ${JSON.stringify(body)}`)
    return owned
  }

  const keep: Stock['keep'] = async (state, owned) => {
    if (state === 'available') await straighten(owned)
    kept[state].push(owned)
  }
  return { newClient, available, deleted, keep }
}
