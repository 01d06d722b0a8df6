import type { SnapshotFacts } from '../aws/clusters.js'
import type { Stack } from '../aws/stacks.js'
import { TAG_PREFIX } from './tags.js'

/** A snapshot as the API shows it. */
export interface Snapshot {
  id: string
  arn: string
  status: string
  /** Who had it taken: somebody through this service, CloudFormation when it deleted the database, or somebody else. */
  origin: 'requested' | 'final' | 'other'
  createdAt: Date | null
  engineVersion: string
  sizeGib: number
}

/** The tag that says who had a snapshot taken, where that was somebody through this service. */
export const ORIGIN_TAG = `${TAG_PREFIX}snapshot`

/** A snapshot that RDS has of a database's cluster. CloudFormation names those that it takes after the stack. */
export function toSnapshot (
  stack: Pick<Stack, 'name'>, { id, arn, status, createdAt, engineVersion, sizeGib, tags }: SnapshotFacts
): Snapshot {
  const isFinal = id.startsWith(`${stack.name}-snapshot-`.toLowerCase())
  const origin = tags[ORIGIN_TAG] === 'requested' ? 'requested' : isFinal ? 'final' : 'other'
  return { id, arn, status, origin, createdAt, engineVersion, sizeGib }
}
