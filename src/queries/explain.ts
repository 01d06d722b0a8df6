import type { Result } from '../aws/data-api-values.js'
import { Problem } from '../problems.js'
import type { Json } from './sql/arguments.js'
import type { Outcome } from './answers/outcome.js'
import type { Prepared } from './sql/prepare.js'

/** What a statement that is only explained has for an answer. */
export interface Plan extends Outcome {
  /** As `EXPLAIN (FORMAT JSON)` prints it. */
  plan: Json
}

/** What a plan has nothing to do with. */
interface Unfit { dryRun: boolean, maxAffected: number | null, maxRows: number | null, castUnsupported: boolean }

const EXPLAIN = 'EXPLAIN (FORMAT JSON) '

/** The statement as one that is planned and never executed. Throws a problem for what cannot be wanted of a plan. */
export function explain (prepared: Prepared, request: Unfit): Prepared {
  const errors = (['dryRun', 'maxAffected', 'maxRows', 'castUnsupported'] as const)
    .filter(name => request[name] !== null && request[name] !== false)
    .map(name => ({ path: `/${name}`, message: 'is of no use with explain, which executes nothing' }))
  if (errors[0]) throw new Problem('invalid-request', `${errors[0].path.slice(1)} ${errors[0].message}.`, { errors })
  return {
    ...prepared,
    sql: EXPLAIN + prepared.sql,
    isQuery: false,
    toCallersPosition: position => prepared.toCallersPosition(Math.max(1, position - EXPLAIN.length))
  }
}

/** PostgreSQL answers one row with an array of one plan. */
export function toPlan ({ rows }: Result): Plan {
  const [plan = null] = JSON.parse(String(rows[0]?.[0] ?? '[]')) as Json[]
  return { columns: [], rows: [], rowCount: 0, affected: null, truncated: false, plan }
}
