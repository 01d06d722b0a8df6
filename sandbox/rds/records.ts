import type { DBCluster, DBClusterSnapshot, DBInstance, DBSubnetGroup, Tag } from '@aws-sdk/client-rds'
import { AwsError, type Caller } from '../aws.js'
import type { Clock } from '../clock.js'
import type { Collection, Store } from '../store.js'
import { nameIn, type ResourceKind } from './names.js'

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
  facts: DBSubnetGroup & Required<{ [K in 'DBSubnetGroupName' | 'DBSubnetGroupArn']: string }> & { TagList: Tag[] }
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
  facts: { name: string, family: string, description: string, arn: string, TagList: Tag[] }
  /** What was changed, by name. */
  parameters: Record<string, ParameterValue>
}

/** What the records of every kind have; `statusMs` is since when it has the status that its facts tell. */
export interface Kept {
  region: string
  facts: object
  statusMs?: number
}

/** Records of one kind, found by region and identifier in any case. */
export interface Book<T extends Kept> {
  kind: ResourceKind
  get: (region: string, identifier: string) => T | undefined
  /** The one of that identifier or ARN; throws AWS's refusal of one that there is not. */
  require: (identifierOrArn: string | undefined, caller: Caller) => T
  /** The one of that identifier or ARN, where one is given, else all of the region. */
  list: (identifierOrArn: string | undefined, caller: Caller) => T[]
  put: (record: T) => void
  /** Stores the record as it is now with some facts and some of the rest changed; a new status begins now. */
  change: (record: T, facts: Partial<T['facts']>, rest?: Partial<T>) => T
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

export function openRecords (store: Pick<Store, 'collection'>, clock: Pick<Clock, 'now'>): Records {
  const book = <T extends Kept>(name: string, naming: Naming<T>): Book<T> => openBook(store.collection<T>(name), naming, clock)
  const groupName = ({ facts }: ParameterGroupRecord): string => facts.name
  return {
    clusters: book<ClusterRecord>('rds/clusters', {
      kind: 'cluster', nameOf: ({ facts }) => facts.DBClusterIdentifier, notFound: ['DBClusterNotFoundFault', name => `DBCluster ${name} not found.`]
    }),
    instances: book<InstanceRecord>('rds/instances', {
      kind: 'db', nameOf: ({ facts }) => facts.DBInstanceIdentifier, notFound: ['DBInstanceNotFound', name => `DBInstance ${name} not found.`]
    }),
    snapshots: book<SnapshotRecord>('rds/snapshots', {
      kind: 'cluster-snapshot', nameOf: ({ facts }) => facts.DBClusterSnapshotIdentifier, notFound: ['DBClusterSnapshotNotFoundFault', name => `DBClusterSnapshot not found: ${name}`]
    }),
    subnetGroups: book<SubnetGroupRecord>('rds/subnet-groups', {
      kind: 'subgrp', nameOf: ({ facts }) => facts.DBSubnetGroupName, notFound: ['DBSubnetGroupNotFoundFault', name => `DB subnet group '${name}' does not exist.`]
    }),
    parameterGroups: book<ParameterGroupRecord>('rds/cluster-parameter-groups', {
      kind: 'cluster-pg', nameOf: groupName, notFound: ['DBClusterParameterGroupNotFound', name => `DBClusterParameterGroup not found: ${name}`]
    }),
    instanceParameterGroups: book<ParameterGroupRecord>('rds/parameter-groups', {
      kind: 'pg', nameOf: groupName, notFound: ['DBParameterGroupNotFound', name => `DBParameterGroup not found: ${name}`]
    })
  }
}

/** The instances of a cluster, the writer first. */
export function membersOf (records: Pick<Records, 'instances'>, cluster: ClusterRecord): InstanceRecord[] {
  return [...records.instances.all()]
    .filter(({ region, facts }) => region === cluster.region && facts.DBClusterIdentifier === cluster.facts.DBClusterIdentifier)
    .sort((one, other) => Number(other.isWriter) - Number(one.isWriter))
}

/** How the records of a kind are called, in ARNs, by themselves, and in the refusal of one that there is not. */
interface Naming<T> {
  kind: ResourceKind
  nameOf: (record: T) => string
  notFound: [code: string, message: (name: string) => string]
}

function openBook<T extends Kept> (
  collection: Collection<T>, { kind, nameOf, notFound: [code, messageFor] }: Naming<T>, clock: Pick<Clock, 'now'>
): Book<T> {
  const keyOf = (region: string, identifier: string): string => `${region}/${identifier.toLowerCase()}`
  const get: Book<T>['get'] = (region, identifier) => collection.get(keyOf(region, identifier))
  const put: Book<T>['put'] = record => { collection.put(keyOf(record.region, nameOf(record)), record) }
  const inRegion: Book<T>['in'] = region =>
    [...collection.values()].filter(record => record.region === region).sort((one, other) => nameOf(one) < nameOf(other) ? -1 : 1)
  const require: Book<T>['require'] = (identifierOrArn = '', caller) => {
    const name = nameIn(identifierOrArn, kind, caller)
    const record = name === undefined ? undefined : get(caller.region, name)
    if (!record) throw new AwsError(code, messageFor(name ?? identifierOrArn), 404)
    return record
  }
  return {
    kind,
    get,
    require,
    list: (identifierOrArn, caller) => identifierOrArn ? [require(identifierOrArn, caller)] : inRegion(caller.region),
    put,
    change: (record, facts, rest = {}) => {
      const now = get(record.region, nameOf(record)) ?? record
      const begins = 'Status' in facts || 'DBInstanceStatus' in facts ? { statusMs: clock.now() } : {}
      const changed: T = { ...now, ...rest, facts: { ...now.facts, ...facts }, ...begins }
      put(changed)
      return changed
    },
    delete: record => { collection.delete(keyOf(record.region, nameOf(record))) },
    in: inRegion,
    all: () => collection.values()
  }
}
