import type { Principal } from '../access/keys.js'
import type { Clusters, SnapshotFacts } from '../aws/clusters.js'
import { isOfStack } from '../aws/stack-status.js'
import type { Launch, Stacks } from '../aws/stacks.js'
import { Problem } from '../problems.js'
import type { Catalog } from '../templates/catalog.js'
import type { Template } from '../templates/template.js'
import { deletionFailed, launchOnce, removeRemainder, type Created, type CreateOptions } from './create.js'
import type { Find, Found } from './find.js'
import { noOrigin, serviceParameters } from './launch.js'
import { isFailedRemainder, phases, type DatabaseStatus } from './phases.js'
import type { Preflight } from './preflight.js'
import { clusterNameOf } from './running.js'
import { EXPIRES_AT_TAG } from './tags.js'

export interface RestoreOptions extends Pick<CreateOptions, 'untilGone' | 'newToken'> {
  find: Find['find']
  clusters: Pick<Clusters, 'snapshotsOf'>
  stacks: Pick<Stacks, 'create' | 'remove' | 'setTerminationProtection'>
  preflight: Pick<Preflight, 'pass'>
  catalog: Catalog
}

/** Begins every token of a restore. */
const PREFIX = 'restore-'

/**
 * Brings a deleted database back under the same key and id, from its last snapshot or from the one that is named. The name
 * of the stack is what makes it exactly one: sent again, the request finds the stack that it made. What is left of a restore that
 * failed is no hindrance to the next.
 */
export function createRestore ({ find, clusters, stacks, preflight, catalog, untilGone, newToken }: RestoreOptions) {
  return async (principal: Principal, id: string, snapshotId: string | null): Promise<Created> => {
    const found = await find(principal, id)
    const { stack, own, database } = found
    const isRemainder = isFailedRemainder(stack.status)
    if (stack.status !== 'DELETE_COMPLETE' && !isRemainder) return replay(found, snapshotId)
    const { region } = stack
    const snapshot = chooseSnapshot(await clusters.snapshotsOf(region, clusterNameOf(stack)), id, snapshotId)
    const template = catalog.get(own.template)
    if (!template) throw new Problem('change-refused', `${id} was made from the template ${own.template}, which is no longer here.`)
    const launch = toLaunch(found, template, snapshot.arn, PREFIX + newToken())
    await preflight.pass(principal, { key: { ...own, region }, template, values: database.parameters, launch, replacesRemainder: isRemainder })
    if (isRemainder) await removeRemainder({ stacks, untilGone, newToken }, stack)
    const stackId = await launchOnce(stacks, region, launch)
    if (!stackId) return replay(await find(principal, id), snapshotId)
    return { region, stackId, isReplay: false }
  }
}

/** The launch of the stack as it was, with the snapshot to start from. */
function toLaunch ({ stack, own }: Found, template: Template, snapshot: string, token: string): Launch {
  const known = Object.entries(stack.parameters).filter(([name]) => template.parameters.some(parameter => parameter.name === name))
  return {
    stackName: stack.name,
    templateBody: template.body,
    parameters: { ...Object.fromEntries(known), ...serviceParameters(template, { ...noOrigin, client: own.client, stackName: stack.name, snapshot }) },
    // It would be deleted again at once.
    tags: Object.fromEntries(Object.entries(stack.tags).filter(([key]) => !key.startsWith('aws:') && key !== EXPIRES_AT_TAG)),
    token,
    onFailure: own.onFailure,
    terminationProtection: own.environment === 'production'
  }
}

function chooseSnapshot (snapshots: readonly SnapshotFacts[], id: string, wanted: string | null): SnapshotFacts {
  const snapshot = wanted === null ? snapshots.find(({ status }) => status === 'available') : snapshots.find(each => each.id === wanted)
  if (!snapshot) throw new Problem('no-snapshot', wanted === null ? `${id} left no snapshot.` : `${id} has no snapshot ${wanted}.`)
  if (snapshot.status !== 'available') throw new Problem('no-snapshot', `The snapshot ${snapshot.id} is ${snapshot.status}.`)
  return snapshot
}

/** A living database that a restore from the snapshot made is what the request asked for; any other is in the way. */
function replay ({ stack, events, database }: Found, wanted: string | null): Created {
  const isRestored = events.find(isOfStack)?.token?.startsWith(PREFIX) ?? false
  const isSame = isRestored && (wanted === null || stack.parameters.SnapshotIdentifier?.endsWith(`:${wanted}`) === true)
  if (isSame && living.has(database.status)) return { region: stack.region, stackId: stack.id, isReplay: true }
  if (stack.status === 'DELETE_FAILED') throw deletionFailed(database.id)
  if (phases[stack.status].type === 'delete' || database.status === 'failed') {
    throw new Problem('database-busy', `${database.id} is ${database.status}. Send the request again when it is gone.`, { retryAfterSeconds: 10 })
  }
  throw new Problem('database-exists', `${database.id} is ${database.status}; only a deleted database can be restored.`, { extensions: { databaseId: database.id } })
}

const living: ReadonlySet<DatabaseStatus> = new Set(['creating', 'available', 'updating'])
