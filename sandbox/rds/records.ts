import type { DBCluster, DBClusterSnapshot, DBInstance, DBSubnetGroup, Tag } from '@aws-sdk/client-rds'
import type { Collection, Store } from '../store.js'

/** What DescribeDBClusters shows of a cluster and nothing else tells: no times, and nothing that is computed. */
export type ClusterFacts =
  Omit<DBCluster, 'ClusterCreateTime' | 'EarliestRestorableTime' | 'LatestRestorableTime' | 'EarliestBacktrackTime' |
  'IOOptimizedNextAllowedModificationTime' | 'AutomaticRestartTime' | 'DBClusterMembers' | 'Capacity'> &
  Required<{ [K in 'DBClusterIdentifier' | 'DBClusterArn' | 'DbClusterResourceId' | 'Status' | 'EngineVersion' | 'EngineMode' | 'MasterUsername' | 'DBClusterParameterGroup']: string }>

export interface ClusterRecord {
  region: string
  facts: ClusterFacts
  createdMs: number
  /** Since when it has its status. */
  statusMs: number
  /** Since when auto-pause has stopped its server; absent: it runs, or should. */
  pausedMs?: number | undefined
  /** The port that was asked for; where the front could not have it, `facts.Port` is another. */
  wantedPort: number
  /** What the master user's password is to become, until the server knows it. */
  verifier?: string | undefined
  /** The server whose data this one starts as a copy of: another cluster's, or a snapshot's. */
  copyOf?: string | undefined
  /** The moment in the life of `copyOf` that the copy is to show. */
  restoreToMs?: number | undefined
  /** Where the data begins: the earliest moment that can be restored. */
  dataSinceMs: number
  finalSnapshot?: string | undefined
  /** Its parameter group has changes that only a start of the server applies. */
  isPendingReboot?: boolean | undefined
}

export type InstanceFacts =
  Omit<DBInstance, 'InstanceCreateTime' | 'LatestRestorableTime' | 'AutomaticRestartTime' | 'ResumeFullAutomationModeTime' | 'Endpoint' | 'DBSubnetGroup' | 'PendingModifiedValues'> &
  Required<{ [K in 'DBInstanceIdentifier' | 'DBInstanceArn' | 'DbiResourceId' | 'DBClusterIdentifier' | 'DBInstanceClass' | 'DBInstanceStatus']: string }>

export interface InstanceRecord {
  region: string
  facts: InstanceFacts
  createdMs: number
  statusMs: number
  isWriter: boolean
}

export interface SnapshotRecord {
  region: string
  /** The name of the data, as a server's. */
  dataId: string
  facts: Omit<DBClusterSnapshot, 'SnapshotCreateTime' | 'ClusterCreateTime'> & Required<{ [K in 'DBClusterSnapshotIdentifier' | 'DBClusterSnapshotArn' | 'Status']: string }>
  /** What a cluster made from it has in common with the one it was taken of. */
  cluster: ClusterFacts
  createdMs: number
  clusterCreatedMs: number
  statusMs: number
}

export interface SubnetGroupRecord {
  region: string
  facts: DBSubnetGroup & Required<{ [K in 'DBSubnetGroupName' | 'DBSubnetGroupArn']: string }>
  tags: Tag[]
}

export interface ParameterValue {
  value: string
  method: 'immediate' | 'pending-reboot'
  /** Aurora's own parameters, and those that keep the servers small, are only kept. */
  reachesServer: boolean
}

/** A group for clusters or for instances. */
export interface ParameterGroupRecord {
  region: string
  facts: { name: string, family: string, description: string, arn: string }
  /** What was changed, by name. */
  parameters: Record<string, ParameterValue>
  tags: Tag[]
}

/** Records of one kind, found by region and identifier in any case. */
export interface Book<T extends { region: string }> {
  get: (region: string, identifier: string) => T | undefined
  put: (record: T) => void
  delete: (record: T) => void
  /** In the order of their identifiers, as AWS lists them. */
  in: (region: string) => T[]
  all: () => Iterable<T>
}

export interface Records {
  clusters: Book<ClusterRecord>
  instances: Book<InstanceRecord>
  snapshots: Book<SnapshotRecord>
  subnetGroups: Book<SubnetGroupRecord>
  parameterGroups: Book<ParameterGroupRecord>
  instanceParameterGroups: Book<ParameterGroupRecord>
}

export function openRecords (store: Pick<Store, 'collection'>): Records {
  return {
    clusters: openBook(store.collection<ClusterRecord>('rds/clusters'), ({ facts }) => facts.DBClusterIdentifier),
    instances: openBook(store.collection<InstanceRecord>('rds/instances'), ({ facts }) => facts.DBInstanceIdentifier),
    snapshots: openBook(store.collection<SnapshotRecord>('rds/snapshots'), ({ facts }) => facts.DBClusterSnapshotIdentifier),
    subnetGroups: openBook(store.collection<SubnetGroupRecord>('rds/subnet-groups'), ({ facts }) => facts.DBSubnetGroupName),
    parameterGroups: openBook(store.collection<ParameterGroupRecord>('rds/cluster-parameter-groups'), ({ facts }) => facts.name),
    instanceParameterGroups: openBook(store.collection<ParameterGroupRecord>('rds/parameter-groups'), ({ facts }) => facts.name)
  }
}

/** The instances of a cluster, the writer first. */
export function membersOf (records: Pick<Records, 'instances'>, cluster: ClusterRecord): InstanceRecord[] {
  return [...records.instances.all()]
    .filter(({ region, facts }) => region === cluster.region && facts.DBClusterIdentifier === cluster.facts.DBClusterIdentifier)
    .sort((one, other) => Number(other.isWriter) - Number(one.isWriter))
}

function openBook<T extends { region: string }> (collection: Collection<T>, nameOf: (record: T) => string): Book<T> {
  const keyOf = (region: string, identifier: string): string => `${region}/${identifier.toLowerCase()}`
  return {
    get: (region, identifier) => collection.get(keyOf(region, identifier)),
    put: record => { collection.put(keyOf(record.region, nameOf(record)), record) },
    delete: record => { collection.delete(keyOf(record.region, nameOf(record))) },
    in: region => [...collection.values()].filter(record => record.region === region).sort((one, other) => nameOf(one) < nameOf(other) ? -1 : 1),
    all: () => collection.values()
  }
}
