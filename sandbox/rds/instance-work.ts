import { parametersOf } from './cluster-shape.js'
import { clusterKey, instanceKey, type RdsContext } from './context.js'
import { type InstanceRecord, membersOf } from './records.js'

/** What goes on while an instance has a status that passes by itself; each can be begun again from the start. */
const WORK: Readonly<Record<string, (context: RdsContext, instance: InstanceRecord) => Promise<void>>> = {
  creating: async (context, instance) => { await settle(context, instance, context.durations.instanceCreate) },
  modifying: async (context, instance) => { await settle(context, instance, context.durations.instanceModify) },
  rebooting: reboot,
  deleting: remove
}

/** Begins, or takes up again, what the instance's status promises. */
export function beginInstanceWork (context: RdsContext, instance: InstanceRecord): void {
  const work = WORK[instance.facts.DBInstanceStatus]
  if (!work) return
  context.jobs.run(instanceKey(instance), async () => { await work(context, instance) }, () => {
    if (instance.facts.DBInstanceStatus === 'creating') context.records.instances.change(instance, { DBInstanceStatus: 'failed' })
  })
}

/** The instance is available when its cluster is, and its own time has passed. */
async function settle (context: RdsContext, instance: InstanceRecord, durationMs: number): Promise<void> {
  const cluster = context.records.clusters.get(instance.region, instance.facts.DBClusterIdentifier)
  if (cluster) await context.jobs.settled(clusterKey(cluster))
  await context.jobs.until(instance.statusMs, durationMs)
  const isFailed = cluster && context.records.clusters.get(instance.region, cluster.facts.DBClusterIdentifier)?.facts.Status === 'failed'
  context.records.instances.change(instance, { DBInstanceStatus: isFailed ? 'failed' : 'available' })
  if (cluster) context.live(cluster).watch()
}

async function reboot (context: RdsContext, instance: InstanceRecord): Promise<void> {
  const cluster = context.records.clusters.get(instance.region, instance.facts.DBClusterIdentifier)
  if (cluster && cluster.pausedMs === undefined && instance.isWriter) {
    await context.postgres.processes.stop(cluster.facts.DbClusterResourceId)
    await context.postgres.processes.start(cluster.facts.DbClusterResourceId, parametersOf(context, cluster))
    context.records.clusters.change(cluster, {}, { isPendingReboot: undefined })
  }
  await settle(context, instance, context.durations.instanceModify)
}

/** When the writer goes, the reader that is next in line becomes it. */
async function remove (context: RdsContext, instance: InstanceRecord): Promise<void> {
  const { records, jobs, durations } = context
  const cluster = records.clusters.get(instance.region, instance.facts.DBClusterIdentifier)
  if (cluster && instance.isWriter) {
    const [heir] = membersOf(records, cluster)
      .filter(({ facts }) => facts.DbiResourceId !== instance.facts.DbiResourceId && facts.DBInstanceStatus !== 'deleting')
      .sort((one, other) => (one.facts.PromotionTier ?? 1) - (other.facts.PromotionTier ?? 1))
    if (heir) {
      context.together(() => {
        context.records.instances.change(instance, {}, { isWriter: false })
        context.records.instances.change(heir, {}, { isWriter: true })
      })
    }
  }
  await jobs.until(instance.statusMs, durations.instanceDelete)
  records.instances.delete(instance)
}
