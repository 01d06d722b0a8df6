import type { Principal } from '../../access/keys.js'
import { AwsFailure } from '../../aws/errors.js'
import type { Cluster, Clusters, SnapshotFacts } from '../../aws/clusters.js'
import { Problem, type Finding } from '../../problems.js'
import type { Catalog } from '../../templates/catalog.js'
import type { Find, Found } from '../find.js'
import { noOrigin, startFrom, type CreateRequest, type LaunchPlan, type Origin } from './launch.js'
import { idOf, parseId } from '../naming.js'
import { TAG_PREFIX } from '../tags.js'

export interface SourceOptions {
  find: Find['find']
  clusters: Pick<Clusters, 'describe' | 'snapshot'>
  catalog: Catalog
}

/** A plan with what its source adds, and what is wrong with that source. */
export interface Prepared { plan: LaunchPlan, found: Finding[] }

export type Prepare = ReturnType<typeof createPrepare>

/** What was looked up of a source: what a database has of it, or why it cannot be one. */
type LookedUp = { origin: Origin } | { found: Finding[] }

/**
 * Looks up what a new database is to start with. A source is of the same region, and a key that is bound to a client sees only that
 * client's: any other reads as missing. AWS's own failures are thrown, because nothing may be copied unseen.
 */
export function createPrepare ({ find, clusters, catalog }: SourceOptions) {
  const look = async (principal: Principal, id: string): Promise<Found | null> => {
    try {
      return await find(principal, id)
    } catch (error) {
      if (error instanceof Problem && error.code === 'not-found') return null
      throw error
    }
  }

  const describe = async ({ stack }: Found): Promise<Cluster | null> => {
    try {
      return await clusters.describe(stack.region, stack.parameters.ClusterName || stack.name)
    } catch (error) {
      if (error instanceof AwsFailure && error.kind === 'not-found') return null
      throw error
    }
  }

  /**
   * Whether the data goes from Serverless v1 to v2: RDS restores a snapshot of v1 to a provisioned cluster, which one of v2 is, and clones
   * none to it (Aurora User Guide, "Upgrading from an Aurora Serverless v1 cluster to Aurora Serverless v2", "Comparison of feature support").
   */
  const isUpgrade = (from: string | null, { template }: LaunchPlan): boolean =>
    from !== null && catalog.get(from)?.generation === 'v1' && template.generation === 'v2'

  const lookUpDatabase = async (principal: Principal, plan: LaunchPlan, id: string, at: string | null): Promise<LookedUp> => {
    const { region } = plan.key
    if (parseId(id)?.region !== region) return wrong('/source/databaseId', `must be a database in ${region}: AWS copies no cluster to another region.`)
    const source = await look(principal, id)
    if (!source) return wrong('/source/databaseId', `There is no database ${id}.`)
    const { status } = source.database
    if (status === 'deleted') return wrong('/source/databaseId', `The database ${id} is deleted: name one of its snapshots as snapshotId.`)
    if (status !== 'available' && status !== 'updating') return wrong('/source/databaseId', `The database ${id} is ${status}: only a database that is available can be copied.`)
    const cluster = await describe(source)
    if (!cluster) return wrong('/source/databaseId', `The cluster of ${id} no longer exists: name a snapshot of it as snapshotId.`)
    if (isUpgrade(source.own.template, plan)) return wrong('/source/databaseId', `${id} runs on Serverless v1, of which AWS makes no copy on v2: take a snapshot of it (POST /v1/databases/${id}/snapshots), and name that as snapshotId.`)
    const late = at === null ? null : findUnreachable(cluster, at)
    if (late) return wrong('/source/at', late)
    return {
      origin: {
        template: source.own.template,
        inherited: { ...source.database.parameters, EngineVersion: cluster.engineVersion },
        fixed: ['DatabaseName', 'EngineVersion'],
        sources: { ...noOrigin, sourceCluster: source.stack.parameters.ClusterName || source.stack.name, restoreToTime: at === null ? '' : new Date(at).toISOString() },
        masterUsername: cluster.masterUsername,
        snapshotVersion: null
      }
    }
  }

  const lookUpSnapshot = async (principal: Principal, plan: LaunchPlan, id: string): Promise<LookedUp> => {
    const { region } = plan.key
    const snapshot = await clusters.snapshot(region, id)
    const source = snapshot && await look(principal, idOf(region, snapshot.cluster))
    if (!snapshot || !(source || mayUse(principal, snapshot))) return wrong('/source/snapshotId', `There is no snapshot ${id} in ${region}.`)
    if (snapshot.status !== 'available') return wrong('/source/snapshotId', `The snapshot ${id} is ${snapshot.status}.`)
    const template = source?.own.template ?? null
    return {
      origin: {
        template: isUpgrade(template, plan) ? null : template,
        inherited: { ...source?.database.parameters, EngineVersion: snapshot.engineVersion },
        fixed: source ? ['DatabaseName'] : [],
        sources: { ...noOrigin, snapshot: snapshot.arn },
        masterUsername: snapshot.masterUsername,
        snapshotVersion: snapshot.engineVersion
      }
    }
  }

  return async (principal: Principal, request: CreateRequest, plan: LaunchPlan): Promise<Prepared> => {
    const { databaseId, snapshotId, at = null } = request.source ?? {}
    const looked = databaseId !== undefined
      ? await lookUpDatabase(principal, plan, databaseId, at)
      : snapshotId !== undefined ? await lookUpSnapshot(principal, plan, snapshotId) : null
    if (!looked) return { plan, found: [] }
    if ('found' in looked) return { plan, found: looked.found }
    const found = findMismatches(plan, request, looked.origin)
    return found.length > 0 ? { plan, found } : { plan: startFrom(plan, request, looked.origin), found: [] }
  }
}

function wrong (path: string, message: string): LookedUp {
  return { found: [{ path, message }] }
}

/** A snapshot has the tags of the cluster that it was taken of. */
function mayUse (principal: Principal, { tags }: SnapshotFacts): boolean {
  return principal.client === null || tags[`${TAG_PREFIX}client`] === principal.client
}

function findUnreachable ({ restorable }: Cluster, at: string): string | null {
  if (!restorable) return null
  const ms = Date.parse(at)
  if (ms >= restorable.from.getTime() && ms <= restorable.to.getTime()) return null
  return `must be from ${restorable.from.toISOString()} to ${restorable.to.toISOString()}: AWS can go back to no other moment of this database now.`
}

/** What comes with the data cannot be chosen. */
function findMismatches ({ template }: LaunchPlan, { parameters = {} }: CreateRequest, origin: Origin): Finding[] {
  if (origin.template !== null && origin.template !== template.name) {
    return [{ path: '/template', message: `must be ${origin.template}, which the source was made from.` }]
  }
  return origin.fixed.filter(name => name in parameters && parameters[name] !== origin.inherited[name])
    .map(name => ({ path: `/parameters/${name}`, message: `comes with the data of the source, and is ${String(origin.inherited[name])}.` }))
}
