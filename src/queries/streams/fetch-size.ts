import type { Cell } from '../../aws/data-api-values.js'

/** So many rows always fit into the result limit of the Data API, 1 MiB, for each has at most 64 KB. */
const SAFE_ROWS = 15

/** What a fetch aims at: half of the limit, for the next rows may be larger than the last ones. */
const TARGET_BYTES = 512 * 1024

/** A few wide rows behind many narrow ones would be far too much for the limit: sizes grow in steps. */
const GROWTH = 8
const SHRINKING = 4

/** JSON of the Data API is several times as large as what it carries; of narrow rows this is a few megabytes. */
const MOST_ROWS = 10_000

/** How many rows to fetch at a time, from what the last ones weighed. */
export class FetchSize {
  #rows = SAFE_ROWS

  get rows (): number { return this.#rows }

  /** Learns from rows that came. */
  learn (rows: readonly Cell[][]): void {
    if (rows.length === 0) return
    const bytes = rows.reduce((sum, row) => sum + weigh(row), 0)
    const wanted = Math.floor(TARGET_BYTES * rows.length / bytes)
    this.#rows = Math.max(1, Math.min(wanted, this.#rows * GROWTH, MOST_ROWS))
  }

  /** Learns that so many were too much. */
  shrink (): void {
    this.#rows = Math.max(1, Math.floor(this.#rows / SHRINKING))
  }
}

/** A row as PostgreSQL's protocol has it, by which AWS counts: two bytes, four for each column, and the value's own. */
function weigh (row: readonly Cell[]): number {
  return row.reduce<number>((sum, cell) => sum + 4 + weighCell(cell), 2)
}

/** About as many bytes as PostgreSQL prints; bytea is printed in hexadecimal digits. */
function weighCell (cell: Cell): number {
  if (cell === null) return 0
  if (typeof cell === 'string') return Buffer.byteLength(cell)
  if (typeof cell !== 'object') return 8
  if (Array.isArray(cell)) return cell.reduce<number>((sum, element) => sum + 1 + weighCell(element), 2)
  return 2 * cell.length
}
