import type { Stack } from '../aws/stacks.js'
import type { DatabaseKey } from './naming.js'

/** Tags under this prefix are the service's own; callers can neither set nor see them. */
export const TAG_PREFIX = 'aurora-databases:'

/**
 * How many tags a caller may give a database. AWS takes fifty of a resource, which are these, eight of ours, what a template adds to a
 * cluster, and what its snapshots have besides.
 */
export const MOST_TAGS = 36

/** What the service remembers of a database, as tags of its stack. CloudFormation is the only store. */
export interface OwnTags {
  client: string
  name: string
  environment: string
  template: string
  /** Of the request that created it, to tell a repeated request from another one. */
  fingerprint: string
  /** Hash of the `Idempotency-Key` that it was created with, empty without one. */
  idempotencyKey: string
  onFailure: 'delete' | 'keep'
  /** When the service deletes it, as RFC 3339 in UTC; empty for never. */
  expiresAt: string
}

const names: Readonly<Record<keyof OwnTags, string>> = {
  client: 'client',
  name: 'name',
  environment: 'environment',
  template: 'template',
  fingerprint: 'fingerprint',
  idempotencyKey: 'idempotency-key',
  onFailure: 'on-failure',
  expiresAt: 'expires-at'
}

/** The tag that says when a database is deleted. It can be changed, as no other of ours can. */
export const EXPIRES_AT_TAG = `${TAG_PREFIX}expires-at`

/** The tags of a new stack: ours, and those that the caller gave. A tag cannot be empty, so what is empty is left out. */
export function toTags (own: OwnTags, callers: Readonly<Record<string, string>>): Record<string, string> {
  const tags: Record<string, string> = { ...callers }
  for (const [field, name] of Object.entries(names)) {
    const value = own[field as keyof OwnTags]
    if (value) tags[TAG_PREFIX + name] = value
  }
  return tags
}

/** Our tags of a stack; null when it is not one of this service's databases. */
export function readOwnTags ({ tags }: Pick<Stack, 'tags'>): OwnTags | null {
  const read = (field: keyof OwnTags): string => tags[TAG_PREFIX + names[field]] ?? ''
  if (!read('client') || !read('name')) return null
  return {
    client: read('client'),
    name: read('name'),
    environment: read('environment'),
    template: read('template'),
    fingerprint: read('fingerprint'),
    idempotencyKey: read('idempotencyKey'),
    onFailure: read('onFailure') === 'keep' ? 'keep' : 'delete',
    expiresAt: read('expiresAt')
  }
}

/** The tags that the caller gave. */
export function callersTags ({ tags }: Pick<Stack, 'tags'>): Record<string, string> {
  return Object.fromEntries(Object.entries(tags).filter(([key]) => !key.startsWith(TAG_PREFIX) && !key.startsWith('aws:')))
}

/** Whether a stack belongs to exactly this key: names are cut and hashed, tags are whole. */
export function belongsTo (own: OwnTags, key: DatabaseKey): boolean {
  return own.client === key.client && own.name === key.name && own.environment === key.environment
}
