import type { Principal } from '../access/keys.js'
import type { Clusters, Snapshot } from '../aws/clusters.js'
import type { Launch, Stacks } from '../aws/stacks.js'
import { Problem } from '../problems.js'
import type { Catalog } from '../templates/catalog.js'
import type { Template } from '../templates/template.js'
import type { StackIndex } from '../watching/stack-index.js'
import { launchOnce, type Created } from './create.js'
import type { Find, Found } from './find.js'
import { noOrigin, serviceParameters } from './launch.js'
import type { Preflight } from './preflight.js'

export interface RestoreOptions {
  find: Find['find']
  clusters: Pick<Clusters, 'snapshotsOf'>
  stacks: Pick<Stacks, 'create'>
  index: Pick<StackIndex, 'invalidate'>
  preflight: Pick<Preflight, 'pass'>
  catalog: Catalog
  newToken: () => string
}

/** Snapshots of databases, and the way back for one that was deleted. */
export function createRestore ({ find, clusters, stacks, index, preflight, catalog, newToken }: RestoreOptions) {
  /** The snapshots of a living or deleted database, newest first. The cluster is called as the stack is. */
  const snapshotsOf = async (principal: Principal, id: string): Promise<Snapshot[]> => {
    const { stack } = await find(principal, id)
    return await clusters.snapshotsOf(stack.region, stack.name)
  }

  /**
   * Brings a deleted database back under the same key and id, from its last snapshot or from the one that is named. The name
   * of the stack is what makes it exactly one: sent again, the request finds the stack that it made.
   */
  const restore = async (principal: Principal, id: string, snapshotId: string | null): Promise<Created> => {
    const found = await find(principal, id)
    if (found.database.status !== 'deleted') return replay(found, snapshotId)
    const { region } = found.stack
    const snapshot = chooseSnapshot(await clusters.snapshotsOf(region, found.stack.name), id, snapshotId)
    const template = catalog.get(found.own.template)
    if (!template) throw new Problem('change-refused', `${id} was made from the template ${found.own.template}, which is no longer here.`)
    const launch = toLaunch(found, template, snapshot.arn, newToken())
    await preflight.pass(principal, { key: { ...found.own, region }, template, values: found.database.parameters, launch })
    const stackId = await launchOnce(stacks, region, launch)
    if (!stackId) return replay(await find(principal, id), snapshotId)
    index.invalidate(region)
    return { region, stackId, isReplay: false }
  }

  return { snapshotsOf, restore }
}

/** The launch of the stack as it was, with the snapshot to start from. */
function toLaunch ({ stack, own }: Found, template: Template, snapshot: string, token: string): Launch {
  const known = Object.entries(stack.parameters).filter(([name]) => template.parameters.some(parameter => parameter.name === name))
  return {
    stackName: stack.name,
    templateBody: template.body,
    parameters: { ...Object.fromEntries(known), ...serviceParameters(template, { ...noOrigin, client: own.client, stackName: stack.name, snapshot }) },
    tags: Object.fromEntries(Object.entries(stack.tags).filter(([key]) => !key.startsWith('aws:'))),
    token: `restore-${token}`,
    onFailure: own.onFailure,
    terminationProtection: own.environment === 'production'
  }
}

function chooseSnapshot (snapshots: readonly Snapshot[], id: string, wanted: string | null): Snapshot {
  const snapshot = wanted === null ? snapshots.find(({ status }) => status === 'available') : snapshots.find(each => each.id === wanted)
  if (!snapshot) throw new Problem('no-snapshot', wanted === null ? `${id} left no snapshot.` : `${id} has no snapshot ${wanted}.`)
  if (snapshot.status !== 'available') throw new Problem('no-snapshot', `The snapshot ${snapshot.id} is ${snapshot.status}.`)
  return snapshot
}

/** A living database that came from the snapshot is what the request asked for; any other is in the way. */
function replay ({ stack, database }: Found, wanted: string | null): Created {
  const from = stack.parameters.SnapshotIdentifier ?? ''
  const isSame = from !== '' && (wanted === null || from.endsWith(`:${wanted}`))
  if (isSame && (database.status === 'creating' || database.status === 'available')) return { region: stack.region, stackId: stack.id, isReplay: true }
  throw new Problem('database-exists', `${database.id} is ${database.status}; only a deleted database can be restored.`, { extensions: { databaseId: database.id } })
}
