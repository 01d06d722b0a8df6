import type { Logger } from 'pino'
import { AwsError, type Caller } from '../aws.js'
import type { Clock } from '../clock.js'
import type { DatabaseAccess, Databases } from '../rds/databases.js'
import { reachDatabase, readCredentials, type Secrets } from './access.js'
import { timedOut, toAwsError } from './database-error.js'
import { createExpiry } from './expiry.js'
import type { Limits } from './limits.js'
import { createSessions, type Session } from './sessions.js'
import type { Statement, StatementResult } from './statement.js'
import { createTransactions } from './transactions.js'

export interface ExecutorDependencies {
  rds: Databases
  secrets: Secrets
  clock: Clock
  log: Pick<Logger, 'warn'>
  limits: Limits
}

/** Where a call is to run. */
export interface Place {
  resourceArn: string
  secretArn: string
  database?: string | undefined
  transactionId?: string | undefined
}

/** Runs statements in sessions and transactions, and answers every failure as AWS does. */
export interface Executor {
  /**
   * Does `work` in the transaction that the place names, or else in a session of its own. With `letRun` a statement
   * that outlasts its call is not stopped.
   */
  withSession: <T>(place: Place, caller: Caller, work: (session: Session) => Promise<T>, letRun?: boolean) => Promise<T>
  /** With `letRun` the server has been told to set no limit to the statement, and the call ends without it. */
  run: (session: Session, statement: Statement, letRun?: boolean) => Promise<StatementResult>
  /** Opens a transaction and returns its id. */
  begin: (place: Place, caller: Caller) => Promise<string>
  /** Ends a transaction; PostgreSQL rolls one back that had failed, also where it is to be committed. */
  settle: (place: Place & { transactionId: string }, caller: Caller, text: 'COMMIT' | 'ROLLBACK') => Promise<void>
  /** Rolls back what is open and closes every session. */
  close: () => Promise<void>
}

/** A server that does not keep its own time limit is given this much more. */
const GRACE_MS = 5_000

export function createExecutor ({ rds, secrets, clock, log, limits }: ExecutorDependencies): Executor {
  const sessions = createSessions(clock, limits)
  const transactions = createTransactions(clock, limits)
  const callTime = createExpiry(clock, limits.statementMs)
  const serverTime = createExpiry(clock, limits.statementMs + GRACE_MS)

  const open = async (access: DatabaseAccess, { secretArn, database }: Place, caller: Caller): Promise<Session> => {
    const credentials = await readCredentials(secrets, secretArn, caller)
    return await sessions.acquire(access, credentials, database ?? credentials.username)
      .catch((error: unknown) => { throw toAwsError(error) })
  }

  const run: Executor['run'] = async (session, statement, letRun = false) => await new Promise((resolve, reject) => {
    const forget = (letRun ? callTime : serverTime).add(() => { reject(timedOut('Request timed out', session.processId)) })
    session.run(statement).then(resolve, (error: unknown) => { reject(toAwsError(error, session.processId)) }).finally(forget)
  })

  const inTransaction = async <T>(
    id: string,
    access: DatabaseAccess,
    { database }: Place,
    work: (session: Session) => Promise<T>
  ): Promise<T> =>
    await transactions.use(id, access.clusterArn, async transaction => {
      if (database !== undefined && database !== transaction.database) {
        throw new AwsError('BadRequestException', 'Database name is not the same as transaction database')
      }
      try {
        return await work(transaction.session)
      } catch (error) {
        if (error instanceof AwsError && error.code === 'DatabaseUnavailableException') transactions.end(id, 'aborted')
        throw error
      }
    })

  return {
    withSession: async (place, caller, work, letRun) => {
      const access = reachDatabase(rds, place.resourceArn, caller, log)
      if (place.transactionId !== undefined) return await inTransaction(place.transactionId, access, place, work)
      const letGo = access.hold()
      let over = Promise.resolve()
      try {
        const session = await open(access, place, caller)
        return await work(session).finally(() => { over = session.release(letRun) })
      } finally {
        // Only a statement that outlasts its call keeps the cluster awake beyond it.
        if (letRun) over.then(letGo, letGo)
        else letGo()
      }
    },

    run,

    begin: async (place, caller) => {
      const access = reachDatabase(rds, place.resourceArn, caller, log)
      const letGo = access.hold()
      try {
        const session = await open(access, place, caller)
        await run(session, { text: 'BEGIN', valueSets: [[]] }).catch((error: unknown) => {
          session.destroy()
          throw error
        })
        return transactions.add({ clusterArn: access.clusterArn, database: session.database, session }, letGo).id
      } catch (error) {
        letGo()
        throw error
      }
    },

    settle: async (place, caller, text) => {
      const access = reachDatabase(rds, place.resourceArn, caller, log)
      await inTransaction(place.transactionId, access, place, async session => {
        await run(session, { text, valueSets: [[]] }).finally(() => {
          transactions.end(place.transactionId, 'finished')
          session.release().catch(() => {})
        })
      })
    },

    close: async () => {
      transactions.close()
      await sessions.close()
    }
  }
}
