/** Whoever waits, in lanes that take turns: in a lane the first comes first, and no lane waits for more than one of each other. */
export class Rounds<Ticket> {
  readonly #lanes = new Map<string, Ticket[]>()
  #size = 0

  get isEmpty (): boolean { return this.#lanes.size === 0 }

  /** How many wait. */
  get size (): number { return this.#size }

  enter (lane: string, ticket: Ticket): void {
    this.#size++
    const waiting = this.#lanes.get(lane)
    if (waiting) waiting.push(ticket)
    else this.#lanes.set(lane, [ticket])
  }

  /** Takes out whose turn it is. */
  next (): Ticket | undefined {
    const first = this.#lanes.entries().next()
    if (first.done) return undefined
    const [lane, [ticket, ...rest]] = first.value
    this.#size--
    this.#lanes.delete(lane)
    if (rest.length > 0) this.#lanes.set(lane, rest)
    return ticket
  }

  /** Takes out one that waits no longer. */
  withdraw (lane: string, ticket: Ticket): void {
    const waiting = this.#lanes.get(lane) ?? []
    const rest = waiting.filter(each => each !== ticket)
    this.#size -= waiting.length - rest.length
    if (rest.length > 0) this.#lanes.set(lane, rest)
    else this.#lanes.delete(lane)
  }

  /** Takes out everybody. */
  clear (): Ticket[] {
    const all = [...this.#lanes.values()].flat()
    this.#lanes.clear()
    this.#size = 0
    return all
  }
}
