import type { Tag } from '@aws-sdk/client-secrets-manager'
import { AwsError } from '../aws.js'

const MOST_TAGS = 50

/** New tags over old ones of the same key. Throws LimitExceededException beyond 50. */
export function mergeTags (tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const merged = new Map([...tags, ...added].map(({ Key = '', Value = '' }) => [Key, Value]))
  if (merged.size > MOST_TAGS) throw new AwsError('LimitExceededException', `You can't attach more than ${MOST_TAGS} tags to a secret.`)
  return [...merged].map(([Key, Value]) => ({ Key, Value }))
}

export function withoutTags (tags: readonly Tag[], keys: readonly string[]): Tag[] {
  return tags.filter(({ Key = '' }) => !keys.includes(Key))
}
