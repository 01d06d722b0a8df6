import type * as Sdk from '@aws-sdk/client-rds-data'
import type { Logger } from 'pino'
import type { Caller, OperationsOf } from '../aws.js'
import type { Clock } from '../clock.js'
import type { DatabaseAccess, Databases } from '../rds/databases.js'
import { reachDatabase, readCredentials, type Secrets } from './access.js'
import { answerOf } from './answers.js'
import { awsLimits, type Limits } from './limits.js'
import { numberParameters } from './named-parameters.js'
import { bindParameters } from './parameter-values.js'
import { type Place, placeOf } from './request.js'
import { createSessions, type Session } from './sessions.js'
import type { Statement } from './statement.js'
import { createTransactions } from './transactions.js'

export interface RdsData {
  operations: OperationsOf<typeof Sdk, 'ExecuteStatement' | 'BatchExecuteStatement' | `${'Begin' | 'Commit' | 'Rollback'}Transaction`>
  /** Rolls back what is open and closes every session. */
  close: () => Promise<void>
}

export interface RdsDataDependencies {
  rds: Databases
  secrets: Secrets
  clock: Clock
  log: Pick<Logger, 'warn'>
  /** Instead of AWS's own, for tests. */
  limits?: Partial<Limits>
}

/** The RDS Data API as it is for Aurora Serverless v2, over the clusters' real PostgreSQL servers. */
export function createRdsData ({ rds, secrets, clock, log, limits: changed }: RdsDataDependencies): RdsData {
  const limits = { ...awsLimits, ...changed }
  const sessions = createSessions(limits)
  const transactions = createTransactions(clock, limits)

  const reach = (place: Place, caller: Caller): DatabaseAccess => reachDatabase(rds, place.resourceArn, caller, log)

  const open = async (access: DatabaseAccess, { secretArn, database }: Place, caller: Caller): Promise<Session> => {
    const credentials = await readCredentials(secrets, secretArn, caller)
    return await sessions.acquire(access, credentials, database ?? credentials.username)
  }

  /**
   * Does `work` in the transaction that the place names, or else in a session of its own. With `letRun` a statement
   * that outlasts its call is not stopped.
   */
  const withSession = async <T>(place: Place, caller: Caller, work: (session: Session) => Promise<T>, letRun = false): Promise<T> => {
    const access = reach(place, caller)
    if (place.transactionId !== undefined) return await transactions.use(place.transactionId, access.clusterArn, place.database, work)
    const session = await open(access, place, caller)
    return await work(session).finally(() => { session.release(letRun) })
  }

  /** Ends a transaction; PostgreSQL rolls one back that had failed, also where it is to be committed. */
  const settle = async (request: Sdk.CommitTransactionRequest, caller: Caller, sql: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
    const { transactionId = '', ...place } = placeOf(request)
    await transactions.use(transactionId, reach(place, caller).clusterArn, undefined, async session => {
      await session.run(compose(sql)).finally(() => { transactions.end(transactionId, 'finished') })
    })
  }

  return {
    operations: {
      ExecuteStatement: async (request, caller) => {
        const place = placeOf(request)
        const letRun = request.continueAfterTimeout === true
        const statement = compose(request.sql, [request.parameters ?? []])
        return await withSession(place, caller, async session =>
          await answerOf(session, await session.run(statement, letRun), request), letRun)
      },

      BatchExecuteStatement: async (request, caller) => {
        const place = placeOf(request)
        const sets = request.parameterSets ?? []
        const statement = compose(request.sql, sets)
        return await withSession(place, caller, async session => {
          // AWS runs the statement once for each set: without any, not at all.
          if (sets.length > 0) await session.run(statement)
          return { updateResults: sets.map(() => ({ generatedFields: [] })) }
        })
      },

      BeginTransaction: async (request, caller) => {
        const place = placeOf(request)
        const access = reach(place, caller)
        const session = await open(access, place, caller)
        await session.run(compose('BEGIN')).catch((error: unknown) => {
          session.destroy()
          throw error
        })
        return { transactionId: transactions.add(access.clusterArn, session) }
      },

      CommitTransaction: async (request, caller) => {
        await settle(request, caller, 'COMMIT')
        // Also when PostgreSQL rolls back, as it does once a statement has failed (tests of the client aurora-data-api).
        return { transactionStatus: 'Transaction Committed' }
      },

      RollbackTransaction: async (request, caller) => {
        await settle(request, caller, 'ROLLBACK')
        return { transactionStatus: 'Rollback Complete' }
      }
    },

    close: async () => {
      transactions.close()
      await sessions.close()
    }
  }
}

/** Named parameters that no value was given for stay unbound: it is PostgreSQL that complains of them, as on AWS. */
function compose (sql = '', sets: readonly Sdk.SqlParameter[][] = [[]]): Statement {
  const { text, names } = numberParameters(sql)
  const valueSets = sets.map(parameters => {
    const values = bindParameters(parameters)
    return names.flatMap(name => values.get(name) ?? [])
  })
  return { text, valueSets }
}
