import { DataApiFailure, type DataApi, type DataTarget } from '../../aws/data-api.js'
import type { Argument, Column, Result } from '../../aws/data-api-values.js'
import { giveUp } from '../calls/give-up.js'
import { canBeCast, castColumns, nameSuspects } from './cast.js'
import { readLexemes, withoutEnd } from '../sql/lexemes.js'
import type { Prepared } from '../sql/prepare.js'
import { settings } from '../sql/settings.js'
import { withoutChanges, withoutLocks } from '../sql/without-changes.js'

type Execute = (sql: string, args: readonly Argument[]) => Promise<Result>

/** A query that answers the columns of a statement and no rows, which the Data API refuses for no type. Null where there is none. */
export function probeFor ({ sql, args, isQuery, changes, hidesChanges }: Prepared): { sql: string, args: Argument[] } | null {
  const described = isQuery ? withoutEnd(sql) : changes || hidesChanges ? withoutChanges(sql) : null
  if (described === null) return null
  const query = withoutLocks(described)
  const used = new Set(readLexemes(query).map(({ text }) => text))
  return { sql: `SELECT * FROM (\n${query}\n) AS q LIMIT 0`, args: args.filter(({ name }) => used.has(`:${name}`)) }
}

/**
 * The columns that a statement will answer, found out in its own transaction without executing it; none where they cannot be told. A
 * failure to find them leaves the transaction as it was.
 */
export async function columnsWithin (execute: Execute, prepared: Prepared): Promise<Column[]> {
  const probe = probeFor(prepared)
  if (!probe) return []
  await execute(`SAVEPOINT ${SAVEPOINT}`, [])
  const columns = await execute(probe.sql, probe.args).then(({ columns }) => columns ?? [], async (error: unknown) => {
    if (!(error instanceof DataApiFailure) || !['sql', 'unsupported'].includes(error.kind)) throw error
    await execute(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`, [])
    return []
  })
  await execute(`RELEASE SAVEPOINT ${SAVEPOINT}`, [])
  return columns
}

const SAVEPOINT = 'aurora_databases_probe'

/** Executes a statement in a transaction, once. With `castUnsupported` what the Data API does not carry of its result comes as text. */
export async function executeWithin (
  execute: Execute,
  prepared: Prepared,
  { castUnsupported }: { castUnsupported: boolean }
): Promise<Result> {
  const cast = castColumns(prepared, castUnsupported ? await columnsWithin(execute, prepared) : [])
  try {
    return cast.restore(await execute(cast.prepared.sql, cast.prepared.args))
  } catch (error) {
    if (!(error instanceof DataApiFailure) || !error.sql?.position) throw error
    throw new DataApiFailure(error.kind, error.aws, { ...error.sql, position: cast.toGivenPosition(error.sql.position) })
  }
}

/** Locks that others hold are not waited for longer. */
const DESCRIBE_MS = 1_000

/** The columns that a statement will answer, asked for in a transaction apart, that can change nothing and does not wait for long. */
export async function columnsApart (
  dataApi: Pick<DataApi, 'begin' | 'execute' | 'rollback'>,
  target: DataTarget,
  prepared: Prepared,
  signal: AbortSignal
): Promise<Column[]> {
  const probe = probeFor(prepared)
  if (!probe) return []
  const transactionId = await dataApi.begin(target, signal)
  const run: Execute = async (sql, args) => await dataApi.execute(target, sql, args, { transactionId, signal })
  try {
    await run(settings('read', DESCRIBE_MS) ?? '', [])
    return (await run(probe.sql, probe.args)).columns ?? []
  } finally {
    await giveUp(dataApi, target, transactionId)
  }
}

/** The refusal as a problem that names the columns which can have caused it, asked for with `columnsOf`; as it is where they cannot be told. */
export async function nameRefused (error: unknown, columnsOf: () => Promise<Column[]>): Promise<unknown> {
  if (!(error instanceof DataApiFailure) || !canBeCast(error)) return error
  return nameSuspects(error, await columnsOf().catch(() => [])) ?? error
}
