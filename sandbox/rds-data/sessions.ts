import { Pool, type PoolClient } from 'pg'
import { AwsError } from '../aws.js'
import type { DatabaseAccess } from '../rds/databases.js'
import type { Credentials } from './access.js'
import { timedOut, toAwsError } from './database-error.js'
import type { Limits } from './limits.js'
import { type Statement, type StatementResult, StatementRun } from './statement.js'

/**
 * A PostgreSQL session in the hands of one call or one transaction. Its cluster is kept awake for as long as that, and
 * what it throws is worded as AWS words it.
 */
export interface Session {
  database: string
  /** With `letRun` the server sets no limit to the statement, and the call ends without it when its time is over. */
  run: (statement: Statement, letRun?: boolean) => Promise<StatementResult>
  /** Runs a query of our own and returns its rows. */
  query: <Row>(text: string, values?: unknown[]) => Promise<Row[]>
  /**
   * Wipes the session in the background and keeps it for a later call. One whose statement has not ended is closed,
   * which stops the statement, unless `letRun` says that it is to come to its end.
   */
  release: (letRun?: boolean) => void
  /** Closes the session; whatever it was doing is rolled back. */
  destroy: () => void
}

export interface Sessions {
  /** A session as good as new. Throws `ServiceUnavailableError` when all stay taken. */
  acquire: (access: DatabaseAccess, credentials: Credentials, database: string) => Promise<Session>
  close: () => Promise<void>
}

/** A server that does not keep its own time limit is given this much more. */
const GRACE_MS = 5_000

/**
 * Sessions by cluster, database, user and version of the secret, kept between calls because opening one costs far more
 * than a statement. Each call still finds a fresh one: `DISCARD ALL` runs when the call before has been answered.
 */
export function createSessions (limits: Limits): Sessions {
  const pools = new Map<string, Pool>()
  const taken = new Set<Session>()

  const acquire: Sessions['acquire'] = async (access, credentials, database) => {
    const key = JSON.stringify([access.host, access.port, database, credentials.username, credentials.secretVersion])
    const letGo = access.hold()
    try {
      if (!pools.get(key)?.idleCount) await access.wake()
      const pool = pools.get(key) ?? createPool(access, credentials, database, limits)
      pools.set(key, pool)
      const client = await pool.connect()
      const session = sessionOf(client, database, limits, letGo, () => taken.delete(session))
      taken.add(session)
      return session
    } catch (error) {
      letGo()
      if (!(error instanceof Error) || error.message !== 'timeout exceeded when trying to connect') throw toAwsError(error)
      throw new AwsError('ServiceUnavailableError', 'The service specified by the resourceArn parameter is not available.')
    } finally {
      for (const [key, { totalCount, waitingCount }] of pools) if (totalCount + waitingCount === 0) pools.delete(key)
    }
  }

  return {
    acquire,
    close: async () => {
      for (const session of taken) session.destroy()
      await Promise.all([...pools.values()].map(async pool => { await pool.end() }))
      pools.clear()
    }
  }
}

function createPool (access: DatabaseAccess, { username, password }: Credentials, database: string, limits: Limits): Pool {
  const pool = new Pool({
    host: access.host,
    port: access.port,
    user: username,
    password,
    database,
    ssl: false,
    max: limits.sessions,
    idleTimeoutMillis: limits.sessionIdleMs,
    connectionTimeoutMillis: limits.sessionWaitMs,
    statement_timeout: limits.statementMs,
    options: '-c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex -c extra_float_digits=1'
  })
  // The server ends sessions when it pauses, restarts or is deleted; a running statement hears of it by itself.
  pool.on('error', () => {})
  pool.on('connect', client => { client.on('error', () => {}) })
  return pool
}

function sessionOf (client: PoolClient, database: string, limits: Limits, letGo: () => void, onEnd: () => void): Session {
  const { processID: processId } = client as unknown as { processID: number }
  let latest: StatementRun | undefined
  /** Settles when a statement without a limit is over and the next ones have theirs again. */
  let unlimited: Promise<unknown> | undefined
  let isTaken = true
  const giveBack = (isSpoilt: boolean): void => {
    if (!isTaken) return
    isTaken = false
    letGo()
    onEnd()
    client.release(isSpoilt)
  }
  /** What a promise of the server's brings in time. */
  const within = async <T>(ms: number, work: Promise<T>): Promise<T> => await new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(timedOut('Request timed out', processId)) }, ms)
    work.then(resolve, (error: unknown) => { reject(toAwsError(error, processId)) }).finally(() => { clearTimeout(timer) })
  })
  const query = async <Row>(text: string, values?: unknown[]): Promise<Row[]> =>
    (await client.query(text, values).catch((error: unknown) => { throw toAwsError(error, processId) })).rows as Row[]
  return {
    database,
    query,
    run: async (statement, letRun = false) => {
      const limitMs = limits.statementMs + (letRun ? 0 : GRACE_MS)
      if (unlimited) await within(limitMs, unlimited)
      if (letRun) await query('SET statement_timeout = 0')
      const run = latest = client.query(new StatementRun(statement, limits.rowBytes))
      if (letRun) {
        const over = new Promise<void>(resolve => { run.onFinished = resolve })
        // One that failed has taken the setting back with its transaction.
        unlimited = over.then(async () => await query('RESET statement_timeout')).catch(() => {})
      }
      return await within(limitMs, run.result)
    },
    // Wiping fails in the midst of a transaction that a statement left open, which only closing the session undoes.
    release: (letRun = false) => {
      // Only a statement that outlasts its call keeps the cluster awake beyond it.
      if (!letRun) letGo()
      if (latest?.finished === false && !letRun) return giveBack(true)
      const wipe = async (): Promise<unknown> => {
        await unlimited
        return await client.query('DISCARD ALL')
      }
      // The answer leaves first: whoever waits for it need not wait for the wiping.
      setImmediate(() => { wipe().then(() => { giveBack(false) }, () => { giveBack(true) }) })
    },
    destroy: () => { giveBack(true) }
  }
}
