import type { ExecuteStatementRequest, ExecuteStatementResponse, SqlParameter } from '@aws-sdk/client-rds-data'
import { Client } from 'pg'
import { AwsError, type Caller } from '../../../sandbox/aws.js'
import { systemClock, type Clock } from '../../../sandbox/clock.js'
import type { DatabaseAccess } from '../../../sandbox/rds/databases.js'
import { createRdsData, type RdsData } from '../../../sandbox/rds-data/rds-data.js'
import type { Limits } from '../../../sandbox/rds-data/limits.js'
import { PASSWORD, startPostgres } from './postgres-server.js'

export const caller: Caller = { region: 'us-east-1', account: '000000000000', requestId: 'request' }
export const resourceArn = 'arn:aws:rds:us-east-1:000000000000:cluster:orders'
export const secretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:orders-AbCdEf'

export interface Fixture {
  rdsData: RdsData
  /** The cluster as the sandbox would describe it; a test may change it. */
  access: DatabaseAccess
  /** How often the cluster was woken, and how many holds it has now. */
  counts: { woken: number, held: number }
  /** What the secrets hold by ARN. */
  secrets: Map<string, string>
  execute: (sql: string, more?: Partial<ExecuteStatementRequest>) => Promise<ExecuteStatementResponse>
  begin: () => Promise<string>
  /** A number that the server itself knows, asked past the Data API. */
  ask: (query: string) => Promise<unknown>
  close: () => Promise<void>
}

/** The Data API over a real PostgreSQL, behind a cluster and a secret that the test makes up. */
export async function startFixture (limits: Partial<Limits> = {}, clock: Clock = systemClock): Promise<Fixture> {
  const server = await startPostgres()
  const observer = new Client({ host: server.host, port: server.port, user: 'master', password: PASSWORD, database: 'postgres' })
  await observer.connect()
  const counts = { woken: 0, held: 0 }
  const secrets = new Map([[secretArn, JSON.stringify({ username: 'master', password: PASSWORD })]])
  const access: DatabaseAccess = {
    clusterArn: resourceArn,
    status: 'available',
    state: 'available',
    httpEndpointEnabled: true,
    writer: { arn: 'arn:aws:rds:us-east-1:000000000000:db:orders-1', resourceId: 'db-ABC' },
    host: server.host,
    port: server.port,
    wake: async () => { counts.woken++ },
    hold: () => {
      counts.held++
      let released = false
      return () => {
        if (!released) counts.held--
        released = true
      }
    }
  }
  const rdsData = createRdsData({
    rds: { databaseOf: arn => arn === resourceArn ? access : undefined },
    secrets: {
      operations: {
        GetSecretValue: async ({ SecretId = '' }) => {
          const value = secrets.get(SecretId)
          if (value === undefined) throw new AwsError('ResourceNotFoundException', 'Secrets Manager can\'t find the specified secret.')
          return { ARN: SecretId, Name: 'orders', VersionId: value, SecretString: value }
        }
      }
    },
    clock,
    log: { warn: () => {} },
    limits
  })
  const place = { resourceArn, secretArn, database: 'temporal' }
  return {
    rdsData,
    access,
    counts,
    secrets,
    execute: async (sql, more) => await rdsData.operations.ExecuteStatement({ ...place, sql, ...more }, caller),
    begin: async () => (await rdsData.operations.BeginTransaction(place, caller)).transactionId ?? '',
    ask: async query => Object.values((await observer.query<Record<string, unknown>>(query)).rows[0] ?? {})[0],
    close: async () => {
      await rdsData.close()
      await observer.end()
      await server.stop()
    }
  }
}

/** Asks until the answer is the wanted one. The runner's time limit ends what never comes. */
export async function until (question: () => Promise<unknown>, wanted: unknown): Promise<void> {
  while (await question() !== wanted) await new Promise(resolve => { setImmediate(resolve) })
}

export const text = (name: string, stringValue: string): SqlParameter => ({ name, value: { stringValue } })
export const long = (name: string, longValue: number): SqlParameter => ({ name, value: { longValue } })
