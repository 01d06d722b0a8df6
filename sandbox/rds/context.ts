import { AwsError } from '../aws.js'
import type { Jobs } from './jobs.js'
import type { LiveCluster, Surroundings } from './live-cluster.js'
import type { ManagedSecrets } from './managed-secrets.js'
import type { ClusterRecord, Quotas } from './records.js'

/** What the operations of RDS share. */
export interface RdsContext extends Surroundings {
  /** Has what `work` stores survive a crash all together or not at all. */
  together: <T>(work: () => T) => T
  jobs: Jobs
  live: (cluster: ClusterRecord) => LiveCluster
  /** Closes the cluster's address for good. */
  bury: (cluster: ClusterRecord) => Promise<void>
  secrets: ManagedSecrets
  quotas: Quotas
  /** Refused as AWS does since 2025, or run as before. */
  serverlessV1: 'allowed' | 'retired'
  /** Engine versions that AWS has retired: refused as there, or run as before. */
  retiredVersions: 'allowed' | 'refused'
  /** What clients are told to connect to, where that is not the address that the front listens on. */
  advertisedHost: string | undefined
}

type Refusal = (id: string, status: string) => string

/** What AWS says of a change and of a snapshot that come at a bad time (aws-controllers-k8s/community#1107; terraform-provider-aws#40333). */
export const NO_CHANGE: Refusal = (_id, status) => `DB cluster is not available for modification with status ${status}`
export const NO_SNAPSHOT: Refusal = id => `Can't create a snapshot because the database cluster ${id} isn't currently in the available state.`
const NOTHING: Refusal = (id, status) => `DB cluster ${id} is in ${status} state, and must be available for this operation.`

/** Throws InvalidDBClusterStateFault unless the cluster has one of those statuses. */
export function requireStatus ({ facts }: ClusterRecord, refusal = NOTHING, among = ['available']): void {
  const { DBClusterIdentifier: id, Status: status } = facts
  if (!among.includes(status)) throw new AwsError('InvalidDBClusterStateFault', refusal(id, status))
}

/** A stopped cluster has to be started before anything of it can be deleted (Aurora User Guide, "Deleting a stopped Aurora cluster"; terraform-provider-aws#28262). */
export function refuseStopped (cluster: ClusterRecord | undefined): void {
  if (cluster?.facts.Status === 'stopped') throw new AwsError('InvalidDBClusterStateFault', `Db cluster ${cluster.facts.DBClusterIdentifier} is in stopped state`)
}

type Given<T, K extends keyof T> = { [P in K]?: Exclude<T[P], undefined> }

/** The members of an input that are there, for what is only shown again. */
export function pickGiven<T extends object, K extends keyof T> (input: T, names: readonly K[]): Given<T, K> {
  return Object.fromEntries(names.filter(name => input[name] !== undefined).map(name => [name, input[name]])) as Given<T, K>
}

/** What is not so, of everything there is. */
export function off<K extends string> (...names: K[]): Record<K, false> {
  return Object.fromEntries(names.map(name => [name, false])) as Record<K, false>
}
