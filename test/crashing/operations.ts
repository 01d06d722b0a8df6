import type { Setting } from './stock.js'
import { REGION, type Answer, type Request } from './replicas.js'

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
  /** Whether a repeated request is answered otherwise than the first one: then it counts what is there. */
  isAnsweredOnce?: boolean
  /** Whether a database that comes of it has the rows that its data started with. */
  hasRows?: boolean
  /** How far the clocks of the services that are tried are ahead of AWS's. */
  aheadMs?: number
  /** When to stop asking, where the service does by itself what is tried, and the request only looks. */
  isOver?: (answer: Answer) => boolean
  /** What it leaves for others to start with. */
  leaves?: 'available' | 'deleted'
}

/** A create answers 202, and 200 when it finds what it made before. */
export const asCreate = { status: 202, statusOfRepeat: 200 } as const

/** The request to create a database. */
export function create (body: object, headers: Record<string, string> = {}): Request {
  return { method: 'POST', path: '/v1/databases', body: { region: REGION, ...body }, headers }
}

/** The change of a database that is available, as it was seen. */
export async function change (setting: Setting, body: object, query = ''): Promise<Prepared> {
  const { client, id } = await setting.stock.available()
  return { client, request: { method: 'PATCH', path: `/v1/databases/${id}${query}`, body, headers: await asSeen(setting, id) } }
}

/** The condition that a database is still as it is now. */
export async function asSeen ({ steward }: Setting, id: string): Promise<Record<string, string>> {
  const { headers } = await steward.ask({ method: 'GET', path: `/v1/databases/${id}` })
  return { 'if-match': String(headers.etag) }
}

/** Sends a request in which a resource of the database's stack fails, so many times, until the database is in a status. */
export async function failTo (
  { addFault, steward }: Setting,
  id: string,
  resource: string,
  request: Request,
  status: string,
  count: number
): Promise<void> {
  await addFault({ kind: 'fail-resource', stack: id.slice(id.indexOf('.') + 1), resource, reason: 'Out of luck.', count })
  const { body } = await steward.ask({ ...request, headers: { prefer: 'wait=60' } })
  if (body.status !== status) throw new Error(`it was to be ${status}: ${JSON.stringify(body)}`)
}
