/** Who wants to run, and where. */
export interface Place { key: string, database: string }

export interface FairQueueLimits {
  /** How many run at once on one database. */
  perDatabase: number
  /** How many run at once for one key, on all databases together. */
  perKey: number
  /** How many wait at once: for one database, and for one key. */
  waiting: number
}

/** What does not even get to wait, and whose queue is full. */
export interface Refusal<Ticket> { ticket: Ticket, full: keyof Place }

/** A key or a database. */
interface Side<Ticket> { running: number, waiting: number, most: number, lanes: Set<Lane<Ticket>> }

/** What one key wants of one database, in the order in which it came. */
interface Lane<Ticket> { key: Side<Ticket>, database: Side<Ticket>, tickets: Ticket[] }

const SIDES = ['key', 'database'] as const

/**
 * Decides who runs. Free places go round: on a database from key to key, for a key from database to database, so that whoever
 * sends much waits behind its own. It knows neither time nor promises. Nobody waits for a place that is free.
 */
export class FairQueue<Ticket extends Place> {
  readonly #limits: FairQueueLimits
  #running = 0
  #waiting = 0
  readonly #sides = { key: new Map<string, Side<Ticket>>(), database: new Map<string, Side<Ticket>>() }

  constructor (limits: FairQueueLimits) {
    this.#limits = limits
  }

  /**
   * Lets a ticket in to run (`isRunning`) or to wait. Where too many wait, the latest of the longest lane gives way, which may
   * be another than the one that came: a key that floods a database takes no turn from the others.
   */
  enter (ticket: Ticket): { isRunning: boolean, refused: Array<Refusal<Ticket>> } {
    const lane = this.#laneOf(ticket)
    if (lane.tickets.length === 0 && isFree(lane)) {
      start(lane)
      this.#running++
      return { isRunning: true, refused: [] }
    }
    lane.tickets.push(ticket)
    this.#waiting++
    for (const side of SIDES) {
      lane[side].waiting++
      lane[side].lanes.add(lane)
    }
    const refused = SIDES.flatMap((full): Array<Refusal<Ticket>> => {
      const last = lane[full].waiting > this.#limits.waiting ? longestOf(lane[full], lane).tickets.at(-1) : undefined
      if (!last) return []
      this.withdraw(last)
      return [{ ticket: last, full }]
    })
    return { isRunning: false, refused }
  }

  /** Ends the run of a ticket; answers those whose turn it is now. */
  leave (ticket: Ticket): Ticket[] {
    const sides = this.#sidesOf(ticket)
    for (const side of SIDES) sides[side].running--
    // Who wants both of the places that are free now gets them when it is its turn in both rounds: else one of them would starve.
    const onDatabase = firstFree(sides.database)
    const isForBoth = onDatabase?.key === sides.key && onDatabase !== firstFree(sides.key)
    const rounds = isForBoth ? [sides.key, sides.database] : [sides.database, sides.key]
    const next = rounds.map(admitNext).filter(admitted => admitted !== undefined)
    this.#running += next.length - 1
    this.#waiting -= next.length
    this.#forget(ticket)
    return next
  }

  /** Takes a ticket that waits out again; false when it does not wait. */
  withdraw (ticket: Ticket): boolean {
    const lane = this.#laneOf(ticket)
    const at = lane.tickets.indexOf(ticket)
    if (at >= 0) {
      take(lane, at)
      this.#waiting--
    }
    this.#forget(ticket)
    return at >= 0
  }

  /** How many keys and databases are remembered: those that run or wait. */
  get size (): number { return this.#sides.key.size + this.#sides.database.size }

  get running (): number { return this.#running }

  get waiting (): number { return this.#waiting }

  #sidesOf (place: Place): Pick<Lane<Ticket>, keyof Place> {
    const sideOf = (side: keyof Place, most: number): Side<Ticket> => {
      const known = this.#sides[side].get(place[side]) ?? { running: 0, waiting: 0, most, lanes: new Set() }
      this.#sides[side].set(place[side], known)
      return known
    }
    return { key: sideOf('key', this.#limits.perKey), database: sideOf('database', this.#limits.perDatabase) }
  }

  #laneOf (place: Place): Lane<Ticket> {
    const { key, database } = this.#sidesOf(place)
    return [...key.lanes].find(lane => lane.database === database) ?? { key, database, tickets: [] }
  }

  #forget (place: Place): void {
    for (const side of SIDES) {
      const known = this.#sides[side].get(place[side])
      if (known?.running === 0 && known.waiting === 0) this.#sides[side].delete(place[side])
    }
  }
}

const isFree = <Ticket>({ key, database }: Lane<Ticket>): boolean => key.running < key.most && database.running < database.most

function start<Ticket> (lane: Lane<Ticket>): void {
  for (const side of SIDES) lane[side].running++
}

/** Removes a ticket from its lane, and the lane from the round when it is empty. */
function take<Ticket> (lane: Lane<Ticket>, at: number): Ticket | undefined {
  const [ticket] = lane.tickets.splice(at, 1)
  for (const side of SIDES) {
    lane[side].waiting--
    if (lane.tickets.length === 0) lane[side].lanes.delete(lane)
  }
  return ticket
}

/** Who has had its turn waits until the others have had theirs. */
function moveToEnd<Ticket> (lane: Lane<Ticket>): void {
  for (const side of SIDES) if (lane[side].lanes.delete(lane)) lane[side].lanes.add(lane)
}

function firstFree<Ticket> (side: Side<Ticket>): Lane<Ticket> | undefined {
  for (const lane of side.lanes) if (isFree(lane)) return lane
  return undefined
}

function admitNext<Ticket> (side: Side<Ticket>): Ticket | undefined {
  const lane = firstFree(side)
  if (!lane) return undefined
  start(lane)
  moveToEnd(lane)
  return take(lane, 0)
}

/** Among lanes that are as long as each other, the one that somebody comes to. */
function longestOf<Ticket> (side: Side<Ticket>, own: Lane<Ticket>): Lane<Ticket> {
  let longest = own
  for (const lane of side.lanes) if (lane.tickets.length > longest.tickets.length) longest = lane
  return longest
}
