import type { Logger } from 'pino'
import type { Caller } from '../aws.js'
import type { Clock } from '../clock.js'
import type { DatabaseAccess, Databases } from '../rds/databases.js'
import { reachDatabase, readCredentials, type Secrets } from './access.js'
import type { Limits } from './limits.js'
import type { Place } from './request.js'
import { createSessions, type Session } from './sessions.js'
import type { Statement } from './statement.js'
import { createTransactions } from './transactions.js'

export interface ExecutorDependencies {
  rds: Databases
  secrets: Secrets
  clock: Clock
  log: Pick<Logger, 'warn'>
  limits: Limits
}

/** Finds for each call the session that it is to run in. */
export interface Executor {
  /**
   * Does `work` in the transaction that the place names, or else in a session of its own. With `letRun` a statement
   * that outlasts its call is not stopped.
   */
  withSession: <T>(place: Place, caller: Caller, work: (session: Session) => Promise<T>, letRun?: boolean) => Promise<T>
  /** Opens a transaction and returns its id. */
  begin: (place: Place, caller: Caller) => Promise<string>
  /** Ends a transaction; PostgreSQL rolls one back that had failed, also where it is to be committed. */
  settle: (place: Place, caller: Caller, text: 'COMMIT' | 'ROLLBACK') => Promise<void>
  /** Rolls back what is open and closes every session. */
  close: () => Promise<void>
}

export function createExecutor ({ rds, secrets, clock, log, limits }: ExecutorDependencies): Executor {
  const sessions = createSessions(limits)
  const transactions = createTransactions(clock, limits)

  const open = async (access: DatabaseAccess, { secretArn, database }: Place, caller: Caller): Promise<Session> => {
    const credentials = await readCredentials(secrets, secretArn, caller)
    return await sessions.acquire(access, credentials, database ?? credentials.username)
  }

  return {
    withSession: async (place, caller, work, letRun) => {
      const access = reachDatabase(rds, place.resourceArn, caller, log)
      if (place.transactionId !== undefined) return await transactions.use(place.transactionId, access.clusterArn, place.database, work)
      const letGo = access.hold()
      let over = Promise.resolve()
      try {
        const session = await open(access, place, caller)
        return await work(session).finally(() => { over = session.release(letRun) })
      } finally {
        // Only a statement that outlasts its call keeps the cluster awake beyond it.
        if (letRun) void over.then(letGo)
        else letGo()
      }
    },

    begin: async (place, caller) => {
      const access = reachDatabase(rds, place.resourceArn, caller, log)
      const letGo = access.hold()
      try {
        const session = await open(access, place, caller)
        await session.run(bare('BEGIN')).catch((error: unknown) => {
          session.destroy()
          throw error
        })
        return transactions.add(access.clusterArn, session, letGo)
      } catch (error) {
        letGo()
        throw error
      }
    },

    settle: async ({ transactionId = '', ...place }, caller, text) => {
      const { clusterArn } = reachDatabase(rds, place.resourceArn, caller, log)
      await transactions.use(transactionId, clusterArn, place.database, async session => {
        await session.run(bare(text)).finally(() => { transactions.end(transactionId, 'finished') })
      })
    },

    close: async () => {
      transactions.close()
      await sessions.close()
    }
  }
}

function bare (text: string): Statement {
  return { text, valueSets: [[]] }
}
