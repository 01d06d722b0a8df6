import type * as Sdk from '@aws-sdk/client-rds'
import type { Logger } from 'pino'
import { type Caller, checkedBefore, type Operations, type OperationsOf } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Durations } from '../pace.js'
import type { PortRange } from '../postgres/placement.js'
import { createPostgres } from '../postgres/postgres.js'
import type { Store } from '../store.js'
import { refuseUnheeded } from '../unheeded.js'
import { certificateOperations } from './certificates.js'
import { createClusterEndpointOperations } from './cluster-endpoints.js'
import { createClusterOperations } from './clusters.js'
import type { RdsContext } from './context.js'
import { createDatabases } from './databases.js'
import { createInstanceOperations, requireCluster } from './instances.js'
import { createJobs } from './jobs.js'
import { createEngineOperations, createListingOperations } from './listings.js'
import { createLiveCluster, type LiveCluster } from './live-cluster.js'
import { createManagedSecrets, type SecretOperations } from './managed-secrets.js'
import { type ClusterMeasurement, measureClusters } from './measure.js'
import { createModifyClusterOperations } from './modify-cluster.js'
import { openAddress } from './new-cluster.js'
import { createParameterGroupOperations } from './parameter-groups.js'
import { membersOf, openRecords, type Quotas } from './records.js'
import { createRestoreOperations } from './restore.js'
import { beginSnapshot, createSnapshotOperations } from './snapshots.js'
import { createSubnetGroupOperations } from './subnet-groups.js'
import { createTagOperations } from './tags.js'
import { unheeded } from './unheeded.js'
import { beginClusterWork, beginInstanceWork } from './work.js'

export interface RdsOptions extends Partial<Pick<RdsContext, 'serverlessV1' | 'retiredVersions' | 'advertisedHost'>> {
  store: Pick<Store, 'collection' | 'together'>
  clock: Clock
  durations: Durations
  /** Where the clusters' data is kept. */
  dataDir: string
  secrets: { operations: SecretOperations }
  log: Logger
  /** Directories to look for a PostgreSQL in, as in PATH. */
  searchPath?: string
  quotas?: Partial<Quotas>
  /** Absent: an address of 127.77.0.0/16 for each cluster. */
  ports?: PortRange | undefined
}

export type Rds = ReturnType<typeof createRds>

/** Those operations of RDS that there are. */
export type RdsOperations = OperationsOf<typeof Sdk, keyof ReturnType<typeof createOperations>>

const AWS_QUOTAS: Quotas = { clusters: 40, instances: 40, subnetGroups: 50, snapshots: 100, parameterGroups: 50 }

/** RDS for Aurora PostgreSQL: its control plane over real servers. */
export function createRds (options: RdsOptions) {
  const { store, clock, durations, dataDir, log } = options
  const quotas = quotasOf(options.quotas)
  const records = openRecords(store, clock, quotas)
  const postgres = createPostgres({ dataDir, store, clock, log, searchPath: options.searchPath ?? '', ports: options.ports })
  const living = new Map<string, LiveCluster>()
  const context: RdsContext = {
    records,
    together: store.together,
    postgres,
    clock,
    durations,
    log,
    jobs: createJobs(clock, log),
    live: ({ facts: { DbClusterResourceId: id } }) => {
      const live = living.get(id) ?? createLiveCluster(context, id)
      living.set(id, live)
      return live
    },
    bury: async cluster => {
      await living.get(cluster.facts.DbClusterResourceId)?.close()
      living.delete(cluster.facts.DbClusterResourceId)
    },
    secrets: createManagedSecrets(options.secrets.operations),
    quotas,
    serverlessV1: options.serverlessV1 ?? 'allowed',
    retiredVersions: options.retiredVersions ?? 'refused',
    advertisedHost: options.advertisedHost
  }
  const operations: RdsOperations = checkedBefore(refuseUnheeded(createOperations(context), unheeded), requireCluster)
  return {
    ...createDatabases(context),
    operations,
    /** Gives the cluster whose master password is in that secret a new one. */
    rotateSecret: async (secretArn: string, caller: Caller): Promise<void> => {
      const cluster = records.clusters.in(caller.region).find(({ facts }) => facts.MasterUserSecret?.SecretArn === secretArn)
      const { DBClusterIdentifier } = cluster?.facts ?? {}
      await operations.ModifyDBCluster({ DBClusterIdentifier, RotateMasterUserPassword: true, ApplyImmediately: true }, caller)
    },
    /** Resolves when nothing goes on for the resource any more, at once when it does not exist. */
    whenSettled: async (kind: 'cluster' | 'instance', identifier: string, { region }: Caller): Promise<void> => {
      await context.jobs.settled((kind === 'cluster'
        ? records.clusters.get(region, identifier)?.facts.DbClusterResourceId
        : records.instances.get(region, identifier)?.facts.DbiResourceId) ?? '')
    },
    /** Every cluster of every region as it is now, for CloudWatch. */
    measure: (): ClusterMeasurement[] => measureClusters(context),
    /** Opens every address, takes up what was in flight, and starts servers that were running, in the background. */
    start: async (): Promise<void> => { await startRds(context) },
    /** Stops every server; data and what is in flight are kept for the next start. */
    close: async (): Promise<void> => {
      await Promise.all([...living.values()].map(async live => { await live.close() }))
      await context.jobs.close()
      await postgres.close()
    }
  }
}

/** Every cluster may have its writer and a snapshot, also where more clusters are allowed than on AWS. */
function quotasOf (quotas: Partial<Quotas> = {}): Quotas {
  const atLeast = (quota: number): number => Math.max(quota, quotas.clusters ?? 0)
  return { ...AWS_QUOTAS, instances: atLeast(AWS_QUOTAS.instances), snapshots: atLeast(AWS_QUOTAS.snapshots), ...quotas }
}

function createOperations (context: RdsContext) {
  return {
    ...createClusterOperations(context),
    ...createModifyClusterOperations(context),
    ...createInstanceOperations(context),
    ...createSnapshotOperations(context),
    ...createRestoreOperations(context),
    ...createSubnetGroupOperations(context),
    ...createClusterEndpointOperations(context),
    ...createParameterGroupOperations(context),
    ...createEngineOperations(context),
    ...createTagOperations(context),
    ...createListingOperations(context),
    ...certificateOperations
  } satisfies Operations
}

async function startRds (context: RdsContext): Promise<void> {
  const { records, postgres, log } = context
  const clusters = [...records.clusters.all()]
  const dataIds = [...clusters.map(({ facts }) => facts.DbClusterResourceId), ...[...records.snapshots.all()].map(({ dataId }) => dataId)]
  await postgres.start(new Set(dataIds))
  const opened = await Promise.all(clusters.map(async cluster => await openAddress(context, cluster)))
  for (const cluster of opened) beginClusterWork(context, cluster)
  resumeSnapshots(context)
  for (const instance of records.instances.all()) beginInstanceWork(context, instance)
  for (const cluster of opened.filter(found => context.live(found).state() === 'available')) {
    context.live(cluster).watch()
    context.live(cluster).wake().catch(error => log.error({ err: error as Error, cluster: cluster.facts.DBClusterIdentifier }, 'a server does not start'))
  }
}

/** A snapshot that was not finished is finished; its cluster is no longer backing up then. A deletion finishes its own. */
function resumeSnapshots (context: RdsContext): void {
  const { clusters, snapshots } = context.records
  for (const snapshot of snapshots.all()) {
    if (snapshot.facts.Status !== 'creating') continue
    const cluster = clusters.get(snapshot.region, snapshot.facts.DBClusterIdentifier ?? '')
    if (cluster?.facts.Status !== 'backing-up') continue
    const isStopped = membersOf(context.records, cluster).some(({ facts }) => facts.DBInstanceStatus === 'stopped')
    beginSnapshot(context, cluster, snapshot, isStopped ? 'stopped' : 'available')
  }
}
