import type { Principal } from '../../access/keys.js'
import type { Clusters, SnapshotFacts } from '../../aws/clusters.js'
import { isOfStack } from '../../aws/stack-status.js'
import type { Launch, Stacks } from '../../aws/stacks.js'
import { Problem } from '../../problems.js'
import type { Catalog } from '../../templates/catalog.js'
import { resolveParameters, toTexts, type ParameterValues } from '../../templates/parameters.js'
import type { Template } from '../../templates/template.js'
import { launchOnce, type Created } from './create.js'
import type { Find, Found } from '../find.js'
import { invalid, noOrigin, serviceParameters } from './launch.js'
import { hashOf } from '../naming.js'
import { phases, type DatabaseStatus } from '../phases.js'
import type { Preflight } from './preflight.js'
import { deletionFailed, isRemainder, removeRemainder, type RemovalOptions } from './remainder.js'
import { findBrokenRules } from '../rules.js'
import { clusterNameOf } from '../running.js'
import { EXPIRES_AT_TAG } from '../tags.js'

export interface RestoreOptions extends RemovalOptions {
  find: Find['find']
  clusters: Pick<Clusters, 'snapshotsOf'>
  stacks: RemovalOptions['stacks'] & Pick<Stacks, 'create'>
  preflight: Pick<Preflight, 'pass'>
  catalog: Catalog
}

export interface RestoreRequest {
  /** The last one when left out. */
  snapshotId?: string
  /** What is to be otherwise than it was. */
  parameters?: Readonly<Record<string, unknown>>
}

/** Begins every token of a restore. */
const PREFIX = 'restore-'

/** The same, with what tells a repeated request from one for other parameters: the token is in every event of the restore. */
function prefixOf (parameters: Readonly<Record<string, unknown>>): string {
  return `${PREFIX}${hashOf(parameters).slice(0, 8)}-`
}

/**
 * Brings a deleted database back under the same key and id, from its last snapshot or from the one that is named. The name
 * of the stack is what makes it exactly one: sent again, the request finds the stack that it made. What is left of a restore that
 * failed is no hindrance to the next.
 */
export function createRestore ({ find, clusters, stacks, preflight, catalog, untilGone, newToken }: RestoreOptions) {
  return async (principal: Principal, id: string, request: RestoreRequest): Promise<Created> => {
    const found = await find(principal, id)
    const { stack, own } = found
    const replacesRemainder = isRemainder(stack, found.events)
    if (stack.status !== 'DELETE_COMPLETE' && !replacesRemainder) return replay(found, request)
    if (found.database.status === 'failed' && !stack.parameters.SnapshotIdentifier && request.snapshotId === undefined) {
      throw new Problem('no-snapshot', `The creation of ${id} failed, and what a snapshot of it has is nothing. Send the creation again, or name a snapshot as snapshotId.`)
    }
    const { region } = stack
    const template = catalog.get(own.template)
    if (!template) throw new Problem('change-refused', `${id} was made from the template ${own.template}, which is no longer here.`)
    const snapshot = chooseSnapshot(await clusters.snapshotsOf(region, clusterNameOf(stack)), found, request.snapshotId ?? null)
    const { values, given } = resolve(found, template, snapshot, request.parameters ?? {})
    const launch = toLaunch(found, template, given, snapshot, prefixOf(request.parameters ?? {}) + newToken())
    const origin = { masterUsername: snapshot.masterUsername, snapshotVersion: snapshot.engineVersion }
    await preflight.pass(principal, { key: { ...own, region }, template, values, launch, origin, replacesRemainder })
    if (replacesRemainder) await removeRemainder({ stacks, untilGone, newToken }, stack)
    const stackId = await launchOnce(stacks, region, launch)
    if (!stackId) return replay(await find(principal, id), request)
    return { region, stackId, isReplay: false }
  }
}

/** Parameters that the database cannot come back without: its key, and what comes with the data. */
const fixed: Readonly<Record<string, string>> = { EnvironmentName: 'is part of what the database is called', DatabaseName: 'comes with the data' }

type Asked = Readonly<Record<string, unknown>>

interface Resolved { values: ParameterValues, given: Record<string, string> }

/**
 * All values as they will be, and those of them that are not from the stack: what was asked for, and the version of the snapshot, to which
 * AWS may have upgraded the database, and which a cluster of it cannot be older than. Throws a {@link Problem} `invalid-request` with every finding.
 */
function resolve ({ database }: Found, template: Template, { engineVersion }: SnapshotFacts, asked: Asked): Resolved {
  const version = 'EngineVersion' in database.parameters ? { EngineVersion: engineVersion } : {}
  const { values, findings } = resolveParameters(template, { ...database.parameters, ...version, ...asked })
  findings.push(...Object.entries(fixed).filter(([name]) => name in asked && asked[name] !== database.parameters[name])
    .map(([name, why]) => ({ path: `/parameters/${name}`, message: `${why}, and is ${String(database.parameters[name])}` })))
  if (findings.length === 0) findings.push(...findBrokenRules(template, values))
  if (findings.length > 0) throw invalid(findings)
  return { values, given: Object.fromEntries(Object.entries(toTexts(values)).filter(([name]) => name in asked || name in version)) }
}

/** The launch of the stack as it was but for what is `given`, with the snapshot to start from. */
function toLaunch (
  { stack, own }: Found, template: Template, given: Resolved['given'], { arn: snapshot }: SnapshotFacts, token: string
): Launch {
  const known = Object.entries(stack.parameters).filter(([name]) => template.parameters.some(parameter => parameter.name === name))
  const ofService = serviceParameters(template, { ...noOrigin, client: own.client, stackName: stack.name, snapshot })
  return {
    stackName: stack.name,
    templateBody: template.body,
    parameters: { ...Object.fromEntries(known), ...given, ...ofService },
    // It would be deleted again at once.
    tags: Object.fromEntries(Object.entries(stack.tags).filter(([key]) => !key.startsWith('aws:') && key !== EXPIRES_AT_TAG)),
    token,
    onFailure: own.onFailure,
    terminationProtection: own.environment === 'production'
  }
}

/**
 * The snapshot that was asked for; else the last one of the database as it was before it was deleted, or the one that it had been made from: what an
 * earlier one of the same name left may be years old, or empty.
 */
function chooseSnapshot (snapshots: readonly SnapshotFacts[], { stack, database: { id } }: Found, wanted: string | null): SnapshotFacts {
  const isItsOwn = ({ createdAt, arn }: SnapshotFacts): boolean =>
    createdAt === null || createdAt >= stack.createdAt || arn === stack.parameters.SnapshotIdentifier
  const snapshot = wanted === null ? snapshots.find(each => each.status === 'available' && isItsOwn(each)) : snapshots.find(each => each.id === wanted)
  if (!snapshot && wanted === null) throw new Problem('no-snapshot', `${id} left no snapshot${snapshots.length > 0 ? ' since it was last made. An older one can be named as snapshotId' : ''}.`)
  if (!snapshot) throw new Problem('no-snapshot', `${id} has no snapshot ${wanted}.`)
  if (snapshot.status !== 'available') throw new Problem('no-snapshot', `The snapshot ${snapshot.id} is ${snapshot.status}.`)
  return snapshot
}

/** A living database that a restore like the request made is what it asked for, whatever it left open; any other is in the way. */
function replay ({ stack, events, database }: Found, { snapshotId, parameters = {} }: RestoreRequest): Created {
  const token = events.find(isOfStack)?.token ?? ''
  const isSameSnapshot = snapshotId === undefined || stack.parameters.SnapshotIdentifier?.endsWith(`:${snapshotId}`) === true
  const isSame = isSameSnapshot && token.startsWith(Object.keys(parameters).length === 0 ? PREFIX : prefixOf(parameters))
  if (isSame && living.has(database.status)) return { region: stack.region, stackId: stack.id, isReplay: true }
  if (stack.status === 'DELETE_FAILED') throw deletionFailed(database.id)
  if (phases[stack.status].type === 'delete' || database.status === 'failed') {
    throw new Problem('database-busy', `${database.id} is ${database.status}. Send the request again when it is gone.`, { retryAfterSeconds: 10 })
  }
  throw new Problem('database-exists', `${database.id} is ${database.status}; only a deleted database can be restored${token.startsWith(PREFIX) ? ', and it came back from another request' : ''}.`, { extensions: { databaseId: database.id } })
}

const living: ReadonlySet<DatabaseStatus> = new Set(['creating', 'available', 'updating'])
