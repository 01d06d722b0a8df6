/** A value that a statement is given: a bigint travels as int8, a number as float8, a string as text, bytes as bytea. */
export interface Argument { name: string, value: null | boolean | bigint | number | string | Uint8Array }

/** A value that a statement answers: int8 and numeric as the digits that the database printed. */
export type Cell = null | boolean | number | string | Uint8Array | Cell[]

/** A column of a result. */
export interface Column {
  name: string
  /** PostgreSQL's name of the type, such as `int8` or `_text`; of a generated column, `serial` and its like. */
  type: string
  /** Null when the database cannot say. */
  isNullable: boolean | null
}

/** What a statement answered. */
export interface Result {
  /** Null for a statement that answers no rows at all. */
  columns: Column[] | null
  rows: Cell[][]
  /** Rows that a statement without an answer has changed. */
  affected: number
}
