import type { Principal } from '../access/keys.js'
import type { Clusters, SnapshotFacts } from '../aws/clusters.js'
import { AwsFailure } from '../aws/errors.js'
import { isMoving } from '../aws/stack-status.js'
import type { Clock } from '../clock.js'
import { Problem } from '../problems.js'
import type { DatabaseStatus } from './phases.js'
import type { Find, Found } from './find.js'
import { hashOf, snapshotIdOf, uniquePartOf } from './naming.js'
import { clusterNameOf } from './running.js'
import { ORIGIN_TAG, toSnapshot, type Snapshot } from './snapshot.js'
import { TAG_PREFIX } from './tags.js'

export interface TakeRequest { name?: string }

/** A snapshot that is being taken, and whether this request had it taken or an earlier one like it. */
export interface Taken { snapshot: Snapshot, isReplay: boolean }

export interface SnapshotsOptions {
  find: Find['find']
  clusters: Pick<Clusters, 'snapshot' | 'snapshotsOf' | 'takeSnapshot' | 'removeSnapshot'>
  clock: Pick<Clock, 'now'>
}

/** Of the `Idempotency-Key` that a snapshot was asked for with. A cluster's tags are copied to its snapshots, and it has one of its own. */
const KEY_TAG = `${TAG_PREFIX}snapshot-key`

/** In these there is no cluster to take a snapshot of, or not for long. */
const without: ReadonlySet<DatabaseStatus> = new Set(['creating', 'deleting', 'deleted'])

/** In all but these a snapshot is what the database can come back from: also in one whose restore goes on, or has failed. */
const living: ReadonlySet<DatabaseStatus> = new Set(['available', 'updating'])

/** Snapshots of living and of deleted databases. */
export function createSnapshots ({ find, clusters, clock }: SnapshotsOptions) {
  const listOf = async ({ stack }: Found): Promise<SnapshotFacts[]> => await clusters.snapshotsOf(stack.region, clusterNameOf(stack))

  /** The snapshot, if it is one of this database; any other is none of the caller's business. */
  const read = async ({ stack }: Found, snapshotId: string): Promise<SnapshotFacts | null> => {
    const facts = await clusters.snapshot(stack.region, snapshotId)
    return facts?.cluster === clusterNameOf(stack) ? facts : null
  }

  const list = async (principal: Principal, id: string): Promise<Snapshot[]> => {
    const found = await find(principal, id)
    return (await listOf(found)).map(facts => toSnapshot(found.stack, facts))
  }

  const get = async (principal: Principal, id: string, snapshotId: string): Promise<Snapshot> => {
    const found = await find(principal, id)
    const facts = await read(found, snapshotId)
    if (!facts) throw notFound(id, snapshotId)
    return toSnapshot(found.stack, facts)
  }

  /**
   * Takes a snapshot, exactly one for a name or an `Idempotency-Key`: RDS has one snapshot of an identifier. Without either, it is named
   * after the second it is taken in.
   */
  const take = async (principal: Principal, id: string, { name }: TakeRequest, idempotencyKey: string | null): Promise<Taken> => {
    const found = await find(principal, id)
    const { stack, database } = found
    const key = idempotencyKey === null ? null : hashOf([principal.client ?? '*', idempotencyKey])
    const snapshotId = snapshotIdOf(stack.name, name ?? (key === null ? `at-${timestamp(clock.now())}` : `key-${key.slice(0, 12)}`))
    const before = await listOf(found)
    const ofKey = key === null ? undefined : before.find(({ tags }) => tags[KEY_TAG] === key)
    if (ofKey && name !== undefined && ofKey.id !== snapshotId) throw new Problem('idempotency-key-reused', `This Idempotency-Key took the snapshot ${ofKey.id}.`)
    const known = ofKey ?? before.find(facts => facts.id === snapshotId)
    if (known) return { snapshot: toSnapshot(found.stack, known), isReplay: true }
    if (without.has(database.status)) throw new Problem('database-not-ready', `${id} is ${database.status}.`, isMoving(stack.status) ? { retryAfterSeconds: 10 } : {})
    try {
      const tags = { [`${TAG_PREFIX}client`]: database.client, [ORIGIN_TAG]: 'requested', ...(key === null ? {} : { [KEY_TAG]: key }) }
      const taken = await clusters.takeSnapshot(stack.region, clusterNameOf(stack), snapshotId, tags)
      return { snapshot: toSnapshot(stack, taken), isReplay: false }
    } catch (error) {
      // The SDK sends a call again whose answer it lost, and by then the cluster is busy with the snapshot.
      const mayBeThere = error instanceof AwsFailure && (error.kind === 'already-exists' || error.code === 'InvalidDBClusterStateFault')
      const other = mayBeThere ? await read(found, snapshotId) : null
      if (other) return { snapshot: toSnapshot(found.stack, other), isReplay: true }
      throw toProblem(error, id)
    }
  }

  /**
   * Removes a snapshot; one that is gone already is no error, so that the request can be repeated. Of a database that does not live the
   * newest stays: whoever removes another at the same time keeps that one, too, which no count of what is left could promise.
   */
  const remove = async (principal: Principal, id: string, snapshotId: string, allowLast: boolean): Promise<void> => {
    const found = await find(principal, id)
    const facts = await read(found, snapshotId)
    if (!facts && snapshotId.includes(uniquePartOf(found.stack.name))) return
    if (!facts) throw notFound(id, snapshotId)
    if (!allowLast && !living.has(found.database.status)) {
      const newest = (await listOf(found)).find(({ status }) => status === 'available') ?? facts
      if (newest.id === facts.id) throw new Problem('last-snapshot', `${id} is ${found.database.status}, and ${snapshotId} is the newest snapshot that it can be restored from.`)
    }
    try {
      await clusters.removeSnapshot(found.stack.region, snapshotId)
    } catch (error) {
      throw toProblem(error, id)
    }
  }

  return { list, get, take, remove }
}

/** `20261123t090000`: what an identifier may hold of a time. */
function timestamp (ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').toLowerCase()
}

function notFound (id: string, snapshotId: string): Problem {
  return new Problem('not-found', `${id} has no snapshot ${snapshotId}.`)
}

/** What RDS says of a cluster or a snapshot that is busy passes; what else it refuses does not. */
function toProblem (error: unknown, id: string): unknown {
  if (!(error instanceof AwsFailure)) return error
  if (error.code === 'InvalidDBClusterStateFault') return new Problem('database-busy', `RDS takes no snapshot of ${id} now: ${error.message}`, { retryAfterSeconds: 30, cause: error })
  if (error.code === 'InvalidDBClusterSnapshotStateFault') return new Problem('snapshot-busy', `RDS does not remove it now: ${error.message}`, { retryAfterSeconds: 30, cause: error })
  if (error.kind === 'not-found') return new Problem('database-not-ready', `${id} has no cluster to take a snapshot of.`, { cause: error })
  return error.kind === 'refused' || error.kind === 'already-exists' || error.kind === 'quota' ? new Problem('snapshot-refused', `RDS refused: ${error.message}`, { cause: error }) : error
}
