import type { Setting } from './stock.js'
import { REGION, type Request } from './replicas.js'

/** What is to be sent, and whose database it is about. */
export interface Prepared { client: string, request: Request }

/** A request that is tried with a crash at its calls to AWS. */
export interface Operation {
  name: string
  /** Brings AWS to where the operation starts. */
  prepare: (setting: Setting) => Promise<Prepared>
  /** What the first answer is, and what a repeated request may be answered besides when the first was done already. */
  status: number
  statusOfRepeat?: number
  /** Whether a database that comes of it has the rows that its data started with. */
  hasRows?: boolean
  /** What it leaves for others to start with; `undo` is the change that brings it there. */
  leaves?: 'available' | 'deleted'
  undo?: object
}

/** A create answers 202, and 200 when it finds what it made before. */
export const creates = { status: 202, statusOfRepeat: 200 } as const

/** The request to create a database. */
export function create (body: object, headers: Record<string, string> = {}): Request {
  return { method: 'POST', path: '/v1/databases', body: { region: REGION, ...body }, headers }
}

/** The change of a database that is available. */
export async function change ({ stock }: Setting, body: object, query = ''): Promise<Prepared> {
  const { client, id } = await stock.available()
  return { client, request: { method: 'PATCH', path: `/v1/databases/${id}${query}`, body } }
}
