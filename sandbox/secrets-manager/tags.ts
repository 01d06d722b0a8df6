import type { Tag } from '@aws-sdk/client-secrets-manager'
import { AwsError } from '../aws.js'
import { invalidParameter } from './validation.js'

const MOST_TAGS = 50

/** Throws for keys that are AWS's own ("Do not use the aws: prefix", API reference of TagResource; the words could not be checked). */
export function requireOwnKeys (keys: ReadonlyArray<string | undefined>): void {
  if (keys.some(key => key?.toLowerCase().startsWith('aws:'))) throw invalidParameter('Tag keys that begin with "aws:" are reserved for AWS use.')
}

/** New tags over old ones of the same key. Throws LimitExceededException beyond 50. */
export function mergeTags (tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const merged = new Map([...tags, ...added].map(({ Key = '', Value = '' }) => [Key, Value]))
  if (merged.size > MOST_TAGS) throw new AwsError('LimitExceededException', `You can't attach more than ${MOST_TAGS} tags to a secret.`)
  return [...merged].map(([Key, Value]) => ({ Key, Value }))
}

export function withoutTags (tags: readonly Tag[], keys: readonly string[]): Tag[] {
  return tags.filter(({ Key = '' }) => !keys.includes(Key))
}
