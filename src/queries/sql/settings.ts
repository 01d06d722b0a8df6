export type QueryMode = 'read' | 'write'

/**
 * Sets up a transaction in one call. It has taken a snapshot when it is done, after which PostgreSQL lets nothing turn a
 * read-only transaction back into one that writes.
 */
export function settings (mode: QueryMode, timeoutMs: number | null, more: readonly string[] = []): string | null {
  const wanted = [
    ...more,
    ...(mode === 'read' ? ["set_config('transaction_read_only', 'on', true)"] : []),
    ...(timeoutMs === null ? [] : [`set_config('statement_timeout', '${timeoutMs}', true)`])
  ]
  return wanted.length > 0 ? `SELECT ${wanted.join(', ')}` : null
}
