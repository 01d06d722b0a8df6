import type { DBCluster, DBClusterEndpoint, DBClusterSnapshot, DBInstance, DBSubnetGroup, Subnet, Tag } from '@aws-sdk/client-rds'
import type { Clock } from '../clock.js'
import type { Store } from '../store.js'
import { type Book, type Kept, type Naming, openBook } from './book.js'
import { FAMILIES } from './engine-versions.js'
import { arnOf, type ResourceKind, standInId, zonesOf } from './names.js'

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

/** A custom endpoint; the rest of what is shown of it is the cluster's. */
export interface EndpointRecord {
  region: string
  /** The resource id of the cluster, which may be renamed. */
  clusterId: string
  facts: DBClusterEndpoint & { DBClusterEndpointIdentifier: string, TagList: Tag[] }
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

/** How many of each an account may have in a region. AWS's defaults are 40, 40, 50, 100 and 50. */
export interface Quotas {
  clusters: number
  instances: number
  subnetGroups: number
  snapshots: number
  parameterGroups: number
}

export type Records = ReturnType<typeof openRecords>

export function openRecords (store: Pick<Store, 'collection' | 'together'>, clock: Pick<Clock, 'now'>, quotas: Quotas) {
  const book = <T extends Kept>(kind: ResourceKind, collection: string, naming: Naming<T>): Book<T> =>
    openBook({ store, clock, kind, collection: store.collection<T>(`rds/${collection}`), ...naming })
  const parameterGroups = (kind: ResourceKind, collection: string, noun: string): Book<ParameterGroupRecord> => book(kind, collection, {
    nameOf: ({ facts }) => facts.name,
    notFound: [`${noun}NotFound`, name => `${noun} not found: ${name}`],
    exists: ['DBParameterGroupAlreadyExists', name => `Parameter group ${name} already exists`],
    full: ['DBParameterGroupQuotaExceeded', 'The request would result in the user exceeding the allowed number of DB parameter groups.'],
    quota: quotas.parameterGroups,
    usual: (region, name) => defaultParameterGroup(region, kind, name)
  })
  return {
    clusters: book<ClusterRecord>('cluster', 'clusters', {
      nameOf: ({ facts }) => facts.DBClusterIdentifier,
      notFound: ['DBClusterNotFoundFault', name => `DBCluster ${name} not found.`],
      exists: ['DBClusterAlreadyExistsFault', () => 'DB Cluster already exists'],
      full: ['DBClusterQuotaExceededFault', 'The DB cluster can\'t be created because you have reached the maximum allowed quota of DB clusters.', 403],
      quota: quotas.clusters
    }),
    instances: book<InstanceRecord>('db', 'instances', {
      nameOf: ({ facts }) => facts.DBInstanceIdentifier,
      notFound: ['DBInstanceNotFound', name => `DBInstance ${name} not found.`],
      exists: ['DBInstanceAlreadyExists', () => 'DB instance already exists'],
      full: ['InstanceQuotaExceeded', 'Cannot create more than the allowed number of DB instances.'],
      quota: quotas.instances
    }),
    snapshots: book<SnapshotRecord>('cluster-snapshot', 'snapshots', {
      nameOf: ({ facts }) => facts.DBClusterSnapshotIdentifier,
      notFound: ['DBClusterSnapshotNotFoundFault', name => `DBClusterSnapshot not found: ${name}`],
      exists: ['DBClusterSnapshotAlreadyExistsFault', name => `Cannot create the cluster snapshot because one with the identifier ${name} already exists.`],
      full: ['SnapshotQuotaExceeded', 'The request cannot be processed because it would exceed the maximum number of snapshots.'],
      quota: quotas.snapshots
    }),
    endpoints: book<EndpointRecord>('cluster-endpoint', 'cluster-endpoints', {
      nameOf: ({ facts }) => facts.DBClusterEndpointIdentifier,
      notFound: ['DBClusterEndpointNotFoundFault', name => `DBClusterEndpoint ${name} not found.`],
      exists: ['DBClusterEndpointAlreadyExistsFault', name => `DB cluster endpoint already exists: ${name}`],
      full: ['DBClusterEndpointQuotaExceededFault', 'The cluster already has the maximum number of custom endpoints.', 403],
      // Of one cluster (Aurora User Guide, "Custom endpoints for Amazon Aurora").
      quota: 5
    }),
    subnetGroups: book<SubnetGroupRecord>('subgrp', 'subnet-groups', {
      nameOf: ({ facts }) => facts.DBSubnetGroupName,
      notFound: ['DBSubnetGroupNotFoundFault', name => `DB subnet group '${name}' does not exist.`],
      exists: ['DBSubnetGroupAlreadyExists', name => `The DB subnet group '${name}' already exists.`],
      full: ['DBSubnetGroupQuotaExceeded', 'The request would result in the user exceeding the allowed number of DB subnet groups.'],
      quota: quotas.subnetGroups,
      usual: defaultSubnetGroup
    }),
    parameterGroups: parameterGroups('cluster-pg', 'cluster-parameter-groups', 'DBClusterParameterGroup'),
    instanceParameterGroups: parameterGroups('pg', 'parameter-groups', 'DBParameterGroup')
  }
}

/** The instances of a cluster, the writer first. */
export function membersOf (records: Pick<Records, 'instances'>, cluster: ClusterRecord): InstanceRecord[] {
  return [...records.instances.all()]
    .filter(({ region, facts }) => region === cluster.region && facts.DBClusterIdentifier === cluster.facts.DBClusterIdentifier)
    .sort((one, other) => Number(other.isWriter) - Number(one.isWriter))
}

/** Nobody has to make `default`, in which clusters are that are given no group. */
function defaultSubnetGroup (region: string, name: string): SubnetGroupRecord | undefined {
  return name === 'default' ? newSubnetGroup(region, name, name, zonesOf(region).map(zone => standInId('subnet', zone)), []) : undefined
}

/** A group of subnets, which are in no network here: they are taken to lie in one zone after the other. */
export function newSubnetGroup (
  region: string, name: string, description: string, subnets: readonly string[], TagList: Tag[]
): SubnetGroupRecord {
  const facts = {
    DBSubnetGroupName: name,
    DBSubnetGroupDescription: description,
    VpcId: standInId('vpc', region),
    SubnetGroupStatus: 'Complete',
    Subnets: subnetsIn(region, subnets),
    DBSubnetGroupArn: arnOf(region, 'subgrp', name),
    SupportedNetworkTypes: ['IPV4'],
    TagList
  }
  return { region, facts }
}

export function subnetsIn (region: string, ids: readonly string[]): Subnet[] {
  const zones = zonesOf(region)
  return ids.map((id, index) => ({
    SubnetIdentifier: id, SubnetAvailabilityZone: { Name: zones[index % zones.length] }, SubnetOutpost: {}, SubnetStatus: 'Active'
  }))
}

/** Every family has a group of its own, in which nothing is changed. */
function defaultParameterGroup (region: string, kind: ResourceKind, name: string): ParameterGroupRecord | undefined {
  const family = FAMILIES.find(each => name === `default.${each}`)
  if (family === undefined) return undefined
  const arn = arnOf(region, kind, name)
  return { region, facts: { name, family, description: `Default parameter group for ${family}`, arn, TagList: [] }, parameters: {} }
}
