import { pino } from 'pino'
import { systemClock } from '../../../sandbox/clock.js'
import { durations } from '../../../sandbox/pace.js'
import { createRds } from '../../../sandbox/rds/rds.js'
import { openStore } from '../../../sandbox/store.js'
import { addWriter, ask, caller, PASSWORD } from './fixture.js'

/*
 * A program of its own, because it has to die: it makes a cluster with a row in it, begins to make another
 * and a snapshot of the first, says so on its standard output, and is killed.
 */
const [, , dataDir = ''] = process.argv
const store = openStore(dataDir)
const never = async (): Promise<never> => { throw new Error('no secrets here') }
const secrets = { operations: { CreateSecret: never, PutSecretValue: never, DeleteSecret: never } }
const rds = createRds({ store, clock: systemClock, durations: durations.instant, dataDir, secrets, log: pino({ level: 'silent' }) })
await rds.start()

const make = async (id: string): Promise<void> => {
  await rds.operations.CreateDBCluster({ DBClusterIdentifier: id, Engine: 'aurora-postgresql', MasterUsername: 'keeper', MasterUserPassword: PASSWORD, DatabaseName: 'temporal', ServerlessV2ScalingConfiguration: { MinCapacity: 0.5, MaxCapacity: 1 } }, caller)
}
await make('whole')
await rds.whenSettled('cluster', 'whole', caller)
await addWriter(rds, 'whole')
const { DBClusters: [whole = {}] = [] } = await rds.operations.DescribeDBClusters({ DBClusterIdentifier: 'whole' }, caller)
await ask(whole, "CREATE TABLE guests AS SELECT 'ada' AS name")
await make('begun')
await rds.operations.CreateDBClusterSnapshot({ DBClusterIdentifier: 'whole', DBClusterSnapshotIdentifier: 'begun' }, caller)
process.stdout.write('ready\n')
setInterval(() => {}, 1000)
