import { Problem } from '../../problems.js'
import type { Orphan } from './orphan.js'

type Place = readonly [createdMs: number, id: string]

/** One page of orphans, the oldest first, after the cursor. The cursor is the place of the last item: what goes meanwhile shifts no page. */
export function cut (orphans: readonly Orphan[], limit: number, cursor: string | null): { page: Orphan[], nextCursor: string | null } {
  const after = cursor === null ? null : readCursor(cursor)
  const rest = orphans.toSorted((a, b) => compare(placeOf(a), placeOf(b))).filter(orphan => !after || compare(placeOf(orphan), after) > 0)
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  return { page, nextCursor: rest.length > limit && last ? Buffer.from(JSON.stringify(placeOf(last))).toString('base64url') : null }
}

function placeOf ({ createdAt, id }: Orphan): Place {
  return [createdAt.getTime(), id]
}

function compare ([a, aId]: Place, [b, bId]: Place): number {
  return a - b || (aId < bId ? -1 : aId > bId ? 1 : 0)
}

function readCursor (cursor: string): Place {
  try {
    const [createdMs, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (typeof createdMs === 'number' && typeof id === 'string') return [createdMs, id]
  } catch {
    // Whatever it is, it is not a cursor; the refusal below says so.
  }
  throw new Problem('invalid-request', 'The cursor is not one of this list.', { errors: [{ path: '?cursor', message: 'must be a nextCursor of the same list' }] })
}
