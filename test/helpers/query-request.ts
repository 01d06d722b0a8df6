import type { QueryRequest } from '../../src/queries/query.js'

/** A query of which nothing is asked but its answer. */
export const REQUEST: QueryRequest = {
  sql: 'select 1',
  parameters: {},
  types: {},
  mode: null,
  dryRun: false,
  maxAffected: null,
  timeoutMs: null,
  maxRows: null,
  rowFormat: 'object',
  castUnsupported: false,
  explain: false,
  transactionId: null,
  database: null
}
