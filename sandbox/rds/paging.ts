import type { Filter } from '@aws-sdk/client-rds'
import type { Book, Kept } from './book.js'
import { invalidCombination, invalidValue } from './names.js'

const DEFAULT_PAGE = 100
const SMALLEST_PAGE = 20

export interface PageRequest {
  Filters?: readonly Filter[] | undefined
  MaxRecords?: number | undefined
  Marker?: string | undefined
}

interface Page<T> { page: T[], Marker: string | undefined }

/** What a filter of each name looks at in an item. The first is the one that an identifier in a request counts as. */
export type Filterable<T> = Readonly<Record<string, (item: T) => ReadonlyArray<string | undefined>>>

/** One page of a list and where the next begins. Throws AWS's refusal of a page size or a marker. */
export function pageOf<T> (items: readonly T[], { MaxRecords: size = DEFAULT_PAGE, Marker }: PageRequest, largest = DEFAULT_PAGE): Page<T> {
  if (size < SMALLEST_PAGE || size > largest) throw invalidValue(`Invalid value ${size} for MaxRecords. Must be between ${SMALLEST_PAGE} and ${largest}`)
  const start = Marker ? readMarker(Marker) : 0
  const next = start + size
  return { page: items.slice(start, next), Marker: next < items.length ? Buffer.from(`at:${next}`).toString('base64url') : undefined }
}

function readMarker (marker: string): number {
  const position = /^at:(\d+)$/.exec(Buffer.from(marker, 'base64url').toString())?.[1]
  if (position === undefined) throw invalidValue('Marker is not valid.')
  return Number(position)
}

/** The items that match every filter in one of its values, in any case. Throws AWS's refusal of a filter there is not, or that has no values. */
export function filterBy<T> (items: readonly T[], { Filters = [] }: PageRequest, filterable: Filterable<T>): T[] {
  return Filters.reduce<T[]>((left, { Name = '', Values = [] }) => {
    const look = filterable[Name]
    if (!look) throw invalidValue(`Unrecognized filter name: ${Name}`)
    if (Values.length === 0) throw invalidCombination(`The list of values of the filter ${Name} must not be empty.`)
    const wanted = new Set(Values.map(value => value.toLowerCase()))
    return left.filter(item => look(item).some(value => value !== undefined && wanted.has(value.toLowerCase())))
  }, [...items])
}

/**
 * A page of the records that a request asks for. Beside filters, its identifier is one more value of the first of them,
 * and is not found where nothing matches them all (so the authors of moto's `test_filters.py` have found AWS to do).
 */
export function select<T extends Kept> (
  book: Book<T>, identifier: string | undefined, request: PageRequest, filterable: Filterable<T>, region: string
): Page<T> {
  const { Filters = [] } = request
  if (!identifier || Filters.length === 0) {
    return pageOf(filterBy(identifier ? [book.require(identifier, region)] : book.in(region), request, filterable), request)
  }
  const [own = ''] = Object.keys(filterable)
  const given = Filters.filter(({ Name }) => Name === own).flatMap(({ Values = [] }) => Values)
  const all = [{ Name: own, Values: [identifier, ...given] }, ...Filters.filter(({ Name }) => Name !== own)]
  const found = filterBy(book.in(region), { Filters: all }, filterable)
  if (found.length === 0) throw book.notFound(identifier)
  return pageOf(found, request)
}

/** The answer of a Describe operation: a page of what is shown, under the name of the list. */
export function listed<T, Shown, List extends string> (list: List, { page, Marker }: Page<T>, show: (item: T) => Shown) {
  return { [list]: page.map(show), Marker } as Record<List, Shown[]> & Pick<Page<T>, 'Marker'>
}
