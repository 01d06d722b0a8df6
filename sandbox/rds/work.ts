import { ensureDatabase, ensureMasterUser } from '../postgres/roles.js'
import { parametersOf } from './cluster-shape.js'
import type { RdsContext } from './context.js'
import { findVersions } from './engine-versions.js'
import { type ClusterRecord, type InstanceRecord, membersOf } from './records.js'
import { takeSnapshot } from './snapshots.js'

/**
 * What goes on while a cluster has a status that passes by itself. Each can be begun again from the start, which is
 * what happens after the sandbox was killed.
 */
const CLUSTER_WORK: Readonly<Record<string, (context: RdsContext, cluster: ClusterRecord) => Promise<void>>> = {
  creating: create,
  modifying: modify,
  upgrading: upgrade,
  'resetting-master-credentials': modify,
  'failing-over': finish,
  deleting: removeCluster,
  starting: start,
  stopping: stop
}

/** Begins, or takes up again, what the cluster's status promises. */
export function beginClusterWork (context: RdsContext, cluster: ClusterRecord): void {
  const work = CLUSTER_WORK[cluster.facts.Status]
  if (!work) return
  context.jobs.run(cluster.facts.DbClusterResourceId, async () => { await work(context, cluster) }, () => {
    if (cluster.facts.Status === 'creating') context.records.clusters.change(cluster, { Status: 'failed' })
    else if (cluster.facts.Status !== 'deleting') context.records.clusters.change(cluster, { Status: 'available' })
  })
}

async function finish (context: RdsContext, cluster: ClusterRecord, rest: Partial<ClusterRecord> = {}, status = 'available'): Promise<void> {
  const { clusterCreate, clusterModify } = context.durations
  const { Status: was, MasterUserSecret: secret } = cluster.facts
  await context.jobs.until(cluster.statusMs, was === 'creating' ? clusterCreate : clusterModify)
  const facts = { Status: status, ...(secret ? { MasterUserSecret: { ...secret, SecretStatus: 'active' } } : {}) }
  const changed = context.records.clusters.change(cluster, facts, rest)
  context.live(changed).watch()
}

async function create (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  const { DbClusterResourceId: id, DatabaseName: database, MasterUsername: owner } = cluster.facts
  await fillData(context, cluster)
  await startServer(context, cluster)
  await teachMasterUser(context, cluster)
  if (database) await ensureDatabase(context.postgres.processes.accessTo(id), database, owner)
  await finish(context, cluster, { verifier: undefined, copyOf: undefined, restoreToMs: undefined })
}

/** A new cluster starts empty, as a copy of another one or of a snapshot, or as what another one was. */
async function fillData (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  const { data } = context.postgres
  const id = cluster.facts.DbClusterResourceId
  if (cluster.copyOf && cluster.restoreToMs !== undefined) return await data.restore(cluster.copyOf, id, cluster.restoreToMs)
  if (cluster.copyOf) return await data.clone(cluster.copyOf, id)
  const { EngineVersion: engineVersion, DBClusterIdentifier } = cluster.facts
  const { major: runsOn } = await data.create(id, Number(engineVersion.split('.')[0]))
  if (findVersions(engineVersion).some(({ major }) => major === runsOn)) return
  context.log.warn({ cluster: DBClusterIdentifier, engineVersion, runsOn }, 'no PostgreSQL of the cluster\'s major is installed: it runs on another')
}

/** A password is taught by a server that runs, which is stopped again if it was paused. */
async function modify (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  const { processes } = context.postgres
  const { DbClusterResourceId: id } = cluster.facts
  if (cluster.verifier) {
    const wasDown = !processes.serverOf(id)
    await startServer(context, cluster)
    await teachMasterUser(context, cluster)
    if (wasDown && cluster.pausedMs !== undefined) await processes.stop(id)
  }
  await processes.reload(id, parametersOf(context.records, cluster))
  await finish(context, cluster, { verifier: undefined })
}

/** An upgrade ends connections, and every parameter takes effect. */
async function upgrade (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  if (context.postgres.processes.serverOf(cluster.facts.DbClusterResourceId)) await restart(context, cluster)
  await modify(context, cluster)
}

async function startServer ({ postgres, records }: RdsContext, cluster: ClusterRecord): Promise<void> {
  await postgres.processes.start(cluster.facts.DbClusterResourceId, parametersOf(records, cluster))
}

async function restart (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  await context.postgres.processes.stop(cluster.facts.DbClusterResourceId)
  await startServer(context, cluster)
  context.records.clusters.change(cluster, {}, { isPendingReboot: undefined })
}

async function start (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  await startServer(context, cluster)
  setMembers(context, cluster, 'available')
  await finish(context, cluster, { pausedMs: undefined, isPendingReboot: undefined })
}

async function stop (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  await context.postgres.processes.stop(cluster.facts.DbClusterResourceId)
  setMembers(context, cluster, 'stopped')
  await finish(context, cluster, {}, 'stopped')
}

async function removeCluster (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  const { postgres, records, durations, jobs } = context
  await Promise.all(membersOf(records, cluster).map(async member => { await jobs.settled(member.facts.DbiResourceId) }))
  if (cluster.finalSnapshot) await takeSnapshot(context, cluster, cluster.finalSnapshot)
  await context.bury(cluster)
  await postgres.processes.stop(cluster.facts.DbClusterResourceId)
  await jobs.until(cluster.statusMs, durations.clusterDelete)
  await postgres.data.remove(cluster.facts.DbClusterResourceId)
  if (cluster.facts.MasterUserSecret) await context.secrets.remove(cluster.region, cluster.facts.MasterUserSecret)
  for (const endpoint of records.endpoints.in(cluster.region)) {
    if (endpoint.clusterId === cluster.facts.DbClusterResourceId) records.endpoints.delete(endpoint)
  }
  records.clusters.delete(cluster)
}

async function teachMasterUser (context: RdsContext, cluster: ClusterRecord): Promise<void> {
  const { accessTo } = context.postgres.processes
  await ensureMasterUser(accessTo(cluster.facts.DbClusterResourceId), { name: cluster.facts.MasterUsername, verifier: cluster.verifier })
}

function setMembers ({ records }: RdsContext, cluster: ClusterRecord, status: string): void {
  for (const member of membersOf(records, cluster)) records.instances.change(member, { DBInstanceStatus: status })
}

/** What goes on while an instance has a status that passes by itself; each can be begun again from the start. */
const INSTANCE_WORK: Readonly<Record<string, (context: RdsContext, instance: InstanceRecord) => Promise<void>>> = {
  creating: settleInstance,
  modifying: settleInstance,
  rebooting: rebootInstance,
  deleting: removeInstance
}

/** Begins, or takes up again, what the instance's status promises. */
export function beginInstanceWork (context: RdsContext, instance: InstanceRecord): void {
  const work = INSTANCE_WORK[instance.facts.DBInstanceStatus]
  if (!work) return
  context.jobs.run(instance.facts.DbiResourceId, async () => { await work(context, instance) }, () => {
    if (instance.facts.DBInstanceStatus === 'creating') context.records.instances.change(instance, { DBInstanceStatus: 'failed' })
  })
}

function clusterOf ({ records }: RdsContext, { region, facts }: InstanceRecord): ClusterRecord | undefined {
  return records.clusters.get(region, facts.DBClusterIdentifier)
}

/** The instance is available when its cluster is, and its own time has passed. */
async function settleInstance (context: RdsContext, instance: InstanceRecord): Promise<void> {
  const { instanceCreate, instanceModify } = context.durations
  const cluster = clusterOf(context, instance)
  if (cluster) await context.jobs.settled(cluster.facts.DbClusterResourceId)
  await context.jobs.until(instance.statusMs, instance.facts.DBInstanceStatus === 'creating' ? instanceCreate : instanceModify)
  const isFailed = clusterOf(context, instance)?.facts.Status === 'failed'
  context.records.instances.change(instance, { DBInstanceStatus: isFailed ? 'failed' : 'available' })
  if (cluster) context.live(cluster).watch()
}

async function rebootInstance (context: RdsContext, instance: InstanceRecord): Promise<void> {
  const cluster = clusterOf(context, instance)
  if (cluster && cluster.pausedMs === undefined && instance.isWriter) await restart(context, cluster)
  await settleInstance(context, instance)
}

/** When the writer goes, the reader that is next in line becomes it. */
async function removeInstance (context: RdsContext, instance: InstanceRecord): Promise<void> {
  const { records, jobs, durations } = context
  const cluster = clusterOf(context, instance)
  if (cluster && instance.isWriter) {
    const [heir] = membersOf(records, cluster)
      .filter(({ facts }) => facts.DbiResourceId !== instance.facts.DbiResourceId && facts.DBInstanceStatus !== 'deleting')
      .sort((one, other) => (one.facts.PromotionTier ?? 1) - (other.facts.PromotionTier ?? 1))
    if (heir) passWriting(context, instance, heir)
  }
  await jobs.until(instance.statusMs, durations.instanceDelete)
  records.instances.delete(instance)
}

/** Makes another instance of the cluster its writer. */
export function passWriting ({ records: { instances }, together }: RdsContext, from: InstanceRecord, to: InstanceRecord): void {
  together(() => {
    instances.change(from, {}, { isWriter: false })
    instances.change(to, {}, { isWriter: true })
  })
}
