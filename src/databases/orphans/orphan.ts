import type { Leftover } from '../../aws/leftovers.js'
import { isMoving } from '../../aws/stack-status.js'
import type { Stack } from '../../aws/stacks.js'
import { idOf, stackNameOf } from '../naming.js'
import { isFailedRemainder } from '../phases.js'
import { belongsTo, readOwnTags, type OwnTags } from '../tags.js'

export const ORPHAN_KINDS = ['stack', 'cluster', 'snapshot', 'secret'] as const

export type OrphanKind = typeof ORPHAN_KINDS[number]

/** Something that carries our tags, belongs to no living database, and may cost money. */
export interface Orphan {
  /** `{region}.{kind}.{name}`. */
  id: string
  region: string
  kind: OrphanKind
  name: string
  /** Of the database that it was of, which may be deleted or have failed. */
  databaseId: string
  client: string
  /** As AWS has it; empty for a secret. */
  status: string
  /** Why it is one. */
  reason: string
  /** It holds data, or may do so, and is perhaps the last of it. */
  restorable: boolean
  /** It is protected from deletion. */
  protected: boolean
  createdAt: Date
  ageSeconds: number
}

/** What may be being made just now is none. A stack is there before what it makes, but AWS's lists are some minutes behind. */
export const LEAST_AGE_MS = 3_600_000

/** The orphans among a region's stacks: those whose creation or deletion failed. */
export function findOrphanStacks (stacks: readonly Stack[], nowMs: number): Orphan[] {
  return stacks.flatMap(stack => {
    const own = readMark(stack.tags)
    const hasFailed = isFailedRemainder(stack.status)
    if (!own || !(hasFailed || stack.status === 'DELETE_FAILED')) return []
    const reason = hasFailed ? 'The creation of the database failed, and what is left of it was kept.' : 'The deletion of the database failed. POST …/recover can have it leave behind what is in the way.'
    return toOrphan('stack', { ...stack, isProtected: stack.terminationProtection }, own, stack.region, reason, nowMs)
  })
}

/** The orphans among things that a region's stacks may have made. The stacks are to be read after them. */
export function findOrphansAmong<T extends Leftover> (
  kind: OrphanKind, leftovers: readonly T[], region: string, stacks: readonly Stack[], nowMs: number
): Array<{ orphan: Orphan, leftover: T }> {
  const owners = stacks.flatMap(({ tags }) => readMark(tags) ?? [])
  const stackIds = new Set(stacks.map(({ id }) => id))
  const named = new Set(stacks.flatMap(({ parameters, outputs }) => [...Object.values(parameters), ...Object.values(outputs)]))
  return leftovers.flatMap(leftover => {
    const own = readMark(leftover.tags)
    if (!own) return []
    const isOwned = owners.some(owner => belongsTo(owner, { ...own, region })) || stackIds.has(leftover.tags['aws:cloudformation:stack-id'] ?? '')
    const isNamed = [leftover.name, leftover.arn].some(each => named.has(each) || named.has(each.replace(/-[A-Za-z0-9]{6}$/, '')))
    if (isOwned || isNamed) return []
    const reason = isBeyondSnapshots(kind, leftover.status) ? `${reasons[kind]} ${beyondSnapshots[leftover.status]} RDS takes no final snapshot of it.` : reasons[kind]
    return toOrphan(kind, leftover, own, region, reason, nowMs).map(orphan => ({ orphan, leftover }))
  })
}

const reasons: Readonly<Record<OrphanKind, string>> = {
  stack: '',
  cluster: 'Its stack is gone, and left it behind.',
  snapshot: 'Its database is deleted. It is the way back, as long as it is kept.',
  secret: 'Its stack is gone, and left it behind.'
}

/**
 * Statuses that a cluster does not leave by itself, and what can be done ("DB cluster status", Aurora User Guide; AWS re:Post, "inaccessible
 * encryption state"). Every other passes. A final snapshot needs a cluster that is available (terraform-provider-aws#40333).
 */
const beyondSnapshots: Readonly<Record<string, string>> = {
  'inaccessible-encryption-credentials': 'Its KMS key is gone, and its data with it, but for what snapshots have.',
  'inaccessible-encryption-credentials-recoverable': 'Its KMS key cannot be used. Give the key back and start the cluster (StartDBCluster) within seven days, and it is as it was.',
  'cloning-failed': 'It is a clone that has failed.',
  'migration-failed': 'It was being made from a snapshot, and that has failed.',
  failed: 'It has failed.'
}

/** Whether it is a cluster that can be removed only with no snapshot of its data taken. */
export function isBeyondSnapshots (kind: OrphanKind, status: string): boolean {
  return kind === 'cluster' && status in beyondSnapshots
}

/** Our tags, if the service made what carries them: a person may have put the client's on a secret of their own. */
function readMark (tags: Readonly<Record<string, string>>): OwnTags | null {
  const own = readOwnTags({ tags })
  return own && own.fingerprint !== '' && own.template !== '' ? own : null
}

type Left = Pick<Leftover, 'name' | 'status' | 'isProtected' | 'createdAt'>

/** One that is old enough; none otherwise. */
function toOrphan (kind: OrphanKind, left: Left, own: OwnTags, region: string, reason: string, nowMs: number): Orphan[] {
  const { name, status, isProtected, createdAt } = left
  const ageMs = nowMs - createdAt.getTime()
  if (ageMs < LEAST_AGE_MS) return []
  return [{
    id: orphanIdOf(region, kind, name),
    region,
    kind,
    name,
    databaseId: idOf(region, stackNameOf({ client: own.client, name: own.name, environment: own.environment, region })),
    client: own.client,
    status,
    reason,
    restorable: (kind === 'snapshot' && status === 'available') || status === 'DELETE_FAILED' || isBeyondSnapshots(kind, status),
    protected: isProtected,
    createdAt,
    ageSeconds: Math.floor(ageMs / 1000)
  }]
}

export function orphanIdOf (region: string, kind: OrphanKind, name: string): string {
  return `${region}.${kind}.${name}`
}

/** Region and kind in an orphan's id, null when it is none. */
export function parseOrphanId (id: string): { region: string, kind: OrphanKind } | null {
  const [, region, kind] = new RegExp(ORPHAN_ID_PATTERN).exec(id) ?? []
  return region && kind ? { region, kind: kind as OrphanKind } : null
}

export const ORPHAN_ID_PATTERN = `^([a-z]{2}(?:-[a-z]+)+-[0-9]+)\\.(${ORPHAN_KINDS.join('|')})\\.[-a-zA-Z0-9/_+=.@!:]{1,520}$`

/** Whether an orphan is on its way out already. */
export function isGoing ({ kind, status }: Orphan): boolean {
  return status === 'deleting' || (kind === 'stack' && isMoving(status as Stack['status']))
}
