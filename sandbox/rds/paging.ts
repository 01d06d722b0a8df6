import type { Filter } from '@aws-sdk/client-rds'
import { invalidValue } from './names.js'

const DEFAULT_PAGE = 100
const SMALLEST_PAGE = 20

export interface PageRequest {
  MaxRecords?: number | undefined
  Marker?: string | undefined
}

/** One page of a list and where the next begins. Throws AWS's refusal of a page size or a marker. */
export function pageOf<T> (items: readonly T[], request: PageRequest): { page: T[], Marker: string | undefined } {
  const size = request.MaxRecords ?? DEFAULT_PAGE
  if (size < SMALLEST_PAGE || size > DEFAULT_PAGE) throw invalidValue(`Invalid value ${size} for MaxRecords. Must be between ${SMALLEST_PAGE} and ${DEFAULT_PAGE}`)
  const start = request.Marker ? readMarker(request.Marker) : 0
  const next = start + size
  return { page: items.slice(start, next), Marker: next < items.length ? Buffer.from(`at:${next}`).toString('base64url') : undefined }
}

/** What a filter of each name looks at in an item. */
export type Filterable<T> = Readonly<Record<string, (item: T) => ReadonlyArray<string | undefined>>>

/** The items that match every filter in one of its values, in any case. Throws AWS's refusal of a filter there is not. */
export function filterBy<T> (items: readonly T[], filters: readonly Filter[] | undefined, filterable: Filterable<T>): T[] {
  return (filters ?? []).reduce<T[]>((left, { Name = '', Values = [] }) => {
    const look = filterable[Name]
    if (!look) throw invalidValue(`Unrecognized filter name: ${Name}`)
    const wanted = new Set(Values.map(value => value.toLowerCase()))
    return left.filter(item => look(item).some(value => value !== undefined && wanted.has(value.toLowerCase())))
  }, [...items])
}

function readMarker (marker: string): number {
  const position = /^at:(\d+)$/.exec(Buffer.from(marker, 'base64url').toString())?.[1]
  if (position === undefined) throw invalidValue('Marker is not valid.')
  return Number(position)
}
