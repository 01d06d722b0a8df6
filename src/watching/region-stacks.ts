import type { AwsFailure } from '../aws/errors.js'
import type { Stack } from '../aws/stacks.js'

/** A reading of a stack, and which of all readings it came with. */
interface Entry { stack: Stack, order: number }

/** How what is known of a region stands: as it is now, as it was at some time, or not at all. */
export type RegionStatus = 'ok' | 'stale' | 'unavailable'

/**
 * What is known of one region's stacks. Readings overlap, and their answers come in any order: of each stack the reading that
 * began last counts, so that a sweep does not undo what was seen of a stack while it went on.
 */
export class RegionStacks {
  readonly #entries = new Map<string, Entry>()
  #swept: { order: number, asOf: Date } | null = null
  #failure: AwsFailure | null = null

  /** When the last complete reading began; null before the first. */
  get asOf (): Date | null { return this.#swept?.asOf ?? null }

  /** Why the last reading of the whole region failed, null when it did not. */
  get failure (): AwsFailure | null { return this.#failure }

  /** Those that are not deleted. */
  list (): Stack[] {
    return [...this.#entries.values()].map(({ stack }) => stack).filter(isLiving)
  }

  /** The living stack of this name. */
  named (name: string): Stack | null {
    for (const { stack } of this.#entries.values()) if (stack.name === name && isLiving(stack)) return stack
    return null
  }

  /** Takes a complete reading in: what it lacks is gone, unless it was read on its own since. */
  sweep (found: readonly Stack[], order: number, asOf: Date): void {
    if (this.#swept && this.#swept.order > order) return
    this.#failure = null
    this.#swept = { order, asOf }
    for (const stack of found) this.put(stack, order)
    const ids = new Set(found.map(({ id }) => id))
    for (const [id, entry] of this.#entries) if (!ids.has(id) && entry.order < order) this.#entries.delete(id)
  }

  /** Takes a reading of one stack in. A deleted one is kept until the next sweep, lest one that is under way brings it back. */
  put (stack: Stack, order: number): void {
    if ((this.#entries.get(stack.id)?.order ?? 0) < order) this.#entries.set(stack.id, { stack, order })
  }

  /** Notes that there is no living stack of this name or id. */
  remove (nameOrId: string, order: number): void {
    for (const [id, { stack, order: before }] of this.#entries) {
      if (before < order && (id === nameOrId || stack.name === nameOrId)) this.#entries.delete(id)
    }
  }

  /** Notes that a complete reading failed, unless a later one has succeeded meanwhile. */
  fail (failure: AwsFailure, order: number): void {
    if (!this.#swept || this.#swept.order < order) this.#failure = failure
  }
}

function isLiving ({ status }: Stack): boolean {
  return status !== 'DELETE_COMPLETE'
}
