import { DataApiFailure } from '../../aws/data-api.js'
import type { Cell, Column, Result } from '../../aws/data-api-values.js'
import { Problem } from '../../problems.js'
import { withoutEnd } from '../sql/lexemes.js'
import type { Prepared } from '../sql/prepare.js'
import { FetchSize } from './fetch-size.js'

/** Some rows of a result. */
export interface Batch {
  columns: Column[]
  rows: Cell[][]
  /** Whether there are no more. */
  isLast: boolean
}

/** A result that is read a batch at a time. One fetch after the other; none is of more than the Data API carries. */
export interface Cursor {
  fetch: () => Promise<Batch>
}

const NAME = 'aurora_databases_stream'

/** Functions that never answer the same twice: going back over rows that they choose would find other rows. */
const unrepeatable = /\b(random\w*|gen_random_uuid|uuid\w*|clock_timestamp|timeofday|nextval)\b/i

/**
 * The query as the declaration of a cursor that can go back. PostgreSQL keeps the result of a query that cannot be read backwards
 * (its manual, DECLARE); of one that chooses rows at random it is told to, for it does not know.
 */
export function declare (prepared: Prepared): Prepared {
  const before = `DECLARE ${NAME} SCROLL CURSOR FOR `
  const [head, tail] = unrepeatable.test(prepared.sql) ? [`${before}WITH q AS MATERIALIZED (\n`, '\n) SELECT * FROM q'] : [before, '']
  return {
    ...prepared,
    sql: head + (tail ? withoutEnd(prepared.sql) : prepared.sql) + tail,
    toCallersPosition: position => prepared.toCallersPosition(Math.max(1, position - head.length))
  }
}

/** The cursor that {@link declare} has declared, in the transaction that `execute` runs statements in. */
export function createCursor (execute: (sql: string) => Promise<Result>): Cursor {
  const size = new FetchSize()
  let position = 0

  const fetchOnce = async (): Promise<Batch> => {
    const { columns, rows } = await execute(`FETCH FORWARD ${size.rows} FROM ${NAME}`)
    const isLast = rows.length < size.rows
    position += rows.length
    size.learn(rows)
    return { columns: columns ?? [], rows, isLast }
  }

  /** A result is refused when it is there: the cursor has moved, and must go back to the last row that came. */
  const goBack = async (refusal: DataApiFailure): Promise<void> => {
    try {
      await execute(`MOVE ABSOLUTE ${position} FROM ${NAME}`)
    } catch (error) {
      const isOver = error instanceof DataApiFailure && error.kind === 'no-transaction'
      throw isOver ? outgrown(position, refusal) : error
    }
  }

  return {
    fetch: async () => {
      for (;;) {
        try {
          return await fetchOnce()
        } catch (error) {
          if (!isTooLarge(error)) throw error
          if (size.rows === 1) throw tooLargeRow(position + 1, error)
          await goBack(error)
          size.shrink()
        }
      }
    }
  }
}

/** In the words of Serverless v2 and of v1, for a result and for a row. */
function isTooLarge (error: unknown): error is DataApiFailure {
  return error instanceof DataApiFailure && error.kind === 'unsupported' && /size limit|query is too large/i.test(error.message)
}

function tooLargeRow (row: number, cause: Error): Problem {
  const detail = `Row ${row} has more than the 64 KB that the RDS Data API carries in a row.`
  return new Problem('statement-refused', `${detail} Select less of it, such as a part of its longest column.`, { cause, extensions: { row } })
}

/** Serverless v2 keeps a transaction whose result it refused for its size, Serverless v1 does not (as users of both report). */
function outgrown (rows: number, cause: Error): Problem {
  const detail = `After ${rows} rows came so much larger ones that the RDS Data API refused them, and ended the transaction with that.`
  return new Problem('statement-refused', `${detail} Select those rows, or their long columns, by themselves.`, { cause })
}
