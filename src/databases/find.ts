import type { Principal } from '../access/keys.js'
import { sees } from '../access/tenancy.js'
import type { Stack } from '../aws/stacks.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { Catalog } from '../templates/catalog.js'
import { resourcesOf } from '../templates/conditions.js'
import type { DeletedStacks } from '../watching/deleted-stacks.js'
import type { LastStacks } from '../watching/last-stacks.js'
import type { Sighting, StackWatch } from '../watching/stack-watch.js'
import { toDatabase, type Database } from './database.js'
import type { Durations } from './operations/durations.js'
import { parseId } from './naming.js'
import { readOperation, splitOperations, type Operation } from './operations/operations.js'
import { findStuck } from './operations/stuck.js'
import { readOwnTags, type OwnTags } from './tags.js'

/** A database with the stack behind it. */
export interface Found extends Sighting { own: OwnTags, database: Database }

/** How a database is looked for. */
export interface FindHow {
  /** Also one that was deleted some seconds ago and never seen here. */
  isFresh?: boolean
}

export interface FindOptions {
  deleted: DeletedStacks
  lastStacks: LastStacks
  watch: Pick<StackWatch, 'look' | 'peek'>
  catalog: Catalog
  durations: Durations
  clock: Pick<Clock, 'now'>
  regions: readonly string[]
}

/** How old what is known of deleted stacks may be for whoever asks for one: what never was is asked for as easily as what was. */
const DELETED_FRESH_FOR_MS = 5_000

type LookUp = (region: string, stackName: string) => Promise<Found | null>

export type Find = ReturnType<typeof createFind>

/** Finds databases by their ids. */
export function createFind ({ deleted, lastStacks, watch, catalog, durations, clock, regions }: FindOptions) {
  const remember = (stack: Stack): void => {
    const { region, name, id, status, deletedAt } = stack
    if (status === 'DELETE_COMPLETE') deleted.note(region, { id, name, deletedAt: deletedAt ?? new Date(0) })
    else lastStacks.note(stack)
  }

  /** A stack and its events as a database; null when it is not one of ours. */
  const read = (sighting: Sighting): Found | null => {
    const own = readOwnTags(sighting.stack)
    if (!own) return null
    remember(sighting.stack)
    const operation = readOperations(catalog, own, sighting).at(-1) ?? null
    const stuck = findStuck(splitOperations(sighting.events).at(-1) ?? [])
    if (operation) {
      durations.note(sighting.stack.region, own.template, operation)
      operation.progress.estimatedReadyAt = durations.estimateEnd(sighting.stack.region, own.template, operation)
    }
    return { ...sighting, own, database: toDatabase(sighting.stack, own, catalog.get(own.template) ?? null, operation, stuck, clock.now()) }
  }

  /**
   * The database of an id, also a deleted one for as long as AWS remembers it. Throws a {@link Problem} `not-found` when there is
   * none, and just the same when the key may not see it. A living one is always as AWS has it now; with `isFresh` also one that was
   * deleted some seconds ago and never seen here.
   */
  const find = async (principal: Principal, id: string, { isFresh = false }: FindHow = {}): Promise<Found> =>
    await findBy(async (region, stackName) => await findIn(region, stackName, isFresh), principal, id)

  /** The same, without asking AWS while the database moves and is looked at again and again: for those who only watch. */
  const findToWatch = async (principal: Principal, id: string): Promise<Found> =>
    await findBy(async (region, stackName) => {
      const known = watch.peek(region, stackName)
      return known ? read(known) : await findIn(region, stackName)
    }, principal, id)

  const findBy = async (lookUp: LookUp, principal: Principal, id: string): Promise<Found> => {
    const place = parseId(id)
    const found = place && regions.includes(place.region) && principal.mayEnter(place.region)
      ? await lookUp(place.region, place.stackName)
      : null
    if (!found || !sees(principal, found.database)) throw new Problem('not-found', `There is no database ${id}.`)
    return found
  }

  const findIn = async (region: string, stackName: string, isFresh = false): Promise<Found | null> => {
    const living = await watch.look(region, stackName)
    if (living) return read(living)
    const { byName, ids } = await deleted.read(region, isFresh ? 0 : DELETED_FRESH_FOR_MS)
    const last = lastStacks.idOf(region, stackName)
    // What was deleted since that was read is known to whoever saw it live.
    const id = last !== null && !ids.has(last) ? last : byName.get(stackName)?.id
    const sighting = id === undefined ? null : await watch.look(region, id)
    return sighting && read(sighting)
  }

  /** Every operation of a database, oldest first. */
  const operationsOf = (found: Found): Operation[] => readOperations(catalog, found.own, found)

  return { find, findToWatch, read, operationsOf }
}

function readOperations (catalog: Catalog, own: OwnTags, { stack, events }: Sighting): Operation[] {
  const template = catalog.get(own.template)
  const resources = template ? resourcesOf(template, stack.parameters) : []
  return splitOperations(events).map(each => readOperation(each, resources)).filter(operation => operation !== null)
}
