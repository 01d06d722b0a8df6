import type { Principal } from '../../access/keys.js'
import { sees } from '../../access/tenancy.js'
import { AwsFailure } from '../../aws/errors.js'
import { isMoving } from '../../aws/stack-status.js'
import type { Stack, StackEvent } from '../../aws/stacks.js'
import { mapLimited } from '../../concurrency.js'
import { Problem } from '../../problems.js'
import type { Catalog } from '../../templates/catalog.js'
import type { EventLog } from '../../watching/event-log.js'
import type { StackIndex } from '../../watching/stack-index.js'
import { toDatabase, type Database } from '../database.js'
import type { Find } from '../find.js'
import type { DatabaseStatus } from '../phases.js'
import { phases } from '../phases.js'
import type { ListDeleted } from './list-deleted.js'
import { problemOf, readRegion, type RegionAnswer } from '../regions.js'
import { readOwnTags } from '../tags.js'

export type Sort = 'createdAt' | '-createdAt' | 'name'

export interface ListRequest {
  /** Every enabled region when there are none. */
  regions: readonly string[]
  filters: Partial<Record<'client' | 'environment' | 'status' | 'template' | 'name', string>>
  sort: Sort
  limit: number
  cursor: string | null
  /** Asks AWS again instead of answering what is known. */
  fresh: boolean
}

export interface Page { items: Database[], nextCursor: string | null, regions: RegionAnswer[] }

export interface ListOptions {
  listDeleted: ListDeleted
  index: Pick<StackIndex, 'read'>
  events: EventLog
  read: Find['read']
  catalog: Catalog
  regions: readonly string[]
}

/** How many stacks' events are read at a time for one list. */
const READS_AT_A_TIME = 4

/** Lists the databases of regions, a page at a time. */
export function createList ({ index, listDeleted, events, read, catalog, regions: enabled }: ListOptions) {
  /** With its operation where there is something to tell: it moves, or it failed. */
  const detail = async (stack: Stack): Promise<Database | null> => {
    const { operation, database } = phases[stack.status]
    const isTelling = isMoving(stack.status) || operation === 'failed' || database === 'failed'
    return read({ stack, events: isTelling ? await eventsOrNone(stack) : [] })?.database ?? null
  }

  /** A list without an operation is better than none. */
  const eventsOrNone = async (stack: Stack): Promise<readonly StackEvent[]> => {
    try {
      return await events.latest(stack)
    } catch (error) {
      if (error instanceof AwsFailure) return []
      throw error
    }
  }

  const listDeletedIn = async (region: string, fresh: boolean): Promise<{ answer: RegionAnswer, databases: Database[] }> => {
    const { answer, stacks } = await readRegion(index, region, fresh)
    try {
      const { databases, unread } = await listDeleted(region, stacks, fresh)
      return { databases, answer: { ...answer, unread } }
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      return { databases: [], answer: { region, status: 'unavailable', asOf: null, problem: problemOf(error) } }
    }
  }

  const listAllDeleted = async (principal: Principal, regions: readonly string[], request: ListRequest): Promise<Page> => {
    const answers = await Promise.all(regions.map(region => listDeletedIn(region, request.fresh)))
    const all = answers.flatMap(({ databases }) => databases).map(database => ({ database }))
    const wanted = all.filter(({ database }) => sees(principal, database) && matches(database, request.filters))
    const { page, nextCursor } = pageOf(wanted, request)
    return { items: page.map(({ database }) => database), nextCursor, regions: answers.map(({ answer }) => answer) }
  }

  return async (principal: Principal, request: ListRequest): Promise<Page> => {
    const regions = regionsOf(request.regions, enabled).filter(principal.mayEnter)
    if (request.filters.status === 'deleted') return await listAllDeleted(principal, regions, request)
    const answers = await Promise.all(regions.map(region => readRegion(index, region, request.fresh)))
    const { status, ...filters } = request.filters
    const all = answers.flatMap(({ stacks }) => stacks).flatMap(stack => outline(stack, catalog))
    const candidates = all.filter(({ database }) => sees(principal, database) && matches(database, filters))
    // Only the events tell a deletion that was asked for from the removal of what failed.
    const wanted = status === undefined ? candidates : await keepStatus(candidates, status as DatabaseStatus, detail)
    const { page, nextCursor } = pageOf(wanted, request)
    const items = await mapLimited(page, READS_AT_A_TIME, async ({ stack }) => await detail(stack))
    return { items: items.filter(item => item !== null), nextCursor, regions: answers.map(({ answer }) => answer) }
  }
}

interface Outline { stack: Stack, database: Database }

function outline (stack: Stack, catalog: Catalog): Outline[] {
  const own = readOwnTags(stack)
  return own ? [{ stack, database: toDatabase(stack, own, catalog.get(own.template) ?? null, null) }] : []
}

type Detail = (stack: Stack) => Promise<Database | null>

async function keepStatus (candidates: Outline[], status: DatabaseStatus, detail: Detail): Promise<Outline[]> {
  const detailed = await mapLimited(candidates, READS_AT_A_TIME, async candidate => {
    const isOpen = candidate.stack.status === 'DELETE_IN_PROGRESS'
    return { ...candidate, database: (isOpen ? await detail(candidate.stack) : null) ?? candidate.database }
  })
  return detailed.filter(({ database }) => database.status === status)
}

/** The regions that were asked for, or all. Throws a {@link Problem} for one that is not enabled. */
export function regionsOf (asked: readonly string[], enabled: readonly string[]): readonly string[] {
  const unknown = asked.find(region => !enabled.includes(region))
  if (unknown !== undefined) {
    throw new Problem('invalid-request', `The region ${unknown} is not enabled here.`, {
      errors: [{ path: '?region', message: `must be one of ${enabled.join(', ')}` }]
    })
  }
  return asked.length > 0 ? [...new Set(asked)] : enabled
}

function matches (database: Database, filters: Readonly<Record<string, string | undefined>>): boolean {
  return Object.entries(filters).every(([field, value]) => value === undefined || database[field as keyof Database] === value)
}

/** Sorts the same everywhere: by what was asked for, then by the id, which no two databases share. */
function sortKey (database: Database, sort: Sort): [string | number, string] {
  if (sort === 'name') return [database.name, database.id]
  const ms = database.createdAt.getTime()
  return [sort === '-createdAt' ? -ms : ms, database.id]
}

function compare ([a, aId]: readonly [string | number, string], [b, bId]: readonly [string | number, string]): number {
  if (a !== b) return a < b ? -1 : 1
  return aId < bId ? -1 : aId > bId ? 1 : 0
}

interface Slice<Item> { page: Item[], nextCursor: string | null }

/** The cursor is the sort key of the last item: what is created or deleted meanwhile shifts no page. */
function pageOf<Item extends { database: Database }> (items: readonly Item[], { cursor, limit, sort }: ListRequest): Slice<Item> {
  const sorted = items.toSorted((a, b) => compare(sortKey(a.database, sort), sortKey(b.database, sort)))
  const after = cursor === null ? null : readCursor(cursor, sort)
  const rest = after ? sorted.filter(({ database }) => compare(sortKey(database, sort), after) > 0) : sorted
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  const nextCursor = rest.length > limit && last ? writeCursor(sort, sortKey(last.database, sort)) : null
  return { page, nextCursor }
}

function writeCursor (sort: Sort, key: readonly [string | number, string]): string {
  return Buffer.from(JSON.stringify([sort, ...key])).toString('base64url')
}

function readCursor (cursor: string, sort: Sort): [string | number, string] {
  try {
    const [sortedBy, value, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [Sort, string | number, string]
    const isName = typeof value === 'string'
    if (sortedBy === sort && isName === (sort === 'name') && typeof id === 'string') return [value, id]
  } catch {
    // Whatever it is, it is not a cursor; the refusal below says so.
  }
  throw new Problem('invalid-request', 'The cursor is not one of this list.', {
    errors: [{ path: '?cursor', message: 'must be a nextCursor of the same list, with the same sort' }]
  })
}
