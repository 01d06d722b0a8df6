import { setImmediate as nextTurn } from 'node:timers/promises'
import { Client } from 'pg'
import { AwsError } from '../aws.js'
import type { Clock } from '../clock.js'
import type { DatabaseAccess } from '../rds/databases.js'
import type { Credentials } from './access.js'
import { createExpiry } from './expiry.js'
import type { Limits } from './limits.js'
import { type Statement, type StatementResult, StatementRun } from './statement.js'

/** A PostgreSQL session in the hands of one call or one transaction. */
export interface Session {
  database: string
  /** The backend's process, which AWS shows as `dbConnectionId`. */
  processId: number | undefined
  run: (statement: Statement) => Promise<StatementResult>
  /** Runs a query of our own and returns its rows. */
  query: <Row>(text: string, values?: unknown[]) => Promise<Row[]>
  /**
   * Wipes the session in the background and keeps it for a later call. One whose statement has not ended is closed,
   * which stops the statement, unless `letRun` says that it is to come to its end. Resolves when all that is over.
   */
  release: (letRun?: boolean) => Promise<void>
  /** Closes the session; whatever it was doing is rolled back. */
  destroy: () => void
}

export interface Sessions {
  /** A session as good as new. Throws pg's error when the database refuses it, `ServiceUnavailableError` when all stay taken. */
  acquire: (access: DatabaseAccess, credentials: Credentials, database: string) => Promise<Session>
  close: () => Promise<void>
}

interface Pooled {
  key: string
  client: Client
  /** Set while nobody uses it: ends the watch over its idle time. */
  wake: (() => void) | undefined
}

interface Pool {
  sessions: Set<Pooled>
  opening: number
  waiting: Array<() => void>
}

/**
 * Sessions by cluster, database, user and version of the secret, kept between calls because opening one costs far more
 * than a statement. Each call still finds a fresh one: `DISCARD ALL` runs when the call before has been answered.
 */
export function createSessions (clock: Clock, limits: Limits): Sessions {
  const pools = new Map<string, Pool>()
  const idleTime = createExpiry(clock, limits.sessionIdleMs)

  const poolOf = (clusterArn: string): Pool => {
    const known = pools.get(clusterArn)
    if (known) return known
    const pool: Pool = { sessions: new Set(), opening: 0, waiting: [] }
    pools.set(clusterArn, pool)
    return pool
  }

  const drop = (pool: Pool, pooled: Pooled): void => {
    if (!pool.sessions.delete(pooled)) return
    pooled.wake?.()
    pooled.client.end().catch(() => {})
    pool.waiting.shift()?.()
  }

  const park = (pool: Pool, pooled: Pooled): void => {
    if (!pool.sessions.has(pooled)) return
    pooled.wake = idleTime.add(() => { drop(pool, pooled) })
    pool.waiting.shift()?.()
  }

  const take = (pool: Pool, key: string): Pooled | undefined => {
    const pooled = [...pool.sessions].findLast(candidate => candidate.wake && candidate.key === key)
    pooled?.wake?.()
    if (pooled) pooled.wake = undefined
    return pooled
  }

  const open = async (pool: Pool, key: string, access: DatabaseAccess, credentials: Credentials, database: string): Promise<Pooled> => {
    pool.opening++
    try {
      await access.wake()
      const client = new Client(clientConfig(access, credentials, database, limits))
      const pooled: Pooled = { key, client, wake: undefined }
      // The server ends sessions when it pauses, restarts or is deleted; a running statement hears of it by itself.
      client.on('error', () => { drop(pool, pooled) })
      client.on('end', () => { drop(pool, pooled) })
      await client.connect()
      pool.sessions.add(pooled)
      return pooled
    } catch (error) {
      pool.waiting.shift()?.()
      throw error
    } finally {
      pool.opening--
    }
  }

  /** Makes room by closing a session that nobody uses, or waits until one is given back. */
  const makeRoom = async (pool: Pool): Promise<void> => {
    const unused = [...pool.sessions].find(({ wake }) => wake)
    if (unused) return drop(pool, unused)
    const patience = new AbortController()
    const tooLong = clock.sleep(limits.sessionWaitMs, patience.signal).then(() => {
      throw new AwsError('ServiceUnavailableError', 'The service specified by the resourceArn parameter is not available.')
    })
    const turn = new Promise<void>(resolve => {
      pool.waiting.push(resolve)
      tooLong.catch(() => { pool.waiting = pool.waiting.filter(waiting => waiting !== resolve) })
    })
    await Promise.race([turn, tooLong]).finally(() => { patience.abort() })
  }

  return {
    acquire: async (access, credentials, database) => {
      const pool = poolOf(access.clusterArn)
      const key = JSON.stringify([access.host, access.port, database, credentials.username, credentials.secretVersion])
      let pooled = take(pool, key)
      while (!pooled) {
        if (pool.sessions.size + pool.opening < limits.sessionsPerCluster) pooled = await open(pool, key, access, credentials, database)
        else await makeRoom(pool)
        pooled ??= take(pool, key)
      }
      return sessionOf(pooled, limits.rowBytes, { keep: () => { park(pool, pooled) }, drop: () => { drop(pool, pooled) } })
    },
    close: async () => {
      await Promise.all([...pools.values()].flatMap(pool => [...pool.sessions].map(async pooled => {
        drop(pool, pooled)
        await pooled.client.end()
      })))
    }
  }
}

function sessionOf (pooled: Pooled, rowBytes: number, end: { keep: () => void, drop: () => void }): Session {
  const { client } = pooled
  let latest: StatementRun | undefined
  return {
    database: client.database ?? '',
    processId: (client as unknown as { processID?: number }).processID,
    run: statement => {
      latest = client.query(new StatementRun(statement, rowBytes))
      return latest.result
    },
    query: async (text, values) => (await client.query(text, values)).rows,
    // It fails in the midst of a transaction that a statement left open, which only closing the session undoes.
    release: async (letRun = false) => {
      if (latest?.finished === false && !letRun) end.drop()
      else {
        // The answer leaves first: whoever waits for it need not wait for the wiping.
        await nextTurn()
        await client.query('DISCARD ALL').then(end.keep, end.drop)
      }
    },
    destroy: end.drop
  }
}

function clientConfig (access: DatabaseAccess, { username, password }: Credentials, database: string, limits: Limits) {
  return {
    host: access.host,
    port: access.port,
    user: username,
    password,
    database,
    ssl: false,
    connectionTimeoutMillis: limits.sessionWaitMs,
    statement_timeout: limits.statementMs,
    options: '-c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex -c extra_float_digits=1'
  }
}
