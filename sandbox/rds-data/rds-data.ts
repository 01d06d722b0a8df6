import type * as Sdk from '@aws-sdk/client-rds-data'
import type { OperationsOf } from '../aws.js'
import { refuseUnheeded } from '../unheeded.js'
import { readMetadata, readTypes } from './column-metadata.js'
import { UNKNOWN_TYPE } from './column-types.js'
import { createExecutor, type ExecutorDependencies } from './executor.js'
import { toField } from './field-values.js'
import { formatRecords } from './formatted-records.js'
import { awsLimits, type Limits } from './limits.js'
import { numberParameters } from './named-parameters.js'
import { bindParameters } from './parameter-values.js'
import { placeOf } from './request.js'
import type { Session } from './sessions.js'
import type { Statement, StatementResult } from './statement.js'
import { unheeded } from './unheeded.js'

export interface RdsData {
  operations: OperationsOf<typeof Sdk, 'ExecuteStatement' | 'BatchExecuteStatement' | `${'Begin' | 'Commit' | 'Rollback'}Transaction`>
  /** Rolls back what is open and closes every session. */
  close: () => Promise<void>
}

export interface RdsDataDependencies extends Omit<ExecutorDependencies, 'limits'> {
  /** Instead of AWS's own, for tests. */
  limits?: Partial<Limits>
}

/** The RDS Data API as it is for Aurora Serverless v2, over the clusters' real PostgreSQL servers. */
export function createRdsData (dependencies: RdsDataDependencies): RdsData {
  const limits = { ...awsLimits, ...dependencies.limits }
  const executor = createExecutor({ ...dependencies, limits })
  return {
    operations: refuseUnheeded<RdsData['operations']>({
      ExecuteStatement: async (request, caller) => {
        const place = placeOf(request)
        const letRun = request.continueAfterTimeout === true
        const statement = compose(request.sql, [request.parameters ?? []])
        return await executor.withSession(place, caller, async session =>
          await readResult(session, await session.run(statement, letRun), request), letRun)
      },

      BatchExecuteStatement: async (request, caller) => {
        const place = placeOf(request)
        const sets = request.parameterSets ?? []
        const statement = compose(request.sql, sets)
        return await executor.withSession(place, caller, async session => {
          // AWS runs the statement once for each set: without any, not at all.
          if (sets.length > 0) await session.run(statement)
          return { updateResults: sets.map(() => ({ generatedFields: [] })) }
        })
      },

      BeginTransaction: async (request, caller) => ({ transactionId: await executor.begin(placeOf(request), caller) }),

      CommitTransaction: async (request, caller) => {
        // Also when PostgreSQL rolls back, as it does once a statement has failed (tests of the client aurora-data-api).
        await executor.settle(placeOf(request), caller, 'COMMIT')
        return { transactionStatus: 'Transaction Committed' }
      },

      RollbackTransaction: async (request, caller) => {
        await executor.settle(placeOf(request), caller, 'ROLLBACK')
        return { transactionStatus: 'Rollback Complete' }
      }
    }, unheeded),

    close: executor.close
  }
}

/** Named parameters that no value was given for stay unbound: it is PostgreSQL that complains of them, as on AWS. */
function compose (sql = '', sets: readonly Sdk.SqlParameter[][]): Statement {
  const { text, names } = numberParameters(sql)
  const valueSets = sets.map(parameters => {
    const values = bindParameters(parameters)
    return names.flatMap(name => values.get(name) ?? [])
  })
  return { text, valueSets }
}

const changed = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/

/**
 * The answer of ExecuteStatement: `records` for a statement that returns rows, even when there are none, and
 * `generatedFields`, always empty for PostgreSQL, for any other. A type that AWS refuses matters only once there is a row.
 */
async function readResult (
  session: Session,
  { columns, rows, tag }: StatementResult,
  request: Sdk.ExecuteStatementRequest
): Promise<Sdk.ExecuteStatementResponse> {
  if (!columns) return { generatedFields: [], numberOfRecordsUpdated: Number(changed.exec(tag)?.[1] ?? 0) }
  const types = await readTypes(session, columns)
  if (request.formatRecordsAs === 'JSON') return { formattedRecords: formatRecords(columns, types, rows), numberOfRecordsUpdated: 0 }
  const columnMetadata = request.includeResultMetadata ? await readMetadata(session, columns, types) : undefined
  const records = rows.map(row => row.map((text, index) => toField(text, types[index] ?? UNKNOWN_TYPE, request.resultSetOptions)))
  return { ...(columnMetadata ? { columnMetadata } : {}), numberOfRecordsUpdated: 0, records }
}
