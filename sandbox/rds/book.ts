import { AwsError } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Collection, Store } from '../store.js'
import { nameIn, type ResourceKind } from './names.js'

/** What the records of every kind have; `statusMs` is since when it has the status that its facts tell. */
export interface Kept {
  region: string
  facts: object
  statusMs?: number
}

/** Records of one kind, found by region and identifier in any case. */
export type Book<T extends Kept> = ReturnType<typeof openBook<T>>

/** How the records of a kind are called, and what AWS says where there is none of that name, one already, or no room for another. */
export interface Naming<T> {
  nameOf: (record: T) => string
  notFound: [code: string, message: (name: string) => string]
  exists: [code: string, message: (name: string) => string]
  full: [code: string, message: string, status?: number]
  quota: number
  /** The one of that name that is there without being made. */
  usual?: (region: string, name: string) => T | undefined
}

interface Shelf<T> {
  store: Pick<Store, 'together'>
  clock: Pick<Clock, 'now'>
  kind: ResourceKind
  collection: Collection<T>
}

export function openBook<T extends Kept> (
  { store, clock, kind, collection, nameOf, notFound: [notFoundCode, notFoundMessage], exists, full, quota, usual }: Shelf<T> & Naming<T>
) {
  const keyOf = (region: string, identifier: string): string => `${region}/${identifier.toLowerCase()}`
  const get = (region: string, identifier: string): T | undefined =>
    collection.get(keyOf(region, identifier)) ?? usual?.(region, identifier.toLowerCase())
  const put = (record: T): void => { collection.put(keyOf(record.region, nameOf(record)), record) }
  const remove = (record: T): void => { collection.delete(keyOf(record.region, nameOf(record))) }
  /** In the order of their identifiers, as AWS lists them. */
  const inRegion = (region: string): T[] =>
    [...collection.values()].filter(record => record.region === region).sort((one, other) => nameOf(one) < nameOf(other) ? -1 : 1)
  const notFound = (name: string): AwsError => new AwsError(notFoundCode, notFoundMessage(name), 404)
  /** Throws AWS's refusal of a name that is taken. */
  const requireFree = (name: string, region: string): void => {
    if (get(region, name)) throw new AwsError(exists[0], exists[1](name))
  }
  return {
    kind,
    requireFree,
    get,
    put,
    delete: remove,
    in: inRegion,
    all: (): Iterable<T> => collection.values(),
    notFound,
    /** The one of that identifier or ARN; throws AWS's refusal of one that there is not. */
    require: (identifierOrArn = '', region: string): T => {
      const name = nameIn(identifierOrArn, kind, region)
      const record = name === undefined ? undefined : get(region, name)
      if (!record) throw notFound(name ?? identifierOrArn)
      return record
    },
    /** Throws AWS's refusal of another one when its name or the quota is used up, by all of the region or by those given. */
    requireRoom: (name: string, region: string, among: readonly T[] = inRegion(region)): void => {
      requireFree(name, region)
      if (among.length >= quota) throw new AwsError(...full)
    },
    /** Stores the record as it is now with some facts and some of the rest changed; a new status begins now. */
    change: (record: T, facts: Partial<T['facts']>, rest: Partial<T> = {}): T => {
      const now = get(record.region, nameOf(record)) ?? record
      const begins = 'Status' in facts || 'DBInstanceStatus' in facts ? { statusMs: clock.now() } : {}
      const changed: T = { ...now, ...rest, facts: { ...now.facts, ...facts }, ...begins }
      put(changed)
      return changed
    },
    /** Stores the record under another name, which its facts have. */
    rename: (record: T, facts: Partial<T['facts']>): T => store.together(() => {
      const renamed: T = { ...record, facts: { ...record.facts, ...facts } }
      remove(record)
      put(renamed)
      return renamed
    })
  }
}
