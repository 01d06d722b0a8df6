import { rmSync } from 'node:fs'
import { pino } from 'pino'
import pg from 'pg'
import type { DBCluster } from '@aws-sdk/client-rds'
import { ACCOUNT, type Caller } from '../../../sandbox/aws.js'
import { systemClock, type Clock } from '../../../sandbox/clock.js'
import { durations, type Durations } from '../../../sandbox/pace.js'
import { createRds, type Rds, type RdsOptions } from '../../../sandbox/rds/rds.js'
import { createSecretsManager } from '../../../sandbox/secrets-manager/secrets-manager.js'
import { openStore } from '../../../sandbox/store.js'
import { makeDataDir } from '../../helpers/data-dir.js'

export const caller: Caller = { region: 'us-east-1', account: ACCOUNT, requestId: 'request' }
export const PASSWORD = 'correct-horse'

export interface Fixture {
  rds: Rds
  secrets: ReturnType<typeof createSecretsManager>
  /** A cluster that is there, with a serverless writer `<id>-1`. */
  makeCluster: (id: string, more?: Partial<Parameters<Rds['operations']['CreateDBCluster']>[0]>) => Promise<DBCluster>
  describe: (id: string) => Promise<DBCluster>
  /** Stops everything and starts it again on the same data. */
  restart: () => Promise<Rds>
  close: () => Promise<void>
}

export interface FixtureOptions extends Partial<RdsOptions> {
  clock?: Clock
  durations?: Durations
  /** For tests that make no cluster: what clusters need is not prepared. */
  isIdle?: boolean
}

/** RDS on a data directory of its own, which is gone after `close`. */
export async function startFixture (options: FixtureOptions = {}): Promise<Fixture> {
  const dataDir = options.dataDir ?? makeDataDir()
  const open = async (): Promise<Pick<Fixture, 'rds' | 'secrets'> & { closeAll: () => Promise<void> }> => {
    const store = openStore(dataDir)
    const clock = options.clock ?? systemClock
    const secrets = createSecretsManager({ store, clock })
    const rds = createRds({ store, clock, durations: durations.instant, dataDir, secrets: { operations: secrets.operationsOfOwner }, log: pino({ level: 'silent' }), ...options })
    if (!options.isIdle) await rds.start()
    return {
      rds,
      secrets,
      closeAll: async () => {
        await rds.close()
        store.close()
      }
    }
  }
  let current = await open()
  const fixture: Fixture = {
    rds: current.rds,
    secrets: current.secrets,
    makeCluster: async (id, more = {}) => {
      const { operations, whenSettled } = fixture.rds
      await operations.CreateDBCluster({
        DBClusterIdentifier: id,
        Engine: 'aurora-postgresql',
        MasterUsername: 'keeper',
        MasterUserPassword: PASSWORD,
        DatabaseName: 'temporal',
        ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 4 },
        ...more
      }, caller)
      await whenSettled('cluster', id, caller)
      await addWriter(fixture.rds, id)
      return await fixture.describe(id)
    },
    describe: async id => {
      const { DBClusters: [cluster] = [] } = await fixture.rds.operations.DescribeDBClusters({ DBClusterIdentifier: id }, caller)
      if (!cluster) throw new Error(`no cluster ${id}`)
      return cluster
    },
    restart: async () => {
      await current.closeAll()
      current = await open()
      fixture.rds = current.rds
      fixture.secrets = current.secrets
      return current.rds
    },
    close: async () => {
      await current.closeAll()
      rmSync(dataDir, { recursive: true, force: true })
    }
  }
  return fixture
}

export async function addWriter ({ operations, whenSettled }: Rds, cluster: string): Promise<void> {
  await operations.CreateDBInstance({ DBInstanceIdentifier: `${cluster}-1`, DBClusterIdentifier: cluster, DBInstanceClass: 'db.serverless', Engine: 'aurora-postgresql' }, caller)
  await whenSettled('instance', `${cluster}-1`, caller)
}

/** The rows of a statement, over the cluster's address, as the master user unless another is named. */
export async function ask (cluster: DBCluster, sql: string, more: pg.ClientConfig = {}): Promise<unknown[][]> {
  const client = new pg.Client({ host: cluster.Endpoint ?? '', port: cluster.Port ?? 0, user: 'keeper', password: PASSWORD, database: 'temporal', ...more })
  await client.connect()
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
    return rows
  } finally {
    await client.end()
  }
}
